package channels

import (
	"strings"
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
	r.s.Unblank(1, ByPause, "p") // the loop is between the frame's audio and what is heard in it
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
	r.s.Unblank(1, ByPause, "p")
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

func TestWhereKeysAreAlwaysMaskedATappedLinkTellsNoNumberThatWasDialled(t *testing.T) {
	for mask, want := range map[string]string{MaskTalking: "01", MaskAlways: Hidden + Hidden} {
		w := &wire{script: map[int]string{
			10: "u 0802 0002 05 04038090A3 1803A18382 7003813031",
			12: "n 0802 8002 0D 1803A98382",
			14: "u 0802 0002 7B 70038130 A1",
			20: "n 0802 8002 07 4C04008038 37",
			60: "n 0802 8002 45 08028090",
			62: "u 0802 0002 4D",
			64: "n 0802 8002 5A",
			80: "n 0802 0001 05 04038090A3 1803A98381 700581 38383838", // who calls here may be told
		}}
		_, _, r := w.linkOf(t, func(id string, info driver.Info) ([]LineConfig, error) {
			all, err := linkPairs(id, info)
			for i := range all {
				all[i].MaskKeys = mask
			}
			return all, err
		}, 120)
		evs, _ := r.Drain(nil)
		out, in := 0, 0
		for _, e := range evs {
			switch {
			case e.Facts == nil:
			case e.Direction == Incoming:
				if in++; e.Called != "8888" {
					t.Errorf("%s: %s in says %q", mask, e.Kind, e.Called)
				}
			default:
				out++
				for _, number := range []string{e.Called, e.Facts.Dialled, e.Facts.Connected} {
					if named := strings.Trim(number, Hidden) != ""; named == (mask == MaskAlways) && number != "" {
						t.Errorf("%s: %s names %q", mask, e.Kind, number)
					}
				}
				if e.Kind == CallBegin && e.Called != want {
					t.Errorf("%s: it begins with %q, not %q", mask, e.Called, want)
				}
			}
		}
		if ends := find(evs, CallEnd); out < 4 || in == 0 || len(ends) != 1 || ends[0].Facts.Connected == "" {
			t.Errorf("%s: %d events of the call out, %d of that in, end %+v", mask, out, in, ends)
		}
	}
}

func TestKeysAreLookedForOnlyWhereSomeCanBePressed(t *testing.T) {
	looks := func(r *rig) bool { return r.l.runs[0].line.keyed[0].masker != nil }
	r := keyRig(t, fxoInfo(1), driver.Tap, MaskAlways)
	volts := func(mv int32) {
		for range 200 {
			r.board(1, driver.Volts, mv)
		}
	}
	volts(48000)
	if s := r.l.runs[0].table.state(); s != Idle || looks(r) {
		t.Errorf("%s: they are looked for: %v", s, looks(r))
	}
	volts(8000)
	if s := r.l.runs[0].table.state(); s == Idle || !looks(r) {
		t.Errorf("%s: they are looked for: %v", s, looks(r))
	}
	info := fxoInfo(1) // nothing tells whether it is on-hook
	info.Lines[0].Caps &^= driver.CapVolts
	if r = keyRig(t, info, driver.Tap, MaskAlways); !looks(r) {
		r.t.Error("they are not looked for where the hook is not known")
	}
	if r = keyRig(t, fxoInfo(1), driver.Tap, MaskPaused); looks(r) {
		r.t.Error("they are looked for though none is masked")
	}
}
