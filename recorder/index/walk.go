package index

import (
	"context"
	"slices"
	"time"

	"vaad/store"
)

// A now is what the index knows at one moment.
type now struct {
	*shown
	live       []*entry // as loose, of recordings that may have been sealed meanwhile
	rebuilding bool
}

// A shown is what many questions see as long as nothing changes.
type shown struct {
	steps  uint64 // of known
	segs   []*segment
	loose  []*entry         // newest first
	hidden map[uint64][]int // rows of segments that loose ones hide
}

// now is taken before a transaction: columns of segments that are known now and
// gone from the file by then are noticed as missing.
func (ix *Index) now(live []Row) *now {
	n := &now{}
	ix.mu.Lock()
	n.rebuilding = ix.behind || ix.lost.Load()
	for i := range live {
		if ix.loose[live[i].ID] == nil {
			n.live = append(n.live, newEntry(&live[i]))
		}
	}
	if n.shown = ix.shown; n.shown == nil || n.steps != ix.steps {
		n.shown = &shown{steps: ix.steps, segs: ix.segs, loose: make([]*entry, 0, len(ix.loose)), hidden: map[uint64][]int{}}
		for _, e := range ix.loose {
			n.loose = append(n.loose, e)
		}
		ix.mu.Unlock()
		n.sort()
		ix.mu.Lock()
		ix.shown = n.shown
	}
	ix.mu.Unlock()
	if ix.lost.Load() { // the file has none of the segments
		n.shown = &shown{loose: n.loose}
	}
	return n
}

func (s *shown) sort() {
	slices.SortFunc(s.loose, func(a, b *entry) int { return b.probe.key.compare(a.probe.key) })
	for _, e := range s.loose {
		if e.seg != 0 {
			s.hidden[e.seg] = append(s.hidden[e.seg], e.at)
		}
	}
}

// A walk goes through rows in the order of the answer, segments and loose rows
// merged. A segment is searched when its turn comes.
type walk struct {
	ctx    context.Context
	begin  time.Time
	most   time.Duration // after which it is not counted on
	oldest bool
	behind *key // only rows behind this one; nil = all, and they are counted
	limit  int
	brief  bool // no count is wanted
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
	if w.oldest {
		slices.Reverse(w.extra)
	}
	if err := w.lookLive(s.live); err != nil {
		return err
	}
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

// lookLive adds those of the recordings that are being made.
func (w *walk) lookLive(live []*entry) error {
	some := false
	for _, e := range live {
		if !w.scan.m.matches(e.probe) || !w.wanted(e.probe.key) {
			continue
		}
		if sealed, err := w.has(e.row.ID); err != nil {
			return err
		} else if !sealed {
			w.extra = append(w.extra, e)
			some = true
		}
	}
	if some {
		slices.SortFunc(w.extra, func(a, b *entry) int { return w.order(a.probe.key, b.probe.key) })
	}
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
	if w.behind != nil || w.brief {
		return nil
	}
	for len(w.segs) > 0 {
		if time.Since(w.begin) > w.most {
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
	n := rows.count()
	w.count += n
	if len(w.found) > w.limit || n == 0 { // only counted, or not even that
		w.scan.free = rows
		return nil
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
	if w.behind == nil && !w.brief {
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
