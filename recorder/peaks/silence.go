package peaks

import "slices"

const (
	leastSilence = 8000 // samples: shorter pauses belong to the conversation
	beside       = 1600 // samples before and after voice that are no silence
	quietAlways  = 7    // −50 dBov: what is below is quiet on every line
	quietNever   = 16   // −36 dBov: what is above is quiet on none
	aboveFloor   = 2    // in amplitude steps (root): 4 times, 12 dB
)

// A Picture is what a player draws of a recording.
type Picture struct {
	Samples int64 // of the longer side
	Sides   []Side
	Silence []Span // where nobody speaks on any side, and nothing else is heard
}

// NewPicture puts sides together.
func NewPicture(sides []Side) *Picture {
	p := &Picture{Sides: sides}
	for i := range sides {
		p.Samples = max(p.Samples, sides[i].Samples)
	}
	p.Silence = p.silences()
	return p
}

// silences looks for stretches of bins that are quiet on all sides.
func (p *Picture) silences() []Span {
	bins := (p.Samples + Hop - 1) / Hop
	loud := make([]bool, bins)
	for i := range p.Sides {
		s := &p.Sides[i]
		limit := s.quiet()
		for k := 0; k < len(s.levels[0])/binBytes; k++ {
			if int8(s.levels[0][k*binBytes+2]) > limit {
				loud[k] = true
			}
		}
		for _, v := range s.Voice {
			for k := max(0, v.From-beside) / Hop; k < min(bins, (v.To+beside)/Hop+1); k++ {
				loud[k] = true
			}
		}
	}
	out := []Span{}
	for k := int64(0); k < bins; {
		if loud[k] {
			k++
			continue
		}
		from := k
		for k < bins && !loud[k] {
			k++
		}
		if s := (Span{from * Hop, min(k*Hop, p.Samples)}); s.To-s.From >= leastSilence {
			out = append(out, s)
		}
	}
	return out
}

// quiet is the greatest byte that counts as quiet on a side: some way above what its
// quietest tenth has.
func (s *Side) quiet() int8 {
	var have [128]int
	bins := s.levels[0]
	for i := binBytes - 1; i < len(bins); i += binBytes {
		have[bins[i]&0x7f]++
	}
	below, floor := 0, 0
	for floor < 127 && below+have[floor] <= len(bins)/binBytes/10 {
		below += have[floor]
		floor++
	}
	return int8(min(max(floor*aboveFloor, quietAlways), quietNever))
}

// Quiet are the silences within a part that are at least so long.
func (p *Picture) Quiet(part Span, least int64) []Span {
	out := joined(p.Silence, part, 0)
	return slices.DeleteFunc(out, func(s Span) bool { return s.To-s.From < least })
}
