package sim

import (
	"maps"
	"math/rand/v2"
	"slices"

	"vaad/driver"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
)

// Keys that a caller presses: slower than a machine, faster than most people.
const (
	keyLevel = -12 // dBm0 of each frequency
	keyOn    = 90  // ms
	keyOff   = 90  // ms
)

const (
	phrases      = 8 // per voice
	maxSyllables = 14
	minSyllables = 3
)

// clip is a sound that is ready for the frame: compressed and expanded once,
// for each law that the board's lines have. Playing it is copying.
type clip [driver.Linear + 1][]stretch

func (c *clip) blocks() int { return len(c[driver.Linear]) }

// render makes a clip of samples; the last block is filled up with silence.
func render(pcm []int16, laws []driver.Law) *clip {
	c := new(clip)
	n := (len(pcm) + driver.Block - 1) / driver.Block
	linear := make([]stretch, n)
	for i := range linear {
		copy(linear[i].pcm[:], pcm[i*driver.Block:])
	}
	c[driver.Linear] = linear
	for _, l := range laws {
		if l == driver.Linear {
			continue
		}
		c[l] = slices.Clone(linear)
		for i := range c[l] {
			s := &c[l][i]
			g711.Encode(s.code[:], s.pcm[:], g711.Law(l))
			g711.Decode(s.pcm[:], s.code[:], g711.Law(l))
		}
	}
	return c
}

// library holds the sounds of a scene.
type library struct {
	laws   []driver.Law
	voices map[string][]*clip
	tones  map[string]*clip // "CN busy": one round, to be repeated
	keys   map[string]*clip
}

// newLibrary renders what the scene's callers say and play.
func newLibrary(sc *Scene, lines []driver.Line) *library {
	lib := &library{voices: map[string][]*clip{}, tones: map[string]*clip{}, keys: map[string]*clip{}}
	for _, l := range lines {
		if !slices.Contains(lib.laws, l.Law) {
			lib.laws = append(lib.laws, l.Law)
		}
	}
	for i, name := range slices.Sorted(maps.Keys(sc.Voices)) {
		rnd := rand.New(rand.NewPCG(sc.Seed, uint64(i)))
		for range phrases {
			p := sc.Voices[name].Phrase(rnd.Uint64(), minSyllables+rnd.IntN(maxSyllables-minSyllables))
			lib.voices[name] = append(lib.voices[name], render(p, lib.laws))
		}
	}
	for i := range sc.Callers {
		c := &sc.Callers[i]
		for _, s := range c.Steps {
			switch s.Do {
			case doTone:
				lib.addTone(c.Country, s.Text)
			case doKeys:
				cadence, _ := tone.DTMF(s.Text, keyLevel, keyOn, keyOff) // checked when it was read
				if lib.keys[s.Text] == nil {
					lib.keys[s.Text] = render(play(cadence, maxSeconds*driver.Rate), lib.laws)
				}
			}
		}
	}
	return lib
}

// addTone renders one round of a tone: a second of a steady one, all of whose
// frequencies are whole, or so many rounds of a cadence that they fill blocks.
func (lib *library) addTone(country, name string) {
	key := country + " " + name
	if lib.tones[key] != nil {
		return
	}
	tones, _ := tone.Country(country)
	cadence, _ := toneOf(tones, name) // both checked when they were read
	round := 0
	for _, b := range cadence.Bursts {
		if b.On == tone.Forever {
			pcm := play(cadence, 2*driver.Rate)
			lib.tones[key] = render(pcm[driver.Rate:], lib.laws) // after it has risen
			return
		}
		round += (b.On + b.Off) * driver.MS
	}
	cadence.Times = 1
	for cadence.Times < 8 && round*cadence.Times%driver.Block != 0 {
		cadence.Times++
	}
	lib.tones[key] = render(play(cadence, 60*driver.Rate), lib.laws)
}

// play returns a cadence as samples, at most limit.
func play(c tone.Cadence, limit int) []int16 {
	src := tone.New(c)
	var pcm []int16
	for len(pcm) < limit {
		block := make([]int16, min(driver.Rate, limit-len(pcm)))
		n := src.Fill(block)
		pcm = append(pcm, block[:n]...)
		if n < len(block) {
			break
		}
	}
	return pcm
}
