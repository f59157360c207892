package analog

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vaad/driver"
	"vaad/dsp/modemtone"
	"vaad/dsp/progress"
	"vaad/dsp/tone"
)

// releases is how long after its beginning a tone in a call ends it, ms, and by what.
func releases(t testing.TB, country string, pcm []int16) (after int64, by string) {
	b := answered(t, TrunkConfig{Country: country})
	b.hear(b.line(make([]int16, driver.Rate)))
	begin := b.pos
	b.hear(b.line(pcm))
	e, ok := b.end()
	if !ok {
		return 0, ""
	}
	return (e.Known - begin) / driver.MS, e.Call.EndedBy
}

// knownLate is how much later than the fourth cycle a tone may be known, ms: a pause is
// over when the next burst has begun.
const knownLate = 250

func TestToneAfterTheFarEndHungUpEndsTheCall(t *testing.T) {
	busy, congestion := burst(450, 350, 350), burst(450, 700, 700)
	speech := babbling(rand.New(rand.NewPCG(3, 4)), 20)
	for _, c := range []struct {
		name   string
		tone   tone.Cadence
		want   string
		spoilt func([]int16) []int16 // nil: nothing else is heard
		most   int64                 // ms; 0: four cycles
	}{
		{"busy tone of China", busy, EndBusyTone, nil, 0},
		{"congestion tone of China", congestion, EndCongestion, nil, 0},
		{"of a PBX, quick", burst(450, 250, 250), EndBusyTone, nil, 25000},
		{"of a PBX, slow", burst(450, 500, 500), EndBusyTone, nil, 25000},
		{"of a PBX, 400 Hz", burst(400, 400, 350), EndBusyTone, nil, 25000},
		{"of a PBX, two bursts", burst(450, 250, 250, 250, 750), EndBusyTone, nil, 25000},
		{"of a PBX, two short bursts", burst(450, 200, 200, 200, 600), EndBusyTone, nil, 25000},
		{"of a PBX, odd", burst(450, 200, 300), EndBusyTone, nil, 25000},
		{"of a PBX, odd, 600 Hz", burst(600, 250, 250), EndBusyTone, nil, 25000},
		{"of a PBX, odd and long", burst(450, 700, 300), EndBusyTone, nil, 25000},
		{"with hum as loud", busy, EndBusyTone, func(x []int16) []int16 { return add(x, hum(1), -20) }, 0},
		{"under speech beside the telephone, 10 dB weaker", busy, EndBusyTone, func(x []int16) []int16 { return add(x, speech, -30) }, 12000},
		{"under speech beside the telephone, 8 dB weaker", busy, EndBusyTone, func(x []int16) []int16 { return add(x, speech, -28) }, 60000},
	} {
		for _, level := range []float64{-10, -20, -30, -38} {
			if c.spoilt != nil && level != -20 || c.want == "" {
				continue
			}
			for _, hz := range []float64{-25, 0, 25} {
				for _, longer := range []float64{-0.15, 0, 0.15} {
					seconds := 12
					if c.most > 12000 {
						seconds = int(c.most / 1000)
					}
					pcm := sounding(c.tone, level, hz, longer, seconds)
					if c.spoilt != nil {
						pcm = c.spoilt(pcm)
					}
					most := c.most
					if most == 0 {
						cycle := 0.0
						for _, b := range c.tone.Bursts {
							cycle += float64(b.On + b.Off)
						}
						most = int64(4*cycle*(1+longer)) + knownLate
					}
					after, by := releases(t, "CN", pcm)
					if strings.Contains(c.name, "PBX") && by == EndCongestion {
						by = EndBusyTone // which of the two, nobody knows
					}
					if by != c.want || after > most {
						t.Errorf("%s, %g dBm0, %+g Hz, %+g %%: %q after %d ms", c.name, level, hz, 100*longer, by, after)
					}
				}
			}
		}
	}
}

// Every country's exchange is understood by a trunk that is set to the country.
func TestBusyAndCongestionToneOfEveryCountryEndsTheCallWithinFourCycles(t *testing.T) {
	n := 0
	for _, code := range tone.Countries() {
		g, _ := tone.Country(code)
		for name, c := range map[string]tone.Cadence{"busy": g.Busy, "congestion": g.Congestion} {
			if c.Empty() {
				continue
			}
			n++
			cycle := int64(0)
			for _, b := range c.Bursts {
				cycle += int64(b.On + b.Off)
			}
			pcm := sounding(c, -20, 0, 0, int(5*cycle/1000)+2)
			if after, by := releases(t, code, pcm); by != EndBusyTone && by != EndCongestion || after > 4*cycle+knownLate {
				t.Errorf("%s, %s, cycle of %d ms: %q after %d ms", code, name, cycle, by, after)
			}
		}
	}
	t.Logf("%d tones", n)
}

func TestOtherTonesAndSoundsDoNotEndTheCall(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	cn, _ := tone.Country("CN")
	us, _ := tone.Country("US")
	speech := babbling(r, 60)
	fax := func(m modemtone.Tone, seconds int) []int16 {
		x := make([]int16, seconds*driver.Rate)
		return x[:modemtone.NewSource(m, -12).Fill(x)]
	}
	keys := func(on, off int) []int16 {
		return slices.Repeat(pressing(t, "5555555555555555555555555", on, off), 2)
	}
	notes := func(seconds int) []int16 { // 450-Hz music to callers on hold
		x := make([]int16, 0, seconds*driver.Rate)
		for len(x) < seconds*driver.Rate {
			hz := []float64{338, 378, 450, 450, 450, 478, 504, 567, 600, 675}[r.IntN(10)]
			ms := []int{180, 180, 360, 720, 1400}[r.IntN(5)]
			n := make([]int16, (ms+20)*driver.MS)
			tone.New(burst(hz, ms, 20)).Fill(n)
			x = append(x, n...)
		}
		return x
	}
	for _, c := range []struct {
		name    string
		country string
		pcm     []int16
	}{
		{"call waiting, 0.4/4 s", "CN", sounding(burst(450, 400, 4000), -20, 0, 0, 60)},
		{"call waiting of North America", "US", sounding(burst(440, 300, 10000), -20, 0, 0, 60)},
		{"ringback of China", "CN", sounding(cn.Ringback, -20, 0, 0, 60)},
		{"ringback of North America", "US", sounding(us.Ringback, -20, 0, 0, 60)},
		{"stutter dial tone of China", "CN", sounding(burst(450, 400, 40), -20, 0, 0, 12)},
		{"stutter dial tone of North America", "US", sounding(tone.Cadence{Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: 350}, {Hz: 440}}, On: 100, Off: 100}}}, -20, 0, 0, 12)},
		{"music of 450 Hz", "CN", notes(120)},
		{"speech", "CN", speech},
		{"speech, loud", "US", add(make([]int16, len(speech)), speech, -6)},
		{"keys as busy tone comes", "CN", keys(350, 350)},
		{"keys", "US", keys(100, 100)},
		{"keys as congestion tone comes", "US", keys(250, 250)},
		{"a fax that calls", "CN", fax(modemtone.CNG, 30)},
		{"a fax that answers", "CN", fax(modemtone.ANS, 4)},
		{"a modem", "CN", fax(modemtone.ANSam, 5)},
		{"the beep of a recorder", "CN", sounding(burst(1400, 200, 14800), -20, 0, 0, 60)},
		{"a short dial tone", "CN", append(sounding(burst(450, tone.Forever, 0), -20, 0, 0, 3), speech[:80000]...)},
		{"silence", "CN", make([]int16, 200*driver.Rate)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if after, by := releases(t, c.country, c.pcm); by != "" {
				t.Errorf("ended by %s after %d ms", by, after)
			}
		})
	}
}

func TestDialToneEndsTheCallAfterFourSeconds(t *testing.T) {
	after, by := releases(t, "CN", sounding(burst(450, tone.Forever, 0), -20, 0, 0, 8))
	if by != EndDialTone || after < 3900 || after > 4500 {
		t.Errorf("%q after %d ms", by, after)
	}
}

// An exchange with a message for the line gives no other dial tone.
func TestStutterDialToneEndsTheCallWhenItLasts(t *testing.T) {
	after, by := releases(t, "CN", sounding(burst(450, 400, 40), -20, 0, 0, 20))
	if by != EndDialTone || after < 14000 || after > 16000 {
		t.Errorf("%q after %d ms", by, after)
	}
}

func TestHowlerEndsTheCall(t *testing.T) {
	if _, by := releases(t, "CN", sounding(burst(950, tone.Forever, 0), -10, 0, 0, 20)); by != EndHowler {
		t.Errorf("ended by %q", by)
	}
}

// Keys that are pressed at the tempo of a busy tone, and a busy tone while keys are
// pressed: only what is heard without keys counts.
func TestKeysDelayTheToneThatEndsTheCall(t *testing.T) {
	b := answered(t, TrunkConfig{})
	x := Tone{Name: progress.Busy, At: b.pos, To: b.pos + 2450*driver.MS, Hz: 450, On: 350, Off: 350}
	b.wait(2500)
	b.trunk.Press(&b.out, Press{Key: '5', At: b.pos - 600*driver.MS, Length: 500 * driver.MS, Sure: 100, By: InKeys}, b.pos)
	b.trunk.Tone(&b.out, x, true, b.pos)
	b.settle()
	cycles := 0
	for b.trunk.State() == Talking && cycles < 10 {
		cycles++
		x.To += 700 * driver.MS
		b.wait(700)
		b.trunk.Again(&b.out, x, b.pos)
		b.settle()
	}
	if e, _ := b.end(); cycles < 2 || cycles > 4 || e.Call.EndedBy != EndBusyTone {
		t.Errorf("ended by %q after %d cycles more", e.Call.EndedBy, cycles)
	}
}

func TestVoltageAndPolarityEndTheCall(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*bench)
		want string
	}{
		{"reversal", func(b *bench) { b.event(driver.Polarity, 1) }, EndReversal},
		{"loop break as the board measured it", func(b *bench) { b.event(driver.LoopBreak, 600) }, EndLoopBreak},
		{"a break of 90 ms", func(b *bench) { b.event(driver.LoopBreak, 90) }, ""},
		{"the card's battery is away for 300 ms", func(b *bench) { b.event(driver.Battery, 0); b.wait(300); b.event(driver.Battery, 1) }, EndLoopBreak},
		{"… for 100 ms", func(b *bench) { b.event(driver.Battery, 0); b.wait(100); b.event(driver.Battery, 1) }, ""},
		{"… for good", func(b *bench) { b.event(driver.Battery, 0) }, EndNoBattery},
		{"the voltage is away for 800 ms", func(b *bench) { b.volts(8000, 2000); b.volts(100, 800); b.volts(8000, 500) }, EndLoopBreak},
		{"the voltage is away", func(b *bench) { b.volts(8000, 2000); b.volts(100, 3000) }, EndNoBattery},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := answered(t, TrunkConfig{})
			b.wait(5000)
			c.do(b)
			b.wait(1000)
			if e, _ := b.end(); e.Call.EndedBy != c.want {
				t.Errorf("ended by %q, want %q", e.Call.EndedBy, c.want)
			}
			if b.hook != (c.want == "") {
				t.Errorf("off-hook: %v", b.hook)
			}
		})
	}
}

func TestReversalAsTheLineIsAnsweredEndsNothing(t *testing.T) {
	b := newBench(t, TrunkConfig{}, Learnt{})
	b.wait(3000)
	b.event(driver.Polarity, 1) // before caller ID
	b.wait(500)
	b.ring(1000, 1000)
	b.wish(b.trunk.Answer(&b.out))
	b.wait(400)
	b.event(driver.Polarity, 0)
	b.wait(5000)
	if s := b.trunk.State(); s != Talking {
		t.Errorf("%v", s)
	}
}

func TestSilenceEndsTheCallOnlyWhereItIsSet(t *testing.T) {
	for _, c := range []struct{ set, ms int64 }{{0, 0}, {1000, 120000}, {300000, 300000}} {
		b := answered(t, TrunkConfig{SilenceMS: int(c.set)})
		b.trunk.Voice(&b.out, true, b.pos, b.pos)
		b.wait(200000) // somebody speaks all the time
		b.trunk.Voice(&b.out, false, b.pos, b.pos)
		from := b.pos
		b.wait(400000)
		e, ended := b.end()
		if ended != (c.ms > 0) || ended && (e.Call.EndedBy != EndSilence || e.Known != from+c.ms*driver.MS) {
			t.Errorf("%d ms set: ended %v, %s after %d ms", c.set, ended, e.Call.EndedBy, (e.Known-from)/driver.MS)
		}
	}
	b := answered(t, TrunkConfig{SilenceMS: 120000})
	b.trunk.Modem(&b.out, b.pos, b.pos) // a fax is no silence
	b.wait(600000)
	if _, ended := b.end(); ended {
		t.Error("a fax was taken for silence")
	}
}

func TestLongestCallEnds(t *testing.T) {
	b := answered(t, TrunkConfig{MaxMS: 60000})
	b.wait(61000)
	if e, _ := b.end(); e.Call.EndedBy != EndLongest {
		t.Errorf("ended by %q", e.Call.EndedBy)
	}
}

// In a report the ladder says once per rung and call what it would have done.
func TestReportOnlyTellsWhatWouldHaveEndedTheCall(t *testing.T) {
	b := answered(t, TrunkConfig{Report: true, SilenceMS: 120000, MaxMS: 400000, Country: "CN"})
	b.wait(5000)
	b.event(driver.Polarity, 1)
	b.event(driver.Polarity, 0)
	b.event(driver.LoopBreak, 600)
	b.hear(b.line(sounding(burst(450, 350, 350), -20, 0, 0, 20)))
	b.hear(b.line(sounding(burst(450, tone.Forever, 0), -20, 0, 0, 10)))
	b.hear(b.line(make([]int16, 2*driver.Rate)))
	b.wait(420000)
	var got []string
	for _, e := range b.told(WouldRelease) {
		got = append(got, e.Text)
	}
	if want := []string{EndReversal, EndLoopBreak, EndBusyTone, EndDialTone, EndSilence, EndLongest}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if s := b.trunk.State(); s != Talking {
		t.Errorf("%v", s)
	}
	b.wish(b.trunk.Release(&b.out))
	if e, _ := b.end(); e.Call.EndedBy != EndReleased {
		t.Errorf("ended by %q", e.Call.EndedBy)
	}
}
