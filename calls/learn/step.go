package learn

import (
	"vaad/channels"
	"vaad/driver"
)

// next begins what is to be done next.
func (r *Run) next() {
	if r.state == Listening {
		r.idle()
	}
	r.volts, r.toneName, r.answeredBy, r.answerAt, r.hungUpAt = nil, "", "", 0, 0
	r.reversals = nil
	switch {
	case len(r.parts) > 0:
		r.part, r.parts = r.parts[0], r.parts[1:]
		r.step(inNextCall)
	case r.incoming:
		r.incoming = false
		r.step(inNextWait)
	default:
		r.step(inNextNone)
	}
}

func (r *Run) seize() {
	number := r.part.number
	if r.part.code == "probe" {
		number = probeDigit
	}
	first := 1
	for first < len(number) && number[first-1] == '+' {
		first++
	}
	r.seizedAt, r.dialsAt, r.sentAt, r.call = 0, 0, 0, ""
	r.Wishes = append(r.Wishes, channels.Wish{ID: r.id, Line: r.order.Line, Kind: channels.WishCall, Report: true,
		Number: before + number[:first] + behind + number[first:]})
}

func (r *Run) refused() {}

func (r *Run) dials() { r.volts = nil }

// noDialTone: the call came to nothing before the number was out.
func (r *Run) noDialTone() {
	switch {
	case r.endedBy == "glare" && !r.up:
		r.why = whyRinging
	case r.endedBy == whyNoDialTone || r.up && r.state == Failed:
		r.why = whyNoDialTone
	default:
		r.why = whyEnded
	}
	r.drop()
}

func (r *Run) sent() {
	r.measureDialTone()
	r.toneName = ""
}

// enough: that was all.
func (r *Run) enough() {
	r.measureDialTone()
	r.release()
}

func (r *Run) ringing() {
	if !r.has("ring-delay") {
		r.add(Item{Code: "ring-delay", Value: float64(max(r.toneAt-r.sentAt, 0)) / driver.Rate, Sure: 100})
	}
	if r.part.code == "busy" { // nobody is asked to answer
		r.miss("busy-tone", notBusy)
		r.step(inEnough)
	}
}

func (r *Run) rang() { r.measureRingback() }

func (r *Run) answered() {
	r.measureRingback()
	r.sure()
}

// sure notes how the answer is known.
func (r *Run) sure() {
	if r.answeredBy == "" || r.part.code != "answer" {
		return
	}
	i := Item{Code: "answer", Text: r.answeredBy, Sure: 60}
	if r.answeredBy == "reversal" {
		i.Sure = 100
	}
	r.put(i)
}

// silent: it rings there no more, and nothing says why: somebody has answered, or the caller is
// given up.
func (r *Run) silent() {
	r.measureRingback()
	if r.part.code == "answer" && !r.has("answer") {
		r.add(Item{Code: "answer", Text: "ringback-over", Sure: 50})
	}
}

func (r *Run) toned() {
	r.noteSign(r.toneName, r.toneAt)
	if r.due == 0 || r.due-r.now < limits[Toning]/2 { // the tone has come late: it is heard out
		r.due = r.now + limits[Toning]
	}
}

func (r *Run) signed() {
	r.measureRingback()
	r.toneName = ""
	r.noted()
}

func (r *Run) noted() { r.noteSign(r.lastSign, r.signAt) }

// release ends the call; whatever tone is on is measured.
func (r *Run) release() {
	r.measureEnd()
	switch {
	case r.has("answer") || r.part.code != "answer":
	case r.toneName != "" && r.toneName != "ringback":
		r.miss("answer", notFree)
	case r.has("ringback"):
		r.miss("answer", notAnswered)
	default:
		r.miss("answer", notHeard)
	}
	if r.up {
		r.Wishes = append(r.Wishes, channels.Wish{ID: r.id, Line: r.order.Line, Kind: channels.WishRelease})
	}
}

// ended: the call is over without us.
func (r *Run) ended() { r.release() }

// settled: the line is idle, if it is not only so again before it is seized.
func (r *Run) settled() {
	if !r.up {
		r.next()
	}
}

func (r *Run) await() {
	r.rings, r.ringsFrom = nil, r.now
	r.callerAt, r.callerBy, r.call = 0, "", ""
}

// nobody: no call came.
func (r *Run) nobody() {
	r.miss("ring", notCalled)
	r.miss("caller-id", notCalled)
	r.next()
}

func (r *Run) comesIn() {}

func (r *Run) finish() {}

func (r *Run) stuck() { r.why = whyStuck }

func (r *Run) disturbed() {
	r.why = whyRinging
	r.drop()
}

func (r *Run) lost() {
	if r.why == "" {
		r.why = whyGone
	}
}

// drop ends the call that is up.
func (r *Run) drop() {
	if r.up {
		r.Wishes = append(r.Wishes, channels.Wish{ID: r.id, Line: r.order.Line, Kind: channels.WishRelease})
	}
}
