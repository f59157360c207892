package dtmf

import (
	"encoding/binary"
	"slices"
	"testing"

	"vaad/dsp"
	"vaad/dsp/tone"
)

// busyLine holds most of what the detector can meet: keys clean, noisy and
// broken, a dial tone, hum, two keys without a pause, one that is cut off.
func busyLine() []int16 {
	l := newLine(7)
	l.silence(30)
	for i := range 24 {
		l.press(tone.Keys[i*5%16], l.between(40, 120), -12, -9, l.between(-0.01, 0.01), 0)
		if i%4 != 3 {
			l.silence(l.between(20, 100))
		}
	}
	from := len(l.x)
	for i := range 24 {
		l.press(tone.Keys[i*3%16], l.between(40, 120), -8, -12, 0, l.between(-0.01, 0.01))
		l.silence(l.between(30, 100))
	}
	l.noise(from, len(l.x), -30)
	u := steady(12, -20)
	u.under(350, -14, 440, -14)
	l.x = append(l.x, u.x...)
	l.press('9', 33, -10, -10, 0, 0)
	return l.samples()
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	x := busyLine()
	want := detect(x)
	if len(want) < 100 {
		t.Fatalf("only %d events: the line is not busy", len(want))
	}
	for _, n := range []int{1, 7, 80, 159, 161, 1000, 10000, len(x)} {
		d := New()
		var got []Event
		for rest := x; len(rest) > 0; {
			m := min(n, len(rest))
			got = d.Process(got, rest[:m])
			rest = rest[m:]
		}
		if got = d.Flush(got); !slices.Equal(got, want) {
			t.Errorf("blocks of %d: %d events, want %d as with 160", n, len(got), len(want))
		}
	}
}

func TestEventsComeInPairs(t *testing.T) {
	down := false
	var at int64
	for i, e := range detect(busyLine()) {
		if (e.Kind == Down) == down || e.At < at {
			t.Fatalf("event %d is %v at %d after %d", i, e.Kind, e.At, at)
		}
		if e.Kind == Up && (e.Length < 20*dsp.MS || e.At-int64(e.Length) != at) {
			t.Errorf("event %d: length %d from %d to %d", i, e.Length, at, e.At)
		}
		down, at = e.Kind == Down, e.At
	}
	if down {
		t.Error("the last key never ended")
	}
	if Down.String() != "down" || Up.String() != "up" || Kind(0).String() != "" {
		t.Error("kinds have the wrong names")
	}
}

func TestDownTellsTimeAndLevels(t *testing.T) {
	l := newLine(1)
	l.silence(333)
	l.press('7', 200, -14, -11, 0.004, -0.006)
	l.silence(300)
	d := New()
	var known int64
	for x := l.samples(); len(x) >= 8; x = x[8:] {
		for _, e := range d.Process(nil, x[:8]) {
			if e.Kind == Down {
				known = d.Position()
				if off := e.At - 333*dsp.MS; off < -2*dsp.MS || off > 2*dsp.MS {
					t.Errorf("key begins at %d, want %d", e.At, 333*dsp.MS)
				}
			}
			near := func(what string, got, want, within float64) {
				if got < want-within || got > want+within {
					t.Errorf("%v: %s is %.2f, want %.2f", e.Kind, what, got, want)
				}
			}
			near("row level", e.Low.DBm0, -14, 0.3)
			near("column level", e.High.DBm0, -11, 0.3)
			near("row frequency", e.Low.Hz, 852*1.004, 1)
			near("column frequency", e.High.Hz, 1209*0.994, 1)
		}
	}
	if late := known - 333*dsp.MS; late <= 0 || late > 65*dsp.MS {
		t.Errorf("the key was told %d samples after it began, want at most 65 ms", late)
	}
}

func TestSkippedSamplesCountAndDoNotInventKeys(t *testing.T) {
	l := newLine(2)
	l.silence(100)
	l.press('5', 100, -10, -10, 0, 0)
	l.silence(100)
	x := l.samples()
	cut := func(from, to int) []Event {
		d := New()
		events := d.Process(nil, x[:from])
		d.Skip(to - from)
		d.Skip(0)
		if want := int64(to); d.Position() != want {
			t.Fatalf("position %d after Skip, want %d", d.Position(), want)
		}
		events = d.Process(events, x[to:])
		return d.Flush(events)
	}
	// Missing samples before the key, 15 ms and 30 ms within it, and its end.
	for _, c := range []struct{ from, to, events, end int }{
		{ms(20), ms(60), 2, ms(200)},
		{ms(150), ms(165), 2, ms(200)},
		{ms(150), ms(180), 2, ms(150)},
		{ms(160), ms(260), 2, ms(160)},
	} {
		e := cut(c.from, c.to)
		if len(e) != c.events || e[0].Key != '5' || e[0].Kind != Down || e[1].Kind != Up {
			t.Fatalf("%d…%d missing: %+v", c.from, c.to, e)
		}
		if off := int(e[1].At) - c.end; off < -ms(6) || off > ms(6) {
			t.Errorf("%d…%d missing: key ends at %d, want %d", c.from, c.to, e[1].At, c.end)
		}
		if off := int(e[0].At) - ms(100); off < -ms(2) || off > ms(2) {
			t.Errorf("%d…%d missing: key begins at %d, want %d", c.from, c.to, e[0].At, ms(100))
		}
	}
}

func TestHeldKeyIsOneKey(t *testing.T) {
	l := newLine(3)
	l.silence(50)
	l.press('#', 20000, -10, -14, 0.012, 0.01)
	l.noise(0, len(l.x), -27)
	l.silence(50)
	if r := l.result(); r.found != 1 || r.doubled+r.wrong != 0 {
		t.Errorf("%+v", r)
	}
}

// A dial tone may stop at any moment before the first key, or as it is pressed.
func TestKeysAreFoundWhereverADialToneEnds(t *testing.T) {
	for end := range 4 * hop / dsp.MS {
		for i, pause := range []float64{0, 0, 0, 5, 80, 500} {
			level := -10 - float64(i%3)*3
			l := newLine(uint64(end))
			l.tones(1000+float64(end), 450, -10)
			l.silence(pause)
			for i := range 6 {
				l.press(tone.Keys[i], 60, level, level, 0, 0)
				l.silence(60)
			}
			if r := l.result(); r.found != 6 || r.doubled+r.wrong != 0 {
				t.Errorf("%d ms of dial tone, pause of %v ms, %v dBm0: %+v", 1000+end, pause, level, r)
			}
		}
	}
}

func TestFlushEndsAKey(t *testing.T) {
	l := newLine(4)
	l.silence(50)
	l.press('A', 100, -10, -10, 0, 0)
	d := New()
	e := d.Flush(d.Process(nil, l.samples()))
	if len(e) != 2 || e[1].Kind != Up || e[1].At > int64(len(l.x)) || e[1].At < int64(len(l.x)-ms(8)) {
		t.Errorf("%+v", e)
	}
	if e := d.Flush(nil); len(e) != 0 {
		t.Errorf("flushed twice: %+v", e)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	x := busyLine()
	d := New()
	events := make([]Event, 0, 1000)
	if n := testing.AllocsPerRun(10, func() {
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
	x := busyLine()
	b := make([]byte, 2*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint16(b[2*i:], uint16(v))
	}
	f.Add(b[:2400], uint16(160), uint16(0))
	f.Add(b[20000:23000], uint16(33), uint16(500))
	f.Fuzz(func(t *testing.T, b []byte, block, skip uint16) {
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		d := New()
		var events []Event
		n := int(block)%4000 + 1
		for i := 0; len(x) > 0; i++ {
			m := min(n, len(x))
			events = d.Process(events, x[:m])
			x = x[m:]
			if i%5 == 4 {
				d.Skip(int(skip))
			}
		}
		events = d.Flush(events)
		for i, e := range events {
			if (e.Kind == Down) != (i%2 == 0) || e.At < 0 || e.At > d.Position() || e.Length < 0 {
				t.Fatalf("event %d of %d: %+v", i, len(events), e)
			}
		}
	})
}
