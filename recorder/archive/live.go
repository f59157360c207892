package archive

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// liveSet knows the recordings in open/ that this process takes care of: from
// Begin, or from their recovery, until they are sealed. Recovered ones have no writer.
type liveSet struct {
	mu sync.Mutex
	m  map[string]*Writer
}

func (l *liveSet) add(id string, w *Writer) (fresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, there := l.m[id]
	if !there {
		l.m[id] = w
	}
	return !there
}

func (l *liveSet) remove(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.m, id)
}

func (l *liveSet) has(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.m[id]
	return ok
}

func (l *liveSet) get(id string) *Writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m[id]
}

// running lists the recordings that are being written.
func (l *liveSet) running() (ids []string) {
	l.mu.Lock()
	ws := slices.Collect(maps.Values(l.m))
	l.mu.Unlock()
	for _, w := range ws {
		if w != nil && w.runs() {
			ids = append(ids, w.id)
		}
	}
	return ids
}

// runs says whether the recording has its files and has not ended.
func (w *Writer) runs() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.made && !w.finished
}

// Acts is what people have done so far to a recording that is still being made:
// its Seal will have the same. nil for any other.
func (a *Archive) Acts(id string) []Act {
	w := a.live.get(id)
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sum.seal.Acts)
}

func (l *liveSet) each(f func(*Writer)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.m {
		if w != nil {
			f(w)
		}
	}
}

// removed says which recordings have lost their files while they run.
func (a *Archive) removed() error {
	var gone []string
	for _, id := range a.live.running() {
		if _, err := a.disk.Stat(inOpen(id + extCkpt)); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if w := a.live.get(id); w != nil && w.runs() { // not ended meanwhile
			gone = append(gone, id)
		}
	}
	if gone == nil {
		return nil
	}
	slices.Sort(gone)
	return &RemovedError{gone}
}
