package channels

import (
	"vaad/channels/ears"
	"vaad/driver"
	"vaad/dsp/echo"
	"vaad/dsp/gain"
	"vaad/dsp/modemtone"
)

// A speech is what a line of ours says to its far party and hears of it. What is
// sent is, the first that there is: a sound of the line's own signalling; what is
// played to it; what its mix has for it; silence.
type speech struct {
	signal signal
	play   player

	joined string  // the mix it is in; "": none
	mix    *mixer  // that mix, where it lives on the line's board
	member *member // its place there
	port   *port   // else the way to it

	sent [driver.Block]int16 // with the frame that is being exchanged
	said [driver.Block]int16 // by the far party in the last one, echo taken out

	tail   int             // ms; noEcho
	delay  int             // of the board, samples
	echo   *echo.Canceller // nil: none is needed, or the card has one
	echoes int             // samples for which there may still be an echo
	passed int             // samples that the canceller has not seen
	filler int64           // what comes before this position is none of the far party's
	card   bool            // the card has a canceller
	cardOn bool            // and it was told to work
	data   bool            // the call carries a fax or a modem, which echo cancellers disturb
	keyed  int64           // keys heard before this position may be ours

	hears *gain.Fixed // what the far party says, for mixes and detectors
	sends *gain.Fixed // what it is sent

	beep   beeper
	beeped int64               // beeps heard before this position may be ours
	told   [driver.Block]int16 // said, with what beeps
}

const (
	echoHead = 4 * driver.MS   // by how much less than the board's delay an echo may come
	echoTail = driver.Rate     // how long after the last sound the canceller goes on
	echoMost = 4000            // samples of delay that the canceller can take
	echoMS   = 32              // its usual tail
	noEcho   = -1              // Active.EchoMS: the canceller is off
	keyTail  = 300 * driver.MS // how long after keys of ours they may come back
)

// newSpeech makes the voice of an active line, or nil where it cannot send.
func newSpeech(v *view) *speech {
	if v.use != driver.Trunk && v.use != driver.Station || !v.info.Caps.Has(driver.CapTx) {
		return nil
	}
	o := &speech{play: player{country: v.cfg.Country}, tail: v.cfg.Active.EchoMS, delay: v.info.RoundTrip, card: v.info.Caps.Has(driver.CapEC),
		hears: gain.New(float64(v.cfg.GainDB)), sends: gain.New(float64(v.cfg.Active.GainDB))}
	if o.tail == 0 {
		o.tail = echoMS
	}
	if v.info.Kind == driver.BChan || o.card || o.tail == noEcho {
		return o
	}
	c, err := echo.New(echo.Config{Tail: min(max(o.tail, 8), 128), Delay: min(max(o.delay-echoHead, 0), echoMost)})
	if err == nil { // it cannot be otherwise: both are within its bounds
		o.echo = c
	}
	return o
}

// keepSpeech lets a line that stays what it was say on what it said. A new tail of
// its canceller counts where nothing is said.
func (r *lineRun) keepSpeech(old *lineRun) {
	now, v := r.speech, old.speech
	r.speech = v
	v.play.country = now.play.country
	v.hears.Set(float64(r.view.cfg.GainDB))
	v.sends.Set(float64(r.view.cfg.Active.GainDB))
	if v.member != nil {
		v.member.run = r
	}
	if v.tail != now.tail && v.joined == "" {
		now.delays(v.delay)
		v.tail, v.echo, v.passed = now.tail, now.echo, 0
	}
}

// speak fills what a line sends with the next frame. late: the board drops it.
func (l *loop) speak(r *lineRun, late bool) {
	v, pcm := r.speech, l.tx.LinePCM(r.view.rx)
	if v.port != nil && v.port.closed.Load() { // the mix's board is gone
		l.leave(r, "")
	}
	sounds := true
	switch {
	case v.member != nil:
		copy(pcm, v.member.heard[:])
	case v.port != nil:
		v.port.down.Pull(pcm)
	default:
		clear(pcm)
		sounds = false
	}
	if late {
		clear(pcm)
		clear(v.sent[:])
		v.beep.on = false
		return
	}
	if v.play.on() {
		sounds = true
		v.play.fill(pcm)
	}
	if len(v.play.over) > 0 {
		l.played(r)
	}
	if v.play.dials() || v.signal.on() && v.signal.keys {
		v.keyed = l.next + driver.Block + keyTail
	}
	if v.signal.on() {
		sounds = true
		if over := v.signal.fill(pcm); over {
			if t, ok := r.table.(active); ok {
				t.sent(&l.out, l.next)
				l.perform(r, t, "")
			}
		}
	}
	if l.beep(r, pcm); v.beep.on {
		sounds = true
	}
	if sounds {
		v.echoes = echoTail
		v.sends.Process(pcm)
	}
	copy(v.sent[:], pcm)
}

// heard takes what concerns what is played: keys may end it, and cancellers are
// off for what brings its own (ITU-T G.168 clause 7) until the call is over.
func (v *speech) heard(f *ears.Finding) {
	switch f.Kind {
	case ears.Key:
		v.play.key(f.Key)
	case ears.ModemBegin:
		v.data = v.data || answers(f.Modem) || f.Modem == modemtone.CNG
	}
}

// hush ends what is played to a line and takes it out of its mix, as when its
// call is over.
func (l *loop) hush(r *lineRun) {
	v := r.speech
	if v == nil {
		return
	}
	v.play.stop("stopped")
	l.played(r)
	l.leave(r, "")
	v.data = false
}

// tidy ends what was played and mixed in calls that have ended in this block.
func (l *loop) tidy() {
	for _, n := range l.out.ends {
		for _, r := range l.runs {
			if r.line.number == n {
				l.hush(r)
			}
		}
	}
	l.out.ends = l.out.ends[:0]
}

// part takes a line's voice out of its mix, wherever that is.
func (l *loop) part(v *speech) {
	if v.mix != nil {
		l.drop(v.mix, v.member)
	}
	if v.port != nil {
		v.port.closed.Store(true)
	}
	v.mix, v.member, v.port = nil, nil, nil
}

// leave takes a line out of its mix.
func (l *loop) leave(r *lineRun, id string) {
	v := r.speech
	if v.joined == "" {
		return
	}
	name := v.joined
	l.part(v)
	v.joined = ""
	if r.table == nil { // it has no calls that end
		v.data = false
	}
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
