package modemtone

import (
	"math/rand/v2"
	"testing"
)

func TestWhatIsAtTheEndsOfALineIsTold(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	tone := func(t Tone) *Source { return NewSource(t, -18) }
	for _, c := range []struct {
		x    []int16
		want Verdict
	}{
		{play(r), Verdict{}},
		{play(r, tone(CNG), 500, 3000), Verdict{FaxCalling, false}},
		{play(r, tone(CNG), 500, 3000, tone(CNG), 500, 3000), Verdict{FaxCalling, true}},
		{play(r, tone(CNG), 500, 1200, tone(ANS), 3000, 75, tone(V21), 1000, 300), Verdict{FaxAnswering, false}},
		{play(r, tone(ANSampr), 3000, 500), Verdict{Data, true}},
		{play(r, tone(CNG), 500, 500, tone(ANSampr), 1500, 100, NewV8Source(CM, FaxSends, -20), 1000, 300), Verdict{FaxAnswering, true}},
		{play(r, tone(CT), 600, 1700, tone(ANSampr), 1500, 100, NewV8Source(CM, DataModem, -20), 1000, 0, NewV8Source(JM, DataModem, -20), 1000, 300), Verdict{ModemAnswering, true}},
		{play(r, tone(ANSampr), 1500, 100, NewV8Source(CM, DataModem, -20), 1000, 300), Verdict{ModemAnswering, true}},
		{play(r, NewV8Source(CI, DataModem, -20), 1000, 300), Verdict{ModemCalling, true}},
		{play(r, tone(ANSpr), 3000, 75, tone(V22), 900, 300), Verdict{ModemAnswering, true}},
		{play(r, tone(Bell103), 2000, 300), Verdict{ModemAnswering, true}},
		{play(r, NewV8Source(CI, TextPhone, -20), 1000, 300), Verdict{TextTelephone, true}},
		{play(r, tone(Baudot), 3500, 300), Verdict{TextTelephone, true}},
	} {
		var v Verdict
		events := detect(c.x, 160)
		for i := range events {
			v.Take(&events[i])
		}
		if v != c.want {
			t.Errorf("%v %v, want %v %v: %v", v.Party, v.Sure, c.want.Party, c.want.Sure, events)
		}
	}
}
