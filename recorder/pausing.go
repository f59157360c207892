package recorder

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"vaad/channels"
	"vaad/recorder/archive"
)

// Why a pause began or ended, as stories have it.
const (
	resumedByTime  = "time"     // it had lasted as long as it may
	resumedByEnd   = "call-end" // so had the call
	resumedByWish  = "request"
	resumedByKey   = "key"
	pausedByWish   = "request"
	pausedByKey    = "key"
	pausedByBridge = "bridge"  // somebody came into a conversation that is paused
	pausedBefore   = "restart" // it stood when the daemon ended
)

// Bounds of pauses.
const (
	mostPause   = time.Hour
	mostBack    = 5 * time.Second
	pauseReason = "card-data" // of pauses by key, and where none is given
	maxReason   = 32
	maxActor    = 200
)

var (
	// ErrNotPaused: recording is not paused on the line.
	ErrNotPaused = errors.New("recording is not paused on this line")
	// ErrNotKept: the pause is in effect, but could not be made durable.
	ErrNotKept = errors.New("the pause is in effect, but state.db could not be written: a crash now would end it")
	// ErrReason: a pause's reason is not a short word.
	ErrReason = errors.New("a reason is a word of at most 32 small letters, digits and hyphens")
)

// A Pause is a stretch of a line whose audio is kept nowhere.
type Pause struct {
	ID        string    `json:"id"`   // lines of one conversation are paused together
	Line      int       `json:"line"` // permanent number
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until"`  // it ends then at the latest
	Reason    string    `json:"reason"` // a short word, as "card-data"
	Actor     string    `json:"actor,omitempty"`
	By        string    `json:"by"` // request, key, bridge
	Recording string    `json:"recording,omitempty"`
	Call      string    `json:"call,omitempty"`
}

// PauseWish is what somebody wants of a pause.
type PauseWish struct {
	Reason string        // a short word; "" is card-data
	Actor  string        // who
	For    time.Duration // 0: as long as the line's settings allow, which is also the most
	Back   time.Duration // what was said just before is left out too, as far as it is not written; 0…5 s; negative: as the line's settings say
}

// Pauses keeps pauses over restarts. Save returns when they are durable.
type Pauses interface {
	Load() ([]Pause, error)
	Save([]Pause) error
}

// pausing is which lines are paused, and keeps that.
type pausing struct {
	store Pauses // nil: nothing is kept
	bell  chan struct{}

	saving sync.Mutex // held over the disk
	wishes sync.Mutex // one at a time

	mu    sync.Mutex
	all   map[int]Pause
	drawn map[int]*veil // the last of each line
}

func (p *pausing) set(line int, now *Pause) {
	p.mu.Lock()
	if now != nil {
		p.all[line] = *now
	} else {
		delete(p.all, line)
	}
	p.mu.Unlock()
	poke(p.bell)
}

// of is the pause of a line; nil: there is none.
func (p *pausing) of(line int) *Pause {
	p.mu.Lock()
	defer p.mu.Unlock()
	if one, ok := p.all[line]; ok {
		return &one
	}
	return nil
}

// list is all pauses, by line.
func (p *pausing) list() []Pause {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Pause, 0, len(p.all))
	for _, one := range p.all {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Pause) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// save makes the pauses as they are now durable.
func (p *pausing) save() error {
	if p.store == nil {
		return nil
	}
	p.saving.Lock()
	defer p.saving.Unlock()
	return p.store.Save(p.list())
}

// keep saves what nobody waits for, until the context ends.
func (r *Recorder) keepPauses(ctx context.Context) {
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.pausing.bell:
		case <-again.C:
		}
		if err := r.pausing.save(); err != nil {
			r.c.Logger.Error("which lines are paused could not be written; it is tried again", "err", err)
			again.Reset(time.Second)
		}
	}
}

// Paused lists the lines on which recording is paused now.
func (r *Recorder) Paused() []Pause { return r.pausing.list() }

// Pause keeps the audio of a line, and of those that it is connected with, out of
// recordings and out of the rings that flight recorder and listeners read, from the
// moment of the call on, until [Recorder.Resume], the call's end or the time that the
// line's settings allow. When it returns without an error, it is in effect and a
// restart does not end it. Errors: *[LineError] with [ErrNoLine], [ErrGone],
// [ErrUnused], [ErrIdle] where nothing is recorded and no call is up, [ErrReason],
// [ErrStarting] or [ErrNotRunning]; and [ErrNotKept].
func (r *Recorder) Pause(line int, wish PauseWish) (now Pause, err error) {
	const op = "pause recording"
	if wish.Reason = cmp.Or(wish.Reason, pauseReason); !goodReason(wish.Reason) {
		return now, &LineError{op, line, ErrReason}
	}
	wish.Actor = strings.ToValidUTF8(wish.Actor[:min(len(wish.Actor), maxActor)], "")
	l, ok := r.c.System.Line(line)
	if !ok {
		return now, &LineError{op, line, ErrNoLine}
	}
	back := wish.Back
	if back < 0 {
		back = time.Duration(r.settings(line).PauseBackMS) * time.Millisecond
	}
	if err = r.pauseNow(l, back, wish, &now); err != nil {
		return now, err
	}
	if err := r.pausing.save(); err != nil {
		poke(r.pausing.bell)
		r.c.Logger.Error("a pause could not be kept for a restart", "line", line, "err", err)
		return now, &LineError{op, line, errors.Join(ErrNotKept, err)}
	}
	return now, nil
}

// pauseNow begins a pause that is not kept yet.
func (r *Recorder) pauseNow(l *channels.Line, back time.Duration, wish PauseWish, now *Pause) error {
	r.pausing.wishes.Lock()
	defer r.pausing.wishes.Unlock()
	var v *veil
	line := l.Number()
	if r.pausing.of(line) == nil {
		v = r.newVeil(l, back) // before anything else: not a sample more is taken
	}
	asked := false
	err := r.ask("pause recording", line, func(w *watch, _ int64) error {
		asked = true
		err := w.pause(v, wish, pausedByWish, now)
		if err != nil && v != nil {
			w.undraw(v)
		}
		return err
	})
	if !asked && v != nil {
		r.c.System.Unblank(line, channels.ByPause, v.blank.ID)
	}
	return err
}

// undraw takes away what was drawn for nothing. What stood before stands again, also if
// it is over but was not seen.
func (w *watch) undraw(v *veil) {
	w.r.pausing.forget(w.line.Number(), v)
	m := w.paused
	for _, o := range w.masks {
		if m == nil && o.kind == channels.ByPause && o.over != "" && !o.seen && !o.replaced {
			m = o
		}
	}
	if m == nil {
		w.r.c.System.Unblank(w.line.Number(), channels.ByPause, v.blank.ID)
		return
	}
	w.r.c.System.Blank(w.line.Number(), m.kind, m.blank)
}

// forget notes that what was drawn is not wanted any more.
func (p *pausing) forget(line int, v *veil) {
	p.mu.Lock()
	if p.drawn[line] == v {
		delete(p.drawn, line)
	}
	p.mu.Unlock()
}

// Resume ends a pause of a line, and of those that were paused with it. Audio is kept
// again from the board's next block on. Errors: *[LineError] with [ErrNotPaused],
// [ErrNoLine], [ErrStarting] or [ErrNotRunning].
func (r *Recorder) Resume(line int, actor string) (was Pause, err error) {
	err = r.ask("resume recording", line, func(w *watch, _ int64) error {
		if w.paused == nil {
			return ErrNotPaused
		}
		was = w.paused.Pause
		w.resumeAll(resumedByWish, actor)
		return nil
	})
	return was, err
}

// Connected tells that lines have been connected with each other: where one is
// paused, so are the others. It returns at once.
func (r *Recorder) Connected(lines []int) {
	if len(lines) < 2 || len(r.pausing.list()) == 0 {
		return
	}
	go func() { // the switch must not wait
		_ = r.ask("pause recording", lines[0], func(*watch, int64) error { // it fails where the line is gone
			r.meet(lines)
			return nil
		})
	}()
}

// A veil is what keeps audio of one line from being read from a position on.
type veil struct {
	blank *channels.Blank
	rec   *recording // that was being written; nil
	taken int64      // what of it was read before
}

// newVeil draws one, reaching back.
func (r *Recorder) newVeil(l *channels.Line, back time.Duration) *veil {
	return r.newVeilAt(l, l.Fed()-samples(int(min(max(back, 0), mostBack).Milliseconds())))
}

func (r *Recorder) newVeilAt(l *channels.Line, from int64) *veil {
	v := &veil{blank: &channels.Blank{ID: r.c.Archive.NewID(r.c.Now()), From: from}}
	var ended []*recording
	r.mu.Lock()
	v.rec = r.now[l.Number()]
	for rec := range r.cold {
		if rec.line == l && rec != v.rec {
			ended = append(ended, rec)
		}
	}
	r.mu.Unlock()
	for _, rec := range ended {
		rec.reading.Lock()
		defer rec.reading.Unlock()
	}
	if v.rec != nil { // the writer has read up to taken, and finds silence behind it
		v.rec.reading.Lock()
		defer v.rec.reading.Unlock()
		v.taken = v.rec.taken
	}
	r.c.System.Blank(l.Number(), channels.ByPause, v.blank)
	for _, rec := range ended {
		if end, last := rec.limit(); last && max(from, rec.taken) < end {
			at := max(from, rec.taken)
			rec.tell(archive.Entry{Time: l.Time(at), At: at - rec.from, Kind: archive.EntryMasked, Value: end - at, Code: channels.ByPause.String()})
		}
	}
	r.pausing.mu.Lock()
	r.pausing.drawn[l.Number()] = v
	r.pausing.mu.Unlock()
	return v
}

// goodReason says whether it is a short word.
func goodReason(s string) bool {
	return len(s) <= maxReason && s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
