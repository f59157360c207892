package channels

import (
	"errors"
	"math"
	"testing"

	"vaad/driver"
	"vaad/dsp"
)

func TestBothPartiesHearTheBeepOverWhatIsSaid(t *testing.T) {
	const every = 3 * driver.Rate
	r := newRoom(t, 2)
	r.join(1, "m", Talker, 0)
	r.join(2, "m", Talker, 0)
	r.says[0], r.says[1] = 1000, -700
	r.tick(5)
	if err := r.s.Beep(1, &Beeping{Every: every, DBm0: -18}); err != nil {
		t.Fatal(err)
	}
	var heard [2][]float64
	from := r.l.next
	for range 8 * driver.Rate / driver.Block {
		r.tick(1)
		for i, dc := range []float64{-700, 1000} {
			for _, s := range r.sent[i] {
				heard[i] = append(heard[i], float64(s)-dc)
			}
		}
	}
	for i, x := range heard {
		late := i * driver.Block // who is in the mix hears it a block later
		for at := 0; at+every <= len(x); at += every {
			b := x[at+late : at+late+beepLength]
			var power, re, im float64
			for k, v := range b[beepEdge : beepLength-beepEdge] {
				power += v * v / (beepLength - 2*beepEdge)
				re += v * math.Cos(2*math.Pi*beepHz*float64(k)/driver.Rate)
				im += v * math.Sin(2*math.Pi*beepHz*float64(k)/driver.Rate)
			}
			if db := dsp.DBm0(power); db < -18.5 || db > -17.5 {
				t.Errorf("line %d hears %.1f dBm0 at %d", i+1, db, at)
			}
			if n := float64(beepLength - 2*beepEdge); 2*(re*re+im*im)/(n*n*power) < 0.98 {
				t.Errorf("line %d hears something else than 1400 Hz at %d", i+1, at)
			}
			for k, v := range x[at+late+beepLength : at+every] {
				if v != 0 {
					t.Fatalf("line %d hears %v %d samples behind the beep", i+1, v, k)
				}
			}
		}
	}
	n := 0
	for _, e := range r.events() {
		if e.Kind == Beeped {
			if want := from + int64(n)*every; e.Pos != want || e.Line != 1 {
				t.Errorf("beep %d is told of line %d at %d, want %d", n, e.Line, e.Pos, want)
			}
			n++
		}
		if e.Kind == Tone || e.Kind == Key {
			t.Errorf("a detector hears %+v", e)
		}
	}
	if n != 3 {
		t.Errorf("%d beeps are told", n)
	}
	if err := r.s.Beep(1, nil); err != nil {
		t.Fatal(err)
	}
	r.says = []int16{0, 0}
	r.tick(200)
	if r.sent[0][80] != 0 || r.sent[1][80] != 0 {
		t.Error("it beeps on")
	}
	if err := r.s.Beep(7, &Beeping{Every: every}); !errors.Is(err, ErrNoLine) {
		t.Error(err)
	}
}

func TestATapCannotBeep(t *testing.T) {
	board := newFake(fxoInfo(1), func(_ int, _, _ *driver.Frame) error { return nil })
	s, l := stepper(t, board, Config{Plan: planOf{use: driver.Tap}})
	if err := l.tick(); err != nil {
		t.Fatal(err)
	}
	if err := s.Beep(1, &Beeping{Every: 1000}); !errors.Is(err, driver.ErrTap) {
		t.Errorf("beeping on a tap: %v", err)
	}
}
