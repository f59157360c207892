package peers

import (
	"fmt"
	"math"
	"testing"

	"vaad/dsp"
)

var (
	rowHz    = [4]float64{697, 770, 852, 941} // ITU-T Q.23
	columnHz = [4]float64{1209, 1336, 1477, 1633}
)

const keyNames = "123A456B789C*0#D"

// keySet is a line with keys, or with what is none.
type keySet struct {
	*track
	keys []placed
}

type placed struct {
	key        byte
	begin, end int
}

func newKeySet(stream uint64) *keySet {
	s := &keySet{track: newTrack(stream)}
	s.silence(150)
	return s
}

// press lays a key with levels in dBm0 and errors of frequency as parts.
func (s *keySet) press(millis, low, high, lowOff, highOff float64) {
	k := s.rnd.IntN(16)
	begin := len(s.x)
	s.tones(millis, rowHz[k/4]*(1+lowOff), low, columnHz[k%4]*(1+highOff), high)
	s.keys = append(s.keys, placed{keyNames[k], begin, len(s.x)})
}

// score is how many keys were found, found again, and found where there were
// none or other ones.
type score struct{ sent, found, doubled, wrong int }

func (s score) missed() int { return s.sent - s.found }

// compare gives each key that was heard to the last one that had begun by then:
// ours tell where a key began, the peer's when it was certain, 15 ms later at the
// earliest.
func (s *keySet) compare(got []heard, early int) score {
	r := score{sent: len(s.keys)}
	hits := make([]bool, len(s.keys))
	k := 0
	for _, g := range got {
		for k+1 < len(s.keys) && int64(s.keys[k+1].begin+early) <= g.At {
			k++
		}
		switch {
		case len(s.keys) == 0 || s.keys[k].key != g.What[0] || g.At > int64(s.keys[k].end+60*dsp.MS):
			r.wrong++
		case hits[k]:
			r.doubled++
		default:
			hits[k] = true
			r.found++
		}
	}
	return r
}

// both is what either side makes of a set.
func (s *keySet) both(t *testing.T) (ours, theirs score) {
	x := s.samples()
	ours = s.compare(hearKeys(x), -15*dsp.MS)
	if there() {
		theirs = s.compare(receive(t, "dtmf", x), 15*dsp.MS)
	}
	return ours, theirs
}

func percent(n, of int) string { return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(max(1, of))) }

// accept is n keys inside what every receiver must accept.
func accept(stream uint64, n int, noisy bool) *keySet {
	s := newKeySet(stream)
	for range n {
		top, twist := s.between(-25, -3), s.between(-4, 8)
		low, high := top, top-twist
		if twist < 0 {
			low, high = top+twist, top
		}
		at := len(s.x)
		s.press(s.between(40, 100), low, high, s.between(-0.015, 0.015), s.between(-0.015, 0.015))
		s.silence(s.between(40, 100))
		if noisy {
			s.noise(at, len(s.x), min(low, high)-s.between(15, 30))
		}
	}
	return s
}

// refuse is n signals that no receiver may accept.
func refuse(stream uint64, n int, put func(s *keySet)) *keySet {
	s := newKeySet(stream)
	for range n {
		put(s)
		s.silence(s.between(60, 100))
	}
	s.keys = nil
	return s
}

var refused = []struct {
	what string
	put  func(s *keySet)
}{
	{"one tone off by 3.5…4.5 %", func(s *keySet) {
		off, other := s.between(0.035, 0.045), s.between(-0.015, 0.015)
		if s.rnd.IntN(2) == 0 {
			off = -off
		}
		if s.rnd.IntN(2) == 0 {
			off, other = other, off
		}
		s.press(s.between(40, 100), -10, -10, off, other)
	}},
	{"5…20 ms", func(s *keySet) { s.press(s.between(5, 20), -10, -10, 0, 0) }},
	{"−70…−55 dBm0", func(s *keySet) {
		l := s.between(-70, -55)
		s.press(s.between(40, 100), l, l, 0, 0)
	}},
	{"a single tone", func(s *keySet) {
		hz := append(rowHz[:], columnHz[:]...)[s.rnd.IntN(8)]
		s.tones(s.between(40, 100), hz, s.between(-25, -3))
	}},
	{"two tones that are no key", func(s *keySet) {
		for {
			a, b := s.between(300, 3400), s.between(300, 3400)
			if far(a, rowHz[:]) && far(b, rowHz[:]) || far(a, columnHz[:]) && far(b, columnHz[:]) {
				s.tones(s.between(40, 200), a, -10, b, -10)
				return
			}
		}
	}},
}

func far(hz float64, from []float64) bool {
	for _, f := range from {
		if math.Abs(hz/f-1) <= 0.035 {
			return false
		}
	}
	return true
}

// steadyKeys is n keys of 50 ms, 50 ms apart.
func steadyKeys(stream uint64, n int, dBm0 float64) *keySet {
	s := newKeySet(stream)
	for range n {
		s.press(50, dBm0, dBm0, 0, 0)
		s.silence(50)
	}
	return s
}

// broken is n keys of 120 ms of which 10 ms are missing.
func broken(stream uint64, n int, gap float64) *keySet {
	s := newKeySet(stream)
	for range n {
		from := len(s.x) + ms(s.between(30, 70))
		s.press(120, -10, -10, 0, 0)
		clear(s.x[from : from+ms(gap)])
		s.silence(s.between(100, 150))
	}
	return s
}

// lowest is the S/N in dB down to which all of 1000 keys are found, from above.
func lowest(t *testing.T, hear func(x []int16) []heard, early int) int {
	for dB := 12; dB >= 0; dB-- {
		s := steadyKeys(uint64(60+dB), 1000, -10)
		s.noise(0, len(s.x), -10-float64(dB))
		if r := s.compare(hear(s.samples()), early); r.found < r.sent || r.doubled+r.wrong > 0 {
			return dB + 1
		}
	}
	return 0
}
