package driver

import (
	"encoding"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// text is what every enumeration can do; T is its pointer.
type text[E any] interface {
	*E
	encoding.TextUnmarshaler
}

func TestEveryConstantHasANameOfItsOwn(t *testing.T) {
	roundTrip[Kind](t, 1, nKind)
	roundTrip[Law](t, 1, nLaw)
	roundTrip[Use](t, 0, nUse)
	roundTrip[EventKind](t, 1, nEvent)
	roundTrip[CommandKind](t, 1, nCommand)
}

func roundTrip[E interface {
	~uint8
	String() string
	encoding.TextMarshaler
}, P text[E]](t *testing.T, from, to E) {
	seen := map[string]bool{}
	for k := from; k < to; k++ {
		s := k.String()
		if s == "" || strings.ContainsAny(s, "( ") || s != strings.ToLower(s) || seen[s] {
			t.Errorf("%T %d has the name %q", k, k, s)
		}
		seen[s] = true
		b, err := k.MarshalText()
		var back E
		if err == nil {
			err = P(&back).UnmarshalText(b)
		}
		if err != nil || back != k {
			t.Errorf("%T %v comes back as %v, %v", k, k, back, err)
		}
	}
	for _, bad := range []string{"", "nonsense", to.String()} {
		var back E
		if err := P(&back).UnmarshalText([]byte(bad)); err == nil || back != 0 {
			t.Errorf("%T: %q was read as %v", to, bad, back)
		}
	}
	if s := to.String(); !strings.Contains(s, "(") {
		t.Errorf("%T %d, which does not exist, has the name %q", to, to, s)
	}
}

func TestCommandsListsEveryKind(t *testing.T) {
	all := Commands()
	for k := GoOffHook; k < nCommand; k++ {
		if !slices.Contains(all, k) {
			t.Errorf("%v is missing", k)
		}
	}
	if len(all) != int(nCommand)-1 {
		t.Errorf("%d commands, want %d", len(all), nCommand-1)
	}
}

// The bits of Caps stand in frame logs as a number: a new power goes to the
// end, none is ever moved or given up.
func TestCapsKeepTheirBits(t *testing.T) {
	want := []string{"tx", "hook", "onhook-rx", "ring-detect", "volts", "current", "polarity", "loop-break", "pulse-in",
		"pulse-out", "ring", "onhook-tx", "cas", "ec"}
	if got := Caps(1<<nCap - 1).List(); !slices.Equal(got[:len(want)], want) || slices.Contains(got, "") {
		t.Errorf("powers by bit: %q, want %q first", got, want)
	}
	if !Caps(CapVolts|CapHook).Has(CapHook) || Caps(CapVolts).Has(CapVolts|CapHook) || !Caps(0).Has(0) {
		t.Error("Has is wrong")
	}
}

func TestSilenceIsTheLawsPlusZero(t *testing.T) {
	if ALaw.Silence() != 0xD5 || MuLaw.Silence() != 0xFF {
		t.Errorf("A-law %#x, µ-law %#x", ALaw.Silence(), MuLaw.Silence())
	}
}

func TestInfoNamesItsKinds(t *testing.T) {
	in := Info{Driver: "sim", Lines: []Line{{Port: 3, Kind: FXO, Law: MuLaw, Use: Tap}}}
	b, err := json.Marshal(in)
	if err != nil || !strings.Contains(string(b), `"kind":"fxo","law":"ulaw","use":"tap"`) {
		t.Errorf("%s, %v", b, err)
	}
	if in.LineByPort(3) != 0 || in.LineByPort(1) != -1 {
		t.Error("LineByPort is wrong")
	}
}

func TestLineErrorSaysWhatWhereAndWhy(t *testing.T) {
	err := error(&LineError{Op: "off-hook", Board: "4711", Line: 3, Err: ErrTap})
	if !errors.Is(err, ErrTap) || !strings.HasPrefix(err.Error(), "off-hook: board 4711 line 3: the line is a tap") {
		t.Error(err)
	}
	if got := (&LineError{Op: "open", Board: "4711", Err: ErrGone}).Error(); got != "open: board 4711: board is gone" {
		t.Error(got)
	}
}
