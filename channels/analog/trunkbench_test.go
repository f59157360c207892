package analog

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vaad/channels/ears"
	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/modemtone"
	"vaad/dsp/tone"
)

// A bench is a trunk with the exchange that the test plays: events and audio in,
// what the trunk says and does kept, and checked as it comes.
type bench struct {
	tb    rapid.TB
	trunk *Trunk
	ears  *ears.Ears
	found []ears.Finding
	out   Output
	pos   int64
	rnd   *rand.Rand

	events []Event
	acts   []Act
	story  story
	hook   bool  // off-hook, as commanded
	sentAt int64 // when the keys that are being played are out; never: none are
}

func newBench(tb rapid.TB, c TrunkConfig, l Learnt) *bench {
	b := &bench{tb: tb, trunk: NewTrunk(c, l), ears: ears.New(c.Country), rnd: rand.New(rand.NewPCG(1, 2)), sentAt: never}
	b.trunk.Event(&b.out, driver.Event{Kind: driver.State}, 0)
	b.settle()
	return b
}

// settle takes what the trunk has said and checks it.
func (b *bench) settle() {
	for _, e := range b.out.Events {
		b.story.take(e)
		b.events = append(b.events, e)
	}
	for _, a := range b.out.Acts {
		b.obey(a)
	}
	b.out.Events, b.out.Acts = b.out.Events[:0], b.out.Acts[:0]
	b.story.holds(b.trunk)
	if b.trunk.State() != Gone && b.hook != b.trunk.OffHook() {
		b.story.problems = append(b.story.problems, fmt.Sprintf("off-hook %v in %v", b.hook, b.trunk.State()))
	}
	if p := b.story.problems; len(p) > 0 {
		b.story.problems = nil
		b.tb.Fatalf("at %d ms: %s", b.pos/driver.MS, strings.Join(p, "\n"))
	}
}

// obey does what the trunk wants, and checks that it can be done.
func (b *bench) obey(a Act) {
	fault := func() { b.tb.Fatalf("at %d ms: %+v cannot be done", b.pos/driver.MS, a) }
	b.acts = append(b.acts, Act{Kind: a.Kind, Do: a.Do, Value: a.Value, Data: slices.Clone(a.Data), Keys: a.Keys})
	switch a.Kind {
	case Command:
		switch a.Do {
		case driver.GoOffHook:
			b.hook = true
		case driver.GoOnHook:
			b.hook = false
		case driver.PulseDial:
			if len(a.Data) == 0 || len(a.Data) > maxDialled || strings.Trim(string(a.Data), "0123456789") != "" || !b.hook {
				fault()
			}
		case driver.SendFlash:
			if a.Value < leastFlash || a.Value > mostFlash || !b.hook {
				fault()
			}
		default:
			fault()
		}
	case PlayKeys:
		if a.Keys == "" || strings.Trim(a.Keys, tone.Keys) != "" || !b.hook {
			fault()
		}
		b.sentAt = b.pos + int64(len(a.Keys))*200*driver.MS
	case Quiet:
		b.sentAt = never
	default:
		fault()
	}
}

// until lets time pass without sound.
func (b *bench) until(pos int64) {
	for b.pos < pos {
		b.pos = min(b.pos+driver.Block, pos)
		b.tick()
	}
}

func (b *bench) tick() {
	if b.sentAt <= b.pos {
		at := b.sentAt
		b.sentAt = never
		b.trunk.Sent(&b.out, at)
		b.settle()
	}
	b.trunk.Tick(&b.out, b.pos)
	b.settle()
}

func (b *bench) wait(ms int64) { b.until(b.pos + ms*driver.MS) }

func (b *bench) event(k driver.EventKind, v int32) {
	b.trunk.Event(&b.out, driver.Event{Kind: k, Value: v}, b.pos)
	b.settle()
}

// volts holds a voltage for a time.
func (b *bench) volts(mv int32, ms int64) {
	for end := b.pos + ms*driver.MS; b.pos < end; {
		b.event(driver.Volts, mv)
		b.wait(100)
	}
}

// ring rings once.
func (b *bench) ring(on, off int64) {
	b.event(driver.RingBegin, 0)
	b.wait(on)
	b.event(driver.RingEnd, 0)
	b.wait(off)
}

func (b *bench) wish(err error) {
	b.tb.Helper()
	if err != nil {
		b.tb.Fatalf("at %d ms, %v: %v", b.pos/driver.MS, b.trunk.State(), err)
	}
	b.settle()
}

// answered is a bench with a call that came in and was answered.
func answered(tb testing.TB, c TrunkConfig) *bench {
	b := newBench(tb, c, Learnt{})
	b.wait(3000)
	b.ring(1000, 1000)
	b.wish(b.trunk.Answer(&b.out))
	b.wait(500)
	return b
}

// hear lets the line sound, in blocks of 20 ms, and the detectors listen.
func (b *bench) hear(pcm []int16) {
	for len(pcm) > 0 {
		n := min(len(pcm), driver.Block)
		at := b.pos
		b.pos += int64(n)
		want := ears.Messages | ears.Keys
		switch {
		case b.trunk.Blind(at):
			want = ears.Messages
		case b.trunk.OffHook():
			want = ears.Everything
		}
		b.found = b.ears.Hear(b.found[:0], want, pcm[:n], at)
		for i := range b.found {
			b.find(&b.found[i])
		}
		b.tick()
		pcm = pcm[n:]
	}
}

func (b *bench) find(f *ears.Finding) {
	t, o := b.trunk, &b.out
	shaped := Tone{Name: f.Tone, At: f.At, To: f.At + f.Length, Hz: int(f.Shape.Hz[0]), On: int(f.Shape.OnMS), Off: int(f.Shape.OffMS)}
	switch f.Kind {
	case ears.VoiceBegin, ears.VoiceEnd:
		t.Voice(o, f.Kind == ears.VoiceBegin, f.At, b.pos)
	case ears.Key:
		t.Press(o, Press{Key: f.Key, At: f.At, Length: f.Length, Sure: f.Sure, By: InKeys}, b.pos)
	case ears.ToneBegin, ears.ToneEnd:
		t.Tone(o, shaped, f.Kind == ears.ToneBegin, b.pos)
	case ears.ToneAgain:
		shaped.At, shaped.To = f.At-f.Length, f.At
		t.Again(o, shaped, b.pos)
	case ears.ModemBegin:
		if f.Modem != modemtone.CNG {
			t.Modem(o, f.At, b.pos)
		}
	case ears.Message:
		t.Message(o, f.Message, b.pos)
	case ears.Damaged:
		t.Damaged(o, b.pos)
	}
	b.settle()
}

// end is the call that ended last.
func (b *bench) end() (e Event, ok bool) {
	for _, e := range slices.Backward(b.events) {
		if e.Kind == CallEnd {
			return e, true
		}
	}
	return e, false
}

// told are the events of a kind.
func (b *bench) told(k EventKind) (all []Event) {
	for _, e := range b.events {
		if e.Kind == k {
			all = append(all, e)
		}
	}
	return all
}

// holds checks what must be true between two inputs.
func (s *story) holds(t *Trunk) {
	if s.state != t.State() {
		s.problems = append(s.problems, fmt.Sprintf("told %v, is %v", s.state, t.State()))
	}
	if _, up := t.Call(); up != s.up || s.up != (s.state == Ringing || holding(s.state)) {
		s.problems = append(s.problems, fmt.Sprintf("call up: %v, told %v, in %v", up, s.up, s.state))
	}
	if s.noFeed && s.state != NoBattery && s.state != Gone && s.state != Unknown {
		s.problems = append(s.problems, fmt.Sprintf("no feed, yet %v", s.state))
	}
}

// sounding is a tone at a level, its pitch moved by Hz and its lengths by a share,
// for some seconds.
func sounding(c tone.Cadence, level, hz, longer float64, seconds int) []int16 {
	loudest := -99.0
	for _, b := range c.Bursts {
		for _, s := range b.Sines {
			loudest = max(loudest, s.DBm0)
		}
	}
	m := tone.Cadence{}
	for _, b := range c.Bursts {
		b.Sines = slices.Clone(b.Sines)
		for i := range b.Sines {
			b.Sines[i].DBm0 += level - loudest
			b.Sines[i].Hz += hz
		}
		if b.On != tone.Forever {
			b.On, b.Off = int(float64(b.On)*(1+longer)+0.5), int(float64(b.Off)*(1+longer)+0.5)
		}
		m.Bursts = append(m.Bursts, b)
	}
	pcm := make([]int16, seconds*driver.Rate)
	tone.New(m).Fill(pcm)
	return pcm
}

// burst is a cadence of one frequency.
func burst(hz float64, on, off int, more ...int) tone.Cadence {
	c := tone.Cadence{Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: hz}}, On: on, Off: off}}}
	for i := 0; i+1 < len(more); i += 2 {
		c.Bursts = append(c.Bursts, tone.Burst{Sines: []tone.Sine{{Hz: hz}}, On: more[i], Off: more[i+1]})
	}
	return c
}

// line brings samples over a line: noise of −65 dBm0, companded.
func (b *bench) line(x []int16) []int16 {
	peak := dsp.SinePeak(-65)
	for i, v := range x {
		x[i] = int16(max(-32768, min(32767, float64(v)+peak*b.rnd.NormFloat64())))
	}
	law := make([]byte, len(x))
	g711.Encode(law, x, g711.ALaw)
	g711.Decode(x, law, g711.ALaw)
	return x
}

// add adds samples that repeat, so that their loud parts have a level.
func add(x, more []int16, level float64) []int16 {
	gain := dsp.SinePeak(level) / dsp.SinePeak(dsp.Measure(more).DBm0())
	for i, v := range x {
		x[i] = int16(max(-32768, min(32767, float64(v)+gain*float64(more[i%len(more)]))))
	}
	return x
}

// hum is mains hum with its harmonics.
func hum(seconds int) []int16 {
	x := make([]int16, seconds*driver.Rate)
	for i := range x {
		sum := 0.0
		for _, h := range [][2]float64{{1, 0}, {2, -18}, {3, -10}, {5, -16}, {7, -24}} {
			sum += math.Pow(10, h[1]/20) * math.Sin(2*math.Pi*50*h[0]*float64(i)/driver.Rate+h[0])
		}
		x[i] = int16(4000 * sum)
	}
	return x
}

// babbling is what speech looks like to detectors where no recording is at hand:
// phrases of syllables of a gliding, buzzing voice, some with a hiss before.
func babbling(r *rand.Rand, seconds int) []int16 {
	x := make([]int16, seconds*driver.Rate)
	at, phase, f0 := 0, 0.0, 110+80*r.Float64()
	from := [3]float64{500, 1500, 2500}
	for at < len(x) {
		for range 4 + r.IntN(8) { // a phrase
			n := (110 + r.IntN(150)) * driver.MS
			to := [3]float64{280 + 500*r.Float64(), 800 + 1400*r.Float64(), 2200 + 700*r.Float64()}
			hiss, glide := r.IntN(3) == 0, -0.15+0.3*r.Float64()
			for i := 0; i < n && at+i < len(x); i++ {
				u := float64(i) / float64(n)
				f := f0 * (1 + glide*u + 0.01*r.NormFloat64())
				phase += 2 * math.Pi * f / driver.Rate
				sum := 0.0
				for h := 1; float64(h)*f < 3400; h++ {
					hz, gain := float64(h)*f, 0.02
					for k := range to {
						d := (hz - from[k] - (to[k]-from[k])*u) / (70 + 50*float64(k))
						gain += 1 / (1 + d*d) / float64(k*k+1)
					}
					sum += gain * math.Sin(float64(h)*phase+float64(h*h))
				}
				loud := 0.25 + 0.75*math.Sin(math.Pi*u)
				if hiss && u < 0.3 {
					sum, loud = r.NormFloat64(), 0.15
				}
				x[at+i] = int16(2200 * loud * (sum + 0.05*r.NormFloat64()))
			}
			at, from, f0 = at+n, to, min(max(f0*(1+glide), 90), 260)
		}
		at += (150 + r.IntN(700)) * driver.MS
	}
	return x
}

// pressing is keys pressed one after the other.
func pressing(tb testing.TB, keys string, on, off int) []int16 {
	c, err := tone.DTMF(keys, -10, on, off)
	if err != nil {
		tb.Fatal(err)
	}
	x := make([]int16, len(keys)*(on+off)*driver.MS)
	return x[:tone.New(c).Fill(x)]
}
