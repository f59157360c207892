package modemtone

import (
	"math"

	"vaad/dsp"
)

// rule is a tone that is steady.
type rule struct {
	tone    Tone
	hz, off float64 // its frequency, and how far it may be off
	share   float64 // of the power that it has at least
	start   int     // frames until it is told
	confirm int     // frames until it is certain
	length  [2]int  // ms that a burst lasts, which is told when it has ended; or 0
	pause   [2]int  // ms until it comes again, which makes it certain
}

// rules: lengths are those of the standards less what a slow start may hide.
// V.22 may come with a guard tone 6 or 3 dB below.
var rules = [...]rule{
	{tone: CNG, hz: 1100, off: 40, share: 0.7, start: 19, length: [2]int{410, 600}, pause: [2]int{2500, 3500}},
	{tone: CT, hz: 1300, off: 22, share: 0.7, start: 19, length: [2]int{460, 740}, pause: [2]int{1300, 2200}},
	{tone: ANS, hz: 2100, off: 21, share: 0.7, start: 25, confirm: 52},
	{tone: Bell103, hz: 2225, off: 12.5, share: 0.7, start: 30, confirm: 60},
	{tone: V22, hz: 2250, off: 12.5, share: 0.5, start: 25, confirm: 35},
	{tone: V32, hz: 1800, off: 12, share: 0.7, start: 30, confirm: 60},
	{tone: V23, hz: 1300, off: 16, share: 0.7, start: 50, confirm: 100},
	{tone: V21Mark, hz: 1650, off: 12, share: 0.7, start: 50, confirm: 100},
}

const (
	amMin     = 0.1  // depth from which it swings
	flatShare = 0.8  // share of the frames of a tone that must be about as strong as the mean
	spreadMax = 8    // Hz that they differ from the mean, on the average
	decayMax  = 1.25 // times in power that a burst may differ at its end from its beginning: strings fade
)

// steady follows the one tone that is steady.
type steady struct {
	before    frame
	on        bool // there is a track:
	track     track
	rule      *rule // as told by Start
	confirmed bool
	is        Event

	last    Tone // the last burst that must come again
	lastEnd int64
}

// follow goes on with the track, or begins one. The frame begins at a position.
func (s *steady) follow(dst []Event, f *frame, at int64, d *Detector) []Event {
	b := &s.before
	joined := f.tone && b.tone && abs(f.hz-b.hz) < joinHz
	t := &s.track
	switch {
	case !s.on && joined:
		s.begin(f, at)
	case s.on && t.belongs(f):
		t.add(f, at)
		if t.frames == edgeAfter {
			t.from = d.begun(t)
		}
		dst = s.judge(dst)
	case s.on:
		other := joined && math.Abs(float64(f.hz)-t.hz) > otherHz && !t.belongs(b)
		t.since++
		t.swingOn()
		if t.gone++; t.gone > maxGone || other {
			dst = s.lost(dst, d, at+hop)
			if other {
				s.begin(f, at)
			}
		}
	}
	*b = *f
	return dst
}

func (s *steady) begin(f *frame, at int64) {
	s.track.begin(&s.before, f, at)
	s.on, s.rule, s.confirmed = true, nil, false
}

func abs(x float32) float32 { return max(x, -x) }

// fits says whether a track is the tone of a rule, as far as its sound goes.
func (r *rule) fits(t *track) bool {
	n := float64(t.frames)
	hz := t.exact()
	return hz > r.hz-r.off && hz < r.hz+r.off && t.share >= r.share*n && float64(t.flat) >= flatShare*n && t.spread <= spreadMax*n
}

// even says whether a burst was as loud at its end as at its beginning.
func (t *track) even() bool {
	r := t.level / t.early
	return r < decayMax && r > 1/decayMax
}

// judge tells of a tone as soon as it has lasted long enough.
func (s *steady) judge(dst []Event) []Event {
	t := &s.track
	if s.rule == nil {
		for i := range rules {
			if r := &rules[i]; r.length[1] == 0 && t.frames >= r.start && r.fits(t) {
				return s.start(dst, r)
			}
		}
		return dst
	}
	s.name()
	if !s.confirmed && t.frames >= s.rule.confirm && s.rule.fits(t) {
		s.confirmed = true
		dst = s.tell(dst, Confirm)
	}
	return dst
}

// start tells of a tone.
func (s *steady) start(dst []Event, r *rule) []Event {
	s.rule = r
	s.is = Event{Tone: r.tone, From: s.track.from}
	s.name()
	return s.tell(dst, Start)
}

func (s *steady) tell(dst []Event, k Kind) []Event {
	t, is := &s.track, &s.is
	is.Kind, is.To, is.Hz, is.DBm0 = k, t.to, t.exact(), dsp.DBm0(t.level)
	is.Reversals, is.Depth = t.turned, t.amDepth
	return append(dst, s.is)
}

// name says which answering tone it is, as far as that can be known.
func (s *steady) name() {
	if s.rule.tone != ANS || s.confirmed {
		return
	}
	swings, turns := s.track.amDepth >= amMin, s.track.regular > 0
	switch {
	case swings && turns:
		s.is.Tone = ANSampr
	case swings:
		s.is.Tone = ANSam
	case turns:
		s.is.Tone = ANSpr
	default:
		s.is.Tone = ANS
	}
}

// lost ends the track, where samples up to a position are known.
func (s *steady) lost(dst []Event, d *Detector, known int64) []Event {
	t := &s.track
	s.on = false
	if s.rule == nil && t.frames < rules[0].start { // most tracks are of voices, and short
		return dst
	}
	t.to = d.ended(t, known)
	if s.rule == nil {
		length := int(t.to-t.from) / dsp.MS
		for i := range rules {
			if r := &rules[i]; t.frames >= r.start && length >= r.length[0] && length <= r.length[1] && r.fits(t) && t.even() {
				dst = s.start(dst, r)
				pause := int(s.is.From-s.lastEnd) / dsp.MS
				if s.last == r.tone && pause >= r.pause[0] && pause <= r.pause[1] {
					dst = s.tell(dst, Confirm)
				}
				s.last, s.lastEnd = r.tone, s.is.To
				break
			}
		}
	}
	if s.rule != nil {
		dst = s.tell(dst, End)
	}
	return dst
}

// flush ends the tone.
func (s *steady) flush(dst []Event, d *Detector) []Event {
	if s.on {
		dst = s.lost(dst, d, d.Position())
	}
	s.before = frame{}
	return dst
}
