package peaks

import (
	"vaad/dsp/vad"
)

// A Span is a part of a recording in samples: From ≤ sample < To.
type Span struct{ From, To int64 }

// A Side is the picture of one side.
type Side struct {
	Name    string
	Samples int64
	Voice   []Span // where somebody speaks; in order, apart

	levels [levels][]byte // of bins of Hop, 8 Hop, 64 Hop … samples
}

// A Builder takes the samples of one side from its beginning on.
type Builder struct {
	side  Side
	open  [levels]tally
	steps *[32769]int8
	ear   *vad.Detector
	heard []vad.Event
}

// NewBuilder begins a side.
func NewBuilder(name string) *Builder {
	b := &Builder{side: Side{Name: name}, steps: steps(), ear: vad.New()}
	for i := range b.open {
		b.open[i].reset()
	}
	return b
}

// Write takes the next samples.
func (b *Builder) Write(pcm []int16) {
	b.heard = b.ear.Process(b.heard[:0], pcm)
	b.hear(b.heard)
	b.side.Samples += int64(len(pcm))
	for len(pcm) > 0 {
		n := min(len(pcm), int(Hop-b.open[0].n))
		b.open[0].take(pcm[:n])
		pcm = pcm[n:]
		if b.open[0].n == Hop {
			b.close(0)
		}
	}
}

// close ends the bin of a level, and those above that are full with it.
func (b *Builder) close(level int) {
	size := int64(Hop)
	for k := level; k < levels; k++ {
		t := &b.open[k]
		b.side.levels[k] = t.bytes(b.steps, b.side.levels[k])
		if k+1 < levels {
			b.open[k+1].add(t)
		}
		t.reset()
		if size *= factor; k+1 == levels || b.open[k+1].n < size {
			return
		}
	}
}

// hear keeps where voice begins and ends.
func (b *Builder) hear(events []vad.Event) {
	for _, e := range events {
		n := len(b.side.Voice)
		switch {
		case e.Kind == vad.Start:
			b.side.Voice = append(b.side.Voice, Span{e.At, -1})
		case n > 0 && b.side.Voice[n-1].To < 0:
			b.side.Voice[n-1].To = e.At
		}
	}
}

// Side ends the side and gives it away.
func (b *Builder) Side() Side {
	b.hear(b.ear.Flush(b.heard[:0]))
	for k := range b.open {
		if b.open[k].n > 0 {
			t := &b.open[k]
			b.side.levels[k] = t.bytes(b.steps, b.side.levels[k])
			if k+1 < levels {
				b.open[k+1].add(t)
			}
		}
	}
	b.side.Voice = within(b.side.Voice, b.side.Samples)
	return b.side
}

// within cuts spans to a length and leaves out what is empty.
func within(all []Span, samples int64) []Span {
	out := all[:0]
	for _, s := range all {
		if s.To < 0 || s.To > samples {
			s.To = samples
		}
		if s.From = max(0, s.From); s.From < s.To {
			out = append(out, s)
		}
	}
	return out
}
