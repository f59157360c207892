package channels

import (
	"math"
	"strings"

	"vaad/channels/ears"
	"vaad/driver"
)

// Values of LineConfig.MaskKeys. Whatever it is, a pause keeps the keys pressed in it out,
// but with MaskOff.
const (
	MaskOff     = "off"
	MaskPaused  = "paused"  // keys that are pressed in a pause
	MaskTalking = "talking" // and all in a call but those dialled
	MaskAlways  = "always"  // and those
)

// Masks lists the values of LineConfig.MaskKeys.
func Masks() []string { return []string{MaskOff, MaskPaused, MaskTalking, MaskAlways} }

// Hidden stands in events for a key that must not be kept.
const Hidden = "•"

// unsureFor is how late rings are read where keys are masked, in samples: more than it takes
// to be certain that one sounds.
const unsureFor = 250 * driver.Rate / 1000

// keyed is what a line knows of the key that sounds on a side.
type keyed struct {
	masker *ears.Masker
	from   int64 // where silence began; 0: it did not
	until  int64 // what lies before it is silence
	buf    [4]ears.Silence
}

// masks says whether tones of keys are kept out of the line's rings, in some state.
func (r *lineRun) masks() bool {
	m := r.view.cfg.MaskKeys
	return m == MaskTalking || m == MaskAlways
}

// keysSecret says whether keys that sound now must not be kept.
func (r *lineRun) keysSecret() bool {
	switch r.view.cfg.MaskKeys {
	case MaskAlways:
		return true
	case MaskTalking:
		if r.table == nil {
			return true
		}
		switch r.table.state() {
		case Unknown, Talking, OffHookIn, Abandoned:
			return true
		}
	}
	return false
}

// rests says that no key can sound on a line: it is seen to be on-hook. A tapped link may
// not have told of a call; where nothing is said on it, looking for keys costs little.
func (r *lineRun) rests() bool {
	switch t := r.table.(type) {
	case nil, *digitalTable:
		return false
	case *tapTable:
		if !t.volts {
			return false
		}
	}
	switch r.table.state() {
	case Idle, NoBattery, GoneState:
		return true
	}
	return false
}

// maskKeys makes the tones of keys in the rings silence, as far back as they began. It looks
// for them also while they are not secret in a call that is up: one that sounds as it is answered
// is masked from its beginning. silent: the block is silence already, but what comes before it
// may hold the beginning of a key.
func (l *loop) maskKeys(r *lineRun, side int, pos, end int64, silent bool) {
	k, pcm := &r.line.keyed[side], l.pcmOf(r, side)
	ring, silence := r.view.rings[side], r.view.sides[side].Law.Silence()
	if k.until > pos && !silent {
		ring.fill(pos, min(k.until, end), silence)
	}
	if pcm == nil || !r.masks() || r.rests() {
		if k.masker != nil {
			l.keyOver(r, side, pos, end)
			*k = keyed{}
		}
		return
	}
	if k.masker == nil || k.masker.Position() != pos {
		l.keyOver(r, side, pos, end)
		*k = keyed{masker: ears.NewMasker(pos)}
	}
	secret, limit := r.keysSecret(), end
	if silent {
		limit = min(r.line.silentFrom(), pos)
	}
	for _, s := range k.masker.Process(k.buf[:0], pcm) {
		if s.Over {
			l.keyOver(r, side, end, k.until)
			continue
		}
		if !secret && k.from == 0 {
			continue
		}
		k.until = max(k.until, s.To)
		if from := max(s.From, ring.oldest(end)); from < limit {
			if k.from == 0 {
				k.from = from
			}
			ring.fill(from, min(s.To, limit), silence)
		}
	}
	if silent && k.until >= limit { // the rest is told with what silences all
		l.keyOver(r, side, end, limit)
	}
}

// keyOver tells of a key that was masked, as far as to.
func (l *loop) keyOver(r *lineRun, side int, known, to int64) {
	k := &r.line.keyed[side]
	if n := min(k.until, to) - k.from; k.from != 0 && n > 0 {
		l.out.emit(Event{Line: r.line.number, Pos: k.from, Known: known, Kind: Masked, By: ByKeys, Value: n, Side: r.view.sides[side].Name})
	}
	k.from = 0
}

// silentFrom is where all of the line's audio began to be silence, where it is.
func (l *Line) silentFrom() int64 {
	from := int64(math.MaxInt64)
	for k, b := range l.veiled {
		if b != nil {
			from = min(from, l.veiledAt[k])
		}
	}
	return from
}

// hideKeys takes out of an event what must not be kept of it.
func (l *loop) hideKeys(e *Event) {
	if e.Line == 0 || e.Kind != Key && e.Kind != Digit && e.Kind != Played && e.Called == "" && e.Facts == nil {
		return
	}
	r := l.runOf(e.Line)
	if r == nil {
		return
	}
	mask := r.view.cfg.MaskKeys
	if mask == MaskOff {
		return
	}
	always := mask == MaskAlways
	secret := always || r.paused() || e.Pos < r.line.veiledTo
	switch e.Kind {
	case Key:
		if secret || mask == MaskTalking {
			e.digit, e.Text = e.Text, Hidden
		}
	case Digit:
		if secret {
			e.digit, e.Text = e.Text, Hidden
		}
	case Played:
		if key, ok := strings.CutPrefix(e.Text, "key "); ok && (secret || mask == MaskTalking) {
			e.digit, e.Text = key, "key "+Hidden
		}
	}
	if always && r.view.use == driver.Tap && e.Direction != Incoming && (e.Called == "" || e.Called != r.view.cfg.Own) {
		e.Called = hidden(e.Called)
		if e.Facts != nil {
			f := *e.Facts
			f.Dialled, f.Connected = hidden(f.Dialled), hidden(f.Connected) // who answers is mostly who was dialled
			e.Facts = &f
		}
	}
}

// hidden is a number of which only the length is kept.
func hidden(number string) string { return strings.Repeat(Hidden, len(number)) }

// paused says whether keys that are told now are those of a pause. One that has been taken
// away since the frame began still counts for what ends in it.
func (r *lineRun) paused() bool {
	return r.line.blanks[ByPause].Load() != nil || r.line.veiled[ByPause] != nil
}

// keyHidden says whether an event of the card must not be kept, as it names a key. One
// that was pressed in a pause is not named when it is released either.
func (l *loop) keyHidden(e *driver.Event) bool {
	if e.Kind != driver.DigitBegin && e.Kind != driver.DigitEnd || e.Line < 0 || e.Line >= len(l.refs) || l.refs[e.Line].run == nil {
		return false
	}
	r, side := l.refs[e.Line].run, l.refs[e.Line].side
	hidden := r.masks() || r.view.cfg.MaskKeys != MaskOff && r.paused()
	if e.Kind == driver.DigitBegin {
		r.line.keyHid[side] = hidden
	}
	return hidden || r.line.keyHid[side]
}

func (l *loop) runOf(number int) *lineRun {
	for _, r := range l.runs {
		if r.line.number == number {
			return r
		}
	}
	return nil
}
