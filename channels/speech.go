package channels

import (
	"vaad/channels/ears"
	"vaad/driver"
	"vaad/dsp/echo"
	"vaad/dsp/modemtone"
)

// A speech is what a line of ours says to its far party and hears of it. What is
// sent is, the first that there is: a sound of the line's own signalling; what is
// played to it; what its mix has for it; silence.
type speech struct {
	signal signal
	play   player

	joined string  // the mix it is in; "": none
	role   Role    //
	mix    *mixer  // that mix, where it lives on the line's board
	member *member // its place there
	port   *port   // else the way to it

	sent [driver.Block]int16 // with the frame that is being exchanged
	said [driver.Block]int16 // by the far party in the last one, echo taken out

	echo   *echo.Canceller // nil: none is needed, or the card has one
	echoes int             // samples for which there may still be an echo
	passed int             // samples that the canceller has not seen
}

const (
	echoHead = 4 * driver.MS // by how much less than the board's delay an echo may come
	echoTail = driver.Rate   // how long after the last sound the canceller goes on
	noEcho   = -1            // Active.EchoMS: the canceller is off
)

// newSpeech makes the voice of an active line, or nil where it cannot send.
func newSpeech(v *view) *speech {
	if v.use != driver.Trunk && v.use != driver.Station || !v.info.Caps.Has(driver.CapTx) {
		return nil
	}
	o := &speech{play: player{country: v.cfg.Country}}
	tail := v.cfg.Active.EchoMS
	if tail == 0 {
		tail = 32
	}
	if v.info.Kind == driver.BChan || v.info.Caps.Has(driver.CapEC) || tail == noEcho {
		return o
	}
	c, err := echo.New(echo.Config{Tail: min(max(tail, 8), 128), Delay: min(max(v.info.RoundTrip-echoHead, 0), 4000)})
	if err == nil { // else the board's delay is one that no echo has
		o.echo = c
	}
	return o
}

// keepSpeech lets a line that stays what it was say on what it said. The new tail of
// its canceller counts from the next call on.
func (r *lineRun) keepSpeech(old *lineRun) {
	now := r.speech
	r.speech = old.speech
	r.speech.play.country = now.play.country
	if m := r.speech.member; m != nil {
		m.run = r
	} else if r.speech.joined == "" {
		r.speech.echo = now.echo
	}
}

// speak fills what a line sends with the next frame.
func (l *loop) speak(r *lineRun) {
	v, pcm := r.speech, l.tx.LinePCM(r.view.rx)
	sounds := true
	if v.port != nil && v.port.closed.Load() { // the mix's board is gone
		l.leave(r, "")
	}
	switch {
	case v.member != nil:
		copy(pcm, v.member.heard[:])
	case v.port != nil:
		v.port.down.Pull(pcm)
	default:
		clear(pcm)
		sounds = false
	}
	if v.play.on() {
		sounds = true
		v.play.fill(pcm)
	}
	if len(v.play.over) > 0 {
		l.played(r)
	}
	if v.signal.on() {
		sounds = true
		if over := v.signal.fill(pcm); over {
			if t, ok := r.table.(active); ok {
				t.sent(&l.out, l.next)
				l.perform(r, t)
			}
		}
	}
	if sounds {
		v.echoes = echoTail
	}
	copy(v.sent[:], pcm)
}

// takeIn hears what the far party said, for whoever is in a mix with it.
func (r *lineRun) takeIn(pcm []int16) {
	v := r.speech
	copy(v.said[:], pcm)
	switch {
	case v.echo == nil:
	case v.echoes <= 0:
		v.passed = min(v.passed+driver.Block, driver.Rate)
	default:
		v.echoes -= driver.Block
		if v.passed > 0 {
			v.echo.Skip(v.passed)
			v.passed = 0
		}
		v.echo.Process(v.said[:], v.sent[:])
	}
	if v.port != nil {
		v.port.up.Push(v.said[:])
	}
}

// heard takes what concerns what is played: keys may end it, and the canceller is
// off for what brings its own (ITU-T G.168 clause 7) until the call is over.
func (v *speech) heard(f *ears.Finding) {
	switch f.Kind {
	case ears.Key:
		v.play.key(f.Key)
	case ears.ModemBegin:
		if v.echo != nil && (answers(f.Modem) || f.Modem == modemtone.CNG) {
			v.echo.SetOn(false)
		}
	}
}

// delays takes a new delay of the board.
func (v *speech) delays(samples int) {
	if v.echo != nil {
		_ = v.echo.SetDelay(min(max(samples-echoHead, 64-v.echo.Latency()), 4000)) // within its bounds: it cannot fail
	}
}

// hush ends what is played to a line and takes it out of its mix, as when its
// call is over. id is the request's that wants it, or "".
func (l *loop) hush(r *lineRun, id string) {
	v := r.speech
	if v == nil {
		return
	}
	v.play.stop("stopped")
	l.played(r)
	l.leave(r, id)
	if v.echo != nil {
		v.echo.SetOn(true)
	}
}

// tidy ends what was played and mixed in calls that have ended in this block.
func (l *loop) tidy() {
	for _, n := range l.out.ends {
		for _, r := range l.runs {
			if t, ok := r.table.(active); ok && r.line.number == n && !t.busy() {
				l.hush(r, "")
			}
		}
	}
	l.out.ends = l.out.ends[:0]
}

// leave takes a line out of its mix.
func (l *loop) leave(r *lineRun, id string) {
	v := r.speech
	if v.joined == "" {
		return
	}
	name := v.joined
	if v.mix != nil {
		l.part(v.mix, v.member)
	}
	if v.port != nil {
		v.port.closed.Store(true)
	}
	v.joined, v.mix, v.member, v.port = "", nil, nil, nil
	l.out.emit(Event{Line: r.line.number, Pos: l.next, Known: l.next, Kind: Left, Text: name, Request: id})
}

// played tells of what was played to its end, or stopped.
func (l *loop) played(r *lineRun) {
	p := &r.speech.play
	for i := range p.over {
		o := &p.over[i]
		l.out.emit(Event{Line: r.line.number, Pos: l.next, Known: l.next, Kind: Played, Request: o.id, Text: o.why, Value: o.samples})
	}
	p.over = p.over[:0]
}
