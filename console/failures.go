package console

import (
	"errors"

	"vaad/api"
	"vaad/api/text"
	"vaad/calls"
	"vaad/channels"
)

// codeOfFailure is the problem that a failure of the switch is answered with.
func codeOfFailure(code string) string {
	switch code {
	case calls.NoLeg:
		return "no-leg"
	case calls.NoBridge:
		return "no-bridge"
	case calls.NoSuchLine:
		return "not-switched"
	case calls.NoGroup:
		return "no-group"
	case calls.NoTrunk:
		return "no-trunk"
	case calls.LineInUse:
		return "line-in-use"
	case calls.BadNumber:
		return "bad-number"
	case calls.UnknownNumber:
		return "unknown-number"
	case calls.BadRequest:
		return "bad-request"
	case calls.WrongState:
		return "wrong-state"
	case calls.NotBridged:
		return "not-bridged"
	case calls.ConferenceFull:
		return "conference-full"
	case calls.LineRefused:
		return "line-refused"
	case calls.LineGone:
		return "line-gone"
	case calls.Overloaded:
		return "busy"
	case calls.NoReaction:
		return "no-reaction"
	case calls.LegEnded:
		return "leg-ended"
	case calls.NotAnswered:
		return "not-answered"
	case calls.Cancelled:
		return "timeout"
	case calls.NotRunning:
		return "closing"
	}
	return "internal"
}

// failed is the problem of a failure; nil where the error is none.
func failed(lang string, err error) *api.Problem {
	var f *calls.Failure
	if !errors.As(err, &f) {
		return nil
	}
	p := fail(codeOfFailure(f.Code), f.Text)
	var w *channels.WishError
	if errors.As(err, &w) {
		p.Line = w.Line
		if words, ok := text.Lookup(lang, "wish."+w.Code); ok {
			p.Errors = []api.ProblemError{{Message: words}}
		}
	}
	return p
}
