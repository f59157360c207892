package sim

import (
	"golang.org/x/sys/unix"

	"vaad/driver"
	"vaad/dsp/g711"
)

// line is one line of the board: its socket, its electrical state, and the
// caller of a scene who uses it while no peer does.
type line struct {
	index int
	def   driver.Line
	law   g711.Law
	port  port
	fxo   fxo
	fxs   fxs

	actor   *actor // who calls on it, while no peer is connected
	restsTo int64
}

// emitter is where a line's events and commands go during one tick.
type emitter struct {
	rx    *driver.Frame
	line  *line
	base  int64 // position of the block's first sample
	sent  bool  // the block for the peer has gone: commands belong to the next
	words command
}

// event reports something at the position t of this block.
func (e *emitter) event(k driver.EventKind, t int64, value int32) {
	e.rx.Event(k, e.line.index, int(t-e.base), value, nil)
}

// tell sends a command to the peer, if there is one. A peer that does not read
// loses it, as it loses audio.
func (e *emitter) tell(words []byte, t int64) {
	if e.line.port.fd < 0 {
		return
	}
	at := int(t - e.base)
	if e.sent {
		at = 0
	}
	_ = send(e.line.port.fd, appendOffset(words, at))
}

// apply carries out one event at the position t, after all timers before it.
func (l *line) apply(m message, t int64, out *emitter) {
	l.runTimers(t+1, out)
	switch l.def.Kind {
	case driver.FXO:
		l.fxo.apply(m, t, out)
	case driver.FXS:
		l.fxs.apply(m, t, out)
	}
}

// runTimers fires the timers that end before end.
func (l *line) runTimers(end int64, out *emitter) {
	switch l.def.Kind {
	case driver.FXO:
		for t := l.fxo.due(); t < end; t = l.fxo.due() {
			l.fxo.fire(t, out)
		}
	case driver.FXS:
		for t := l.fxs.due(); t < end; t = l.fxs.due() {
			l.fxs.fire(t, out)
		}
	}
}

// reset makes the line idle: whoever was its other end is gone.
func (l *line) reset(t int64, out *emitter) {
	l.runTimers(t+1, out)
	switch l.def.Kind {
	case driver.FXO:
		l.fxo.reset(t, out)
	case driver.FXS:
		l.fxs.reset(t, out)
	}
}

func (l *line) state() int32 {
	switch l.def.Kind {
	case driver.FXO:
		return l.fxo.state()
	case driver.FXS:
		return l.fxs.state()
	}
	return 0
}

// command carries out what vaad wishes and returns why it does not.
func (l *line) command(c driver.Command, t int64, out *emitter) (refused string) {
	l.runTimers(t, out)
	switch l.def.Kind {
	case driver.FXO:
		return l.fxo.command(c, t, out)
	case driver.FXS:
		return l.fxs.command(c, t, out)
	}
	return refusedKind
}

// greet tells a peer that has just connected what it would know if it had been
// there before.
func (l *line) greet(out *emitter) {
	if l.fxo.seized {
		out.tell(out.words.text("off-hook"), out.base)
	}
	if l.fxs.ringerOn {
		out.tell(out.words.text("ring"), out.base)
	}
	if l.fxs.reversed {
		out.tell(out.words.text("reversal"), out.base)
	}
}

// hears reports whether the other end hears what is sent: a line on-hook has no
// audio path, but for an FXS line's on-hook transmission.
func (l *line) hears(base int64) bool {
	switch l.def.Kind {
	case driver.FXO:
		return l.fxo.seized
	case driver.FXS:
		return l.fxs.offHook || base < l.fxs.talkTo
	}
	return l.def.Caps.Has(driver.CapTx)
}

// sendAudio sends one block, nil for silence.
func (l *line) sendAudio(pcm []int16, buf *[audioBytes]byte) {
	b := silentBlock
	if pcm != nil {
		b = buf
		b[0] = kindAudio
		putSamples(b[1:], pcm)
	}
	if send(l.port.fd, b[:]) == unix.EPIPE {
		return // its end is found when it is read
	}
}

// hear fills the line's part of rx with the block that came, compressed and
// expanded as a card would.
func (l *line) hear(block *[2 * driver.Block]byte, rx *driver.Frame) {
	pcm := rx.LinePCM(l.index)
	if block == nil || *block == zeroBlock {
		l.silence(rx)
		return
	}
	getSamples(pcm, block)
	if l.def.Law == driver.Linear {
		return
	}
	code := rx.LineCode(l.index)
	g711.Encode(code, pcm, l.law)
	g711.Decode(pcm, code, l.law)
}

// silence fills the line's part of rx.
func (l *line) silence(rx *driver.Frame) { silence(l.index, l.def.Law, rx) }

func silence(i int, law driver.Law, rx *driver.Frame) {
	s := &quiet[law]
	copy(rx.LinePCM(i), s.pcm[:])
	copy(rx.LineCode(i), s.code[:])
}
