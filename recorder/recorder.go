package recorder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"vaad/channels"
	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// A Recorder records the lines of a System. Its methods may be called from any
// goroutine.
type Recorder struct {
	c        Config
	reader   *channels.Reader
	writer   *writer
	disk     *disk
	metrics  *metrics
	asked    chan request
	pausing  pausing
	removed  chan []string // recordings whose files somebody removed
	running  chan struct{} // closed when Run begins to answer
	repaired chan struct{} // closed when the last run's recordings are repaired
	deaf     chan struct{} // closed when Run answers no more
	ended    chan struct{} // closed when Run has ended
	once     sync.Once

	// The deciding goroutine's own.
	watches map[int]*watch
	order   []*watch  // by number
	made    int       // watches ever made
	initial []initial // lines that ran before the recorder was made
	events  []channels.Event
	starts  map[int]*resumed // what may go on, of lines not seen yet
	paused  map[int]*mask    // pauses of the last run, of lines not seen yet

	good   int // syncs in a row that were in time; the syncing goroutine's
	slowMu sync.Mutex
	late   bool

	mu   sync.Mutex
	now  map[int]*recording    // being recorded, by line
	open map[string]*recording // those, and those that are being finished and sealed
	cold map[*recording]bool   // not finished by the writer, by line for Done
}

// initial is a line as it was when the recorder began to read the feed.
type initial struct {
	status channels.LineStatus
	fed    int64
}

// A request is something a person or the settings want.
type request struct {
	line  int
	pos   int64 // how far the line was when it was said
	do    func(*watch, int64) error
	reply chan error
}

// New makes a recorder that reads the feed from now on. Make it before the
// System starts, so that it misses nothing.
func New(c Config) (*Recorder, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	r := &Recorder{c: c, asked: make(chan request), removed: make(chan []string), running: make(chan struct{}), repaired: make(chan struct{}), deaf: make(chan struct{}), ended: make(chan struct{}),
		watches: map[int]*watch{}, starts: map[int]*resumed{}, now: map[int]*recording{},
		open: map[string]*recording{}, cold: map[*recording]bool{}, paused: map[int]*mask{},
		pausing: pausing{store: c.Pauses, bell: make(chan struct{}, 1), all: map[int]Pause{}, drawn: map[int]*veil{}}}
	if err := r.restorePauses(); err != nil {
		return nil, fmt.Errorf("make recorder: read which lines are paused: %w", err)
	}
	r.metrics = newMetrics(c.Registerer, r.countActive, r.behind)
	r.disk = newDisk(r)
	r.writer = newWriter(r)
	r.reader = c.System.Subscribe("recorder", true)
	r.reader.Hold()
	for _, s := range c.System.Lines() {
		if l, ok := c.System.Line(s.Number); ok {
			r.initial = append(r.initial, initial{s, l.Fed()})
		}
	}
	if c.Index != nil {
		c.Index.Live(r.rows)
	}
	return r, nil
}

// Run repairs what the last run left, then records until the context ends; it
// closes all recordings before it returns. The System must run until then.
// Errors: that of the context, or that it ran before.
func (r *Recorder) Run(ctx context.Context) error {
	first := false
	r.once.Do(func() { first = true })
	if !first {
		return errors.New("run recorder: it ran before")
	}
	defer close(r.ended)
	defer r.reader.Close()
	defer r.c.Archive.Subscribe(r.sealed)()

	writing, stopWriter := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWriter()
	var work sync.WaitGroup
	work.Go(func() { r.writer.run(writing) })
	work.Go(func() { r.syncs(writing) })
	work.Go(func() { r.keepPauses(writing) })

	r.begin(ctx)
	for ctx.Err() == nil {
		select {
		case <-r.reader.Wake():
			r.look()
		case <-r.writer.moved:
			r.release()
		case q := <-r.asked:
			r.look() // so that what was known when it was said comes first
			q.reply <- r.answer(q)
			poke(r.writer.wake)
		case ids := <-r.removed:
			r.look()
			r.replace(ids)
		case <-ctx.Done():
		}
	}
	close(r.deaf)
	r.look()
	for _, w := range r.order {
		if w.cur != nil {
			w.end(w.fed, EndShutdown, "")
		}
	}
	poke(r.writer.wake)
	stopWriter()
	work.Wait()
	if err := r.pausing.save(); err != nil { // what the last look found
		r.c.Logger.Error("which lines are paused could not be written: the next start has what was known before", "err", err)
	}
	soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTry)
	defer cancel()
	if err := r.c.Archive.Flush(soon); err != nil { // so that the index knows of them before it is closed
		r.c.Logger.Warn("not all recordings are sealed; the next start does it", "err", err)
	}
	return ctx.Err()
}

// begin repairs what was cut off and takes the lines as they are. Meanwhile the
// rings keep the audio.
func (r *Recorder) begin(ctx context.Context) {
	for _, l := range r.recover(ctx) {
		r.starts[l.line] = l
	}
	for i := range r.initial {
		if w := r.watch(r.initial[i].status.Number); w != nil {
			w.resync(&r.initial[i].status, r.initial[i].fed, false)
		}
	}
	r.initial = nil
	close(r.running)
	r.look()
}

// watch returns the watch of a line, made when the line is new; nil if there is
// no such line. A number that has moved to another board is a new line.
func (r *Recorder) watch(n int) *watch {
	w := r.watches[n]
	line, ok := r.c.System.Line(n)
	switch {
	case !ok:
		return nil
	case w != nil && w.line == line:
		return w
	case w != nil:
		if w.cur != nil {
			w.end(w.fed, EndLine, "the line's number is on another board now")
		}
		r.order = slices.DeleteFunc(r.order, func(o *watch) bool { return o == w })
	}
	own, was := r.settings(n), w
	w = &watch{r: r, line: line, own: own, cfg: own, resume: r.starts[n], heard: heard{began: none}}
	delete(r.starts, n)
	w.restored()
	w.inherit(was)
	r.watches[n] = w
	r.made++
	at, _ := slices.BinarySearchFunc(r.order, n, func(o *watch, n int) int { return o.line.Number() - n })
	r.order = slices.Insert(r.order, at, w)
	return w
}

func (r *Recorder) settings(n int) LineConfig {
	c := r.c.Settings(n).filled()
	if err := c.Validate(); err != nil {
		r.c.Logger.Error("the line's settings are not valid; defaults are used", "line", n, "err", err)
		c = Defaults()
	}
	return c
}

// look takes everything that is new. Lines that turn up are looked at at once:
// their board may stand and wait for that.
func (r *Recorder) look() {
	for more := true; more; {
		more = r.lookOnce()
	}
	poke(r.writer.wake)
	r.release()
}

// lookOnce's order is what makes recordings exact: positions, then events, then
// audio. It says whether lines turned up.
func (r *Recorder) lookOnce() (fresh bool) {
	made := r.made
	fed := make([]int64, len(r.order))
	watched := slices.Clone(r.order)
	for i, w := range watched {
		fed[i] = w.line.Fed()
	}
	var lost bool
	r.events, lost = r.reader.Drain(r.events[:0])
	for i := range r.events {
		r.event(&r.events[i])
	}
	if lost {
		r.overflow(watched, fed)
	}
	for i, w := range watched {
		if r.watches[w.line.Number()] == w {
			w.advance(fed[i])
		}
	}
	return r.made != made
}

func (r *Recorder) event(e *channels.Event) {
	if e.Line != 0 {
		if w := r.watch(e.Line); w != nil && w.line.Board() == e.Board { // not of where the number was before
			w.event(e)
		}
		return
	}
	switch e.Kind {
	case channels.BoardUp:
		lines := r.c.System.Lines()
		for i := range lines {
			if lines[i].Board == e.Board {
				if w := r.watch(lines[i].Number); w != nil {
					w.boardUp(e, r.settings(lines[i].Number))
				}
			}
		}
	case channels.BoardLost:
		for _, w := range r.order {
			if w.line.Board() == e.Board {
				w.boardLost(e)
			}
		}
	case channels.Anchored:
		for _, w := range r.order {
			if w.line.Board() == e.Board {
				w.anchored(e.Value)
				w.settle(e.Known)
				if w.cur != nil {
					w.cur.tell(entry(w.cur, e))
				}
			}
		}
	}
}

// overflow begins anew after events were lost.
func (r *Recorder) overflow(watched []*watch, fed []int64) {
	r.metrics.overflows.Inc()
	r.c.Logger.Error("the recorder lost events: recordings are closed and begun anew")
	lines := r.c.System.Lines()
	for i := range lines {
		w := r.watch(lines[i].Number)
		if w == nil {
			continue
		}
		p := w.fed
		if at := slices.Index(watched, w); at >= 0 {
			p = fed[at]
		}
		w.resync(&lines[i], p, true)
	}
}

// release lets virtual boards go on as far as everything is written.
func (r *Recorder) release() {
	behind := map[*channels.Line]int64{}
	r.mu.Lock()
	for rec := range r.cold {
		at := rec.written.Load()
		if p, ok := behind[rec.line]; !ok || at < p {
			behind[rec.line] = at
		}
	}
	r.mu.Unlock()
	for _, w := range r.order {
		if !w.line.Virtual() {
			continue
		}
		p := w.fed
		if at, ok := behind[w.line]; ok {
			p = min(p, at)
		}
		r.reader.Done(w.line.Number(), p)
	}
}

// begun hands a new recording to the writer.
func (r *Recorder) begun(rec *recording) {
	r.mu.Lock()
	r.now[rec.line.Number()] = rec
	r.open[rec.id] = rec
	r.cold[rec] = true
	r.mu.Unlock()
	r.writer.add(rec)
}

// over notes that a recording's end is decided.
func (r *Recorder) over(rec *recording) {
	r.mu.Lock()
	if r.now[rec.line.Number()] == rec {
		delete(r.now, rec.line.Number())
	}
	r.mu.Unlock()
}

// closed notes that the writer has finished with a recording.
func (r *Recorder) closed(rec *recording, filed bool) {
	r.mu.Lock()
	delete(r.cold, rec)
	if !filed || rec.thrown() {
		delete(r.open, rec.id)
	}
	r.mu.Unlock()
	r.disk.worked(strconv.Itoa(rec.line.Number()))
	if s := rec.head(); !filed && !rec.thrown() && rec.reach() > rec.from {
		r.metrics.lost.Inc()
		r.c.Calls.Detach(s.Call, rec.id, WhyDisk)
		r.c.Alarms.Raise(AlarmFailed, strconv.Itoa(s.Line), map[string]string{"reason": "the disk refused until the audio had left memory"})
		r.c.Logger.Error("a recording is lost: the disk refused until its audio had left memory", "line", s.Line, "recording", rec.id, "call", s.Call)
	}
}

// sealed is told of every journal line.
func (r *Recorder) sealed(l archive.JournalLine) {
	if l.Seal == nil {
		return
	}
	r.mu.Lock()
	delete(r.open, l.ID)
	r.mu.Unlock()
	r.disk.worked(bySealing)
}

// bySealing is the archive's own work, among those who write.
const bySealing = "sealing"

// Fault takes what the archive could not do by itself: see [archive.Config].
// The alarm of the disk stands until a recording is sealed again.
func (r *Recorder) Fault(err error) {
	if errors.Is(err, archive.ErrVanished) {
		r.vanished(err)
		return
	}
	r.disk.failed(bySealing, err)
	r.c.Logger.Error("the archive could not seal; it tries again", "err", err)
}

// vanished notes that a recording is lost because somebody removed its files.
func (r *Recorder) vanished(err error) {
	r.disk.worked(bySealing) // as far as this one goes
	r.metrics.lost.Inc()
	r.c.Logger.Error("a recording is lost", "err", err)
	var of *archive.Error
	if !errors.As(err, &of) {
		return
	}
	r.mu.Lock()
	rec := r.open[of.ID]
	delete(r.open, of.ID)
	r.mu.Unlock()
	if rec != nil {
		s := rec.head()
		r.c.Calls.Detach(s.Call, rec.id, WhyDisk)
		r.c.Alarms.Raise(AlarmFailed, strconv.Itoa(s.Line), map[string]string{"reason": err.Error()})
	}
}

// gap tells of samples of a recording that are lost.
func (r *Recorder) gap(rec *recording, by string, n int64) {
	r.metrics.gaps.WithLabelValues(by).Add(float64(n))
	r.c.Alarms.Raise(AlarmGap, strconv.Itoa(rec.line.Number()), map[string]string{"ms": strconv.FormatInt(n*1000/rate, 10), "id": rec.id})
}

// Repaired is closed when the recordings that the last run left are repaired.
func (r *Recorder) Repaired() <-chan struct{} { return r.repaired }

// rows are what the index shows of recordings that are not sealed.
func (r *Recorder) rows() []index.Row {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := make([]index.Row, 0, len(r.open))
	for _, rec := range r.open {
		rows = append(rows, rec.row())
	}
	return rows
}

// Active lists what is being recorded now, by line.
func (r *Recorder) Active() []Active {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Active, 0, len(r.now))
	for _, rec := range r.now {
		all = append(all, rec.active())
	}
	slices.SortFunc(all, func(a, b Active) int { return a.Line - b.Line })
	return all
}

func (r *Recorder) countActive() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return float64(len(r.now))
}

func (r *Recorder) behind() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	most := int64(0)
	for rec := range r.cold {
		limit, last := rec.limit()
		if !last {
			limit = rec.line.Fed()
		}
		most = max(most, limit-rec.written.Load())
	}
	return float64(most) / rate
}
