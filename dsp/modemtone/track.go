package modemtone

import (
	"math"

	"vaad/dsp"
)

const (
	sameHz   = 20   // between a frame and the mean of a track
	joinHz   = 25   // between the two frames that begin one
	otherHz  = 80   // from a track, of two frames that end it: a reversal of phase makes less
	alive    = 0.25 // share of its power that a track has at least
	maxGone  = 3    // frames without it that end a track: a reversal of phase blanks one or two
	flatness = 2    // times in power that a frame of a steady tone may differ from the mean
	amHz     = 15   // of ANSam (ITU-T V.8)
	amFrames = 10   // frames between measurements of it
	atFirst  = 8    // frames that say how loud a tone was at first
)

type phasor struct{ re, im float64 }

func (a phasor) times(b phasor) phasor {
	return phasor{a.re*b.re - a.im*b.im, a.re*b.im + a.im*b.re}
}
func (a phasor) conj() phasor   { return phasor{a.re, -a.im} }
func (a phasor) power() float64 { return a.re*a.re + a.im*a.im }
func (a phasor) angle() float64 { return math.Atan2(a.im, a.re) }
func (a phasor) unit() phasor {
	g := 1 / math.Sqrt(a.power()+1e-30)
	return phasor{a.re * g, a.im * g}
}

func turned(angle float64) phasor {
	sin, cos := math.Sincos(angle)
	return phasor{cos, sin}
}

// amTurn is how far 15 Hz turns from frame to frame.
var amTurn = turned(-2 * math.Pi * amHz * hop / 8000)

// track is a tone from its beginning to now.
type track struct {
	from, to int64   // where the first and the last frame begin and end
	frames   int     // with the tone
	gone     int     // without it since the last
	hz       float64 // mean of what frames say
	level    float64 // mean square
	early    float64 // of the first frames
	share    float64 // of the power, sum over the frames
	flat     int     // frames about as strong as the mean
	spread   float64 // sum of how far the frames' frequencies lie from the mean
	line     int

	last     phasor // of the last frame with the tone
	since    int    // frames since that
	advance  phasor // sum of turns per frame
	turned   int    // reversals of phase
	turnedAt int64  // the last
	regular  int    // reversals 450 ms after the one before or the beginning

	am      phasor // sum of amplitudes, turned by 15 Hz
	amSum   float64
	amTurn  phasor
	amTurns phasor  // sum of the turns
	amDepth float64 // so far
}

// begin starts a track with two frames.
func (t *track) begin(a, b *frame, at int64) {
	*t = track{from: at - hop, to: at - hop, hz: float64(a.hz), level: float64(b.level), line: a.line, amTurn: phasor{1, 0}}
	t.add(a, at-hop)
	t.add(b, at)
}

// belongs says whether a frame shows the tone.
func (t *track) belongs(f *frame) bool {
	return f.tone && math.Abs(float64(f.hz)-t.hz) < sameHz && float64(f.level) > alive*t.level
}

// add takes a frame that shows the tone.
func (t *track) add(f *frame, at int64) {
	t.frames++
	t.since++
	t.gone = 0
	t.to = at + hop
	weight := 1 / float64(min(t.frames, 12))
	if t.frames <= atFirst {
		t.early += float64(f.level) / atFirst
	}
	t.spread += math.Abs(float64(f.hz) - t.hz)
	t.hz += weight * (float64(f.hz) - t.hz)
	r := float64(f.level) / t.level
	flat := r > 1/flatness && r < flatness
	if flat {
		t.flat++
	}
	if flat || t.frames <= atFirst {
		t.level += weight * (float64(f.level) - t.level)
	}
	t.share += float64(f.share)
	t.follow(f, at)
	t.swing(f)
}

// follow looks at the phase.
func (t *track) follow(f *frame, at int64) {
	z := phasor{float64(f.z[0]), float64(f.z[1])}
	if f.line != t.line { // the phase of another line is another: begin anew
		t.line, t.last, t.since = f.line, z, 0
		return
	}
	if float64(f.level) < 0.6*t.level && t.frames > 2 {
		return // a reversal may lie within
	}
	if t.last != (phasor{}) && t.since <= maxGone {
		u := z.times(t.last.conj()).unit()
		if t.advance != (phasor{}) {
			w, back := t.advance.unit().conj(), u
			for range t.since {
				back = back.times(w)
			}
			switch {
			case back.re >= -0.5:
			case t.frames <= 6: // what was seen so far may have been the reversal
				t.advance = phasor{}
			default:
				t.reversed(at)
				t.last, t.since = z, 0
				return
			}
		}
		if t.since == 1 {
			t.advance.re += u.re
			t.advance.im += u.im
		}
	}
	t.last, t.since = z, 0
}

// exact is the frequency by the phase, which is known but for full turns per
// frame: 50 Hz.
func (t *track) exact() float64 {
	if t.advance.power() < 4 {
		return t.hz
	}
	const turn = float64(dsp.Rate) / hop
	hz := t.advance.angle() / (2 * math.Pi) * turn
	return hz + turn*math.Round((t.hz-hz)/turn)
}

// reversed notes a reversal of phase: ITU-T V.25 has them every 450 ± 25 ms.
func (t *track) reversed(at int64) {
	since := at - t.from
	if t.turned > 0 {
		since = at - t.turnedAt
	}
	if ms := since / 8; ms > 390 && ms < 510 {
		t.regular++
	}
	t.turned++
	t.turnedAt = at
}

// swingOn turns on where a frame does not show the tone.
func (t *track) swingOn() {
	t.amTurn = t.amTurn.times(amTurn)
}

// swing measures the amplitude modulation at 15 Hz.
func (t *track) swing(f *frame) {
	a := math.Sqrt(float64(f.level))
	t.am.re += a * t.amTurn.re
	t.am.im += a * t.amTurn.im
	t.amTurns.re += t.amTurn.re
	t.amTurns.im += t.amTurn.im
	t.amSum += a
	t.swingOn()
	if t.frames%amFrames == 0 {
		mean := t.amSum / float64(t.frames)
		t.amDepth = 2 * math.Hypot(t.am.re-mean*t.amTurns.re, t.am.im-mean*t.amTurns.im) / t.amSum
	}
}
