package learn

import (
	"strings"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp"
)

// An Order says what is to be learnt of a line.
type Order struct {
	Line     int
	Busy     string // a number that is busy when this line calls it: its own; "": no such call
	Call     string // number of a telephone that the technician answers and puts down; "": no such call
	Incoming bool   // the technician calls the line

	Country string // ISO 3166: whose tones are expected; "": CN
	Prefix  string // of an outside line: the trunk dials it before each number
	Volts   bool   // the card measures the voltage
	OnHook  bool   // the card hears the line while it is on-hook
}

// What a call out is for.
type part struct {
	number string
	code   string // "probe", "busy", "answer"
}

// How long dial tone is listened to before the first digit, and the silence behind it; "," is a
// pause of a second. The digit of a call that has no number only ends the dial tone.
const (
	before, behind = ",,", ",,,"
	probeDigit     = "1"
	silenceLength  = 2 * driver.Rate
	bursts3        = 3 // bursts of an incoming call that are enough
	mostAudio      = 240 * driver.Rate
)

// A Step is a step of a run as people see it.
type Step struct {
	Code  string // of a State
	Begin int64  // position
	End   int64  // position; 0: it goes on
	Limit int64  // samples that it lasts at most
	Of    string // the number that is called, in steps of a call
}

// A Run is one guided run on a line. It belongs to one goroutine; what it wants of the line
// is in Wishes until whoever runs it has taken it. Time is positions of the line's board.
type Run struct {
	Wishes []channels.Wish

	order Order
	table *table
	state State
	id    string // of its wishes
	now   int64
	due   int64 // when the step's time is up
	steps []Step
	why   string // of Failed

	parts    []part
	part     part
	incoming bool // it is still to be waited for

	audio []int16 // from base on
	base  int64

	volts   []int // mV, of the present step
	call    string
	up      bool // a call of ours is up
	endedBy string

	seizedAt, dialsAt, sentAt int64
	toneAt, toneEnd           int64 // of the tone that is being measured; toneEnd 0: it goes on
	toneName                  string
	answerAt, hungUpAt        int64 // when the far end was found to have answered, and to have hung up; 0: not yet
	answeredBy, lastSign      string
	signAt                    int64
	rings                     []burst
	ringsFrom                 int64
	reversals                 []int64
	callerAt                  int64 // when the caller was known; 0: not yet
	callerBy                  string

	items []Item
}

// NewRun begins a run at a position. id marks its wishes and must be unique.
func NewRun(o Order, id string, pos int64) *Run {
	r := &Run{order: o, table: newTable(), id: id, now: pos, base: pos}
	switch {
	case o.Busy == "" && o.Call == "" && !o.Incoming:
		r.parts = []part{{code: "probe"}}
	default:
		if o.Busy != "" {
			r.parts = append(r.parts, part{number: o.Busy, code: "busy"})
		}
		if o.Call != "" {
			r.parts = append(r.parts, part{number: o.Call, code: "answer"})
		}
	}
	r.incoming = o.Incoming
	r.enter()
	return r
}

// State says where it stands.
func (r *Run) State() State { return r.state }

// Why is the code of what made it fail.
func (r *Run) Why() string { return r.why }

// Steps lists the steps so far, the present one last.
func (r *Run) Steps() []Step { return append([]Step{}, r.steps...) }

// Holds reports whether a call of its own is up, which must be ended.
func (r *Run) Holds() bool { return r.up }

// enter begins the step of a new state.
func (r *Run) enter() {
	if n := len(r.steps); n > 0 {
		r.steps[n-1].End = r.now
	}
	r.due = 0
	if limit := limits[r.state]; limit > 0 {
		r.due = r.now + limit
	}
	s := Step{Code: r.state.String(), Begin: r.now, Limit: limits[r.state]}
	if r.up || r.state == Seizing {
		s.Of = r.part.number
	}
	if r.state.Over() {
		s.End = r.now
	}
	r.steps = append(r.steps, s)
}

// Audio takes what the line was heard to say from a position on.
func (r *Run) Audio(pcm []int16, pos int64) {
	if pos != r.base+int64(len(r.audio)) { // something is missing
		r.audio, r.base = r.audio[:0], pos
	}
	if old := len(r.audio) + len(pcm) - mostAudio; old > 0 {
		old = min(old+mostAudio/2, len(r.audio))
		r.audio, r.base = append(r.audio[:0], r.audio[old:]...), r.base+int64(old)
	}
	r.audio = append(r.audio, pcm...)
}

// heard is the audio between two positions, as much of it as there is.
func (r *Run) heard(from, to int64) []int16 {
	end := r.base + int64(len(r.audio))
	from, to = min(max(from, r.base), end), min(max(to, r.base), end)
	if from >= to {
		return nil
	}
	return r.audio[from-r.base : to-r.base]
}

// Volts takes a voltage.
func (r *Run) Volts(mv int) {
	if len(r.volts) < 4096 {
		r.volts = append(r.volts, max(mv, -mv))
	}
}

// Tick lets time reach a position: events and audio before it have been given.
func (r *Run) Tick(pos int64) {
	r.now = max(r.now, pos)
	if r.due > 0 && r.now >= r.due {
		r.due = 0
		r.step(inWaited)
	}
}

// Refused says that the line refused the call: code is that of channels.WishError.
func (r *Run) Refused(code string) {
	switch code {
	case "busy":
		r.why = whyBusy
	case "ringing":
		r.why = whyRinging
	case "no-battery":
		r.why = whyNoBattery
	case "gone":
		r.why = whyGone
	default:
		r.why = whyRefused
	}
	r.step(inRefused)
}

// Lost says that what the line does cannot be followed any more.
func (r *Run) Lost() { r.step(inGone) }

// Cancel ends it.
func (r *Run) Cancel() { r.step(inCancel) }

// Event takes an event of the line, or of its board.
func (r *Run) Event(e *channels.Event) {
	r.now = max(r.now, e.Known)
	if r.ofCall(e) {
		return
	}
	switch e.Kind {
	case channels.LineState:
		switch {
		case e.To == channels.Dialling && e.From == channels.Seizing:
			r.dialsAt = e.Known
			r.step(inDialTone)
		case e.To == channels.Proceeding && r.state == Dialling:
			r.sentAt = e.Known
			if r.part.code == "probe" {
				r.step(inEnough)
			} else {
				r.step(inSent)
			}
		case e.To == channels.Idle:
			r.step(inFree)
		case e.To == channels.NoBattery:
			r.why = whyNoBattery
			r.step(inGone)
		case e.To == channels.GoneState:
			r.step(inGone)
		}
	case channels.BoardLost, channels.Overflow:
		r.step(inGone)
	case channels.OffHook:
		if r.state == Seizing {
			r.seizedAt = e.Pos
		}
	case channels.Polarity:
		r.reversals = append(r.reversals, e.Pos)
	case channels.RingBegin:
		at := float64(e.Pos-r.ringsFrom) / dsp.MS
		r.rings = append(r.rings, burst{from: at, to: at, cut: true})
	case channels.RingEnd:
		if n := len(r.rings); n > 0 && r.rings[n-1].cut {
			r.rings[n-1].to, r.rings[n-1].cut = float64(e.Pos-r.ringsFrom)/dsp.MS, false
			if r.state == RingingIn && n >= bursts3 {
				r.step(inRung)
			}
		}
	case channels.Tone:
		r.tone(e)
	}
}

// ofCall takes events of calls.
func (r *Run) ofCall(e *channels.Event) bool {
	mine := e.Call != "" && e.Call == r.call
	switch e.Kind {
	case channels.CallBegin:
		if e.Request == r.id && e.Direction == channels.Outgoing {
			r.call, r.up = e.Call, true
		} else if e.Direction == channels.Incoming {
			if r.state == Awaiting {
				r.call = e.Call
			}
			r.step(inCall)
		}
	case channels.Numbers:
		if f := e.Facts; mine && r.state == RingingIn && f != nil && f.CallerBy != "" && f.CallerBy != "own" && r.callerAt == 0 {
			r.callerAt, r.callerBy = e.Pos, f.CallerBy
		}
	case channels.CallAnswered:
		if mine && r.up {
			r.answerAt, r.answeredBy = e.Pos, e.AnsweredBy
			r.step(inAnswer)
		}
	case channels.WouldRelease:
		if mine && r.up && (e.Text == "reversal" || e.Text == "loop-break") {
			r.lastSign, r.signAt = e.Text, e.Pos
			r.step(inSign)
		}
	case channels.CallEnd:
		if mine {
			r.up, r.endedBy = false, e.EndedBy
			r.step(inEnded)
		}
	default:
		return false
	}
	return true
}

// tone takes that a tone is certain, or over.
func (r *Run) tone(e *channels.Event) {
	if !r.up {
		return
	}
	if e.Value == 0 {
		if e.Text == r.toneName && r.toneEnd == 0 {
			r.toneEnd = e.Pos
			if e.Text == "ringback" {
				r.step(inRingOver)
			}
		}
		return
	}
	begins := func() { r.toneName, r.toneAt, r.toneEnd = e.Text, e.Pos, 0 }
	switch {
	case r.state == Seizing || r.state == Dialling:
		if strings.Contains(e.Text, "dial") || e.Text == "steady" || e.Text == "regular" {
			if r.toneName == "" {
				begins()
			}
		}
	case e.Text == "ringback":
		if r.table[r.state][inRingback] != nil {
			begins()
			r.step(inRingback)
		}
	case e.Text == "waiting" || e.Text == "record" || e.Text == "notice" || e.Text == "steady":
	case strings.Contains(e.Text, "dial") && r.state != Talking && r.state != Toning:
	default:
		if r.toneName != e.Text || r.toneEnd != 0 {
			if r.state == Toning && r.toneName != "" && r.toneName != "ringback" && r.toneEnd == 0 {
				return // one is being measured
			}
			if r.table[r.state][inTone] != nil {
				r.measureRingback()
				begins()
				r.step(inTone)
			}
		}
	}
}
