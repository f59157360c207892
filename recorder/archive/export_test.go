package archive

// Abandon closes a writer's files as the end of its process would.
func Abandon(w *Writer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finished = true
	w.close()
}

// LinesWait says whether lines wait for the committer.
func LinesWait(a *Archive) bool {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	return len(a.c.lines) > 0
}

// Closing says whether Close was called.
func Closing(a *Archive) bool {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	return a.c.closing
}
