package progress

import "vaad/dsp"

// Kind says what an event tells.
type Kind byte

// The kinds of event.
const (
	Heard Kind = iota + 1 // a tone is certain: its cadence was heard in full, or it lasts
	Again                 // one more full cycle of it
	Over                  // it has ended, or goes on in another way
)

func (k Kind) String() string {
	switch k {
	case Heard:
		return "heard"
	case Again:
		return "again"
	case Over:
		return "over"
	}
	return ""
}

// Event tells of one tone. Between a Heard and its Over there are only Agains.
type Event struct {
	Kind    Kind
	Tone    Tone
	Country string     // whose plan it follows, by ISO 3166; empty if it is everybody's or nobody's
	From    int64      // sample where its first burst began, counted from New; skipped samples count
	To      int64      // where its last burst ended; in Heard and Again, of those that count
	Cycles  int        // full cycles so far; 0 of a steady tone
	Hz      [3]float64 // what sounds together, lowest first, 0 behind; of a SIT, what sounds in turn
	DBm0    float64    // level of the last burst that counts
	Purity  float64    // share of the time it was on in which nothing else was heard
	Parts   [4][2]int  // ms on and off of a cycle as they were heard; {0, 0} behind, {ms, 0} a steady tone so far
}

const (
	steadyMin   = 1950 * dsp.MS // before a tone that goes on is a dial tone where those asked for have no longer bursts
	steadyOther = 3200 * dsp.MS // the same for the tones of all countries: nobody's ringback is as long
	steadyAfter = 5000 * dsp.MS // the same where another tone went before: notes of melodies are shorter
	steadyNone  = 4000 * dsp.MS // and for a steady tone of nobody's
	steadyPure  = 0.9           // share of the looks at it that must show nothing else
	steadyFlat  = 0.8           // and at which a single tone must be as strong as always: notes fade
	steadyFade  = 0.5           // share of its greatest power that it must have by then
	steadyEvery = 8             // looks from one time that this is asked to the next

	longest = 17 * dsp.Rate // silence after which nothing goes on
	splice  = 60 * dsp.MS   // lost samples that are bridged
	grace   = 6 * hop       // until a burst is seen to have begun or ended
)

// Detector finds the tones on one line. It is not for use by two goroutines at
// a time.
type Detector struct {
	plans   []*plan // that are looked for
	sounds  []sound // of these
	ranks   []uint8 // of countries
	asked   int     // countries
	front   front
	follow  follower
	history history
	looks   int

	on      bool    // there is a tone:
	tone    cadence // this
	part    int     // of it that sounds, or that the silence belongs to
	started int64   // where that part began
	silent  bool    // it has ended:
	mine    burst   // this was it
	fitting int     // parts that fitted so far
	is      Event   // what is told of it
	seen    int     // looks at its bursts
	pure    int     // of them that showed nothing else

	due  [2]Event // found out by Skip
	dues int
}

// New returns a detector whose first sample has position 0. Where tones of
// several countries fit, those asked for are meant, in that order; without any,
// China's. Codes are ISO 3166 in upper case; unknown ones are ignored.
func New(countries ...string) *Detector {
	if len(countries) == 0 {
		countries = []string{"CN"}
	}
	d := &Detector{ranks: world.ranks(countries), asked: len(countries), front: newFront(0)}
	d.plans, d.sounds = world.asked(countries)
	return d
}

func (d *Detector) rank(c *cadence) int { return int(d.ranks[c.place]) }

// Position is the number of samples taken so far.
func (d *Detector) Position() int64 { return d.front.position() }

// Process takes the next samples of the line and appends what is found in them
// to dst.
func (d *Detector) Process(dst []Event, block []int16) []Event {
	dst = append(dst, d.due[:d.dues]...)
	d.dues = 0
	f := &d.front
	for len(block) > 0 {
		n := copy(f.raw[f.have:], block)
		f.have += n
		block = block[n:]
		if f.have == len(f.raw) {
			dst = d.look(dst)
		}
	}
	return dst
}

// Skip says that n samples of the line are missing. A tone that is on goes on
// when they are 60 ms at most, and ends where they begin otherwise.
func (d *Detector) Skip(n int) {
	if n <= 0 {
		return
	}
	if n <= splice {
		d.front.at += int64(n)
		return
	}
	at := d.Position() + int64(n)
	due := d.Flush(d.due[:d.dues])
	d.dues = len(due)
	d.front = newFront(at)
	d.follow = follower{}
	d.history = history{}
}

// Flush ends a tone that is on, at the end of a recording.
func (d *Detector) Flush(dst []Event) []Event {
	if !d.on {
		return dst
	}
	if d.tone.n == 0 {
		d.is.To = d.Position()
	}
	return d.over(dst)
}

// look takes the next look.
func (d *Detector) look(dst []Event) []Event {
	l := d.follow.current()
	d.front.advance(l, d.follow.high())
	d.looks++
	switch d.follow.follow(&d.front) {
	case begun:
		dst = d.begun(dst)
	case resumed:
		d.history.pop()
		d.silent = d.silent && d.tone.n != 0
	case ended:
		dst = d.ended(dst)
	}
	if d.on {
		return d.watch(dst, l.at)
	}
	if d.follow.on && d.looks%steadyEvery == 0 {
		dst = d.lasting(dst, l.at)
	}
	return dst
}

// begun asks whether the bursts up to the one that begins follow a cadence.
func (d *Detector) begun(dst []Event) []Event {
	h, now := &d.history, &d.follow.now
	if h.n == 0 {
		return dst
	}
	last := h.back(0)
	if last.from == d.follow.last.from {
		*last = d.follow.last // with what its silence was like
	}
	if d.on && d.tone.n == 0 {
		dst = d.over(dst)
	}
	if d.on {
		next := (d.part + 1) % d.tone.n
		if _, ok := d.tone.parts[next].is(now, 2*near+d.tone.within()); !ok || !d.silent {
			return dst // something else begins
		}
		if last.from == d.mine.from {
			d.mine = *last
		}
		if _, ok := d.tone.fits(d.part, &d.mine, now.from-d.mine.to, going); ok {
			d.take(d.part, &d.mine, now.from)
			d.fitting++
			d.is.To = d.mine.to
			d.part, d.started, d.silent = next, now.from, false
			if d.fitting%d.tone.n == 0 {
				dst = append(dst, d.tell(Again))
			}
			return dst
		}
		dst = d.over(dst)
	}
	now.compare(d.sounds)
	best, n, at, wait := d.best(now)
	if best != nil {
		return d.hear(dst, best, n, at)
	}
	if c, n := h.regular(now); n > wait { // no plan may still come true
		return d.hear(dst, &c, n, 0)
	}
	return dst
}

// best is the cadence that fits best, how many parts fit, and which begins. If
// another of a country that comes before may still turn out to be meant, or
// none fits as often as it must, there is none, and wait is how many parts fit.
func (d *Detector) best(now *burst) (best *cadence, n, at, wait int) {
	least, first := float32(0), 0
	heard, melody, recent := d.history.heard(), d.history.melody(now), d.history.recent()
	for _, p := range d.plans {
		for i, s := range p.masks {
			if s&now.nearly == 0 || s&heard == 0 {
				continue
			}
			c := &p.all[i]
			parts, part, miss := c.find(&d.history, &recent, now)
			rank := d.rank(c)
			if parts > wait || parts == wait && rank < first {
				wait, first = parts, rank
			}
			if parts < c.n*c.needed(melody) {
				continue
			}
			if best == nil || d.rank(c) < d.rank(best) || d.rank(c) == d.rank(best) && miss < least {
				best, n, at, least = c, parts, part, miss
			}
		}
	}
	if best != nil && wait >= n && first < d.rank(best) {
		best = nil
	}
	return best, n, at, wait
}

// hear says that a cadence was found: its last n parts, and that part at begins.
func (d *Detector) hear(dst []Event, c *cadence, n, at int) []Event {
	now := &d.follow.now
	d.begin(c)
	next := now
	for i := 0; d.fitting < n && i < d.history.len(); i++ { // the bursts that were found
		b := d.history.back(i)
		k := ((at-1-d.fitting)%c.n + c.n) % c.n
		if _, ok := c.parts[k].is(b, c.within()); !ok && c.tone != Regular {
			continue // something else was heard between
		}
		if d.fitting == 0 {
			d.is.To = b.to
			d.mine = *b
		}
		if d.fitting < c.n {
			d.take(k, b, next.from)
		}
		d.fitting++
		d.is.From = b.from
		next = b
	}
	d.part, d.started, d.silent = at, now.from, false
	return append(dst, d.tell(Heard))
}

// begin makes c the tone that is on.
func (d *Detector) begin(c *cadence) {
	d.on, d.tone = true, *c
	d.fitting, d.seen, d.pure, d.silent = 0, 0, 0, false
	d.is = Event{Tone: c.tone, Country: c.country}
}

// take notes what a burst of the tone is like, and when the next began.
func (d *Detector) take(part int, b *burst, next int64) {
	d.seen += b.looks
	d.pure += b.pure
	level := b.level
	if b.peaks[0] >= midFrom {
		level /= wideGain(b.hz)
	}
	d.is.DBm0 = dsp.DBm0(float64(level))
	d.is.Hz = [3]float64{float64(b.hz)}
	for i, n := 0, 0; i < len(b.parts) && b.parts[i] != 0; i++ { // sort them in
		for n = i; n > 0 && d.is.Hz[n-1] > float64(b.parts[i]); n-- {
			d.is.Hz[n] = d.is.Hz[n-1]
		}
		d.is.Hz[n] = float64(b.parts[i])
	}
	if part < len(d.is.Parts) {
		d.is.Parts[part] = [2]int{int(b.to-b.from) / dsp.MS, int(next-b.to) / dsp.MS}
	}
}

// ended keeps a burst.
func (d *Detector) ended(dst []Event) []Event {
	b := &d.follow.last
	b.compare(d.sounds)
	d.history.push(b)
	if d.on {
		if d.tone.n == 0 {
			d.take(0, b, b.to)
			d.is.To = b.to
			d.silent = true
			return dst
		}
		if _, ok := d.tone.parts[d.part].is(b, d.tone.within()); ok && !d.silent {
			d.silent, d.mine = true, *b
		}
		return dst
	}
	if c := d.once(); c != nil {
		d.begin(c)
		for i := range c.n {
			b := d.history.back(c.n - 1 - i)
			d.take(i, b, b.to)
			d.is.Hz[i] = float64(b.hz)
		}
		d.fitting = c.n
		d.is.From, d.is.To = d.history.back(c.n-1).from, b.to
		dst = append(dst, d.tell(Heard))
		return d.over(dst)
	}
	return dst
}

// once is the cadence that is heard but once and that the last bursts are, if any.
func (d *Detector) once() *cadence {
	for _, p := range d.plans {
		for _, i := range p.once {
			if c := &p.all[i]; c.once(&d.history) {
				return c
			}
		}
	}
	return nil
}

// watch asks whether the tone that is on still goes as it should.
func (d *Detector) watch(dst []Event, at int64) []Event {
	if d.tone.n == 0 {
		if d.silent && at-d.is.To > cutMax+grace {
			return d.over(dst)
		}
		return dst
	}
	p := &d.tone.parts[d.part]
	since, length := d.started, p.on
	if d.silent {
		since, length = d.mine.to, p.off
	}
	if float32(at-since) > float32(length)+going*p.slack(length)+grace {
		return d.over(dst)
	}
	return dst
}

// lasting asks whether the burst that is on is a steady tone.
func (d *Detector) lasting(dst []Event, at int64) []Event {
	b := &d.follow.now
	length := at - b.from
	single := b.parts[1] == 0 && b.cuts == 0 // pairs beat
	if length < steadyMin || length < steadyAfter && d.history.another(b) || float32(b.pure) < steadyPure*float32(b.looks) || single && (float32(b.flat) < steadyFlat*float32(b.looks) || b.level < steadyFade*b.top) {
		return dst
	}
	var best *cadence
	least := float32(0)
	for _, p := range d.plans {
		for i := range p.all {
			c := &p.all[i]
			if c.n != 0 && !c.hatched(b, length) {
				continue
			}
			miss, ok := c.parts[0].is(b, c.within())
			if !ok || length < d.steady(p, c, b) {
				continue
			}
			if c.n != 0 {
				miss -= 10 // what is interrupted as planned is not what is not interrupted
			}
			if best == nil || d.rank(c) < d.rank(best) || d.rank(c) == d.rank(best) && miss < least {
				best, least = c, miss
			}
		}
	}
	c := cadence{tone: Steady}
	if best != nil {
		c = *best
	} else if length < steadyNone || b.mains() {
		return dst
	}
	c.n = 0
	d.begin(&c)
	d.is.From, d.is.To = b.from, at
	d.take(0, b, at)
	d.is.Parts[0] = [2]int{int(length / dsp.MS)}
	return append(dst, d.tell(Heard))
}

// mains says whether a burst is made of harmonics of 50 or 60 Hz.
func (b *burst) mains() bool {
	for _, of := range [2]float32{50, 60} {
		all := b.parts[0] != 0
		for _, hz := range b.parts {
			n := float32(int(hz/of + 0.5))
			all = all && abs(hz-n*of) < 2
		}
		if all {
			return true
		}
	}
	return false
}

// hatched says whether a burst is interrupted as c has it: too shortly to fall apart.
func (c *cadence) hatched(b *burst, length int64) bool {
	if c.n != 1 || c.parts[0].off > 55*dsp.MS || b.cuts < 2 {
		return false
	}
	cycles := float32(length) / float32(c.period())
	return abs(float32(b.cuts)-cycles) < 1.5+0.15*cycles
}

// steady is how long a burst must last before it is the steady tone c of a plan:
// longer than anything of its country's that sounds alike.
func (d *Detector) steady(of *plan, c *cadence, b *burst) int64 {
	if d.rank(c) >= d.asked {
		return steadyOther
	}
	after := int64(steadyMin)
	for i := range of.all {
		o := &of.all[i]
		if o.country != c.country {
			continue
		}
		for k := range o.n {
			p := &o.parts[k]
			if _, ok := p.is(b, o.within()); ok {
				after = max(after, int64(p.on+p.on/6)+grace)
			}
		}
	}
	return after
}

// over ends the tone that is on.
func (d *Detector) over(dst []Event) []Event {
	d.on = false
	d.history.forget(d.is.To) // what was told is not told again
	return append(dst, d.tell(Over))
}

// tell makes an event of what is known of the tone that is on.
func (d *Detector) tell(k Kind) Event {
	e := d.is
	e.Kind = k
	e.Cycles = d.fitting / max(1, d.tone.n)
	e.Purity = float64(d.pure) / float64(max(1, d.seen))
	return e
}
