package index

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
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
	// countTime is how long an answer may take for the sake of the count alone.
	countTime = 40 * time.Millisecond
	// maxTries is how often a question is put anew because the file changed.
	maxTries = 100
)

// Query answers a filter with one page, rows of one moment in order of ID. A
// cursor says behind which row its page begins, so rows that come or change
// between two pages do not shift the next one.
func (ix *Index) Query(ctx context.Context, f Filter) (Page, error) {
	begin := time.Now()
	defer func() { ix.metrics.query.Observe(time.Since(begin).Seconds()) }()
	w := &walk{ctx: ctx, begin: begin, oldest: f.Oldest, limit: f.Limit, scan: scan{m: f.matcher()}}
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
	err = ix.db.View(func(tx *store.Tx) error {
		s := ix.now(rows)
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

// A now is what the index knows at one moment.
type now struct {
	segs       []*segment
	loose      []*entry
	live       []*entry // as loose, of recordings that may have been sealed meanwhile
	hidden     map[uint64][]int
	rebuilding bool
}

// now is taken within a transaction: columns of segments that are known now and
// gone from the file, or not in it yet, are noticed as missing.
func (ix *Index) now(live []Row) *now {
	s := &now{hidden: map[uint64][]int{}}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if !ix.lost.Load() { // else the file has none of them
		s.segs = ix.segs
	}
	s.loose = make([]*entry, 0, len(ix.loose))
	for _, e := range ix.loose {
		s.loose = append(s.loose, e)
		if e.seg != 0 {
			s.hidden[e.seg] = append(s.hidden[e.seg], e.at)
		}
	}
	for i := range live {
		if ix.loose[live[i].ID] == nil {
			s.live = append(s.live, newEntry(&live[i]))
		}
	}
	s.rebuilding = ix.behind || ix.lost.Load()
	return s
}

// A walk goes through rows in the order of the answer, segments and loose rows
// merged. A segment is searched when its turn comes.
type walk struct {
	ctx    context.Context
	begin  time.Time
	oldest bool
	behind *key // only rows behind this one; nil = all, and they are counted
	limit  int
	trust  bool // see reader.trust
	scan   scan
	tx     *store.Tx
	now    *now

	extra []*entry // matching loose rows, in order
	segs  []*segment
	open  []*opened
	found []hit
	count int
	least bool
}

// An opened segment stands at a row.
type opened struct {
	r    *reader
	rows *set
	at   int // -1: behind the last one
	key  key
}

// A hit is a row of the answer.
type hit struct {
	key key
	e   *entry // nil: a row of a segment
	r   *reader
	at  int
}

// before says whether a comes before b in the answer.
func (w *walk) before(a, b key) bool {
	if w.oldest {
		return a.compare(b) < 0
	}
	return a.compare(b) > 0
}

// wanted says whether a row lies behind the cursor.
func (w *walk) wanted(k key) bool { return w.behind == nil || w.before(*w.behind, k) }

// look takes what there is now, and puts in order what may match.
func (w *walk) look(s *now) error {
	w.now = s
	for _, e := range s.loose {
		if w.scan.m.matches(e.probe) && w.wanted(e.probe.key) {
			w.extra = append(w.extra, e)
		}
	}
	for _, e := range s.live {
		if !w.scan.m.matches(e.probe) || !w.wanted(e.probe.key) {
			continue
		}
		if sealed, err := w.has(e.row.ID); err != nil {
			return err
		} else if !sealed {
			w.extra = append(w.extra, e)
		}
	}
	slices.SortFunc(w.extra, func(a, b *entry) int { return w.order(a.probe.key, b.probe.key) })
	for _, seg := range s.segs {
		m := w.scan.m
		if seg.LastTime < m.from || seg.FirstTime > m.to || !w.wanted(w.lastOf(seg)) {
			continue
		}
		w.segs = append(w.segs, seg)
	}
	slices.SortFunc(w.segs, func(a, b *segment) int { return w.order(w.firstOf(a), w.firstOf(b)) })
	return nil
}

func (w *walk) order(a, b key) int {
	if w.oldest {
		return a.compare(b)
	}
	return b.compare(a)
}

// firstOf and lastOf are the ends of a segment in the order of the answer.
func (w *walk) firstOf(s *segment) key {
	if w.oldest {
		return s.first()
	}
	return s.last()
}

func (w *walk) lastOf(s *segment) key {
	if w.oldest {
		return s.last()
	}
	return s.first()
}

// has says whether a segment has a recording.
func (w *walk) has(id string) (bool, error) {
	for _, seg := range w.now.segs {
		if seg.may(id) {
			if at, err := w.reader(seg).find(id); err != nil || at >= 0 {
				return at >= 0, err
			}
		}
	}
	return false, nil
}

// run finds the rows of the page and one more, and counts the others.
func (w *walk) run() error {
	for len(w.found) <= w.limit {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		best := w.best()
		for len(w.segs) > 0 && (best == nil || !w.before(*best, w.firstOf(w.segs[0]))) {
			if err := w.next(); err != nil {
				return err
			}
			best = w.best()
		}
		if best == nil {
			break
		}
		if err := w.take(*best); err != nil {
			return err
		}
	}
	if w.behind != nil {
		return nil
	}
	for len(w.segs) > 0 {
		if time.Since(w.begin) > countTime {
			w.least = true
			break
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.next(); err != nil {
			return err
		}
	}
	w.count += len(w.extra)
	for _, h := range w.found {
		if h.e != nil {
			w.count++
		}
	}
	return nil
}

// best is the key that comes next of what is open; nil: there is none.
func (w *walk) best() (best *key) {
	if len(w.extra) > 0 {
		best = &w.extra[0].probe.key
	}
	for _, o := range w.open {
		if o.at >= 0 && (best == nil || w.before(o.key, *best)) {
			best = &o.key
		}
	}
	return best
}

// take moves the row with that key to the page.
func (w *walk) take(k key) error {
	if len(w.extra) > 0 && w.extra[0].probe.key == k {
		w.found = append(w.found, hit{key: k, e: w.extra[0]})
		w.extra = w.extra[1:]
		return nil
	}
	for _, o := range w.open {
		if o.at >= 0 && o.key == k {
			w.found = append(w.found, hit{key: k, r: o.r, at: o.at})
			return w.step(o)
		}
	}
	return nil
}

// next searches the segment whose turn it is.
func (w *walk) next() error {
	seg := w.segs[0]
	w.segs = w.segs[1:]
	from, to := w.scan.m.from, w.scan.m.to
	if w.behind != nil {
		if w.oldest {
			from = max(from, w.behind.start)
		} else {
			to = min(to, w.behind.start)
		}
	}
	r := w.reader(seg)
	rows, err := w.scan.rows(r, from, to, w.now.hidden[seg.ID])
	if err != nil {
		return err
	}
	w.count += rows.count()
	if len(w.found) > w.limit {
		return nil // only counted
	}
	o := &opened{r: r, rows: rows, at: seg.Rows}
	if w.oldest {
		o.at = -1
	}
	w.open = append(w.open, o)
	return w.step(o)
}

func (w *walk) reader(seg *segment) *reader {
	r := newReader(w.tx, seg)
	r.trust = w.trust
	return r
}

// step moves to the next row of a segment that lies behind the cursor.
func (w *walk) step(o *opened) (err error) {
	for {
		if w.oldest {
			o.at = o.rows.next(o.at + 1)
		} else {
			o.at = o.rows.prev(o.at - 1)
		}
		if o.at < 0 {
			return nil
		}
		if o.key, err = o.r.key(o.at); err != nil || w.wanted(o.key) {
			return err
		}
	}
}

// page reads the rows that were found.
func (w *walk) page() (Page, error) {
	more := len(w.found) > w.limit
	found := w.found[:min(len(w.found), w.limit)]
	p := Page{Rows: make([]Row, 0, len(found))}
	if w.behind == nil {
		p.Count, p.AtLeast = w.count, w.least
	}
	for _, h := range found {
		if h.e != nil {
			p.Rows = append(p.Rows, *h.e.row)
			continue
		}
		r, err := h.r.row(h.at)
		if err != nil {
			return Page{}, err
		}
		p.Rows = append(p.Rows, *r)
	}
	if more {
		p.Next = found[len(found)-1].key.cursor()
	}
	return p, nil
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
