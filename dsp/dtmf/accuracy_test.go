package dtmf

import (
	"flag"
	"fmt"
	"math"
	"testing"

	"vaad/dsp/tone"
)

var (
	full = flag.Bool("full", false, "the full counts of the accuracy table")
	seed = flag.Uint64("seed", 1, "of the accuracy table")
)

// TestAccuracy prints what the detector reaches and fails where it is less
// than promised in the package comment.
func TestAccuracy(t *testing.T) {
	n := 400
	if *full {
		n = 4000
	}
	row := func(what string, r result, ok bool) {
		mark := ""
		if !ok {
			mark = "  <-- not reached"
			t.Fail()
		}
		t.Logf("%-58s %5d of %5d  doubled %d wrong %d%s", what, r.found, r.sent, r.doubled, r.wrong, mark)
	}
	all := func(r result) bool {
		return r.found >= r.sent-r.sent/1000 && r.doubled == 0 && r.wrong == 0
	}
	none := func(r result) bool { return r.found+r.doubled+r.wrong == 0 }

	r := envelope(*seed, n, false)
	row("must accept: ±1.5 %, +8…−4 dB, −25…−3 dBm0, 40…100 ms", r, all(r))
	t.Logf("%58s begin within %.1f ms, length within %.1f ms", "", r.begin, r.length)
	r = envelope(*seed+1, n, true)
	row("the same with S/N 15…30 dB", r, all(r))
	t.Logf("%58s begin within %.1f ms, length within %.1f ms", "", r.begin, r.length)

	for _, c := range []struct {
		what string
		put  func(l *line)
	}{
		{"off by 3.5…4.5 %", func(l *line) {
			off, other := l.between(0.035, 0.045), l.between(-0.015, 0.015)
			if l.rnd.IntN(2) == 0 {
				off = -off
			}
			if l.rnd.IntN(2) == 0 {
				off, other = other, off
			}
			l.press(l.anyKey(), l.between(40, 100), -10, -10, off, other)
		}},
		{"5…20 ms", func(l *line) { l.press(l.anyKey(), l.between(5, 20), -10, -10, 0, 0) }},
		{"−70…−55 dBm0", func(l *line) {
			level := l.between(-70, -55)
			l.press(l.anyKey(), l.between(40, 100), level, level, 0, 0)
		}},
		{"one tone", func(l *line) {
			level := l.between(-25, -3)
			low, high, _ := tone.KeyHz(l.anyKey())
			if l.rnd.IntN(2) == 0 {
				low = high
			}
			l.tones(l.between(40, 100), low, level)
		}},
		{"two tones, not of a key", notKey},
	} {
		l := newLine(*seed + 2)
		for range n / 2 {
			c.put(l)
			l.silence(l.between(60, 100))
		}
		r := l.result()
		if r.sent == 0 {
			r.sent = n / 2
		}
		row("refused: "+c.what, r, none(r))
	}

	for _, dB := range []float64{8, 7, 6, 5} {
		l := newLine(*seed + 3)
		for i := range max(n/4, 250) {
			l.press(tone.Keys[i*7%16], 50, -10, -10, 0, 0)
			l.silence(50)
		}
		l.noise(0, len(l.x), -10-dB)
		r := l.result()
		row(fmt.Sprintf("white noise, S/N %v dB", dB), r, dB < 7 || r.found == r.sent && r.doubled+r.wrong == 0)
	}
	for _, hz := range []float64{50, 60} {
		for _, dB := range []float64{12, 6, 0, -6, -12} {
			l := steady(320, -13)
			l.hum(hz, -13-dB)
			r := l.result()
			row(fmt.Sprintf("hum of %v Hz, %v dB below each tone", hz, dB), r, r.found >= r.sent*99/100 && r.doubled+r.wrong == 0)
		}
	}
	for _, dB := range []float64{0, -6, -12} {
		for _, d := range [][]float64{{350, 440}, {425}, {450}, {400}} {
			l := steady(160, -15)
			for _, hz := range d {
				l.under(hz, -15-dB)
			}
			r := l.result()
			row(fmt.Sprintf("over a dial tone of %v Hz, %v dB below each tone", d, dB), r, r.found >= r.sent*99/100 && r.doubled+r.wrong == 0)
		}
	}
	l := steady(1000, -10)
	l.echo(20, -10)
	r = l.result()
	row("echo after 20 ms, −10 dB", r, all(r))

	l = newLine(*seed + 4)
	for range n / 8 {
		for gap := 1; gap <= 10; gap++ {
			from := len(l.x) + ms(l.between(15, 60))
			l.press(l.anyKey(), 120, -10, -10, 0, 0)
			clear(l.x[from : from+ms(float64(gap))])
			l.silence(l.between(100, 150))
		}
	}
	r = l.result()
	row("bridged: 1…10 ms missing in 120 ms", r, all(r))
	l = newLine(*seed + 5)
	for range n / 2 {
		key := l.anyKey()
		l.press(key, 45, -10, -10, 0, 0)
		l.silence(l.between(25, 40))
		l.press(key, 45, -10, -10, 0, 0)
		l.silence(l.between(80, 150))
	}
	r = l.result()
	row("told apart: the same key again after 25…40 ms", r, all(r))
}

// envelope is n keys of what every receiver must accept.
func envelope(seed uint64, n int, noise bool) result {
	l := newLine(seed)
	l.silence(100)
	for range n {
		top, twist := l.between(-25, -3), l.between(-4, 8)
		low, high := top, top-twist
		if twist < 0 {
			low, high = top+twist, top
		}
		from := len(l.x)
		l.press(l.anyKey(), l.between(40, 100), low, high, l.between(-0.015, 0.015), l.between(-0.015, 0.015))
		l.silence(l.between(40, 100))
		if noise {
			l.noise(from, len(l.x), min(low, high)-l.between(15, 30))
		}
	}
	return l.result()
}

// steady is n keys of 50 ms, 50 ms apart, after 150 ms.
func steady(n int, dBm0 float64) *line {
	l := newLine(*seed + 6)
	l.silence(150)
	for i := range n {
		l.press(tone.Keys[i*7%16], 50, dBm0, dBm0, 0, 0)
		l.silence(50)
	}
	return l
}

// notKey puts two tones on the line of which neither is a row, or neither a
// column.
func notKey(l *line) {
	far := func(hz float64, from []float64) bool {
		for _, f := range from {
			if math.Abs(hz/f-1) <= 0.035 {
				return false
			}
		}
		return true
	}
	for {
		a, b := l.between(300, 3400), l.between(300, 3400)
		if far(a, keyHz[:4]) && far(b, keyHz[:4]) || far(a, keyHz[4:]) && far(b, keyHz[4:]) {
			l.tones(l.between(40, 200), a, -10, b, -10)
			return
		}
	}
}
