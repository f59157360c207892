//go:build lab

package dahdi_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/dahdi/labtest"
	"vaad/dsp/g711"
)

// What is lost is counted to the sample, and delay stays what it was. The judge
// is the test card's numbered pattern.

// a place says where the board's positions and a card's samples are the same:
// position minus sample.
func (s *session) places(line int) (all []int64) {
	s.t.Helper()
	for _, p := range labtest.Stretches(s.heard[line]) {
		if at := s.first + int64(p.At) - p.Sample; p.Len >= 64 {
			all = append(all, at)
		}
	}
	return all
}

// hear begins to listen to all lines, from the next frame on.
func (s *session) hear() {
	for i := range s.listen {
		s.listen[i], s.heard[i] = true, nil
	}
	s.first = s.pos
}

// one checks that all samples that were heard of all lines stand at the same
// place, and returns it.
func (s *session) one() int64 {
	s.t.Helper()
	var place int64
	astray := map[int64][]int{}
	for i := range s.in.Lines {
		all := s.places(i)
		if len(all) == 0 {
			s.t.Fatalf("line %d: the pattern was not heard", i)
		}
		if i == 0 {
			place = all[0]
		}
		for _, p := range all {
			if p != place {
				astray[p-place] = append(astray[p-place], i)
				break
			}
		}
	}
	for off, lines := range astray {
		s.t.Errorf("lines %v stand %d samples from where line 0 stands", lines, off)
	}
	return place
}

// missing is how many samples of a line were not heard, between the first and
// the last that were.
func (s *session) missing(line int) int64 {
	all := labtest.Stretches(s.heard[line])
	if len(all) == 0 {
		return -1
	}
	first, last := all[0], all[len(all)-1]
	n := last.Sample + int64(last.Len) - first.Sample
	for _, p := range all {
		n -= int64(p.Len)
	}
	return n
}

func TestLabLostSamplesAreCountedExactly(t *testing.T) {
	// The analog card keeps time for DAHDI, as the E1 spans were not started: its
	// losses are told by the kernel's timers, those of the other by its own pilot.
	cards(t, "e1+e1,fxo6")
	tell(t, "pattern 1:* seq", "pattern 2:* seq")
	fxo := card(t, 2, 1, labtest.FXSKewl, labtest.MuLaw)
	e1, e2 := card(t, 1, 1, labtest.Clear, labtest.ALaw), card(t, 1, 2, labtest.Clear, labtest.ALaw)
	_ = e2
	for _, c := range []struct {
		name string
		span labtest.Span
		card int
	}{{"E1", e1, 1}, {"FXO", fxo, 2}} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, device(``, c.span))
			s.hear()
			s.run(500 * time.Millisecond)
			place := s.one()
			t.Logf("%d lines stand at the same sample", len(s.in.Lines))

			sleep(t, c.card, 600)
			s.run(800 * time.Millisecond)
			if s.one() != place || s.lost != 0 || s.missing(0) != 0 {
				t.Errorf("after a stall of 600 ms: %d samples said to be lost, %d are", s.lost, s.missing(0))
			}
			if s.late < 20 {
				t.Errorf("only %d frames were late", s.late)
			}

			random := rand.New(rand.NewPCG(1, 2))
			var total int64
			for range counts(4, 40) {
				stall := 700 + random.IntN(2300)
				if total == 0 {
					stall = 3000
				}
				s.lost, s.said, s.seen = 0, nil, 0
				s.hear()
				s.run(100 * time.Millisecond)
				sleep(t, c.card, stall)
				s.run(time.Duration(stall)*time.Millisecond + 400*time.Millisecond)
				if p := s.one(); p != place {
					t.Fatalf("after a stall of %d ms the position is %d samples off", stall, p-place)
				}
				lost := make([]int64, len(s.in.Lines))
				for _, e := range s.said {
					if e.Kind == driver.Lost {
						lost[e.Line] += int64(e.Value)
					}
				}
				wrong := map[string][]int{}
				for i := range lost {
					if m := s.missing(i); lost[i] != m {
						said := fmt.Sprintf("%d samples said to be lost, %d are", lost[i], m)
						wrong[said] = append(wrong[said], i)
					}
				}
				for said, lines := range wrong {
					t.Errorf("stall of %d ms: %s on lines %v", stall, said, lines)
				}
				total += lost[0]
			}
			t.Logf("%d stalls of 0.7–3 s: %d samples lost on each line, every one told", counts(4, 40), total)
			if n := s.counters().Overruns; n == 0 {
				t.Error("no overrun was counted")
			}
		})
	}
}

// TestLabTheLoopDelayIsBackAfterAStall: what is sent comes back at once on a
// looped channel; block numbers in it say how long that took.
func TestLabTheLoopDelayIsBackAfterAStall(t *testing.T) {
	cards(t, "e1")
	e1 := card(t, 1, 1, labtest.Clear, labtest.ALaw)
	tell(t, "loop 1:* on")
	s := open(t, device(`, "use": "trunk"`, e1))
	line := 3
	var n uint32
	sent := map[uint32]int64{} // block → position of the frame after which it was given
	delay := map[int64]int64{} // position at which it came back → delay
	table := g711.DecodeTable(g711.ALaw)
	var codes, heard []byte
	codes = make([]byte, driver.Block)
	from := s.pos
	step := func() {
		labtest.Fill(codes, line, n)
		for k, c := range codes {
			s.tx.LinePCM(line)[k] = table[c]
		}
		sent[n] = s.pos
		n++
		s.step()
		heard = append(heard, s.rx.LineCode(line)...)
	}
	look := func() {
		for _, r := range labtest.Runs(heard) {
			for k := r.First; k <= r.Last; k++ {
				at := from + int64(r.At) + int64(k-r.First)*driver.Block
				delay[at] = at - sent[k]
			}
		}
	}
	for range 100 {
		step()
	}
	look()
	var usual int64
	for _, d := range delay {
		usual = max(usual, d)
	}
	if len(delay) < 80 || usual > 80*driver.MS {
		t.Fatalf("%d blocks came back, after %v", len(delay), samples(usual))
	}
	t.Logf("usual delay from tx to rx: %v", samples(usual))
	for round := range counts(3, 12) {
		ms := []int{600, 300, 1500, 90, 620, 2000}[round%6]
		sleep(t, 1, ms)
		clear(delay)
		heard, from = heard[:0], s.pos
		step()
		for s.rx.Late {
			step()
		}
		live := s.pos // from here on frames are in time
		for range 60 {
			step()
		}
		look()
		worst, back := int64(0), int64(-1)
		bound := usual + 20*driver.MS
		if ms > 640 { // blocks of the kernel and of positions no longer begin together
			bound += driver.Block
		}
		for at, d := range delay {
			if at < live {
				continue
			}
			if back < 0 || at < back {
				back = at
			}
			if at >= live+100*driver.MS {
				worst = max(worst, d)
			}
		}
		if back < 0 || back > live+100*driver.MS || worst > bound {
			t.Errorf("after a stall of %d ms: heard again %v after it, delay then up to %v (usually %v)", ms, samples(back-live), samples(worst), samples(usual))
		} else {
			t.Logf("stall of %4d ms: heard again after %v; 100 ms after it the delay is at most %v", ms, samples(back-live), samples(worst))
		}
	}
}

// TestLabClocksThatDrift: a card that is 100 ppm fast or slow is served at its
// own pace, nothing is lost and nothing missing, also beside another card that
// is DAHDI's master.
func TestLabClocksThatDrift(t *testing.T) {
	cards(t, "e1,e1,e1")
	var all []labtest.Span
	for n := 1; n <= 3; n++ {
		all = append(all, card(t, n, 1, labtest.Clear, labtest.ALaw))
	}
	tell(t, "pattern 1:* seq", "pattern 2:* seq", "pattern 3:* seq", "ppm 2 100", "ppm 3 -100")
	length := counts(6*time.Second, 2*time.Minute)
	for i, ppm := range []float64{0, 100, -100} {
		s := open(t, device(`, "use": "trunk"`, all[i]))
		s.run(time.Second)
		s.hear()
		s.listen = make([]bool, len(s.in.Lines))
		s.listen[4] = true
		at, from := time.Now(), s.pos
		s.run(length)
		is := (float64(s.pos-from)/driver.Rate/time.Since(at).Seconds() - 1) * 1e6
		// A tick is 20 ms, and its arrival is known to some of them.
		if tolerance := 6e6 * 0.001 / length.Seconds(); is+ppm < -tolerance || is+ppm > tolerance {
			t.Errorf("a card whose millisecond is %+v ppm long: positions go %+.1f ppm fast", ppm, is)
		}
		if p := s.places(4); len(p) != 1 {
			t.Errorf("%+v ppm: heard in %d parts", ppm, len(p))
		}
		s.none(driver.Lost, driver.Underrun, driver.Missed, driver.Slip)
		c := s.counters()
		if c.Overruns+c.Underruns != 0 {
			t.Errorf("%+v ppm: %+v", ppm, c)
		}
		t.Logf("millisecond %+4v ppm long: positions go %+6.1f ppm fast over %v, nothing lost", ppm, is, length)

		// And after a stall the count is exact, though the machine's timer
		// runs by another clock.
		place := s.places(4)[0]
		s.said, s.seen = nil, 0
		sleep(t, i+1, 1800)
		s.run(2500 * time.Millisecond)
		lost := int64(0)
		for _, e := range s.said {
			if e.Kind == driver.Lost && e.Line == 4 {
				lost += int64(e.Value)
			}
		}
		p := s.places(4)
		if m := s.missing(4); lost != m || p[len(p)-1] != place {
			t.Errorf("%+v ppm: %d samples said to be lost, %d are; positions are %d off", ppm, lost, m, p[len(p)-1]-place)
		}
		must(t, s.b.Close())
	}
}
