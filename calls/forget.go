package calls

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vaad/store"
)

// forgetPage is how many rows are looked at in one transaction.
const forgetPage = 2000

// Forget takes a number out of all calls that are over, with the names that came
// with it and the keys that were pressed, and says how many calls it changed. The
// calls stay: that there was one is no secret of a person's. Numbers are compared
// without what only makes them easier to read. When it returns without an error, the disk
// has the number no more, nor will it come back; after one it may be called again.
func (j *Journal) Forget(ctx context.Context, number string) (int, error) {
	want := bare(number)
	if want == "" {
		return 0, fmt.Errorf("calls: %q is no number", number)
	}
	changed := map[string]bool{}
	j.forgetFresh(want, changed, 1)
	err := j.forgetStored(ctx, want, changed)
	j.forgetFresh(want, changed, -1) // what was taken from the disk meanwhile
	if err == nil && !j.write() {    // over what a write that was under way has put there
		err = errUnwritten
	}
	if err != nil {
		return len(changed), fmt.Errorf("calls: forget a number: %w", err)
	}
	return len(changed), nil
}

var errUnwritten = errors.New("calls that wait in memory could not be written")

// forgetStored takes a number out of the rows on the disk.
func (j *Journal) forgetStored(ctx context.Context, want string, changed map[string]bool) error {
	from := ""
	for {
		keys, next, err := j.with(ctx, want, from)
		if err == nil && len(keys) > 0 {
			err = j.blank(keys, want, changed)
		}
		if from = next; err != nil || next == "" {
			return err
		}
	}
}

// forgetFresh takes a number out of the rows in memory: the disk has them older, or
// not at all. more is 1 where the disk comes next, −1 behind it.
func (j *Journal) forgetFresh(want string, changed map[string]bool, more int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.forgot++
	j.forgetting += more
	some := false
	for id, r := range j.rows {
		if !r.Open() && r.forget(want) {
			changed[id], j.dirty[id], some = true, true, true
		}
	}
	if some {
		select {
		case j.poked <- struct{}{}:
		default:
		}
	}
}

// with finds the rows of one page that have a number; next is where to go on, "" at the end.
func (j *Journal) with(ctx context.Context, want, from string) (keys []string, next string, err error) {
	seen := 0
	err = j.cfg.DB.View(func(tx *store.Tx) error {
		return byStart().Range(tx, from, "", func(k string, r Row) bool {
			if seen++; seen > forgetPage {
				next = k
				return false
			}
			if !r.Open() && r.forget(want) {
				keys = append(keys, k)
			}
			return true
		})
	})
	if err == nil {
		err = ctx.Err()
	}
	return keys, next, err
}

func (j *Journal) blank(keys []string, want string, changed map[string]bool) error {
	done := []string{}
	err := j.cfg.DB.Update(func(tx *store.Tx) error {
		done = done[:0]
		for _, k := range keys {
			r, ok, err := byStart().Get(tx, k)
			if err != nil {
				return err
			}
			if !ok || r.Open() || !r.forget(want) { // written meanwhile
				continue
			}
			if err := byStart().Put(tx, k, r); err != nil {
				return err
			}
			done = append(done, r.ID)
		}
		return nil
	})
	if err == nil {
		for _, id := range done {
			changed[id] = true
		}
	}
	return err
}

// forget takes a number out of a row and says whether it was there.
func (r *Row) forget(want string) bool {
	some := false
	drop := func(s ...*string) bool {
		hit := bare(*s[0]) == want
		for _, p := range s {
			if hit {
				*p = ""
			}
		}
		some = some || hit
		return hit
	}
	drop(&r.Caller, &r.Name)
	if !drop(&r.Called, &r.Dialled) {
		drop(&r.Dialled)
	}
	for _, s := range []*string{&r.Redirected, &r.Connected, &r.TransferredTo, &r.TransferredFrom} {
		drop(s)
	}
	for i := range r.Waiting {
		drop(&r.Waiting[i].Caller, &r.Waiting[i].Name)
	}
	if some {
		r.Keys = ""
	}
	return some
}

// bare is a number without what people put in for reading.
func bare(s string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" -.()/\u00a0", c) {
			return -1
		}
		return c
	}, s)
}
