package channels

import (
	"bytes"
	"math"
	"testing"

	"vaad/driver"
	"vaad/dsp/g711"
)

// sine is a tone of 1000 Hz.
func sine(dBm0 float64, n int) []int16 {
	peak := 32768 * math.Pow(10, (dBm0-3.14)/20)
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(math.Round(peak * math.Sin(2*math.Pi*1000*float64(i)/driver.Rate)))
	}
	return pcm
}

func TestGainIsHeardAndShownAndNeverRecorded(t *testing.T) {
	for _, gain := range []int{0, 6, -9} {
		r := newRig(t, bInfo(1), []LineConfig{{Number: 1, Port: 1, Use: driver.Trunk, GainDB: gain, Active: Active{GainDB: -gain}}})
		from, in := r.l.next, sine(-20, 50*driver.Block)
		want := make([]byte, len(in))
		g711.Encode(want, in, g711.Law(r.info.Lines[0].Law))
		r.says[0] = in
		r.play(Play{ID: "p", Line: 1, Audio: []Audio{{PCM: in}}})
		at := len(r.heard[0])
		r.tick(50)
		got := make([]byte, len(want))
		if n, err := mustLine(t, r.s, 1).Read(got, 0, from); n != len(got) || err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d dB: what was received is not recorded bit for bit: %d %v", gain, n, err)
		}
		st := r.s.Lines()[0]
		if math.Abs(st.LevelDBm0[0]+20-float64(gain)) > 0.3 || math.Abs(st.LevelDBm0[1]+20+float64(gain)) > 0.3 {
			t.Errorf("%d dB: -20 dBm0 both ways are shown as %.1f", gain, st.LevelDBm0)
		}
		peak := int16(0)
		for _, v := range r.heard[0][at+10*driver.Block:] {
			peak = max(peak, v)
		}
		if want := 32768 * math.Pow(10, (-20-3.14-float64(gain))/20); math.Abs(float64(peak)-want) > want/50 {
			t.Errorf("%d dB: %d is sent at the peak, want %.0f", gain, peak, want)
		}
	}
}

func TestGainChangesWithoutLettingGo(t *testing.T) {
	r := newRig(t, bInfo(1), []LineConfig{{Number: 1, Port: 1, Use: driver.Trunk}})
	r.says[0] = sine(-30, 100*driver.Block)
	r.tick(20)
	before := len(r.all)
	r.configure(LineConfig{Number: 1, Port: 1, Use: driver.Trunk, GainDB: 12})
	r.tick(20)
	if got := r.s.Lines()[0]; math.Abs(got.LevelDBm0[0]+18) > 0.3 || got.GainDB != 12 {
		t.Errorf("-30 dBm0 with 12 dB are shown as %.1f (%d dB)", got.LevelDBm0[0], got.GainDB)
	}
	for _, e := range r.all[before:] {
		if e.Kind == LineState {
			t.Errorf("the line was let go: %+v", e)
		}
	}
}

func TestLeastAndLargestVoltageUntilForgotten(t *testing.T) {
	r := newRig(t, fxoInfo(1), []LineConfig{{Number: 1, Port: 1, Use: driver.Tap}})
	for _, mv := range []int32{-48_000, -47_100, -49_300, -48_200} {
		r.board(1, driver.Volts, mv)
	}
	if x := r.s.Lines()[0].VoltsReached; x.Min != -49_300 || x.Max != -47_100 || x.Since.IsZero() {
		t.Errorf("%+v", x)
	}
	if err := r.s.ForgetVolts(1); err != nil {
		t.Fatal(err)
	}
	if x := r.s.Lines()[0].VoltsReached; x.Min != -48_200 || x.Max != -48_200 || x.Since.IsZero() {
		t.Errorf("forgotten, and yet %+v", x)
	}
	r.board(1, driver.Volts, -8_000)
	if x := r.s.Lines()[0].VoltsReached; x.Min != -48_200 || x.Max != -8_000 {
		t.Errorf("%+v", x)
	}
	if r.s.ForgetVolts(9) == nil {
		t.Error("a line that is not there forgets")
	}
}
