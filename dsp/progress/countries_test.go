package progress

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"vaad/dsp/tone"
)

// everyCadence is everywhere's, everybody's and the other countries'.
func everyCadence() []cadence {
	all := slices.Clone(world.all)
	for _, code := range slices.Sorted(maps.Keys(world.others)) {
		all = append(all, world.others[code].all...)
	}
	return all
}

// ofCountry are the cadences of a country.
func ofCountry(code string) (all []cadence) {
	for _, c := range everyCadence() {
		if c.country == code {
			all = append(all, c)
		}
	}
	return all
}

// stretched is a tone of the generator at a level, its lengths changed by a
// share, long enough to be certain.
func stretched(c tone.Cadence, level, longer float64) tone.Cadence {
	out := tone.Cadence{Times: 1}
	period, loudest := 0, -99.0
	for _, b := range c.Bursts {
		for _, s := range b.Sines {
			loudest = max(loudest, s.DBm0)
		}
	}
	for _, b := range c.Bursts {
		s := slices.Clone(b.Sines)
		for i := range s {
			s[i].DBm0 += level - loudest
		}
		b.Sines = s
		if b.On == tone.Forever {
			b.On = 5000
		} else {
			b.On, b.Off = int(float64(b.On)*(1+longer)), int(float64(b.Off)*(1+longer))
		}
		period += b.On + b.Off
		out.Bursts = append(out.Bursts, b)
	}
	if period < 5000 {
		out.Times = 2 + 4000/period
	} else if c.Bursts[0].On != tone.Forever {
		out.Times = 2
	}
	return out
}

// A detector that is set to a country names what the exchanges of that country
// play: dial, ringback, busy and congestion tone, at −10…−30 dBm0, the cadence
// up to 10 % off.
func TestEveryCountryHearsItsOwnExchange(t *testing.T) {
	r := rand.New(rand.NewPCG(7, *seed))
	rounds := 1
	if *full {
		rounds = 10
	}
	lines := map[string][]int16{} // many countries have the same tones
	total, missed := 0, 0
	for range rounds {
		clear(lines)
		for _, code := range tone.Countries() {
			g, _ := tone.Country(code)
			for want, c := range map[Tone]tone.Cadence{Dial: g.Dial, Ringback: g.Ringback, Busy: g.Busy, Congestion: g.Congestion} {
				if c.Empty() {
					continue
				}
				key := fmt.Sprint(c)
				if lines[key] == nil {
					lines[key] = play(stretched(c, -30+20*r.Float64(), -0.1+0.2*r.Float64()), 500, 500, -65, r.Uint64())
				}
				total++
				if events := detect(lines[key], 160, code); !named(events, code, want) {
					missed++
					t.Errorf("%s %v: %v", code, want, events)
				}
			}
		}
	}
	t.Logf("%d of %d", total-missed, total)
}

// named says whether a tone is heard as that country's, and nothing else.
func named(events []Event, code string, want Tone) bool {
	ok := false
	for _, e := range events {
		if e.Kind != Heard {
			continue
		}
		if e.Country != code || e.Tone != want && !slices.Contains(confused[want], code) {
			return false
		}
		ok = true
	}
	return ok
}

// confused are the countries one of whose tones is taken for another: their
// congestion tone is their busy tone, by its frequencies and lengths.
var confused = map[Tone][]string{
	Congestion: {"AO", "AU", "BN", "CF", "CR", "DO", "EC", "FO", "GL", "GY", "HU", "IS", "JP", "KG", "KI", "KW", "MD", "MX", "MY", "NE", "OM", "PA", "PG", "PL"},
}

// What is listed as confused has the same figures, and what has the same figures is listed.
func TestOnlyTonesWithTheSameFiguresAreConfused(t *testing.T) {
	for _, code := range tone.Countries() {
		g, _ := tone.Country(code)
		told := g.Congestion.Empty()
		for _, c := range ofCountry(code) {
			told = told || c.tone == Congestion
		}
		if told == slices.Contains(confused[Congestion], code) {
			t.Errorf("%s: its congestion tone is told: %v", code, told)
		}
	}
}
