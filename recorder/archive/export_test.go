package archive

// Abandon closes a writer's files as the end of its process would.
func Abandon(w *Writer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finished = true
	w.close()
}
