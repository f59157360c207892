package channels

import (
	"errors"
	"math"
	"testing"

	"vaad/channels/elastic"
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

func TestNoBeepGoesIntoAFax(t *testing.T) {
	const on, other, far, other2 = "the line's own call", "a line in its mix", "a line of another board in its mix", "a line in its mix on another board"
	for _, who := range []string{on, other, far, other2, ""} {
		r := newRoom(t, 2)
		r.join(1, "m", Talker, 0)
		r.join(2, "m", Talker, 0)
		if err := r.s.Beep(1, &Beeping{Every: 3 * driver.Rate, DBm0: -18}); err != nil {
			t.Fatal(err)
		}
		r.tick(3) // a beep has begun
		v := r.l.runs[0].speech
		port := &port{up: elastic.New(), down: elastic.New()}
		switch who {
		case on:
			v.data = true
		case other:
			r.l.runs[1].speech.data = true
		case far:
			port.data.Store(true)
			v.mix.members = append(v.mix.members, &member{line: 9, port: port, role: Talker})
		case other2:
			r.l.part(v)
			v.port = port
			port.mixData.Store(true)
		}
		r.tick(2)
		loud := 0
		for range 4 * driver.Rate / driver.Block {
			r.tick(1)
			for _, sent := range r.sent {
				for _, s := range sent {
					if s > 300 || s < -300 {
						loud++
					}
				}
			}
		}
		if silent := who != ""; silent != (loud == 0) {
			t.Errorf("%q carries a fax: %d samples are loud", who, loud)
		}
		if who == far && !port.mixData.Load() || who == "" && v.carriesData() {
			t.Errorf("%q: the mix says %v", who, v.mix.data)
		}
	}
}

func TestALineSaysToAMixElsewhereThatItCarriesAFax(t *testing.T) {
	r := newRoom(t, 1)
	r.tick(1)
	v := r.l.runs[0].speech
	v.port, v.data = &port{up: elastic.New(), down: elastic.New()}, true
	if r.tick(2); !v.port.data.Load() {
		t.Error("it does not")
	}
}
