package progress

import (
	"vaad/dsp"
	"vaad/dsp/tone"
)

// everywhere are the countries whose tones are found whatever New was asked
// for, China's first wherever nothing else is asked for: those whose telephones
// are many, and one of each kind. The tones of the others are looked for on the
// lines of these countries only: they are mostly the same, and each more costs
// time on every line and is one more that a melody may be taken for.
const everywhere = "CN US GB DE FR JP KR HK TW MO SG MY TH PH ID VN IN PK IR IL AE TR AU NZ CA MX BR AR CL CO CR PA VE " +
	"AT BE BG CH CZ DK EE ES FI GR HU IE IT LT NL NO PL PT RO RU SE UA AO EG KE TZ UG ZA"

// highest is the highest frequency in Hz that is heard.
const highest = 1850

// everybody is the special information tone, which E.180 has the same everywhere.
func everybody() (c cadence) {
	c.tone, c.n = SIT, 3
	for i, hz := range [3]float32{950, 1400, 1800} {
		c.parts[i] = part{hz: [3]float32{hz}, on: 330 * dsp.MS}
	}
	c.parts[2].off = 1000 * dsp.MS
	return c.finished()
}

// planned are the tones of a country that can be told. Those that sound the
// same as an earlier one of that country, or as everybody's, cannot: a
// congestion tone that is the busy tone, or is but for its level.
func planned(p tone.Plan, place int) (all []cadence) {
	sit := everybody()
	for _, t := range p.Tones {
		c := cadence{tone: toneNamed(t.Name), country: p.Country, place: place}
		for _, from := range t.Parts {
			c.add(from)
		}
		c = c.finished()
		told := c.parts == sit.parts
		for i := range all {
			told = told || all[i].parts == c.parts
		}
		if !told {
			all = append(all, c)
		}
	}
	return all
}

func toneNamed(name string) (t Tone) {
	for i, n := range names {
		if n == name {
			t = Tone(i)
		}
	}
	return t
}

// add appends a part, or makes the cadence steady.
func (c *cadence) add(from tone.Part) {
	var p part
	i := 0
	for _, hz := range from.Hz {
		if hz <= highest && i < len(p.hz) {
			p.hz[i] = float32(hz)
			i++
		}
	}
	p.swing = float32(from.Swing)
	if from.On == tone.Forever {
		c.parts[0] = p
		return
	}
	p.on, p.off = int32(from.On)*dsp.MS, int32(from.Off)*dsp.MS
	c.parts[c.n] = p
	c.n++
}

// finished is a cadence with what follows from its parts. Two parts that are the
// same are one.
func (c cadence) finished() cadence {
	if c.n == 2 && c.parts[0] == c.parts[1] {
		c.parts[1] = part{}
		c.n = 1
	}
	for i := range max(1, c.n) {
		p := &c.parts[i]
		p.middle = p.mean()
		switch apart := abs(p.hz[0] - p.hz[1]); {
		case p.swing > 0:
			p.blur = dsp.Rate / p.swing
		case p.hz[1] != 0 && apart < closeHz: // beats are swings
			p.blur = dsp.Rate / apart
		}
	}
	c.low, c.high = c.bounds()
	return c
}
