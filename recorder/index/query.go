package index

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"vaad/store"
)

// A Page is an answer, newest first unless the filter says otherwise.
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
	// countTime is the usual one of a Config.
	countTime = 30 * time.Millisecond
	// maxTries is how often a question is put anew because the file changed.
	maxTries = 100
)

// Query answers a filter with one page, rows of one moment in order of ID. A
// cursor says behind which row its page begins, so rows that come or change
// between two pages do not shift the next one.
func (ix *Index) Query(ctx context.Context, f Filter) (Page, error) {
	begin := time.Now()
	defer func() { ix.metrics.query.Observe(time.Since(begin).Seconds()) }()
	w := &walk{ctx: ctx, begin: begin, oldest: f.Oldest, limit: f.Limit, brief: f.NoCount, most: ix.c.countTime, scan: scan{m: f.matcher()}}
	switch {
	case w.limit == 0:
		w.limit = defaultLimit
	case w.limit < 1 || w.limit > maxLimit:
		return Page{}, fmt.Errorf("search: a page of %d rows was asked for; ask for 1 to %d", f.Limit, maxLimit)
	}
	if f.Cursor != "" {
		k, ok := parseCursor(f.Cursor)
		if !ok {
			return Page{}, fmt.Errorf("search: %w", ErrCursor)
		}
		w.behind = &k
	}
	if w.scan.m.nothing {
		return Page{}, nil
	}
	if p := ix.c.Pool; p != nil {
		if err := p.Acquire(ctx); err != nil {
			return Page{}, err
		}
		defer p.Release()
	}
	for try := 1; ; try++ {
		w.trust = try == 1
		page, err := ix.ask(*w)
		if err == nil {
			return page, nil
		}
		if !errors.Is(err, errGone) || try == maxTries || ctx.Err() != nil {
			return Page{}, fmt.Errorf("search: %w", err)
		}
	}
}

// ask puts a question once.
func (ix *Index) ask(w walk) (page Page, err error) {
	if w.trust { // what was verified may have become damaged since: then once more, with checksums
		defer func() {
			if v := recover(); v != nil {
				ix.c.Logger.Error("index: a search failed; trying again", "reason", v)
				err = errGone
			}
		}()
	}
	rows := ix.liveRows() // first: a recording that is sealed in between is in both
	s := ix.now(rows)     // not within the transaction: a growing file waits for that, and others for the file
	err = ix.db.View(func(tx *store.Tx) error {
		w.tx = tx
		if err := w.look(s); err != nil {
			return err
		}
		if err := w.run(); err != nil {
			return err
		}
		page, err = w.page()
		page.Rebuilding = s.rebuilding
		return err
	})
	return page, err
}

// liveRows are the recordings that are being made, with what was done to them.
func (ix *Index) liveRows() []Row {
	ix.mu.Lock()
	live := ix.live
	ix.mu.Unlock()
	rows := live()
	if ix.c.Acts != nil {
		for i := range rows {
			rows[i].acts(ix.c.Acts(rows[i].ID))
		}
	}
	return rows
}

// cursor is a key for callers to hand back.
func (k key) cursor() string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+26), toSorted(k.start))
	return base64.RawURLEncoding.EncodeToString(append(b, k.id...))
}

func parseCursor(s string) (k key, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) <= 8 || len(b) > 64 {
		return k, false
	}
	return key{fromSorted(binary.BigEndian.Uint64(b)), string(b[8:])}, true
}

// Get returns one row, also one in the trash.
func (ix *Index) Get(id string) (Row, bool, error) {
	live := ix.liveRows()
	ix.mu.Lock()
	e, err := ix.find(id)
	ix.mu.Unlock()
	if err != nil {
		return Row{}, false, fmt.Errorf("recording %s: %w", id, err)
	}
	if e != nil {
		return *e.row, true, nil
	}
	for i := range live {
		if live[i].ID == id {
			return live[i], true, nil
		}
	}
	return Row{}, false, nil
}
