package calls

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"vaad/store"
)

// Rows lie in order of their start; a second bucket finds them by ID.
func byStart() store.Bucket[Row] { return store.NewBucket[Row]("calls") }
func rawRows() store.Bytes       { return store.NewBytes("calls") }     // the same, before decoding
func byID() store.Bytes          { return store.NewBytes("calls.ids") } // ID → time key

// rowKey sorts by start, then ID.
func rowKey(r Row) string { return timeKey(r.Start) + r.ID }

// timeKey sorts as times after 1970 do.
func timeKey(t time.Time) string {
	if t.Before(time.Unix(0, 0)) {
		return store.Key(0)
	}
	return store.Key(uint64(t.UnixNano()))
}

// Query answers a filter.
func (j *Journal) Query(ctx context.Context, f Filter) (Page, error) {
	if f.Limit == 0 {
		f.Limit = 100
	}
	if f.Limit < 1 || f.Limit > 1000 {
		return Page{}, fmt.Errorf("calls: a page of %d rows was asked for; ask for 1 to 1000", f.Limit)
	}
	from, to := "", ""
	if !f.From.IsZero() {
		from = timeKey(f.From)
	}
	if !f.To.IsZero() {
		to = timeKey(f.To)
	}
	if f.Cursor != "" {
		c, err := base64.RawURLEncoding.DecodeString(f.Cursor)
		if err != nil || len(c) <= 8 || len(c) > 64 {
			return Page{}, ErrCursor
		}
		if to == "" || string(c) < to {
			to = string(c)
		}
	}
	if to != "" && to <= from {
		return Page{}, nil
	}
	now := j.cfg.Now()
	fresh := j.fresh() // first: what is written in between is in both, and taken once
	keys := map[string]bool{}
	var rows []Row
	for _, r := range fresh {
		k := rowKey(r)
		keys[k] = true
		if k >= from && (to == "" || k < to) && f.takes(r, now) {
			rows = append(rows, r)
		}
	}
	old := 0
	var stopped error
	maybe := f.probe()
	err := j.cfg.DB.View(func(tx *store.Tx) error {
		seen := 0
		return rawRows().Reverse(tx, from, to, func(k string, raw []byte) bool {
			if seen++; seen&255 == 0 {
				if stopped = ctx.Err(); stopped != nil {
					return false
				}
			}
			if !maybe(raw) || keys[k] {
				return true
			}
			var r Row
			if stopped = json.Unmarshal(raw, &r); stopped != nil {
				return false
			}
			if f.takes(r, now) {
				rows = append(rows, r)
				old++
			}
			return old <= f.Limit
		})
	})
	if err == nil {
		err = stopped
	}
	if err != nil {
		return Page{}, fmt.Errorf("calls: %w", err)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(b.Start.Compare(a.Start), strings.Compare(b.ID, a.ID))
	})
	page := Page{Rows: rows}
	if len(rows) > f.Limit {
		page.Rows = rows[:f.Limit]
		page.Next = base64.RawURLEncoding.EncodeToString([]byte(rowKey(rows[f.Limit-1])))
	}
	return page, nil
}

// fresh copies the rows that the disk does not have, or has older.
func (j *Journal) fresh() []Row {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []Row
	for _, r := range j.rows {
		out = append(out, r.clone())
	}
	return out
}

// Get is one row.
func (j *Journal) Get(id string) (Row, bool, error) {
	j.mu.Lock()
	if r := j.rows[id]; r != nil {
		defer j.mu.Unlock()
		return r.clone(), true, nil
	}
	j.mu.Unlock()
	var row Row
	var ok bool
	err := j.cfg.DB.View(func(tx *store.Tx) (err error) {
		row, ok, err = find(tx, id)
		return err
	})
	return row, ok, err
}

func find(tx *store.Tx, id string) (Row, bool, error) {
	k, err := byID().Get(tx, id)
	if err != nil || k == nil {
		return Row{}, false, err
	}
	return byStart().Get(tx, string(k)+id)
}
