package calls

import (
	"fmt"
	"slices"
	"testing"

	"vaad/channels"
)

func TestTonesOfFaxAndModemsAreKeptOnceEach(t *testing.T) {
	f := start(t)
	tone := func(call, name string, value int64) channels.Event {
		return channels.Event{Kind: channels.Modem, Call: call, Time: at(5), Text: name, Value: value}
	}
	f.play(begin("A", 1, 0, channels.Incoming), tone("A", "cng", 1), tone("A", "cng", 0), tone("A", "cng", 1), tone("", "v22", 1), tone("A", "ans", 1))
	if r := f.row("A"); !slices.Equal(r.Modem, []string{"cng", "ans"}) {
		t.Errorf("%q", r.Modem)
	}
	for i := range 100 {
		f.play(tone("A", fmt.Sprint(i), 1))
	}
	f.play(ended("A", 20, "on-hook", false), tone("A", "v21-preamble", 1))
	if n := len(f.row("A").Modem); n != maxTones {
		t.Errorf("%d are kept", n)
	}
}
