package learn

import (
	"strings"

	"vaad/channels"
	"vaad/dsp"
)

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
