package modemtone

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vaad/dsp"
)

func detect(x []int16, n int) []Event {
	d := New()
	var events []Event
	for len(x) > 0 {
		m := min(n, len(x))
		events = d.Process(events, x[:m])
		x = x[m:]
	}
	return d.Flush(events)
}

func (e Event) String() string {
	return fmt.Sprintf("%v %v %v %.3f…%.3f s %.1f Hz %.1f dBm0 %d reversals, depth %.2f", e.Kind, e.Tone, e.Function, float64(e.From)/dsp.Rate, float64(e.To)/dsp.Rate, e.Hz, e.DBm0, e.Reversals, e.Depth)
}

// length is how many ms of a tone are sent.
func (t Tone) length() int {
	switch t {
	case CNG:
		return 500
	case CT:
		return 600
	case V21, CI, CM, JM:
		return 1000
	case Baudot:
		return 3400
	}
	return 2600
}

// sent is what a line carries: silence, a tone for some ms, silence. All its
// frequencies are off by hz.
func sent(t Tone, level float64, before, length, after int, hz float64) []int16 {
	s := NewSource(t, level)
	for i := range s.sines {
		s.sines[i].step += 2 * math.Pi * hz / dsp.Rate
	}
	x := make([]int16, (before+length+after)*dsp.MS)
	s.Fill(x[before*dsp.MS : (before+length)*dsp.MS])
	return x
}

// noisy adds noise at a level in dBm0 between 0 and 4 kHz and sends x through µ-law.
func noisy(x []int16, noise float64, seed uint64) []int16 {
	r := rand.New(rand.NewPCG(seed, 5))
	rms := math.Sqrt(dsp.MeanSquare(noise))
	for i, v := range x {
		x[i] = int16(max(-32768, min(32767, math.Round(float64(v)+r.NormFloat64()*rms))))
	}
	return companded(x)
}

func TestEveryToneIsHeard(t *testing.T) {
	for tone := CNG; tone <= Baudot; tone++ {
		x := noisy(sent(tone, -15, 600, tone.length(), 500, 0), -60, 1)
		events := detect(x, 160)
		for _, e := range events {
			t.Log(e)
		}
		n := len(events)
		if n < 2 || events[0].Kind != Start || events[n-1].Kind != End || events[n-1].Tone != tone {
			t.Errorf("%v: %v", tone, events)
			continue
		}
		for _, e := range events[:n-1] {
			if e.From != events[0].From || e.Kind == End || e.Kind == Confirm && e.Tone != tone {
				t.Errorf("%v: %v", tone, e)
			}
		}
		late := 30.
		if tone == CI || tone == CM || tone == JM { // the first message is not understood
			late = 150
		}
		if from := float64(events[0].From)/dsp.MS - 600; math.Abs(from) > late {
			t.Errorf("%v begins %.0f ms late", tone, from)
		}
	}
}

// scene is one tone after the other.
func scene() []int16 {
	var x []int16
	for tone := CNG; tone <= Baudot; tone++ {
		x = append(x, noisy(sent(tone, -20, 333, tone.length(), 400, 0), -50, uint64(tone))...)
	}
	return x
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	x := scene()
	want := detect(x, 160)
	if len(want) < 3*int(Baudot)-3 {
		t.Fatalf("%d events: %v", len(want), want)
	}
	for _, n := range []int{80, 1, 77, 333, len(x)} {
		if got := detect(x, n); !slices.Equal(got, want) {
			t.Errorf("blocks of %d: %v\nwant %v", n, got, want)
		}
	}
}

// play plays tones one after the other, each with its pause in ms after it.
func play(r *rand.Rand, what ...any) []int16 {
	x := make([]int16, 300*dsp.MS)
	for i := 0; i < len(what); i += 3 {
		s := what[i].(*Source)
		y := make([]int16, what[i+1].(int)*dsp.MS)
		y = y[:s.Fill(y)]
		x = append(x, y...)
		x = append(x, make([]int16, what[i+2].(int)*dsp.MS)...)
	}
	return noisy(x, -55, r.Uint64())
}

func TestBurstsAreConfirmedWhenTheyComeAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		tone  Tone
		pause int
		want  bool
	}{{CNG, 3000, true}, {CNG, 2600, true}, {CNG, 3400, true}, {CNG, 1500, false}, {CNG, 5000, false}, {CT, 1500, true}, {CT, 2000, true}, {CT, 700, false}} {
		x := play(r, NewSource(c.tone, -20), c.tone.length(), c.pause, NewSource(c.tone, -20), c.tone.length(), 500)
		confirmed, starts := false, 0
		for _, e := range detect(x, 160) {
			confirmed = confirmed || e.Kind == Confirm
			if e.Kind == Start {
				starts++
			}
		}
		if confirmed != c.want || starts != 2 {
			t.Errorf("%v after a pause of %d ms: %d told, confirmed: %v", c.tone, c.pause, starts, confirmed)
		}
	}
}

func TestLevelAndFrequencyAreMeasured(t *testing.T) {
	for _, level := range []float64{-5, -20, -43} {
		for _, hz := range []float64{-14, 0, 14} {
			events := detect(companded(sent(ANS, level, 300, 3000, 300, hz)), 160)
			if len(events) != 3 {
				t.Fatalf("%v", events)
			}
			e := events[2]
			if math.Abs(e.DBm0-level) > 0.5 || math.Abs(e.Hz-2100-hz) > 1 || math.Abs(float64(e.From)/dsp.MS-300) > 2 || math.Abs(float64(e.To)/dsp.MS-3300) > 2 {
				t.Errorf("%v dBm0, %v Hz off: %v", level, hz, e)
			}
		}
	}
}

func TestFramesOfFaxConfirmThePreamble(t *testing.T) {
	for _, frame := range [][]byte{{0xFF, 0x03}, {0xFF, 0x13}, {0xFF, 0x0F}, {0x7F, 0x03}} {
		s := NewSource(V21, -15)
		ones := 0
		for _, b := range append(frame, 0x80, 0x55, 0x12, 0x34) {
			for i := range 8 {
				bit := b >> i & 1
				s.bits.Bits(bit, 1)
				if ones = (ones + 1) * int(bit); ones == 5 {
					s.bits.Bits(0, 1)
					ones = 0
				}
			}
		}
		s.bits.Bits(0, 1)
		s.bits.Bits(1, 6)
		s.bits.Bits(0, 1)
		x := make([]int16, 3*dsp.Rate)
		s.Fill(x[3000:])
		kinds := []Kind{}
		for _, e := range detect(companded(x), 160) {
			kinds = append(kinds, e.Kind)
		}
		want := []Kind{Start, End}
		if frame[0] == 0xFF && frame[1]&^0x10 == 3 {
			want = []Kind{Start, Confirm, End}
		}
		if !slices.Equal(kinds, want) {
			t.Errorf("% X: %v, want %v", frame, kinds, want)
		}
	}
}

func TestPreamblesAreHeardWhereverTheirBitsBegin(t *testing.T) {
	for _, c := range tolerances {
		if c.tone != V21 {
			continue
		}
		for seed := range uint64(300) {
			r := rand.New(rand.NewPCG(seed, 18))
			level := -43 + 38*r.Float64()
			if events := detect(noisy(c.sound(r, level), level-25, r.Uint64()), 160); !c.right(events) {
				t.Errorf("seed %d: %v", seed, events)
			}
		}
	}
}

func TestCallFunctionsOfV8AreTold(t *testing.T) {
	for _, tone := range []Tone{CI, CM, JM} {
		for f := Conference; f <= MoreFunction; f++ {
			x := make([]int16, 2*dsp.Rate)
			NewV8Source(tone, f, -25).Fill(x[3333:])
			events := detect(noisy(x, -45, uint64(f)), 160)
			if len(events) != 3 || events[1].Kind != Confirm || events[1].Tone != tone || events[1].Function != f {
				t.Errorf("%v %v: %v", tone, f, events)
			}
		}
	}
}

func TestSkipEndsWhatIsHeardAndCounts(t *testing.T) {
	x := companded(sent(ANS, -20, 0, 1500, 0, 0))
	d := New()
	events := d.Process(nil, x)
	d.Skip(4000)
	d.Skip(-1)
	d.Skip(400)
	if want := int64(len(x) + 4400); d.Position() != want {
		t.Fatalf("position %d, want %d", d.Position(), want)
	}
	events = d.Process(events, make([]int16, 100*dsp.MS))
	x = companded(sent(Bell103, -20, 0, 1500, 200, 0))
	at := d.Position()
	events = d.Process(events, x)
	if len(events) != 6 || events[2].Kind != End || events[2].To > int64(len(x)) || events[3].Tone != Bell103 || abs(float32(events[3].From-at)) > 200 {
		t.Errorf("%v", events)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	x := scene()
	d := New()
	events := make([]Event, 0, 100)
	if n := testing.AllocsPerRun(2, func() {
		events = events[:0]
		for rest := x; len(rest) >= 160; rest = rest[160:] {
			events = d.Process(events, rest[:160])
		}
		d.Skip(100)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzProcess(f *testing.F) {
	x := scene()
	b := make([]byte, 2*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint16(b[2*i:], uint16(v))
	}
	f.Add(b[10000:40000], uint16(160), uint16(0))
	f.Add(b[80000:110000], uint16(33), uint16(500))
	f.Fuzz(func(t *testing.T, b []byte, block, skip uint16) {
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		d := New()
		n := int(block)%4000 + 1
		var events []Event
		for i := 0; len(x) > 0; i++ {
			m := min(n, len(x))
			events = d.Process(events, x[:m])
			x = x[m:]
			if i%5 == 4 {
				d.Skip(int(skip))
			}
		}
		on := [Baudot + 1]bool{}
		for i, e := range d.Flush(events) {
			if e.From < 0 || e.To < e.From || e.To > d.Position() || e.Tone.String() == "" || e.Kind.String() == "" {
				t.Fatalf("event %d: %v", i, e)
			}
			group := e.Tone
			switch e.Tone {
			case ANSpr, ANSam, ANSampr:
				group = ANS
			}
			if on[group] != (e.Kind != Start) {
				t.Fatalf("event %d: %v", i, e)
			}
			on[group] = e.Kind != End
		}
	})
}
