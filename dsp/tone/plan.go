package tone

import (
	"math"
	"strconv"
)

// Plan is what the exchanges of a country play, as it was published.
type Plan struct {
	Country string // ISO 3166, in upper case
	Name    string // in English
	Sources string // a letter each: see the table of countries
	Ring    []int  // ringing current: ms on, ms off, …, repeated
	Tones   []Planned
}

// Planned is a tone of a plan. Its name is that of progress.Tone: "dial",
// "ringback", "busy", "congestion", "waiting", "vacant", "special-dial",
// "notice", "record", "howler" or "sit".
type Planned struct {
	Name  string
	Parts []Part // of a cycle
}

// Part is a sound and the silence after it.
type Part struct {
	Hz    []float64 // what sounds together
	Swing float64   // Hz by which its amplitude swings, fully; 0: not at all
	DBm0  float64   // of each, or of the carrier and its side bands together
	On    int       // ms; Forever: steady
	Off   int       // ms
}

// Plans lists the plans of all countries that are known, China's first and the
// others by their codes.
func Plans() []Plan {
	all := make([]Plan, len(countries))
	for i, row := range countries {
		all[i] = parseRow(row)
	}
	return all
}

// parseRow reads a row of the table, which a test has found to be well formed.
func parseRow(row string) Plan {
	head, rest := cut(row, "|")
	p := Plan{}
	p.Country, p.Name = cut(head, " ")
	p.Sources, rest = cut(rest, "|")
	for item := ""; rest != ""; {
		item, rest = cut(rest, "; ")
		name, figures := cut(item, " ")
		if name == "ring" {
			p.Ring = lengths(figures)
			continue
		}
		t := Planned{Name: name}
		if figures == "sit" {
			figures = sit
		}
		for sound := ""; figures != ""; {
			sound, figures = cut(figures, " then ")
			t.Parts = append(t.Parts, parseParts(sound)...)
		}
		p.Tones = append(p.Tones, t)
	}
	if p.Ring == nil {
		for _, part := range p.parts("ringback") {
			p.Ring = append(p.Ring, part.On, part.Off)
		}
	}
	return p
}

// sit is the special information tone before an announcement (ITU-T E.180):
// 950, 1400 and 1800 Hz for a third of a second each, then a second of silence.
const sit = "950/330,0 then 1400/330,0 then 1800/330,1000"

// parseParts reads the parts of a tone that sound the same.
func parseParts(s string) []Part {
	sound, times := cut(s, "/")
	sound, level := cut(sound, "@")
	sound, swing := cut(sound, "*")
	p := Part{Swing: number(swing)}
	for hz := ""; sound != ""; {
		hz, sound = cut(sound, "+")
		p.Hz = append(p.Hz, number(hz))
	}
	p.DBm0 = math.Round(-10 - 10*math.Log10(float64(len(p.Hz))))
	if level != "" {
		p.DBm0 = number(level)
	}
	if times == "" {
		p.On = Forever
		return []Part{p}
	}
	var all []Part
	for ms := lengths(times); len(ms) > 1; ms = ms[2:] {
		p.On, p.Off = ms[0], ms[1]
		all = append(all, p)
	}
	return all
}

func lengths(s string) (ms []int) {
	for v := ""; s != ""; {
		v, s = cut(s, ",")
		ms = append(ms, int(number(v)))
	}
	return ms
}

// cut gives what lies before a separator and behind it.
func cut(s, sep string) (before, after string) {
	for i := range len(s) - len(sep) + 1 {
		if s[i:i+len(sep)] == sep {
			return s[:i], s[i+len(sep):]
		}
	}
	return s, ""
}

// number reads a figure; what is none counts as 0.
func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return v
}

// parts are the parts of the first tone of that name.
func (p Plan) parts(name string) []Part {
	for _, t := range p.Tones {
		if t.Name == name {
			return t.Parts
		}
	}
	return nil
}

// cadence is the first tone of that name, to be played.
func (p Plan) cadence(name string) (c Cadence) {
	for _, part := range p.parts(name) {
		c.Bursts = append(c.Bursts, Burst{Sines: part.sines(), On: part.On, Off: part.Off})
	}
	return c
}

// sines are the components. A carrier whose amplitude swings fully has two side
// bands 6 dB below it, and is itself 2 dB below the whole.
func (p Part) sines() (s []Sine) {
	for _, hz := range p.Hz {
		if p.Swing == 0 {
			s = append(s, Sine{hz, p.DBm0})
		} else {
			s = append(s, Sine{hz, p.DBm0 - 2}, Sine{hz - p.Swing, p.DBm0 - 8}, Sine{hz + p.Swing, p.DBm0 - 8})
		}
	}
	return s
}
