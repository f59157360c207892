package progress

import "vaad/dsp/tone"

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
	place   int // of the country in the atlas

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

// Countries lists the codes that New knows, in order.
func Countries() []string { return tone.Countries() }

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

// plan is what is looked for. Detectors share it.
type plan struct {
	all   []cadence
	masks []soundSet // of the sounds of each cadence that is heard more than once
	once  []int      // the places of the others that have parts
}

// atlas holds all plans. It never changes.
type atlas struct {
	plan                    // of everywhere, and everybody's
	others map[string]*plan // of the other countries
	sounds []sound          // of all plans, those of everywhere first
	common int              // so many of them
	places []string         // the countries, as cadences have them; empty: everybody's
}

var world = newAtlas()

func newAtlas() (w atlas) {
	w.others = map[string]*plan{}
	plans := map[string]tone.Plan{}
	all := tone.Plans()
	for _, p := range all {
		plans[p.Country] = p
	}
	for i := 0; i < len(everywhere); i += 3 {
		code := everywhere[i : i+2]
		w.plan.all = append(w.plan.all, planned(plans[code], w.place(code))...)
		delete(plans, code)
		if i == 0 {
			sit := everybody()
			sit.place = w.place("")
			w.plan.all = append(w.plan.all, sit)
		}
	}
	w.number(&w.plan)
	w.common = len(w.sounds)
	for _, p := range all {
		if _, other := plans[p.Country]; other {
			w.others[p.Country] = &plan{all: planned(p, w.place(p.Country))}
			w.number(w.others[p.Country])
		}
	}
	return w
}

// place takes a country in.
func (w *atlas) place(code string) int {
	w.places = append(w.places, code)
	return len(w.places) - 1
}

// number gives the parts of a plan the places of their sounds, and takes in the
// sounds that are new.
func (w *atlas) number(p *plan) {
	p.masks = make([]soundSet, len(p.all))
	for i := range p.all {
		c := &p.all[i]
		for k := range max(1, c.n) {
			s := sound{part: c.parts[k], within: c.within()}
			s.on, s.off, s.sound = 0, 0, 0
			place := 0
			for place < len(w.sounds) && w.sounds[place] != s {
				place++
			}
			if place == len(w.sounds) {
				w.sounds = append(w.sounds, s)
			}
			c.parts[k].sound = uint8(place)
			if k < c.n && c.tone != SIT {
				p.masks[i].add(place)
			}
		}
		if c.tone == SIT {
			p.once = append(p.once, i)
		}
	}
}

// ranks are the places of the countries among those asked for. The rest come
// last, and what is everybody's first.
func (w *atlas) ranks(asked []string) []uint8 {
	r := make([]uint8, len(w.places))
	for i, code := range w.places {
		if code == "" {
			continue
		}
		r[i] = uint8(min(len(asked), 255))
		for k := min(len(asked), 255) - 1; k >= 0; k-- {
			if asked[k] == code {
				r[i] = uint8(k)
			}
		}
	}
	return r
}

// asked is what a detector that is asked for countries looks for, and by which sounds.
func (w *atlas) asked(countries []string) (plans []*plan, sounds []sound) {
	plans, sounds = []*plan{&w.plan}, w.sounds[:w.common]
	for i, code := range countries {
		again := false
		for _, before := range countries[:i] {
			again = again || before == code
		}
		if p := w.others[code]; p != nil && !again {
			plans, sounds = append(plans, p), w.sounds
		}
	}
	return plans, sounds
}
