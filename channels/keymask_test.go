package channels

import (
	"testing"

	"vaad/driver"
)

// keyRig is one line of ours whose keys are masked so.
func keyRig(t *testing.T, info driver.Info, use driver.Use, mask string) *rig {
	t.Helper()
	return newRig(t, info, []LineConfig{{Number: 1, Port: 1, Use: use, MaskKeys: mask}})
}

func TestAKeyThatEndsAsAPauseIsTakenAwayIsNotNamed(t *testing.T) {
	r := keyRig(t, fxoInfo(1), driver.Tap, MaskPaused)
	r.s.Blank(1, ByPause, &Blank{ID: "p", From: r.l.next})
	r.tick(5)
	r.s.Blank(1, ByPause, nil) // the loop is between the frame's audio and what is heard in it
	e := Event{Line: 1, Pos: r.l.next - 10, Kind: Key, Text: "5"}
	r.l.out.now = r.l.next
	if r.l.hideKeys(&e); e.Text != Hidden || e.Digit() != "5" {
		t.Errorf("it is told as %q, which is %q", e.Text, e.Digit())
	}
	r.tick(2)
	e = Event{Line: 1, Pos: r.l.next - 10, Kind: Key, Text: "5"}
	if r.l.hideKeys(&e); e.Text != "5" {
		t.Errorf("a key behind the pause is told as %q", e.Text)
	}
}

func TestACardsKeyOfAPauseIsNotInTheFrameLogWhenItIsReleased(t *testing.T) {
	r := keyRig(t, fxoInfo(1), driver.Tap, MaskPaused)
	logged := func() (keys string) {
		for _, e := range r.l.trace.since(0) {
			if k := driver.EventKind(e.kind); k == driver.DigitBegin || k == driver.DigitEnd {
				keys += string(rune(e.value))
			}
		}
		return keys
	}
	r.s.Blank(1, ByPause, &Blank{ID: "p", From: r.l.next})
	r.tick(2)
	r.board(1, driver.DigitBegin, '4')
	r.s.Blank(1, ByPause, nil)
	r.tick(3)
	r.board(1, driver.DigitEnd, '4')
	if got := logged(); got != "" {
		t.Errorf("%q is logged", got)
	}
	r.board(1, driver.DigitBegin, '7')
	r.board(1, driver.DigitEnd, '7')
	if got := logged(); got != "77" {
		t.Errorf("%q is logged", got)
	}
}
