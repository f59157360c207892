package channels

import (
	"vaad/channels/ears"
	"vaad/driver"
)

// ordinary is what lines without a table are listened to for: what is wished of
// their audio, not what their signalling says otherwise.
const ordinary = ears.Keys | ears.Tones | ears.Modems | ears.Voice

// A hearing is what listens to one side of a line, and what of its audio is not
// the line's.
type hearing struct {
	ears    *ears.Ears // nil: nothing is received there
	country string
	side    string
	lost    [2]int64 // from, to: filler
	missed  bool     // the present block is filler
}

// listen makes the ears of the sides that are received.
func (r *lineRun) listen() {
	v := r.view
	for i := range v.sides {
		if v.src[i] != sent {
			r.hears[i] = hearing{ears: ears.New(v.cfg.Country), country: v.cfg.Country, side: v.sides[i].Name}
		}
	}
	r.found = make([]ears.Finding, 0, 32)
}

// keepHearing lets ears that hear the same go on.
func (r *lineRun) keepHearing(old *lineRun, out *emitter, pos int64) {
	for i := range old.hears {
		o, n := &old.hears[i], &r.hears[i]
		if o.ears != nil && n.ears != nil && o.country == n.country && r.view.sameAudio(old.view, i) {
			*n = *o
			continue
		}
		old.deafen(out, i, pos)
	}
}

// deafen ends what is heard on a side.
func (r *lineRun) deafen(out *emitter, side int, pos int64) {
	h := &r.hears[side]
	if h.ears == nil {
		return
	}
	r.found = h.ears.Rest(r.found[:0])
	for i := range r.found {
		r.tell(out, side, &r.found[i], pos)
	}
	h.ears = nil
}

// hear listens to the block of a line's sides that begins at pos.
func (l *loop) hear(r *lineRun, pos, end int64) {
	for i := range r.view.sides {
		h := &r.hears[i]
		if h.ears == nil {
			continue
		}
		want := ordinary
		if r.table != nil {
			want = r.table.senses(end)
		}
		if h.missed {
			h.missed = false
			continue
		}
		var pcm []int16
		if r.speech != nil && r.speech.echo != nil {
			pcm = r.speech.said[:] // what we say ourselves comes back
		} else {
			pcm = r.louder(r.view.src[i], l.rx.LinePCM(r.view.src[i]))
		}
		from, to := min(max(h.lost[0], pos), end), min(max(h.lost[1], pos), end)
		if from >= to { // nothing is lost
			r.listenTo(&l.out, i, want, pcm, pos, end)
			continue
		}
		r.listenTo(&l.out, i, want, pcm[:from-pos], pos, end)
		r.listenTo(&l.out, i, want, pcm[to-pos:], to, end)
	}
}

func (r *lineRun) listenTo(out *emitter, side int, want ears.Senses, pcm []int16, pos, end int64) {
	if len(pcm) == 0 {
		return
	}
	r.found = r.hears[side].ears.Hear(r.found[:0], want, pcm, pos)
	for i := range r.found {
		if r.speech != nil {
			if r.speech.isOurs(&r.found[i]) {
				continue
			}
			r.speech.heard(&r.found[i])
		}
		r.tell(out, side, &r.found[i], end)
	}
}

// tell says what was heard; known is the end of the block.
func (r *lineRun) tell(out *emitter, side int, f *ears.Finding, known int64) {
	e := Event{Line: r.line.number, Pos: min(f.At, known), Known: known, Side: r.hears[side].side}
	switch f.Kind {
	case ears.VoiceBegin:
		e.Kind, e.Sure = VoiceBegin, f.Sure
	case ears.VoiceEnd:
		e.Kind, e.Sure = VoiceEnd, f.Sure
	case ears.ToneBegin:
		e.Kind, e.Text, e.Value = Tone, f.Tone.String(), 1
	case ears.ToneEnd:
		e.Kind, e.Text = Tone, f.Tone.String()
	case ears.ModemBegin:
		e.Kind, e.Text, e.Value = Modem, f.Modem.String(), 1
	case ears.ModemEnd:
		e.Kind, e.Text = Modem, f.Modem.String()
	case ears.Key:
		if r.table == nil || r.digital() != nil || r.bearer() != nil { // of an analog line its table says which are dialled
			e.Kind, e.Text, e.Value, e.Sure, e.By = Key, keyText(f.Key), f.Length, f.Sure, "keys"
		}
	}
	if e.Kind != "" {
		out.emit(e)
	}
	if r.table != nil && out.ended == "" {
		r.table.heard(out, f, known)
	}
}

// notHeard notes filler in the audio of a side.
func (r *lineRun) notHeard(side int, e *driver.Event, at int64) {
	h := &r.hears[side]
	if e.Kind == driver.Missed {
		h.missed = true
		return
	}
	n := int64(max(e.Value, 0))
	if at > h.lost[1] {
		h.lost[0] = at
	}
	h.lost[1] = max(h.lost[1], at+n)
}
