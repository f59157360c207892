package channels

import (
	"testing"

	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/tone"
)

func TestEarsHearNoEchoOfOurs(t *testing.T) {
	r := talking(t)
	r.echo[0] = 0.5
	r.play(Play{ID: "p", Line: 1, StopOn: "5", Audio: []Audio{{Keys: "12345"}, {MS: 1000}}})
	if e := r.await(1, Played, 4000); e.Text != "end" {
		t.Errorf("its own key ended it: %+v", e)
	}
	cn, _ := tone.Country("CN")
	r.play(Play{Line: 1, Audio: []Audio{{PCM: sound(cn.Busy, 8000)}}})
	r.ms(9000)
	for _, k := range []EventKind{Key, Tone} {
		if got := find(r.all, k); len(got) != 0 {
			t.Errorf("it heard itself: %+v", got)
		}
	}
	r.all = nil
	r.play(Play{ID: "q", Line: 1, StopOn: "5", Loop: true, Audio: []Audio{{PCM: sound(cn.Ringback, 4000)}}})
	r.ms(1000)
	r.says[0] = presses(t, "5")
	if e := r.await(1, Played, 1000); e.Text != "key 5" || e.Request != "q" {
		t.Errorf("played: %+v", e)
	}
}

func TestACardsCancellerWorksInCallsWithoutData(t *testing.T) {
	r := newRig(t, mixedInfo(), mixedPlan())
	r.ms(6000)
	call := func() {
		r.all = nil
		r.board(3, driver.RingBegin, 0)
		r.ms(1000)
		r.board(3, driver.RingEnd, 0)
		r.await(3, CallBegin, 1000)
		r.isTold(3)
		r.wish(Wish{Line: 3, Kind: WishAnswer})
		r.tick(2)
		r.isTold(3, driver.GoOffHook, driver.SetEC)
	}
	call()
	r.wish(Wish{Line: 3, Kind: WishRelease})
	r.tick(2)
	r.isTold(3, driver.GoOnHook, driver.SetEC)
	r.ms(10_000)
	call()
	r.says[2] = sound(tone.Cadence{Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: 2100, DBm0: -12}}, On: 3000}}, Times: 1}, 3000)
	r.await(3, Modem, 3000)
	r.tick(2)
	r.isTold(3, driver.SetEC)
	r.says[2] = nil
	r.ms(3000)
	r.isTold(3)
	r.wish(Wish{Line: 3, Kind: WishRelease})
	r.tick(2)
	r.isTold(3, driver.GoOnHook)
	r.ms(10_000)
	call() // data is over with its call
	r.configure(LineConfig{Number: 3, Port: 3, Use: driver.Unused})
	r.tick(1)
	r.isTold(3, driver.GoOnHook, driver.SetEC)
}

func TestACancellerKeepsWhatItKnows(t *testing.T) {
	r := talking(t)
	r.board(1, driver.RoundTrip, 320)
	v := r.l.find(mustLine(t, r.s, 1)).speech
	e := v.echo
	c := mixedPlan()[0]
	c.Name = "other"
	r.configure(c)
	if now := r.l.find(mustLine(t, r.s, 1)).speech; now != v || now.echo != e {
		t.Error("another name costs the line its canceller")
	}
	c.Active.EchoMS = 128
	r.configure(c)
	if v.echo == e || v.delay != 320 {
		t.Error("a new tail does not count")
	}
	c.Active.EchoMS = noEcho
	r.configure(c)
	if v.echo != nil {
		t.Error("it is not off")
	}
	r.ms(100)
}

// Blocks that never came teach the canceller nothing: the echo behind them is as weak as before.
func TestFillerTeachesTheCancellerNothing(t *testing.T) {
	v := newSpeech(&view{use: driver.Station, info: driver.Line{Kind: driver.FXS, Caps: driver.CapTx}})
	seed := uint32(1)
	block := func(pos int64, filler bool) (residue float64) {
		var pcm [driver.Block]int16
		for i := range v.sent {
			seed = seed*1664525 + 1013904223
			v.sent[i] = int16(seed>>16) / 8
			if pcm[i] = v.sent[i] / 2; filler {
				pcm[i] = 0
			}
		}
		if filler {
			v.filler = pos + driver.Block
		}
		v.echoes = echoTail
		v.takeIn(pcm[:], pos)
		return dsp.DBm0(dsp.Measure(v.said[:]).MeanSquare())
	}
	pos := int64(0)
	step := func(filler bool) float64 { pos += driver.Block; return block(pos, filler) }
	for range 200 {
		step(false)
	}
	before := step(false)
	for range 25 {
		step(true)
	}
	step(false)
	if after := step(false); after > before+6 {
		t.Errorf("an echo of %.1f dBm0 is one of %.1f", before, after)
	}
}
