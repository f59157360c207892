package progress

import (
	"strconv"

	"vaad/dsp"
)

// Tone is what a tone says to whoever listens.
type Tone byte

// The tones. Their names are stable.
const (
	Dial        Tone = iota + 1 // dial
	SpecialDial                 // dial, but some service is on or a message waits
	Ringback                    // the other telephone rings
	Busy                        // the other telephone is busy
	Congestion                  // no way through the network; "reorder" in North America
	Waiting                     // another call waits: heard during a call
	Vacant                      // no such number, or out of service
	Notice                      // a notice of a country's own, such as the end of credit
	SIT                         // the three tones before an announcement (ITU-T E.180)
	Howler                      // the telephone was left off-hook
	Record                      // the call is recorded
	Steady                      // a pure tone of no country's without interruption
	Regular                     // a pure tone in a regular cadence of no country's
)

var names = [Regular + 1]string{
	Dial: "dial", SpecialDial: "special-dial", Ringback: "ringback", Busy: "busy", Congestion: "congestion",
	Waiting: "waiting", Vacant: "vacant", Notice: "notice", SIT: "sit", Howler: "howler", Record: "record",
	Steady: "steady", Regular: "regular",
}

func (t Tone) String() string {
	if int(t) < len(names) {
		return names[t]
	}
	return ""
}

const (
	maxParts = 4  // tones on in a cadence
	closeHz  = 30 // Hz between tones that may not be told apart
)

// part is one tone on and the silence after it.
type part struct {
	hz      [3]float32 // what sounds together, 0 behind
	middle  float32    // mean of these
	swing   float32    // Hz of amplitude modulation, or 0
	on, off int32      // samples; off 0: the next part follows at once
	blur    float32    // samples that its edges are not seen better than
	sound   uint8      // its place among the sounds of the plan
}

// cadence is a tone as a country has it.
type cadence struct {
	tone    Tone
	country string // empty: everybody's or nobody's
	parts   [maxParts]part
	n       int // parts; 0: steady, its frequencies in parts[0]
	place   int // of the country in countries

	low, high float32 // between these the mean frequency of all its parts must lie
}

// period is the length of a cadence in samples.
func (c *cadence) period() (n int32) {
	for i := range c.n {
		n += c.parts[i].on + c.parts[i].off
	}
	return n
}

// bounds are frequencies well below and above those of all parts.
func (c *cadence) bounds() (low, high float32) {
	low, high = c.parts[0].middle, c.parts[0].middle
	for i := range c.n {
		low, high = min(low, c.parts[i].middle), max(high, c.parts[i].middle)
	}
	return low - 45, high + 45
}

// mean is the mean of the frequencies of a part.
func (p *part) mean() float32 {
	var sum, n float32
	for _, hz := range p.hz {
		if hz != 0 {
			sum += hz
			n++
		}
	}
	return sum / n
}

// Countries lists the codes that New knows.
func Countries() []string {
	var codes []string
	for _, c := range countries {
		if c[0] != '*' {
			codes = append(codes, c[:2])
		}
	}
	return codes
}

// sound is what parts of cadences have in common that differ in nothing but
// their lengths.
type sound struct {
	part
	within float32
}

// maxSounds is how many there may be.
const maxSounds = 64

// soundSet is a set of sounds, by their places in the plan.
type soundSet uint64

func (s soundSet) has(place uint8) bool { return s>>place&1 != 0 }

func (s *soundSet) add(place int) { *s |= 1 << place }

// number gives the parts of a plan the places of their sounds.
func number(all []cadence) (list []sound) {
	for i := range all {
		c := &all[i]
		for k := range max(1, c.n) {
			s := sound{part: c.parts[k], within: c.within()}
			s.on, s.off, s.sound = 0, 0, 0
			place := 0
			for place < len(list) && list[place] != s {
				place++
			}
			if place == len(list) {
				list = append(list, s)
			}
			c.parts[k].sound = uint8(place)
		}
	}
	return list
}

// plan is all that is looked for. Detectors share it.
type plan struct {
	all    []cadence
	sounds []sound
	masks  []soundSet // of the sounds of each cadence that is heard more than once
	once   []int      // the places of the others that have parts
}

// world is the plan of all countries. It never changes.
var world = newPlan()

func newPlan() (p plan) {
	for i, c := range countries {
		s := scanner(c[3:])
		for len(s) > 0 {
			t := s.cadence()
			t.place = i
			t.low, t.high = t.bounds()
			if c[0] != '*' {
				t.country = c[:2]
			}
			p.all = append(p.all, t)
		}
	}
	p.sounds = number(p.all)
	p.masks = make([]soundSet, len(p.all))
	for i := range p.all {
		c := &p.all[i]
		if c.tone == SIT {
			p.once = append(p.once, i)
		} else {
			for k := range c.n {
				p.masks[i].add(int(c.parts[k].sound))
			}
		}
	}
	return p
}

// ranks are the places of the countries among those asked for. The rest come
// last, and what is everybody's first.
type ranks [len(countries)]uint8

func newRanks(asked []string) (r ranks) {
	for i, c := range countries {
		if c[0] == '*' {
			continue
		}
		r[i] = uint8(min(len(asked), 255))
		for k := min(len(asked), 255) - 1; k >= 0; k-- {
			if asked[k] == c[:2] {
				r[i] = uint8(k)
			}
		}
	}
	return r
}

// scanner reads the lines of countries, which a test has found to be well formed.
type scanner string

// word takes what comes before one of the characters of ends, and that character.
func (s *scanner) word(ends string) (word string, end byte) {
	for i := range len(*s) {
		for k := range len(ends) {
			if (*s)[i] == ends[k] {
				word, end = string((*s)[:i]), ends[k]
				*s = (*s)[i+1:]
				return word, end
			}
		}
	}
	word = string(*s)
	*s = ""
	return word, 0
}

func (s *scanner) cadence() (c cadence) {
	name, _ := s.word(" ")
	for i, n := range names {
		if n == name {
			c.tone = Tone(i)
		}
	}
	for {
		var p part
		end := s.frequencies(&p)
		if end != '/' { // steady
			c.parts[0] = p
			return c.skip(s)
		}
		for {
			on, _ := s.word(",")
			off, end := s.word(",; ")
			p.on, p.off = ms(on), ms(off)
			c.parts[c.n] = p
			c.n++
			if end == ' ' {
				s.word(" ") // then
				break
			}
			if end != ',' {
				return c.skip(s)
			}
		}
	}
}

// skip takes the space before the next tone.
func (c cadence) skip(s *scanner) cadence {
	if len(*s) > 0 && (*s)[0] == ' ' {
		*s = (*s)[1:]
	}
	return c
}

func (s *scanner) frequencies(p *part) (end byte) {
	for i := 0; i < len(p.hz); i++ {
		var hz string
		hz, end = s.word("+*/;")
		p.hz[i] = value(hz)
		if end == '*' {
			hz, end = s.word("/;")
			p.swing = value(hz)
		}
		if end != '+' {
			break
		}
	}
	p.middle = p.mean()
	switch apart := abs(p.hz[0] - p.hz[1]); {
	case p.swing > 0:
		p.blur = dsp.Rate / p.swing
	case p.hz[1] != 0 && apart < closeHz: // beats are swings
		p.blur = dsp.Rate / apart
	}
	return end
}

func value(s string) float32 {
	v, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return float32(v)
}

func ms(s string) int32 { return int32(value(s)) * dsp.MS }
