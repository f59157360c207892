package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
)

// An intent is what is about to be erased: written before the lines in the
// journals, removed when everything is gone. So a start needs not read the
// journals to see whether something was interrupted.
type intent struct {
	V    int              `json:"v"`
	Days map[Day][]string `json:"days"` // IDs
}

const (
	intentVersion = 1
	intentHead    = "erase-"
	intentExt     = ".json"
	maxIntent     = 1 << 20
)

func (in *intent) add(d Day, id string) {
	if in.Days == nil {
		in.V, in.Days = intentVersion, map[Day][]string{}
	}
	in.Days[d] = append(in.Days[d], id)
}

func (in *intent) write(d Disk, name string) error {
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	f, err := d.Open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, openPerm)
	if errors.Is(err, fs.ErrNotExist) && d.MkdirAll(openDir, dirPerm) == nil {
		f, err = d.Open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, openPerm)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(append(b, '\n'), 0)
	return errors.Join(err, f.Close())
}

// erasing are the intents of this process.
type erasing struct {
	finishing sync.Mutex // one goes through old ones at a time

	mu sync.Mutex
	m  map[string]bool
}

func (e *erasing) begin(id string) string {
	name := inOpen(intentHead + id + intentExt)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.m == nil {
		e.m = map[string]bool{}
	}
	e.m[name] = true
	return name
}

func (e *erasing) end(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.m, name)
}

func (e *erasing) has(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.m[name]
}

// unfinished says of a file in open/ what erasing has left there, if it has.
func unfinished(name string) (isIntent, isJournal bool) {
	day, ok := strings.CutSuffix(name, newJournalExt)
	return strings.HasPrefix(name, intentHead) && strings.HasSuffix(name, intentExt), ok && Day(day).Valid()
}

// finishErasures does what a crash, or a disk that refused, has left of erasures.
func (a *Archive) finishErasures(ctx context.Context) error {
	a.erasing.finishing.Lock()
	defer a.erasing.finishing.Unlock()
	es, err := a.disk.ReadDir(openDir)
	if err != nil {
		return err
	}
	for _, e := range es {
		name := inOpen(e.Name())
		isIntent, _ := unfinished(e.Name())
		if !isIntent || a.erasing.has(name) {
			continue
		}
		b, err := readName(a.disk, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it came to its end since the listing
		}
		if err != nil {
			return err
		}
		var in intent
		if len(b) > maxIntent || json.Unmarshal(b, &in) != nil { // torn: its lines were never written
			in = intent{V: intentVersion}
		}
		if in.V > intentVersion {
			return fmt.Errorf("%s: version %d: %w", name, in.V, errNewer)
		}
		for d, ids := range in.Days {
			if !d.Valid() {
				continue
			}
			want := map[string]bool{}
			for _, id := range ids {
				want[id] = true
			}
			if _, err := a.finishErasing(ctx, d, want); err != nil {
				return err
			}
		}
		if _, err := a.sync.sync(); err != nil {
			return err
		}
		if err := removeName(a.disk, name); err != nil {
			return err
		}
	}
	return nil
}

// finishErasing removes what is left of recordings of one day that the journal
// says are erased; want nil = of all. It says of how many there was something.
func (a *Archive) finishErasing(ctx context.Context, d Day, want map[string]bool) (int, error) {
	gone, forgot, said := map[string]bool{}, map[string]bool{}, map[string]bool{}
	err := a.dayLines(ctx, d, 0, func(l *JournalLine) error {
		if want != nil && !want[l.ID] {
			return nil
		}
		if l.Kind == ActErase {
			gone[l.ID] = true
			if l.Forget {
				forgot[l.ID] = true
			}
		} else if personal(l) {
			said[l.ID] = true
		}
		return nil
	}, nil)
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	left := map[string]bool{}
	names, err := filesOf(a.disk, d, gone)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		id, _, _ := strings.Cut(path.Base(name), ".")
		left[id] = true
	}
	redact := map[string]bool{}
	for id := range forgot {
		if said[id] {
			redact[id], left[id] = true, true
		}
	}
	if len(left) == 0 {
		return 0, nil
	}
	if err := eraseKeys(a.keyring, a.disk, d, left); err != nil {
		return 0, err
	}
	// The lines may be what a process left that was killed: they must be durable
	// before anything goes.
	if _, err := a.sync.sync(); err != nil {
		return 0, err
	}
	if err := removeFiles(a.disk, d, left); err != nil {
		return 0, err
	}
	if len(redact) > 0 {
		done := make(chan error, 1)
		if err := a.c.put(func() { a.c.redactions = append(a.c.redactions, redaction{d, redact, func(err error) { done <- err }}) }); err != nil {
			return 0, err
		}
		if err := <-done; err != nil {
			return 0, err
		}
	}
	return len(left), nil
}
