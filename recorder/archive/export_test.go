package archive

// GiveUp is at how many tries to read a file back it is sealed as it is.
const GiveUp = giveUp

// Abandon closes a writer's files as the end of its process would.
func Abandon(w *Writer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finished = true
	w.close()
}

// Waiting says how many lines of a kind wait for the committer.
func Waiting(a *Archive, kind string) (n int) {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	for _, j := range a.c.lines {
		if j.line.Kind == kind {
			n++
		}
	}
	return n
}

// Closing says whether Close was called.
func Closing(a *Archive) bool {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	return a.c.closing
}
