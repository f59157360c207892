package pulse

import (
	"encoding/binary"
	"math"
	"slices"
	"syscall"
	"testing"
	"time"

	"vaad/dsp"
)

func busyLine() []int16 {
	l := newLine(4)
	l.silence(500)
	for i, digit := range "3709158246" {
		l.dial(byte(digit), dial{rate: []float64{10, 20}[i/5], open: 0.62, peak: 5000, jitter: 0.7, rise: 0.3, bounce: i%2 == 0})
		l.silence(l.between(250, 700))
	}
	l.tone(len(l.x)/2, len(l.x), 425, -20)
	l.noise(-50)
	return l.samples()
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	x := busyLine()
	want := detect(x)
	if len(want) < 9 {
		t.Fatalf("only %d digits", len(want))
	}
	for _, n := range []int{1, 7, 80, 159, 1000, len(x)} {
		d := New()
		var got []Event
		for rest := x; len(rest) > 0; {
			m := min(n, len(rest))
			got = d.Process(got, rest[:m])
			rest = rest[m:]
		}
		if got = d.Flush(got); !slices.Equal(got, want) {
			t.Errorf("blocks of %d: %d digits, want the %d of 160", n, len(got), len(want))
		}
	}
}

func TestRateBreakAndTimesAreTold(t *testing.T) {
	for _, d := range []Dial{Usual(), {Rate: 20, Break: 0.66, Pause: 400, Peak: 3000}} {
		s, err := NewSource("7503", d)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]int16, 4000)
		block := make([]int16, 160)
		for n := 160; n == 160; {
			n = s.Fill(block)
			x = append(x, block[:n]...)
		}
		var digits []byte
		for i, e := range detect(append(x, make([]int16, 4000)...)) {
			digits = append(digits, e.Digit)
			if math.Abs(e.Rate-d.Rate) > 0.1 || math.Abs(e.Break-d.Break) > 0.02 || e.Confidence < 0.9 {
				t.Errorf("digit %c: %.2f per second, open for %.3f, confidence %.2f; want %v and %v", e.Digit, e.Rate, e.Break, e.Confidence, d.Rate, d.Break)
			}
			if i == 0 && (e.At < 3990 || e.At > 4010) {
				t.Errorf("first digit at %d", e.At)
			}
		}
		if string(digits) != "7503" {
			t.Errorf("dialled 7503, found %s", digits)
		}
	}
	for _, bad := range []string{"12a", "*"} {
		if _, err := NewSource(bad, Usual()); err == nil {
			t.Errorf("%q was dialled", bad)
		}
	}
	if _, err := NewSource("1", Dial{Rate: 10, Break: 1}); err == nil {
		t.Error("a loop that never closes was dialled")
	}
}

// A 1 is two clicks and nothing else. It waits for the next digit, which tells
// whether it was one.
func TestFirstOneIsBelievedWithTheNextDigit(t *testing.T) {
	for _, digits := range []string{"1", "141", "11", "1380"} {
		l := newLine(1)
		d := dial{rate: 10, open: 0.62, peak: 5000, jitter: 0.3, rise: 0.2}
		l.silence(500)
		for _, digit := range digits {
			l.dial(byte(digit), d)
			l.silence(600)
		}
		l.noise(-60)
		e := detect(l.samples())
		got := ""
		for i := range e {
			got += string(rune(e[i].Digit))
			if alone := digits == "1" || digits == "11"; alone == (e[i].Confidence >= sure) {
				t.Errorf("%s: digit %d has confidence %.2f", digits, i+1, e[i].Confidence)
			}
		}
		if got != digits {
			t.Errorf("%s was dialled, %s heard", digits, got)
		}
	}
}

// Two clicks that are none of the telephone's are no leading 1.
func TestClicksUnlikeTheDialAreNoDigit(t *testing.T) {
	l := newLine(1)
	d := dial{rate: 10, open: 0.62, peak: 8000, jitter: 0.3, rise: 0.2}
	l.silence(500)
	l.dial('1', dial{rate: 10, open: 0.62, peak: 700, jitter: 0.3, rise: 0.2})
	l.silence(600)
	for _, digit := range "467" {
		l.dial(byte(digit), d)
		l.silence(600)
	}
	l.noise(-60)
	got := ""
	for _, e := range detect(l.samples()) {
		got += string(rune(e.Digit))
	}
	if got != "467" {
		t.Errorf("467 was dialled, %s heard", got)
	}
}

func TestSkippedSamplesSpoilOnlyTheirDigit(t *testing.T) {
	l := newLine(2)
	d := dial{rate: 10, open: 0.62, peak: 5000, jitter: 0.3, rise: 0.2}
	l.silence(500)
	for _, digit := range "555" {
		l.dial(byte(digit), d)
		l.silence(600)
	}
	l.noise(-60)
	x := l.samples()
	cut := (500 + 500 + 600 + 200) * dsp.MS
	det := New()
	e := det.Process(nil, x[:cut])
	det.Skip(500 * dsp.MS)
	e = det.Flush(det.Process(e, x[cut+500*dsp.MS:]))
	if len(e) != 2 || e[0].Digit != '5' || e[1].Digit != '5' || det.Position() != int64(len(x)) {
		t.Errorf("%+v", e)
	}
	if off := e[1].At - (500+2*1100)*dsp.MS; off < -20 || off > 20 {
		t.Errorf("the last digit is %d samples off", off)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	x := busyLine()
	d := New()
	events := make([]Event, 0, 100)
	if n := testing.AllocsPerRun(5, func() {
		events = events[:0]
		for rest := x; len(rest) >= 160; rest = rest[160:] {
			events = d.Process(events, rest[:160])
		}
		d.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzProcess(f *testing.F) {
	x := busyLine()
	b := make([]byte, 2*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint16(b[2*i:], uint16(v))
	}
	f.Add(b[8000:16000], uint16(160), uint16(0))
	f.Add(b[8000:12000], uint16(33), uint16(500))
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
		for _, e := range d.Flush(events) {
			if e.Digit < '0' || e.Digit > '9' || e.At < 0 || e.End < e.At || e.End > d.Position() ||
				!(e.Confidence >= least && e.Confidence <= 1) || !(e.Rate > 5 && e.Rate < 40) {
				t.Fatalf("%+v", e)
			}
		}
	})
}

// BenchmarkProcess tells ns per block of 20 ms and how many lines one core
// would serve.
func BenchmarkProcess(b *testing.B) {
	l := newLine(1)
	l.silence(10000)
	l.noise(-25)
	noise := l.samples()
	clicks := newLine(2) // as dense as clicks can be
	clicks.silence(10000)
	for i := 0; i < len(clicks.v); i += 170 {
		clicks.v[i] = 5000
	}
	for _, c := range []struct {
		name string
		x    []int16
	}{{"silence", make([]int16, 8000)}, {"noise", noise}, {"digits", busyLine()}, {"clicks", clicks.samples()}} {
		b.Run(c.name, func(b *testing.B) {
			d := New()
			var events []Event
			at := 0
			b.SetBytes(2 * 160)
			b.ReportAllocs()
			t := cpu()
			for b.Loop() {
				if at+160 > len(c.x) {
					at = 0
				}
				events = d.Process(events[:0], c.x[at:at+160])
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
