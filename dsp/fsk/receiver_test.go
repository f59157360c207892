package fsk

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"syscall"
	"testing"
	"time"

	"vaad/dsp"
)

// busyLine holds transmissions clean, noisy, cut off and of the other modem,
// silence and noise.
func busyLine() []int16 {
	l := newLine(5)
	l.noise(-40)
	for i, s := range []Spec{Bell202(), V23(), Bell202(), V21Channel2(), Bell202()} {
		l.silence(70)
		from := len(l.x)
		bits := characters(60, random(l.rnd, 20))
		l.send(s, bits[:len(bits)-i*13], conditions{level: -15, twist: float64(i) * 2, hz: 0.005, baud: 0.004})
		if i == 2 {
			for k := range l.x[from:] {
				l.x[from+k] += 1500 * l.rnd.NormFloat64()
			}
		}
	}
	l.silence(30)
	l.noise(-50)
	return l.samples()
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	x := busyLine()
	for _, f := range []struct {
		spec    Spec
		framing Framing
	}{{Bell202(), Characters}, {V21Channel2(), Bits}} {
		want := receive(New(f.spec, f.framing), x)
		if len(want) < 60 {
			t.Fatalf("only %d events: the line is not busy", len(want))
		}
		for _, n := range []int{1, 7, 80, 159, 1000, len(x)} {
			r := New(f.spec, f.framing)
			var got []Event
			for rest := x; len(rest) > 0; {
				m := min(n, len(rest))
				got = r.Process(got, rest[:m])
				rest = rest[m:]
			}
			if !slices.Equal(got, want) {
				t.Errorf("blocks of %d: %d events, want the %d of 160", n, len(got), len(want))
			}
		}
	}
}

func TestCarrierComesBeforeAndIsLostAfter(t *testing.T) {
	on := false
	var last int64
	for i, e := range receive(New(Bell202(), Characters), busyLine()) {
		switch e.Kind {
		case Carrier:
			if on {
				t.Errorf("event %d: a carrier within a carrier", i)
			}
			on = true
		case Lost:
			if !on {
				t.Errorf("event %d: lost without a carrier", i)
			}
			on = false
		case Character:
			if !on || e.At < last {
				t.Errorf("event %d: character at %d after %d, carrier %v", i, e.At, last, on)
			}
			last = e.At
		}
	}
}

func TestTimesAndPausesAreTold(t *testing.T) {
	l := newLine(9)
	l.silence(100)
	at := len(l.x)
	bits := characters(100, []byte{0x80})
	bits = append(bits[:len(bits)-10], characters(5, []byte{0x55, 0x01})...)
	l.send(Bell202(), bits, conditions{level: -20})
	l.silence(50)
	T := dsp.Rate / 1200.0
	want := []struct{ bit, pause float64 }{{100, 100}, {115, 5}, {125, 0}}
	k := 0
	for _, e := range receive(New(Bell202(), Characters), l.samples()) {
		if e.Kind != Character {
			continue
		}
		if d := float64(e.At) - float64(at) - want[k].bit*T; math.Abs(d) > 1.5 {
			t.Errorf("character %d begins %.1f samples off", k, d)
		}
		if d := float64(e.Idle) - want[k].pause; k > 0 && math.Abs(d) > 0.3 || d > 1 || e.Idle < 20 && k == 0 {
			t.Errorf("character %d after %.1f bits, want %v", k, e.Idle, want[k].pause)
		}
		if !e.Framed || e.Quality < 0.9 {
			t.Errorf("character %d: %+v", k, e)
		}
		k++
	}
	if k != len(want) {
		t.Errorf("%d characters, want %d", k, len(want))
	}
}

func TestSkipEndsTheCarrierAndCounts(t *testing.T) {
	l := newLine(3)
	l.silence(50)
	for range 2 {
		l.send(V23(), characters(100, []byte("hello")), conditions{level: -20})
		l.silence(50)
	}
	x := l.samples()
	cut := ms(50) + 120*20/3 // within the first word
	r := New(V23(), Characters)
	events := r.Process(nil, x[:cut])
	r.Skip(ms(10))
	r.Skip(-1)
	if want := int64(cut + ms(10)); r.Position() != want {
		t.Fatalf("position %d, want %d", r.Position(), want)
	}
	events = r.Process(events, x[cut+ms(10):])
	var text []byte
	carriers, lost := 0, 0
	for _, e := range events {
		switch e.Kind {
		case Carrier:
			carriers++
			text = text[:0]
		case Lost:
			lost++
		case Character:
			text = append(text, e.Value)
		}
	}
	if string(text) != "hello" || carriers != lost || carriers < 2 {
		t.Errorf("%d carriers, %d lost, then %q", carriers, lost, text)
	}
}

func ms(n int) int { return n * dsp.MS }

// Source and Receiver were made apart from each other's tests: the line above
// is a third.
func TestSourceIsUnderstood(t *testing.T) {
	text := []byte("The quick brown fox \x00\x55\xAA\xFF\x80")
	for _, spec := range []Spec{Bell202(), V23(), V21Channel1(), V21Channel2()} {
		s := NewSource(spec, -12, -15)
		s.Alternate(300)
		s.Bits(1, 80)
		s.Characters(text)
		s.Bits(1, 20)
		var x []int16
		block := make([]int16, 99)
		for n := len(block); n == len(block); {
			n = s.Fill(block)
			x = append(x, block[:n]...)
		}
		if want := (300 + 80 + 10*float64(len(text)) + 20) * dsp.Rate / spec.Baud; math.Abs(float64(len(x))-want) > 1 {
			t.Errorf("%v: %d samples, want %.0f", spec, len(x), want)
		}
		for i := 1; i < len(x); i++ { // a step that neither tone can make
			if d := math.Abs(float64(x[i]) - float64(x[i-1])); d > dsp.SinePeak(-12)*2 {
				t.Fatalf("%v: a click of %.0f at %d", spec, d, i)
			}
		}
		var got []byte
		for _, e := range receive(New(spec, Characters), append(x, make([]int16, 1600)...)) {
			if e.Kind == Character && e.Idle > 60 {
				got = nil
			}
			if e.Kind == Character {
				got = append(got, e.Value)
			}
		}
		if !bytes.Equal(got, text) {
			t.Errorf("%v: got %q", spec, got)
		}
		if n := s.Fill(block); n != 0 {
			t.Errorf("an exhausted source gave %d samples", n)
		}
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	x := busyLine()
	for _, r := range []*Receiver{New(Bell202(), Characters), New(V21Channel2(), Bits)} {
		events := make([]Event, 0, 5000)
		if n := testing.AllocsPerRun(5, func() {
			events = events[:0]
			for rest := x; len(rest) >= 160; rest = rest[160:] {
				events = r.Process(events, rest[:160])
			}
			r.Skip(100)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func FuzzProcess(f *testing.F) {
	x := busyLine()
	b := make([]byte, 2*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint16(b[2*i:], uint16(v))
	}
	f.Add(b[1000:4000], uint16(160), uint16(0))
	f.Add(b[8000:11000], uint16(33), uint16(500))
	f.Fuzz(func(t *testing.T, b []byte, block, skip uint16) {
		for _, r := range []*Receiver{New(Bell202(), Characters), New(V21Channel2(), Bits)} {
			x := make([]int16, len(b)/2)
			for i := range x {
				x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
			}
			n := int(block)%4000 + 1
			var events []Event
			for i := 0; len(x) > 0; i++ {
				m := min(n, len(x))
				events = r.Process(events, x[:m])
				x = x[m:]
				if i%5 == 4 {
					r.Skip(int(skip))
				}
			}
			on := false
			for i, e := range events {
				if e.At < -96 || e.At > r.Position() || e.Kind == Carrier && on || e.Kind != Carrier && !on {
					t.Fatalf("event %d of %d: %+v", i, len(events), e)
				}
				on = e.Kind != Lost
			}
		}
	})
}

// BenchmarkProcess tells how many lines one core serves, by processor time.
func BenchmarkProcess(b *testing.B) {
	l := newLine(1)
	l.silence(10000)
	l.noise(-25)
	noise := l.samples()
	signal := newLine(2)
	signal.send(Bell202(), characters(20, random(signal.rnd, 1200)), conditions{level: -14})
	for _, c := range []struct {
		name string
		x    []int16
	}{{"silence", make([]int16, 8000)}, {"noise", noise}, {"signal", signal.samples()}} {
		b.Run(c.name, func(b *testing.B) {
			r := New(Bell202(), Characters)
			var events []Event
			at := 0
			b.SetBytes(2 * 160)
			b.ReportAllocs()
			t := cpu()
			for b.Loop() {
				if at+160 > len(c.x) {
					at = 0
				}
				events = r.Process(events[:0], c.x[at:at+160])
				at += 160
			}
			used := (cpu() - t).Seconds()
			b.ReportMetric(float64(b.N)*160/dsp.Rate/used, "lines/core")
			b.ReportMetric(used/float64(b.N)/160*1e9, "cpu-ns/sample")
		})
	}
}

// cpu is the processor time used so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
