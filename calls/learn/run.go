package learn

import (
	"vaad/channels"
	"vaad/driver"
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
