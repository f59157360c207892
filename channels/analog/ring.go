package analog

import "vaad/driver"

const (
	countryGap   = 4 * driver.Rate  // China, North America; most of the world 3–5 s
	longestBurst = 10 * driver.Rate // no country rings longer without a pause: an end was lost
	freezeAfter  = 300 * driver.MS  // the bell's energy dies away
	rippleBefore = 500 * driver.MS  // cards need that long to be sure that it rings
	shortestGap  = 2 * driver.Rate  // double rings (0.4 on, 0.2 off, 0.4 on, 2 off) have short pauses too
	longestGap   = 12 * driver.Rate //
	gapsKept     = 8                // ringings that a shorter gap must last before it is believed
	likeGap      = 10               // two gaps are alike within 1/10
	pickUpSlack  = 2 * driver.Rate  // an off-hook that began in time is known by then
	healWithin   = 10 * driver.Rate //
)

// ring follows the bursts and learns the pause between them.
type ring struct {
	on         bool
	begin, end int64 // of the latest burst; end is never before the first
	gap        int64 // learnt; 0: not yet
	country    int64
	fixed      int64

	series  int64           // longest gap within this ringing, 0: one burst only
	history [gapsKept]int64 // longest gap of the last ringings
	n       int             // how many are filled
	at      int             // next to fill
	late    int64           // a gap that was too long to belong to the same ringing
}

func (r *ring) reset() {
	r.on, r.begin, r.end, r.series = false, 0, never, 0
}

// wait is how long after a burst the next may begin.
func (r *ring) wait() int64 {
	switch {
	case r.fixed > 0:
		return r.fixed + gapSlack
	case r.gap > 0:
		return r.gap + gapSlack
	}
	return r.country + gapSlack
}

// began notes a burst. again says that it belongs to a ringing that goes on.
func (r *ring) began(pos int64, again bool) {
	r.on, r.begin = true, pos
	if r.end == never {
		return
	}
	gap := pos - r.end
	if again {
		r.series = max(r.series, gap)
		if r.series > r.wait()-gapSlack {
			r.learn(r.series)
		}
		return
	}
	// A new ringing. Twice the same gap, longer than believed: it was one ringing.
	if gap <= longestGap && r.late > 0 && gap-r.late <= r.late/likeGap && r.late-gap <= r.late/likeGap {
		r.learn(gap)
		r.n = 0
	}
	r.late = 0
	if gap <= longestGap {
		r.late = gap
	}
	r.series = 0
}

// over ends a ringing. A shorter gap is believed when the last ringings had none longer.
func (r *ring) over() {
	if r.series == 0 {
		return
	}
	r.history[r.at] = r.series
	r.at = (r.at + 1) % gapsKept
	r.n = min(r.n+1, gapsKept)
	if r.n == gapsKept {
		longest := int64(0)
		for _, g := range r.history {
			longest = max(longest, g)
		}
		r.learn(longest)
	}
	r.series = 0
}

func (r *ring) learn(gap int64) { r.gap = min(max(gap, shortestGap), longestGap) }

// blind reports whether a burst, or what it leaves on the line, hides the rest.
func (r *ring) blind(pos int64) bool { return r.on || r.end != never && pos < r.end+freezeAfter }

func (t *Tap) ringBegin() {
	if t.ring.on {
		t.ring.begin = t.now
		return
	}
	t.ringWhileOff()
	if t.state == Ringing && t.hookless() && t.talk.last > 0 && t.now > t.ring.end+t.ring.wait() {
		t.step(InFaded, t.now) // that call was answered and is over
	}
	t.talk.none() // nobody has answered yet
	t.ring.began(t.now, t.state == Ringing)
	t.hook.ringing()
	t.at = t.now
	t.emit(RingBegin, 0)
	t.step(InRing, t.now)
}

func (t *Tap) ringEnd() {
	if !t.ring.on {
		return
	}
	t.ring.on, t.ring.end = false, t.now
	t.hook.freeze(t.now + freezeAfter)
	t.at = t.now
	t.emit(RingEnd, 0)
	if t.state == Ringing {
		t.step(InRingEnd, t.now)
	}
}

// ringWhileOff: only an on-hook telephone is rung. If the voltage has risen the
// on-hook is certain now; if it rings twice at a voltage taken for off-hook, the
// idle voltage has changed (another PBX) and is learnt anew.
func (t *Tap) ringWhileOff() {
	if t.hook.level != levelOff {
		t.hook.ringsOff = 0
		return
	}
	if at := t.hook.highSince(); at != never {
		t.hook.level = levelOn
		t.wentOnHook(at)
		return
	}
	if t.hook.rungOff(t.now) {
		t.wentOnHook(t.now)
	}
}

// rungOff notes a burst at a voltage taken for off-hook. True: it is the idle one.
func (h *hook) rungOff(now int64) bool {
	if now-h.ringsOffAt > healWithin {
		h.ringsOff = 0
	}
	h.ringsOff++
	h.ringsOffAt = now
	if h.ringsOff < 2 || !h.relearnIdle() {
		return false
	}
	h.ringsOff = 0
	h.level = levelOn
	return true
}
