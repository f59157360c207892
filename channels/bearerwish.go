package channels

import (
	"errors"
	"strings"

	"vaad/channels/analog"
	"vaad/channels/pri"
)

// sent: the keys up to the next pause have been heard by the far end.
func (t *bearerTable) sent(out *emitter, pos int64) {
	if t.keying {
		t.nextKeys(out, pos)
	}
}

// nextKeys sends keys up to the next pause, or tells that all are sent. Pauses at
// the end are not waited for.
func (t *bearerTable) nextKeys(out *emitter, pos int64) {
	rest := strings.TrimLeft(t.keys, ",")
	if rest == "" {
		t.keying = false
		t.keysSent(out, t.keysOf, pos)
		return
	}
	pauses := len(t.keys) - len(rest)
	rest, _, _ = strings.Cut(rest, ",")
	t.keys = t.keys[pauses+len(rest):]
	t.acts.Acts = append(t.acts.Acts, analog.Act{Kind: analog.PlayKeys, Keys: rest, AfterMS: pauses * 1000})
}

func (t *bearerTable) keysSent(out *emitter, request string, pos int64) {
	out.emit(Event{Line: t.line.number, Pos: pos, Known: pos, Kind: KeysSent, Request: request})
}

// wish hands a wish to the signalling.
func (t *bearerTable) wish(out *emitter, w *Wish) error {
	if t.link == nil {
		return &analog.Refusal{Code: "link-down", Text: "the span of the timeslot has no signalling of ours: it is tapped, or has no D-channel"}
	}
	s, o, now := t.link.stack, &t.link.out, out.now
	if w.Kind != WishCall && !t.up {
		return &analog.Refusal{Code: analog.RefusedNoCall, Text: "the line is in no call"}
	}
	var err error
	switch w.Kind {
	case WishCall:
		err = t.setup(out, w)
	case WishAlert:
		err = s.Alert(o, t.id, now)
	case WishProceed:
		err = s.Proceed(o, t.id, now)
	case WishAnswer:
		if err = s.Connect(o, t.id, now); err == nil {
			t.answered(out, now)
		}
	case WishRelease:
		err = s.Clear(o, t.id, w.Cause, now)
	case WishKeys:
		err = t.send(out, w)
	case WishHold:
		err = s.Hold(o, t.id, now)
	case WishRetrieve:
		err = s.Retrieve(o, t.id, now)
	default:
		err = cannot
	}
	return refusal(err)
}

// refusal says why the signalling refuses a wish in the words of wishes.
func refusal(err error) error {
	var no *pri.StackError
	if !errors.As(err, &no) {
		return err
	}
	switch no.Code {
	case "no-channel":
		return &analog.Refusal{Code: analog.RefusedBusy, Text: "the timeslot is being restarted, or out of use"}
	case "wrong-state":
		return &analog.Refusal{Code: analog.RefusedCannot, Text: no.Text}
	}
	return &analog.Refusal{Code: no.Code, Text: no.Text}
}

func (t *bearerTable) setup(out *emitter, w *Wish) error {
	if t.up || t.at != Idle && t.link.stack.Up() { // else the stack says why
		return &analog.Refusal{Code: analog.RefusedBusy, Text: "the timeslot is not idle"}
	}
	number := w.Number
	if w.Prefix != "" {
		number = w.Prefix + strings.TrimPrefix(number, "+")
	}
	order := pri.SetupOrder{Slot: t.slot, Called: number, Complete: true, Caller: w.Caller, Name: w.Name, Private: w.Private}
	id, err := t.link.stack.Setup(&t.link.out, order, out.now)
	if err != nil {
		return err
	}
	t.prefix = w.Prefix
	t.begin(out, &pri.Call{Slot: t.slot, Called: order.Called, Caller: w.Caller, Name: w.Name, Complete: true, Withheld: w.Private}, id, Seizing, w.ID, out.now)
	return nil
}

// maxKeys is how many keys one wish may have.
const maxKeys = 64

// send sends keys as the far end takes them: as further digits while it wants some,
// and in a call that is up as sound, which every far end hears.
func (t *bearerTable) send(out *emitter, w *Wish) error {
	keys := strings.ToUpper(w.Keys)
	switch {
	case keys == "" || len(keys) > maxKeys || strings.Trim(keys, "0123456789*#ABCD,") != "":
		return &analog.Refusal{Code: analog.RefusedNumber, Text: "keys are 0-9 * # A-D, and \",\" for pauses, 64 at most"}
	case t.call.Answered == 0:
		if err := t.link.stack.Digits(&t.link.out, t.id, keys, out.now); err != nil {
			return err
		}
		if c, ok := t.link.stack.Call(t.id); ok { // they belong to the number
			t.call.Called = c.Called
			t.emit(out, Numbers, out.now, out.now)
		}
		t.keysSent(out, w.ID, out.now)
		return nil
	case t.keying:
		return &analog.Refusal{Code: analog.RefusedBusy, Text: "keys are being sent"}
	}
	t.keys, t.keying, t.keysOf = keys, true, w.ID
	t.nextKeys(out, out.now)
	return nil
}
