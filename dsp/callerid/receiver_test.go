package callerid

import (
	"encoding/binary"
	"slices"
	"syscall"
	"testing"
	"time"

	"vaad/dsp"
)

// busyLine holds messages of both codings, clean, damaged, cut off and noisy.
func busyLine() []int16 {
	l := newLine(11)
	for i := range 12 {
		l.silence(l.between(50, 300))
		m := l.message()
		if i == 3 {
			m[5] ^= 4
		}
		if i == 5 {
			m = m[:12]
		}
		l.send([]Coding{Bell, V23}[i%2], m, []Timing{OnHook(), OffHook()}[i/2%2], conditions{level: -12 - float64(i)})
	}
	l.silence(100)
	l.noise(0, -45)
	return l.samples()
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	x := busyLine()
	want := receive(x)
	if len(want) != 10 {
		t.Fatalf("%d messages, want 10", len(want))
	}
	for _, n := range []int{1, 7, 80, 159, 1000, len(x)} {
		r := New()
		var got []Message
		for rest := x; len(rest) > 0; {
			m := min(n, len(rest))
			got = r.Process(got, rest[:m])
			rest = rest[m:]
		}
		if got = r.Flush(got); !slices.Equal(got, want) {
			t.Errorf("blocks of %d: %d messages, want the %d of 160", n, len(got), len(want))
		}
		if r.Damaged() != 2 {
			t.Errorf("blocks of %d: %d damaged messages, want 2", n, r.Damaged())
		}
	}
}

func TestCodingAndTimesAreTold(t *testing.T) {
	for _, c := range []Coding{Bell, V23} {
		l := newLine(2)
		l.silence(100)
		m := l.message()
		l.send(c, m, OnHook(), conditions{level: -20})
		end := len(l.x) - 10*20/3
		l.silence(100)
		l.noise(0, -50)
		r := New()
		var got []Message
		var known int64
		for x := l.samples(); len(x) >= 160; x = x[160:] {
			if got = r.Process(got, x[:160]); len(got) == 1 && known == 0 {
				known = r.Position()
			}
		}
		if len(got) != 1 || got[0].Coding != c || got[0].Quality < 0.8 {
			t.Fatalf("%v: %+v", c, got)
		}
		begin := 100*dsp.MS + 480*20/3
		if d := got[0].At - int64(begin); d < -3 || d > 3 {
			t.Errorf("%v: begins at %d, want %d", c, got[0].At, begin)
		}
		if d := got[0].End - int64(end); d < -5 || d > 5 {
			t.Errorf("%v: ends at %d, want %d", c, got[0].End, end)
		}
		if late := known - int64(end); late > 70*dsp.MS {
			t.Errorf("%v: told %d samples after its end", c, late)
		}
	}
}

func TestMissingSamplesSpoilOnlyTheMessageTheyAreIn(t *testing.T) {
	l := newLine(3)
	l.silence(100)
	for range 2 {
		l.send(Bell, l.message(), OnHook(), conditions{level: -20})
		l.silence(200)
	}
	x := l.samples()
	cut := 600 * dsp.MS
	r := New()
	got := r.Process(nil, x[:cut])
	r.Skip(5 * dsp.MS)
	got = r.Process(got, x[cut+5*dsp.MS:])
	if got = r.Flush(got); len(got) != 1 || r.Position() != int64(len(x)) {
		t.Errorf("%d messages, position %d of %d", len(got), r.Position(), len(x))
	}
}

func TestSourceIsUnderstood(t *testing.T) {
	m, err := Build(CallSetup, Field{Type: Number, Raw: []byte("4711")}, Field{Type: Name, Raw: []byte("Anna")})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Coding{Bell, V23} {
		for _, timing := range []Timing{OnHook(), OffHook()} {
			s := NewSource(c, m, timing, -13.5)
			x := make([]int16, 800, 20000)
			block := make([]int16, 160)
			for n := 160; n == 160; {
				n = s.Fill(block)
				x = append(x, block[:n]...)
			}
			got := receive(append(x, make([]int16, 800)...))
			if len(got) != 1 || got[0].Coding != c || got[0].Hex() != hex(m[:len(m)-1]) {
				t.Errorf("%v: %+v", c, got)
			}
		}
	}
}

func TestNamesInGBKArrive(t *testing.T) {
	for _, c := range []Coding{Bell, V23} {
		l := newLine(4)
		l.silence(100)
		m, err := Build(CallSetup, Field{Type: DateTime, Raw: []byte("11220605")}, Field{Type: Number, Raw: []byte("02162345678")}, Field{Type: Name, Raw: []byte("\xD5\xC5\xC8\xFD 13")})
		if err != nil {
			t.Fatal(err)
		}
		l.send(c, m, OnHook(), conditions{level: -18, twist: 4})
		l.silence(100)
		l.noise(0, -32)
		got := receive(l.samples())
		if len(got) != 1 {
			t.Fatalf("%v: %d messages", c, len(got))
		}
		name, charset := got[0].CallerName()
		if number, _ := got[0].Caller(); name != "张三 13" || charset != GBK || number != "02162345678" {
			t.Errorf("%v: %q %v %q", c, name, charset, number)
		}
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	x := busyLine()
	r := New()
	out := make([]Message, 0, 100)
	if n := testing.AllocsPerRun(5, func() {
		out = out[:0]
		for rest := x; len(rest) >= 160; rest = rest[160:] {
			out = r.Process(out, rest[:160])
		}
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
	f.Add(b[6000:9000], uint16(160), uint16(0))
	f.Add(b[9000:12000], uint16(33), uint16(500))
	f.Fuzz(func(t *testing.T, b []byte, block, skip uint16) {
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		r := New()
		n := int(block)%4000 + 1
		var out []Message
		for i := 0; len(x) > 0; i++ {
			m := min(n, len(x))
			out = r.Process(out, x[:m])
			x = x[m:]
			if i%5 == 4 {
				r.Skip(int(skip))
			}
		}
		for _, m := range r.Flush(out) {
			if m.At > m.End || m.End > r.Position() {
				t.Fatalf("%+v at %d", m, r.Position())
			}
			m.Fields(nil)
		}
	})
}

// BenchmarkProcess tells ns per block of 20 ms and how many lines one core
// would serve, both codings at once.
func BenchmarkProcess(b *testing.B) {
	l := newLine(1)
	l.silence(10000)
	l.noise(0, -25)
	noise := l.samples()
	signal := newLine(2)
	for range 20 {
		signal.send(Bell, signal.message(), OnHook(), conditions{level: -14})
		signal.silence(200)
	}
	for _, c := range []struct {
		name string
		x    []int16
	}{{"silence", make([]int16, 8000)}, {"noise", noise}, {"speech", speaking(b)}, {"messages", signal.samples()}} {
		if len(c.x) == 0 {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			r := New()
			var out []Message
			at := 0
			b.SetBytes(2 * 160)
			b.ReportAllocs()
			t := cpu()
			for b.Loop() {
				if at+160 > len(c.x) {
					at = 0
				}
				out = r.Process(out[:0], c.x[at:at+160])
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
