package pri

import (
	"fmt"
	"testing"
)

// Octet 3 of a Called party number (Q.931 figure 4-9) by what was dialled and the
// type that is set.
func TestNumbersAreSentWithTheirType(t *testing.T) {
	for _, c := range []struct {
		kind   string
		number string
		set    NumberType
		want   string
	}{
		{"euroisdn", "8888", TypeUsual, "70058138383838"},
		{"euroisdn", "+8610", TypeUsual, "70059138363130"},
		{"euroisdn", "+8610", TypeNational, "70059138363130"},
		{"euroisdn", "10", TypeInternational, "7003913130"},
		{"euroisdn", "10", TypeNational, "7003a13130"},
		{"euroisdn", "10", TypeNetwork, "7003b13130"},
		{"euroisdn", "10", TypeSubscriber, "7003c13130"},
		{"euroisdn", "10", TypeAbbreviated, "7003e03130"},
		{"euroisdn", "10", TypePrivate, "7003893130"},
		{"euroisdn", "10", TypeUnknown, "7003813130"},
		{"euroisdn", "*#0", TypeUsual, "7004812a2330"},
		{"qsig", "10", TypeUsual, "7003803130"},
		{"ni2", "2125551234", TypeUsual, "700ba132313235353531323334"},
		{"5ess", "5551234", TypeUsual, "7008c135353531323334"},
		{"4ess", "911", TypeUsual, "700481393131"},
	} {
		n, ok := dialectOf(c.kind).numberOf(c.number, c.set)
		if got := fmt.Sprintf("%x", appendNumber(nil, CalledNumber, n)); !ok || got != c.want {
			t.Errorf("%s %s as %v: %s, not %s", c.kind, c.number, c.set, got, c.want)
		}
		if back, ok := ParseNumber(appendNumber(nil, CalledNumber, n)[2:]); !ok || back != n {
			t.Errorf("%s is read as %+v", c.number, back)
		}
	}
}

func TestTypesOfNumbersHaveTexts(t *testing.T) {
	for one := range nNumberType {
		b, _ := one.MarshalText()
		var back NumberType
		if err := back.UnmarshalText(b); err != nil || back != one {
			t.Errorf("%v: %v, %v", one, back, err)
		}
	}
	var n NumberType
	if err := n.UnmarshalText([]byte("local")); err == nil {
		t.Error("local is no type")
	}
}

// Elements that go out are read by the same package as Q.931 has them, and as the
// tap reads those of others.
func TestElementsAreSentAsTheyAreRead(t *testing.T) {
	for slot := 1; slot < 32; slot++ {
		for _, exclusive := range []bool{true, false} {
			c, ok := ParseChannelID(appendChannel(nil, slot, exclusive)[2:])
			if !ok || c.Slot() != slot || c.Exclusive != exclusive {
				t.Errorf("channel %d: %+v", slot, c)
			}
		}
	}
	if c, ok := ParseChannelID(appendChannel(nil, 0, false)[2:]); !ok || !c.Any {
		t.Errorf("any channel: %+v", c)
	}
	for value := range uint8(128) {
		want := Cause{Value: value, Location: value & 15}
		if c, ok := ParseCause(appendCause(nil, want, 1, 2)[2:]); !ok || c != want {
			t.Errorf("cause %+v: %+v", want, c)
		}
	}
	for _, n := range []Number{{Digits: "1", Type: 2, Plan: 1, Presented: Restricted, Screening: 3}, {Plan: 1, Presented: NotAvailable}} {
		if back, ok := ParseNumber(appendParty(nil, CallingNumber, n)[2:]); !ok || back != n {
			t.Errorf("%+v is read as %+v", n, back)
		}
		n.Reason = 15
		if back, ok := ParseNumber(appendRedirecting(nil, n)[2:]); !ok || back != n {
			t.Errorf("%+v is read as %+v", n, back)
		}
	}
	if name := callingName(appendName(nil, plain("Li Lei"))[2:]); name != "Li Lei" {
		t.Errorf("name %q", name)
	}
	if name := text(appendDisplay(nil, plain("Li"), true)[2:]); name != "Li" {
		t.Errorf("display %q", name)
	}
	if got := len(plain(fmt.Sprintf("%0200d", 0))); got != maxName {
		t.Errorf("a name of %d", got)
	}
}
