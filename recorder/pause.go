package recorder

import (
	"slices"
	"strconv"
	"time"

	"vaad/channels"
	"vaad/recorder/archive"
)

// Story lines about pauses.
const (
	entryPause  = "pause"  // Text: the reason; Code: by what: request, key, bridge, restart; Actor
	entryResume = "resume" // Code: by what: request, key, time, call-end; Actor
)

// WhyPaused is what the call journal is told of a call that was paused, and WhyKeys
// of one in which keys were masked.
const (
	WhyPaused = "paused"
	WhyKeys   = "keys-masked"
)

// AlarmPaused says that a line is paused for longer than its settings want to see.
const AlarmPaused = "recording-paused"

// tellEvery is how often a pause that lasts is told to the story, so that a crash
// leaves little of it unsaid.
const tellEvery = 30 * rate

// bridgeBack is how far back a line is paused that comes into a conversation: by then it
// is known.
const bridgeBack = rate

// A mask is one stretch in which a line's rings are blanked. It belongs to the
// deciding goroutine.
type mask struct {
	Pause
	kind     channels.BlankKind
	blank    *channels.Blank
	from     int64
	end      int64  // a pause is over there, whatever wall clocks do; none: it is known by the wall clock only
	seen     bool   // the board has it
	over     string // it is to end, as soon as the board has it
	replaced bool   // the board may never have it: one that has its beginning too stands there
	unsure   bool   // the daemon or the board began anew: whether its call is up is not known
	alarmed  bool
}

// pause begins a pause of the line and of those it is connected with, or makes the
// one that there is last anew.
func (w *watch) pause(v *veil, wish PauseWish, by string, now *Pause) error {
	switch {
	case !w.up:
		return ErrGone
	case len(w.line.Sides()) == 0:
		return ErrUnused
	case w.cur == nil && !w.bound():
		return ErrIdle
	}
	at := w.line.Time(w.line.Fed())
	p := Pause{Line: w.line.Number(), Since: at, Reason: wish.Reason, Actor: wish.Actor, By: by}
	lasts := w.paused != nil
	if lasts {
		p.ID, p.Since = w.paused.ID, w.paused.Since
	}
	length := time.Duration(w.own.PauseMaxS) * time.Second
	if wish.For > 0 {
		length = min(length, wish.For)
	}
	w.veilWith(v, p, at, length)
	if now != nil {
		*now = w.paused.Pause
	}
	back := int64(bridgeBack)
	if !lasts { // as far as this line's
		back = w.line.Fed() - w.paused.from
	}
	w.together(w.r.c.Partners(w.line.Number()), back)
	return nil
}

// veilWith is pause of this line alone. v is nil where nothing was drawn yet.
func (w *watch) veilWith(v *veil, p Pause, at time.Time, length time.Duration) {
	p.Until, p.Call = at.Add(length), w.call
	if w.cur != nil {
		p.Recording = w.cur.id
	}
	if m := w.paused; m != nil {
		if m.Pause = p; v != nil { // keys were quicker
			w.undraw(v)
		}
	} else {
		if v == nil {
			v = w.r.newVeil(w.line, 0)
		}
		m = &mask{Pause: p, blank: v.blank, from: v.blank.From}
		if m.ID == "" {
			m.ID = v.blank.ID
		}
		if v.rec != nil {
			v.rec.told(v.blank.ID, v.taken)
		}
		w.paused = m
		w.stands(m)
		w.r.metrics.paused.WithLabelValues(strconv.Itoa(p.Line)).Set(1)
	}
	w.paused.end = w.line.Fed() + samples(int(length.Milliseconds()))
	w.tellPause(w.cur, p.By)
	if w.call != "" {
		w.r.c.Calls.Attach(w.call, "", WhyPaused)
	}
	w.r.pausing.set(p.Line, &w.paused.Pause)
	w.r.c.Logger.Info("recording is paused", "line", p.Line, "reason", p.Reason, "by", p.By, "until", p.Until)
}

// together makes the pause of this line that of lines that hear it too. It lasts for all
// as long as whoever wants it was told, whatever their own settings are. Where they are
// not paused yet, it begins so many samples back.
func (w *watch) together(lines []int, back int64) {
	from := w.paused
	for _, n := range lines {
		o := w.r.watches[n]
		switch {
		case o == nil || o == w:
		case o.paused != nil:
			o.shares(w)
		case o.up && len(o.line.Sides()) > 0:
			at := o.line.Time(o.line.Fed())
			p := from.Pause
			p.Line, p.Since, p.By, p.Recording = n, at, pausedByBridge, ""
			o.veilWith(w.r.newVeilAt(o.line, max(o.line.Fed()-back, o.base)), p, at, w.left())
		}
	}
}

// shares goes on in the pause of another line.
func (w *watch) shares(with *watch) {
	m, from := w.paused, with.paused
	if m.ID == from.ID && m.Until.Equal(from.Until) && m.Reason == from.Reason && m.Actor == from.Actor {
		return
	}
	m.ID, m.Until, m.Reason, m.Actor = from.ID, from.Until, from.Reason, from.Actor
	m.end = w.line.Fed() + samples(int(with.left().Milliseconds()))
	w.tellPause(w.cur, pausedByBridge)
	w.r.pausing.set(m.Line, &m.Pause)
}

// meet makes one pause of those of lines that are connected: the one that lasts longest.
func (r *Recorder) meet(lines []int) {
	var from *watch
	for _, n := range lines {
		if o := r.watches[n]; o != nil && o.paused != nil && (from == nil || o.left() > from.left()) {
			from = o
		}
	}
	if from != nil {
		from.together(lines, bridgeBack)
	}
}

// left is how long the pause lasts yet. It is counted in samples, as wall clocks may be
// set; only what a board's absence took is known by them alone.
func (w *watch) left() time.Duration {
	at := w.line.Fed()
	if w.paused.end == none {
		return min(max(w.paused.Until.Sub(w.line.Time(at)), 0), mostPause)
	}
	return time.Duration(w.paused.end-at) * time.Second / rate
}

// anchored takes that the wall clock of a line was set by some nanoseconds.
func (w *watch) anchored(ns int64) {
	if m := w.paused; m != nil && m.end != none {
		m.Since, m.Until = m.Since.Add(time.Duration(ns)), m.Until.Add(time.Duration(ns))
		w.r.pausing.set(m.Line, &m.Pause)
	}
}

// resumeAll ends the pause of this line and of those paused with it. Lines that have
// parted since go on in theirs.
func (w *watch) resumeAll(code, actor string) {
	id, with := w.paused.ID, w.r.c.Partners(w.line.Number())
	for _, o := range slices.Clone(w.r.order) {
		if o == w || o.paused != nil && o.paused.ID == id && slices.Contains(with, o.line.Number()) {
			o.resumeNow(code, actor)
		}
	}
}

// resumeNow ends the pause of this line: what its board hears from the next block on is kept.
func (w *watch) resumeNow(code, actor string) {
	m := w.paused
	w.paused = nil
	if m.over = code; m.seen {
		w.unveil(m)
	}
	if rec := w.cur; rec != nil {
		at := w.line.Fed()
		rec.tell(archive.Entry{Time: w.line.Time(at), At: at - rec.from, Kind: entryResume, Code: code, Actor: actor})
	}
	w.heard.silent = max(w.heard.silent, w.line.Fed()) // from here on silence counts
	n := w.line.Number()
	w.r.metrics.paused.WithLabelValues(strconv.Itoa(n)).Set(0)
	if m.alarmed {
		w.r.c.Alarms.Clear(AlarmPaused, strconv.Itoa(n))
	}
	w.r.pausing.set(n, nil)
	w.r.c.Logger.Info("recording goes on after a pause", "line", n, "by", code)
}

// stands begins a mask. One of its kind that ended before the board had it is in it, from
// its beginning on.
func (w *watch) stands(m *mask) {
	for _, o := range w.masks {
		if o.kind != m.kind || o.over == "" || o.seen || o.replaced {
			continue
		}
		o.replaced = true
		m.from = min(m.from, o.from)
		if rec := w.cur; rec != nil && rec.maskTold[m.blank.ID] > rec.maskTold[o.blank.ID] {
			rec.maskTold[m.blank.ID] = rec.maskTold[o.blank.ID]
		}
	}
	if w.foretold.Request == m.blank.ID { // the board was quicker
		m.from, m.seen = w.foretold.Pos, true
		w.dropReplaced(m.kind)
	}
	w.masks = append(w.masks, m)
	w.r.c.System.Blank(w.line.Number(), m.kind, m.blank)
}

// dropReplaced forgets masks in whose place one stands that the board has.
func (w *watch) dropReplaced(k channels.BlankKind) {
	w.masks = slices.DeleteFunc(w.masks, func(m *mask) bool { return m.kind == k && m.replaced })
}

// unveil lets the line's audio into its rings again, unless a later one of its kind
// wants otherwise.
func (w *watch) unveil(m *mask) {
	w.r.c.System.Unblank(w.line.Number(), m.kind, m.blank.ID)
}

// masked takes what the board tells of its rings.
func (w *watch) masked(e *channels.Event) {
	if e.By == channels.ByKeys {
		w.keysMasked(e)
		return
	}
	i := slices.IndexFunc(w.masks, func(m *mask) bool { return m.blank.ID == e.Request })
	if i < 0 && w.paused != nil && w.paused.blank.ID == e.Request {
		i, w.masks = len(w.masks), append(w.masks, w.paused)
	}
	w.r.metrics.masked.WithLabelValues(e.By).Add(float64(e.Value) / rate)
	if i < 0 { // drawn for a wish that is not heard yet, or that came to nothing
		if w.foretold = *e; w.cur != nil && e.Value > 0 {
			w.tellMasked(w.cur, &mask{blank: &channels.Blank{ID: e.Request}, from: e.Pos, Pause: Pause{Reason: pauseReason}}, e.Pos+e.Value)
		}
		return
	}
	m := w.masks[i]
	if e.Value == 0 {
		m.from, m.seen, m.replaced = e.Pos, true, false
		w.dropReplaced(m.kind)
		if m.over != "" {
			w.unveil(m)
		}
		return
	}
	if w.cur != nil {
		w.tellMasked(w.cur, m, e.Pos+e.Value)
	}
	w.masks = slices.Delete(w.masks, i, i+1)
}

// masksLost goes on without what the board has told of its rings up to p.
func (w *watch) masksLost(p int64) {
	for _, m := range w.masks {
		if m.seen = true; m.over != "" {
			w.unveil(m)
		}
		if w.cur != nil && !m.replaced {
			w.tellMasked(w.cur, m, p)
		}
	}
	w.masks = slices.DeleteFunc(w.masks, func(m *mask) bool { return m.over != "" })
}

// keysMasked tells of a key whose tones were kept out.
func (w *watch) keysMasked(e *channels.Event) {
	w.r.metrics.masked.WithLabelValues(e.By).Add(float64(e.Value) / rate)
	rec := w.cur
	if rec == nil {
		return
	}
	from, to := max(e.Pos, rec.from), e.Pos+e.Value
	if from < to {
		rec.tell(archive.Entry{Time: w.line.Time(from), At: from - rec.from, Kind: archive.EntryMasked, Side: sideOf(e), Value: to - from, Code: e.By})
	}
	if w.call != "" && w.ofCall(rec) {
		w.r.c.Calls.Attach(w.call, "", WhyKeys)
	}
}

// tellPause tells a recording that it is paused, from where it is.
func (w *watch) tellPause(rec *recording, code string) {
	if rec == nil || w.paused == nil {
		return
	}
	at := max(w.line.Fed(), rec.from)
	rec.tell(archive.Entry{Time: w.line.Time(at), At: at - rec.from, Kind: entryPause, Text: w.paused.Reason, Code: code, Actor: w.paused.Actor})
}

// tellMasked tells a recording what of it is silence up to a position.
func (w *watch) tellMasked(rec *recording, m *mask, upto int64) {
	from := max(m.from, rec.from, rec.maskTold[m.blank.ID])
	if from >= upto {
		return
	}
	rec.told(m.blank.ID, upto)
	rec.tell(archive.Entry{Time: w.line.Time(from), At: from - rec.from, Kind: archive.EntryMasked, Value: upto - from, Code: m.kind.String(), Text: m.Reason, Actor: m.Actor})
}

// unsaid tells a recording that ends at a position what of it is silence.
func (w *watch) unsaid(rec *recording, end int64) {
	w.r.pausing.mu.Lock()
	v := w.r.pausing.drawn[w.line.Number()]
	w.r.pausing.mu.Unlock()
	if v != nil && v.rec == rec && !slices.ContainsFunc(w.masks, func(m *mask) bool { return m.blank == v.blank }) {
		if rec.maskTold[v.blank.ID] == 0 { // it was drawn, and who wants it is about to say so
			rec.told(v.blank.ID, v.taken)
			w.tellMasked(rec, &mask{blank: v.blank, from: v.blank.From, Pause: Pause{Reason: pauseReason}}, end)
		}
	}
	for _, m := range w.masks {
		if !m.replaced {
			w.tellMasked(rec, m, end)
		}
	}
}

// pauseLasts looks at what time has brought to a pause, once all is known up to p.
func (w *watch) pauseLasts(p int64) {
	for _, m := range w.masks {
		if rec := w.cur; rec != nil && m.seen && p-max(m.from, rec.from, rec.maskTold[m.blank.ID]) >= tellEvery {
			w.tellMasked(rec, m, p)
		}
	}
	m := w.paused
	if m == nil {
		return
	}
	if m.end == none && w.up {
		m.end = w.line.Fed() + samples(int(w.left().Milliseconds()))
	}
	now := w.line.Time(p)
	long := time.Duration(w.own.PauseAlarmS) * time.Second
	switch {
	case m.end != none && p >= m.end:
		w.r.c.Logger.Warn("a pause has lasted as long as it may: recording goes on", "line", m.Line, "since", m.Since, "reason", m.Reason)
		w.resumeAll(resumedByTime, "")
	case !w.bound() && w.cur == nil && (w.known || !m.unsure) && w.tells():
		w.resumeNow(resumedByEnd, "")
	case long > 0 && !m.alarmed && now.Sub(m.Since) >= long:
		m.alarmed = true
		w.r.c.Alarms.Raise(AlarmPaused, strconv.Itoa(m.Line), map[string]string{"since": m.Since.UTC().Format(time.RFC3339), "reason": m.Reason})
	}
}

// tells says whether the line tells when nobody talks any more, be it by its hook or by
// its calls. Where it does not, that nothing is recorded does not mean so.
func (w *watch) tells() bool {
	s := w.line.Status()
	return w.volts || s.State != channels.Unknown && (s.Use.String() != "tap" || s.Kind.String() != "fxo")
}

// pauseEnds ends the pause of a call that is over. One that ended for us only, as its
// board went, may go on on a line that others carry.
func (w *watch) pauseEnds(by string) {
	switch {
	case w.paused == nil:
	case by == EndGone:
		w.paused.unsure, w.known = true, false
	default:
		w.resumeNow(resumedByEnd, "")
	}
}

// restorePauses lets lines begin paused that were so when the last run ended.
func (r *Recorder) restorePauses() error {
	if r.pausing.store == nil {
		return nil
	}
	all, err := r.pausing.store.Load()
	now := r.c.Now()
	for _, p := range all {
		if p.Line < 1 || !now.Before(p.Until) {
			continue
		}
		if most := now.Add(mostPause); p.Until.After(most) { // the clock was set
			p.Until = most
		}
		p.By = pausedBefore
		r.pausing.all[p.Line] = p
		m := &mask{Pause: p, blank: &channels.Blank{ID: p.ID, Why: p.Reason}, end: none, unsure: true}
		r.paused[p.Line] = m
		r.c.System.Blank(p.Line, channels.ByPause, m.blank)
	}
	return err
}

// restored gives a new watch the pause that its line was under.
func (w *watch) restored() {
	n := w.line.Number()
	if m := w.r.paused[n]; m != nil {
		delete(w.r.paused, n)
		w.paused, w.masks = m, append(w.masks, m)
		w.r.metrics.paused.WithLabelValues(strconv.Itoa(n)).Set(1)
	}
}

// inherit goes on in the pauses of a number that was on another board: its line began
// blanked there. Those that ended before the board had told so end when this one has.
func (w *watch) inherit(was *watch) {
	if was == nil {
		return
	}
	for _, m := range was.masks {
		if m.kind != channels.ByPause || m.replaced || m != was.paused && (m.over == "" || m.seen) {
			continue
		}
		w.masks = append(w.masks, m)
	}
	if m := was.paused; m != nil {
		if w.paused = m; !slices.Contains(w.masks, m) {
			w.masks = append(w.masks, m)
		}
		m.unsure, m.end = true, none
	}
	for _, m := range w.masks {
		m.blank = &channels.Blank{ID: m.blank.ID, From: w.line.Fed(), Why: m.blank.Why}
		m.from, m.seen = m.blank.From, false
	}
}
