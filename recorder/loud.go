package recorder

import (
	"slices"

	"vaad/channels"
	"vaad/dsp"
	"vaad/dsp/g711"
)

const (
	loudFrame   = 20 * dsp.MS
	loudFrames  = 5             // so many make voice loud enough, 100 ms of it: hum and tones that set in are loud for 60 ms
	mains50     = dsp.Rate / 50 // samples of one period
	mains60     = dsp.Rate / 20 // of three periods
	quietAtMost = 5 * rate      // of voice that was too quiet are kept before it is loud
)

// faint is voice that has not been loud enough yet to begin a recording: the
// other end of a crosstalk, or hum and noise that were taken for voice.
type faint struct {
	pending bool
	from    int64 // where it began
	look    int64 // what is before was looked at
	loud    int   // frames that were loud
}

// await waits for voice on a side to be loud.
func (w *watch) await(pos int64, name string) {
	if f := w.faint(name); !f.pending {
		*f = faint{pending: true, from: pos, look: pos}
	}
}

// faint is what is known of a side's faint voice.
func (w *watch) faint(name string) *faint {
	side := slices.IndexFunc(w.line.Sides(), func(s channels.Side) bool { return s.Name == name })
	return &w.heard.faint[min(max(side, 0), len(w.heard.faint)-1)]
}

// listen looks whether voice that is awaited has become loud before p; until must
// be so long ago that an end of the voice before it would be known: what sets in
// behind it, a tone perhaps, is not the voice.
func (w *watch) listen(until int64) {
	for side := range w.heard.faint {
		f := &w.heard.faint[side]
		f.pending = f.pending && w.cur == nil && w.cfg.Trigger == Voice && w.mayHear()
		for f.pending && f.look+loudFrame <= min(until, w.line.Fed()) {
			if w.loud(f, side) {
				f.loud++
			}
			if f.look += loudFrame; f.loud >= loudFrames {
				f.pending = false
				w.beginByVoice(max(f.from, f.look-quietAtMost), nil)
			}
		}
	}
}

// loud says whether a frame is loud beside the hum of the mains: what repeats
// with its period is left out.
func (w *watch) loud(f *faint, side int) bool {
	sides := w.line.Sides()
	if side >= len(sides) {
		return true
	}
	var code [mains60 + loudFrame]byte
	from := max(f.look-mains60, w.base)
	b := code[:f.look+loudFrame-from]
	n, err := w.line.Read(b, side, from)
	if err != nil || n < len(b) {
		return true // better a recording too many
	}
	var pcm [mains60 + loudFrame]int16
	s := pcm[len(pcm)-n:] // silence before the board opened
	g711.Decode(s, b, g711.Law(sides[side].Law))
	least := dsp.MeanSquare(float64(w.cfg.VoiceDBm0))
	return beside(pcm[:], mains50) >= least && beside(pcm[:], mains60) >= least
}

// beside is the mean square of the last frame without what has this period.
// What has none counts as it is: the difference of two stretches has twice their
// power.
func beside(s []int16, period int) float64 {
	var sum int64
	now, before := s[len(s)-loudFrame:], s[len(s)-loudFrame-period:]
	for i, v := range now {
		d := int64(v) - int64(before[i])
		sum += d * d
	}
	return float64(sum) / loudFrame / 2
}
