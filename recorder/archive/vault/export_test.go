package vault

// Free says whether keys can be read, and whether they can be made, without waiting.
func Free(r *Ring) (read, made bool) {
	if read = r.mu.TryLock(); read {
		r.mu.Unlock()
	}
	if made = r.writing.TryLock(); made {
		r.writing.Unlock()
	}
	return read, made
}

// Cached is how many keys are in memory, and of how many days.
func Cached(r *Ring) (n, days int) {
	for _, k := range r.cache {
		n += k.n
	}
	return n, len(r.cache)
}
