package progress

import (
	"math/bits"

	"vaad/dsp"
)

const (
	remembered = 24 // bursts, enough for six cycles of four parts

	slack    = 0.17        // of a length on or off that it may differ from the plan: 15 %, and what it is measured wrong by
	slackMin = 26 * dsp.MS // and at least
	going    = 1.5         // times that, for a tone that is on
	near     = 12          // Hz that a tone may differ from the plan
	nearCN   = 27          // for China, whose standard has 450 ± 25 Hz, and what is measured wrong
	steadyHz = 9           // Hz that the bursts of one cadence may differ among each other
	steadyDB = 16          // times in power that they may differ: Australia alternates by 10 dB

	// A tone that sounds seldom and for a short time is found in speech when its
	// silence is only measured once.
	seldomOn  = 500 * dsp.MS
	briefOn   = 150 * dsp.MS
	seldomOff = 700 * dsp.MS

	swingSeen = 23 // Hz from which a swinging tone is seen to be made of three

	sitNear = 30 // Hz that the tones of a SIT may differ from the plan

	regularParts = 3             // parts of a regular cadence at most
	regularMin   = 60 * dsp.MS   // on and off
	regularMax   = 8000 * dsp.MS // together
	equalPart    = 0.02          // of a length that it may differ from cycle to cycle: exchanges count
	equalMin     = 24 * dsp.MS   // and at least: edges are seen that well in noise

	edgeLooks   = 2    // looks at a silence that already show the next burst
	purePart    = 0.55 // share of the looks at a burst that must show nothing else
	clearPart   = 0.7  // share of the looks at a silence that must not show the tone
	strangePart = 0.2  // share of the strongest tone's power that a tone may have that is not of the plan
	quietPart   = 0.5  // and hardly anything, where no country's plan is met

	// Melodies have tones of the right lengths too, but their notes fade, other
	// notes fill what would be silence, and what fits once does not go on.
	fadePart   = 0.3           // share of a burst's greatest power that it must have later
	otherPart  = 0.5           // share of a silence that other tones may fill
	soon       = 600 * dsp.MS  // after a note the next begins
	melodySpan = 4000 * dsp.MS // in which
	melodyFrom = 1000 * dsp.MS // of other tones are a melody
	melodyMax  = 2600 * dsp.MS // period of a cadence that must then be heard twice
)

// history keeps bursts.
type history struct {
	ring [remembered]burst
	n    int // so far
}

func (h *history) push(b *burst) {
	h.ring[h.n%remembered] = *b
	h.n++
}

func (h *history) len() int { return min(h.n, remembered) }

// back is the burst i before the last.
func (h *history) back(i int) *burst { return &h.ring[(h.n-1-i)%remembered] }

// heard are the sounds of all bursts.
func (h *history) heard() (s soundSet) {
	for i := range h.len() {
		s |= h.ring[i].like
	}
	return s
}

// recent says of each sound which burst was the last to be it, as back counts;
// −1 is none.
func (h *history) recent() (r [maxSounds]int8) {
	for i := range r {
		r[i] = -1
	}
	for i := h.len() - 1; i >= 0; i-- {
		for s := h.back(i).like; s != 0; s &= s - 1 {
			r[bits.TrailingZeros64(uint64(s))] = int8(i)
		}
	}
	return r
}

// pop drops the last burst.
func (h *history) pop() { h.n-- }

// forget drops the bursts that begin before a sample.
func (h *history) forget(before int64) {
	var r history
	for i := h.len() - 1; i >= 0; i-- {
		if b := h.back(i); b.from >= before {
			r.push(b)
		}
	}
	*h = r
}

// melody says whether other tones than that which begins filled much of the
// seconds before.
func (h *history) melody(next *burst) bool {
	looks := 0
	for i := range h.len() {
		b := h.back(i)
		if b.from < next.from-melodySpan {
			break
		}
		if abs(b.hz-next.hz) > sameTone && b.top > alive*next.level {
			looks += b.pure
		}
	}
	return looks*hop > melodyFrom
}

// another says whether another tone ended just before a burst.
func (h *history) another(b *burst) bool {
	if h.n == 0 {
		return false
	}
	last := h.back(0)
	return b.from-last.to < soon && abs(last.hz-b.hz) > sameTone && last.top > alive*b.level
}

// is says whether a burst sounds as part p wants it, and how far it is off, in
// shares of what is allowed.
func (p *part) is(b *burst, within float32) (miss float32, ok bool) {
	if p.swing > swingSeen && b.parts[0] != 0 && b.parts[1] == 0 {
		return 0, false
	}
	if b.parts[0] == 0 || p.swing > 0 || p.hz[1] != 0 && abs(p.hz[0]-p.hz[1]) < closeHz {
		return p.about(b, within)
	}
	// Every tone heard must be one of the plan's, unless it is weak, and every
	// one of the plan heard.
	for i, hz := range b.parts {
		if hz == 0 || b.powers[i] < strangePart*b.powers[0] {
			break
		}
		m := float32(1e9)
		for _, want := range p.hz {
			if want != 0 {
				m = min(m, abs(hz-want))
			}
		}
		miss = max(miss, m)
	}
	for _, want := range p.hz {
		if want == 0 {
			break
		}
		m := float32(1e9)
		for _, hz := range b.parts {
			if hz != 0 {
				m = min(m, abs(hz-want))
			}
		}
		miss = max(miss, m)
	}
	return miss / within, miss <= within
}

// about compares mean frequencies: where the parts were not told apart.
func (p *part) about(b *burst, within float32) (miss float32, ok bool) {
	miss = abs(b.hz - p.middle)
	if p.hz[1] != 0 || p.swing > 0 {
		within += 5
	}
	return miss / within, miss <= within
}

// lasts says whether a length of the part is as wanted, give or take its slack
// so many times, and how far it is off.
func (p *part) lasts(length int64, want int32, times float32) (miss float32, ok bool) {
	d := abs(float32(length)-float32(want)) / p.slack(want)
	return d, d <= times
}

// spans says whether a burst and what lies between it and the next are as long
// as the part.
func (p *part) spans(b, next *burst) bool {
	_, on := p.lasts(b.to-b.from, p.on, 1)
	_, off := p.lasts(next.from-b.to, p.off, 1)
	return on && off
}

// slack is how much a length may differ.
func (p *part) slack(want int32) float32 {
	return max(slackMin, slack*float32(want)) + p.blur
}

// within is how many Hz a tone of a cadence may differ from the plan.
func (c *cadence) within() float32 {
	if c.country == "CN" {
		return nearCN
	}
	return near
}

// compare notes which sounds of a plan a burst is, and which it nearly is.
func (b *burst) compare(all []sound) {
	b.like, b.nearly = 0, 0
	for i := range all {
		s := &all[i]
		if _, ok := s.is(b, s.within+near); ok {
			b.nearly.add(i)
			if _, ok = s.is(b, s.within); ok {
				b.like.add(i)
			}
		}
	}
}

// fits says whether a burst and the silence after it are a part of a cadence,
// give or take so many times what its lengths may differ.
func (c *cadence) fits(i int, b *burst, off int64, times float32) (miss float32, ok bool) {
	p := &c.parts[i]
	m1, ok := p.is(b, c.within())
	if !ok {
		return 0, false
	}
	m2, ok := p.lasts(b.to-b.from, p.on, times)
	if !ok {
		return 0, false
	}
	m3, ok := p.lasts(off, p.off, times)
	if !ok || float32(b.pure) < purePart*float32(b.looks) || b.level < fadePart*b.top || float32(b.clear+edgeLooks) < clearPart*float32(b.after) {
		return 0, false
	}
	return m1 + m2 + m3, true
}

// like says whether two bursts may come from the same source.
func like(a, b *burst) bool {
	return abs(a.hz-b.hz) <= steadyHz && a.level < steadyDB*b.level && b.level < steadyDB*a.level
}

// find looks for a cadence that the last bursts follow. next is the beginning
// of the burst that has just begun. It returns the number of parts that fit and
// the part that has begun.
func (c *cadence) find(h *history, recent *[maxSounds]int8, next *burst) (parts, at int, miss float32) {
	if next.hz < c.low || next.hz > c.high {
		return 0, 0, 0
	}
	for e := range c.n {
		begun := (e + 1) % c.n
		if !next.nearly.has(c.parts[begun].sound) {
			continue
		}
		if i := recent[c.parts[e].sound]; i < 0 || !c.parts[e].spans(h.back(int(i)), next) {
			continue // as most do
		}
		n, sum, other := 0, float32(0), 0
		var before [maxParts]int32 // from burst to burst, a cycle later
		after := next
		for i := 0; i < h.len(); i++ {
			b := h.back(i)
			k := ((e-n)%c.n + c.n) % c.n
			if !b.like.has(c.parts[k].sound) {
				if b.top > alive*after.level {
					other += b.pure
				}
				continue // something else was heard between
			}
			if other > 0 && float32(other*hop) > otherPart*float32(after.from-b.to) {
				break
			}
			other = 0
			m, ok := c.fits(k, b, after.from-b.to, 1)
			if !ok || c.parts[k].hz == c.parts[(k+1)%c.n].hz && !like(b, after) {
				break
			}
			if n >= c.n && !equal(after.from-b.from, before[n%c.n], c.parts[k].blur) {
				break
			}
			before[n%c.n] = int32(after.from - b.from)
			n++
			sum += m
			after = b
		}
		if n > 0 && (n > parts || n == parts && sum/float32(n) < miss) {
			parts, at, miss = n, begun, sum/float32(n)
		}
	}
	return parts, at, miss
}

// once says whether the last bursts are a cadence that is heard but once, and
// whose parts follow each other without silence.
func (c *cadence) once(h *history) bool {
	if h.len() < c.n {
		return false
	}
	for i := range c.n {
		b, p := h.back(c.n-1-i), &c.parts[i]
		_, sounds := p.is(b, sitNear)
		_, long := p.lasts(b.to-b.from, p.on, 1)
		if !sounds || !long || float32(b.pure) < purePart*float32(b.looks) {
			return false
		}
		if i < c.n-1 && h.back(c.n-2-i).from-b.to > 2*slackMin {
			return false
		}
	}
	return true
}

// regular makes a cadence of what the last bursts do again and again, or none.
func (h *history) regular(next *burst) (c cadence, parts int) {
	for n := 1; n <= regularParts; n++ {
		for parts = 0; parts < h.len(); parts++ {
			b := h.back(parts)
			after := next
			if parts > 0 {
				after = h.back(parts - 1)
			}
			on, off := b.to-b.from, after.from-b.to
			if !like(b, after) || float32(b.pure) < purePart*float32(b.looks) ||
				float32(b.quiet+edgeLooks) < quietPart*float32(b.after) || on < regularMin || off < regularMin || on+off > regularMax {
				break
			}
			if parts < n {
				c.parts[n-1-parts] = part{on: int32(on), off: int32(off)}
				continue
			}
			p := &c.parts[n-1-parts%n]
			if !equal(on, p.on, 0) || !equal(off, p.off, 0) {
				break
			}
		}
		if parts >= n*max(2, 4-n) && parts >= 3 {
			c.tone, c.n = Regular, n
			b := h.back(0)
			for i := range n {
				c.parts[i].hz, c.parts[i].middle = b.parts, b.hz
				if b.parts[0] == 0 {
					c.parts[i].hz[0] = b.hz
				}
			}
			return c, parts
		}
	}
	return c, 0
}

// equal says whether a length is another again.
func equal(length int64, other int32, blur float32) bool {
	d := abs(float32(length) - float32(other))
	return d <= max(equalMin, equalPart*float32(other))+blur
}

// needed is how many full cycles make a cadence certain: the shorter they are,
// the more of them. In a melody the same note may return once as if it were planned.
func (c *cadence) needed(melody bool) int {
	switch p := c.period(); {
	case p < 550*dsp.MS:
		return 3
	case c.n == 1 && c.parts[0].on <= briefOn && c.parts[0].off > seldomOff:
		return 3
	case melody && p < melodyMax:
		return 2
	case c.n == 1 && (p < 1300*dsp.MS || c.parts[0].on <= seldomOn && c.parts[0].off > seldomOff):
		return 2
	}
	return 1
}
