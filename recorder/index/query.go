package index

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vaad/store"
)

// A Filter says which recordings are asked for. Zero fields ask for everything.
type Filter struct {
	Lines       []int         // the caller's scope: only these lines; nil = all, empty = none
	Line        int           // only this line, if the scope has it
	From, To    time.Time     // From ≤ start < To
	Number      string        // caller or called number; * stands for anything
	MinDuration time.Duration //
	Text        string        // words, all of which stand in notes, marks, numbers or the line's name
	Limit       int           // rows of the page, 1…1000; 0 = 100
	Cursor      string        // [Page.Next] of the page before
}

// A Page is an answer, newest first.
type Page struct {
	Rows       []Row
	Next       string // cursor of the next page; "" = this is the last one
	Count      int    // rows that match, on the first page
	AtLeast    bool   // counting was cut short: there are at least Count
	Rebuilding bool   // journals are being read: rows may be missing
}

// ErrCursor says that a cursor was not made by [Index.Query].
var ErrCursor = errors.New("the page cursor is not valid; ask for the first page again")

const (
	defaultLimit = 100
	maxLimit     = 1000
	// countBudget is how many recordings are looked at to count matches behind
	// the page: about 15 ms.
	countBudget = 50_000
)

// Query answers a filter: rows of one page, newest first, rows of one moment in
// order of ID. Rows that appear between two pages do not shift the next one.
func (ix *Index) Query(ctx context.Context, f Filter) (Page, error) {
	begin := time.Now()
	defer func() { ix.metrics.query.Observe(time.Since(begin).Seconds()) }()
	w := &walk{ctx: ctx, m: f.matcher(), limit: f.Limit}
	switch {
	case w.limit == 0:
		w.limit = defaultLimit
	case w.limit < 1 || w.limit > maxLimit:
		return Page{}, fmt.Errorf("search: a page of %d rows was asked for; ask for 1 to %d", f.Limit, maxLimit)
	}
	if w.m.lines != nil && len(w.m.lines) == 0 {
		return Page{}, nil
	}
	w.before = w.m.to
	if f.Cursor != "" {
		c, err := base64.RawURLEncoding.DecodeString(f.Cursor)
		if err != nil || len(c) <= 8 || len(c) > 64 {
			return Page{}, fmt.Errorf("search: %w", ErrCursor)
		}
		w.paged = true
		if w.before == "" || string(c) < w.before {
			w.before = string(c)
		}
	}
	if p := ix.c.Pool; p != nil {
		if err := p.Acquire(ctx); err != nil {
			return Page{}, err
		}
		defer p.Release()
	}
	// First what is not in the file, then the file: what is written in between
	// is in both, and taken once.
	var rebuilding bool
	w.over, rebuilding = ix.overlaid()
	err := ix.db.View(func(tx *store.Tx) error {
		if err := w.overlay(tx); err != nil {
			return err
		}
		if err := w.run(tx); err != nil {
			return err
		}
		return ix.fill(tx, w.over, w.keys, &w.page)
	})
	if err != nil {
		return Page{}, fmt.Errorf("search: %w", err)
	}
	w.page.Rebuilding = rebuilding
	return w.page, nil
}

// overlaid returns every row that the file does not have, or has older.
func (ix *Index) overlaid() (map[string]*Row, bool) {
	ix.mu.Lock()
	live := ix.live
	ix.mu.Unlock()
	rows := live() // first: a recording that is sealed in between is in both
	ix.mu.Lock()
	defer ix.mu.Unlock()
	over := make(map[string]*Row, len(rows)+len(ix.pending.rows))
	for i := range rows {
		over[rows[i].ID] = &rows[i]
	}
	if ix.flushing != nil {
		for id, r := range ix.flushing.rows {
			over[id] = r
		}
	}
	for id, r := range ix.pending.rows {
		over[id] = r
	}
	return over, ix.behind || ix.lost.Load()
}

// A walk goes through keys from the newest down, the file's and the others merged.
type walk struct {
	ctx    context.Context
	m      matcher
	before string // only keys below; "" = all
	paged  bool   // not the first page: nothing is counted
	limit  int
	over   map[string]*Row
	extra  []string // matching keys of over, newest first

	keys []string
	page Page
	seen int
	err  error
}

// overlay collects what matches beside the file.
func (w *walk) overlay(tx *store.Tx) error {
	for id, r := range w.over {
		if r.State == StateOpen { // sealed meanwhile?
			if sealed, err := rowIn(tx, id); err != nil {
				return err
			} else if sealed != nil {
				delete(w.over, id)
				continue
			}
		}
		if key := r.key(); w.m.in(key) && (w.before == "" || key < w.before) && w.m.matches(r.probe()) {
			w.extra = append(w.extra, key)
		}
	}
	slices.SortFunc(w.extra, func(a, b string) int { return strings.Compare(b, a) })
	return nil
}

func (w *walk) run(tx *store.Tx) error {
	err := probeBucket().Reverse(tx, w.m.from, w.before, func(key string, p []byte) bool {
		for len(w.extra) > 0 && w.extra[0] > key {
			if !w.take(w.extra[0]) {
				return false
			}
			w.extra = w.extra[1:]
		}
		if w.seen++; w.seen&1023 == 0 {
			if w.err = w.ctx.Err(); w.err != nil {
				return false
			}
		}
		if len(w.keys) == w.limit && w.seen > countBudget {
			w.page.AtLeast = !w.paged
			w.more()
			return false
		}
		if !w.m.matches(p) {
			return true
		}
		if _, newer := w.over[idOf(key)]; newer {
			return true
		}
		return w.take(key)
	})
	if err != nil || w.err != nil {
		return errors.Join(err, w.err)
	}
	for len(w.extra) > 0 && w.take(w.extra[0]) {
		w.extra = w.extra[1:]
	}
	return nil
}

// take adds a row to the page, or counts it behind the page.
func (w *walk) take(key string) (more bool) {
	if len(w.keys) < w.limit {
		w.keys = append(w.keys, key)
		if !w.paged {
			w.page.Count++
		}
		return true
	}
	w.more()
	if w.paged {
		return false
	}
	w.page.Count++
	return true
}

// more says that there is, or may be, a next page.
func (w *walk) more() {
	w.page.Next = base64.RawURLEncoding.EncodeToString([]byte(w.keys[w.limit-1]))
}

// fill reads the rows of a page.
func (ix *Index) fill(tx *store.Tx, over map[string]*Row, keys []string, page *Page) error {
	page.Rows = make([]Row, 0, len(keys))
	for _, key := range keys {
		id := idOf(key)
		r, ok := over[id]
		if !ok {
			var err error
			if r, err = rowIn(tx, id); err != nil {
				return err
			}
		}
		if r == nil {
			continue // a probe without its row: the file was made anew under us
		}
		row := *r
		if err := ix.link(&row, func(id string) (string, error) { return nextIn(tx, id) }); err != nil {
			return err
		}
		page.Rows = append(page.Rows, row)
	}
	return nil
}

// link fills in the segment that follows.
func (ix *Index) link(r *Row, inFile func(string) (string, error)) error {
	ix.mu.Lock()
	next := ix.pending.next[r.ID]
	if next == "" && ix.flushing != nil {
		next = ix.flushing.next[r.ID]
	}
	ix.mu.Unlock()
	if next == "" {
		var err error
		if next, err = inFile(r.ID); err != nil {
			return err
		}
	}
	r.Next = next
	return nil
}

// Get returns one row, also one in the trash.
func (ix *Index) Get(id string) (Row, bool, error) {
	over, _ := ix.overlaid()
	r := over[id]
	if r == nil || r.State == StateOpen {
		if s, err := ix.readRow(id); err != nil {
			return Row{}, false, fmt.Errorf("recording %s: %w", id, err)
		} else if s != nil {
			r = s
		}
	}
	if r == nil {
		return Row{}, false, nil
	}
	row := *r
	if err := ix.link(&row, ix.readNext); err != nil {
		return Row{}, false, err
	}
	return row, true, nil
}
