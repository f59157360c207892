package channels

import (
	"vaad/channels/ears"
	"vaad/driver"
)

// takeIn hears what the far party said from pos on, for whoever is in a mix with it.
func (v *speech) takeIn(pcm []int16, pos int64) {
	copy(v.said[:], pcm)
	switch {
	case v.echo == nil:
	case v.echoes <= 0:
		v.skip(driver.Block)
	default:
		v.echoes -= driver.Block
		if v.passed > 0 {
			v.echo.Skip(v.passed)
			v.passed = 0
		}
		v.echo.SetOn(!v.data && v.filler <= pos) // filler teaches nothing
		v.echo.Process(v.said[:], v.sent[:])
	}
	v.hears.Process(v.said[:])
	if v.port != nil {
		v.port.up.Push(v.voice()[:])
		v.port.data.Store(v.data)
	}
}

// skip: so many samples were silent both ways, or lost.
func (v *speech) skip(samples int) { v.passed = min(v.passed+samples, driver.Rate) }

// holes notes, before it is taken in, which audio of the frame is filler.
func (l *loop) holes() {
	for i := range l.rx.Events {
		e := &l.rx.Events[i]
		to := l.framePos() + driver.Block
		switch e.Kind {
		case driver.Lost:
			to = l.framePos() + int64(max(e.At, 0)) + int64(max(e.Value, 0))
		case driver.Missed:
		default:
			continue
		}
		if e.Line >= 0 && e.Line < len(l.refs) {
			if r := l.refs[e.Line].run; r != nil && r.speech != nil {
				r.speech.filler = max(r.speech.filler, to)
			}
		}
	}
}

// isOurs reports whether a key that was heard may be one that we have sent.
func (v *speech) isOurs(f *ears.Finding) bool {
	return f.Kind == ears.Key && f.At < v.keyed || v.isBeep(f)
}

// delays takes a new delay of the board.
func (v *speech) delays(samples int) {
	v.delay = samples
	if v.echo != nil {
		_ = v.echo.SetDelay(min(max(samples-echoHead, 64-v.echo.Latency()), echoMost)) // within its bounds: it cannot fail
	}
}

// cardEcho lets the card's own canceller work while people talk, and not for data.
func (l *loop) cardEcho(r *lineRun, talks bool) {
	v := r.speech
	on := talks && v.card && v.tail != noEcho && !v.data
	if on == v.cardOn {
		return
	}
	v.cardOn = on
	value := int32(0)
	if on {
		value = 1
	}
	l.command(r, driver.SetEC, value, nil)
}

// talks reports whether what is said on a line is heard.
func (r *lineRun) talks() bool {
	if t, ok := r.table.(active); ok {
		return t.open()
	}
	return r.speech.joined != ""
}
