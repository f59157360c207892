package voicemodem

import (
	"context"
	"errors"
	"time"

	"vaad/driver"
)

// rung is one way to bring back a modem that does not answer.
type rung uint8

const (
	rungPing rung = iota
	rungReset
	rungReopen
	rungUSB
	nRung
)

var rungNames = [nRung]string{"ping", "reset", "reopen", "usb-reset"}

func (r rung) String() string { return rungNames[r] }

// ladder is climbed from the bottom when a modem does not answer; the first rung,
// asking again, is the table's.
func ladder() []step {
	return []step{
		{rungReset, always, (*engine).resetByCommand},
		{rungReopen, always, (*engine).openAnew},
		{rungUSB, (*engine).mayResetUSB, (*engine).resetUSB},
	}
}

type step struct {
	rung rung
	can  func(*engine) bool // asked once, just before it is tried
	try  func(*engine) bool // true: the modem answers
}

func always(*engine) bool { return true }

// climb tries a rung, where that is possible. True: the modem answers.
func (e *engine) climb(s step) bool {
	if !s.can(e) {
		return false
	}
	e.counts.climbed(s.rung)
	e.log.Warn("modem does not answer", "board", e.id, "rung", s.rung.String())
	return s.try(e)
}

func (e *engine) ping() { e.say("AT", pingWait) }

// ailing is told of a modem that did not answer.
func (e *engine) ailing() {
	e.log.Warn("modem does not answer", "board", e.id, "rung", rungPing.String(), "last", e.last)
	e.voice.end(e)
	if e.hook { // the call is lost with it
		e.last = "no answer"
		e.refuse(driver.GoOffHook, "the modem does not answer")
	}
	e.lane.trouble("the modem does not answer")
	e.pings = 0
	if e.ailed++; e.ailed > ailMost { // it answers AT, and nothing that matters
		e.step(inSilent)
		return
	}
	e.pingAgain()
}

const ailMost = 2 // times that asking again is enough, before it is idle

// setUpAgain tells a modem all that it was told when it was opened.
func (e *engine) setUpAgain() {
	e.log.Warn("modem refuses what it took before; it is set up again", "board", e.id, "last", e.last)
	if e.identify() != nil {
		e.mend()
		return
	}
	e.step(inMended)
}

// pingAgain asks, after what ends audio in every dialect.
func (e *engine) pingAgain() {
	if e.pings == pingTries {
		e.step(inSilent)
		return
	}
	e.pings++
	e.counts.climbed(rungPing)
	e.dec.setVoice(false)
	e.out = append(e.out[:0], "\x10\x03\x10!\x10^\r"...)
	e.answer = &answer{done: true} // what ends audio may be answered too, and is no answer to AT
	e.rest(endRest)
	e.answer = nil
	e.say("AT", pingWait)
}

// mend climbs the rest of the ladder.
func (e *engine) mend() {
	for _, s := range ladder() {
		if e.ctx.Err() != nil {
			return
		}
		if e.climb(s) {
			e.log.Info("modem answers again", "board", e.id, "rung", s.rung.String())
			e.step(inMended)
			return
		}
	}
	e.step(inDead)
}

func (e *engine) dead() {}

// resetByCommand drops DTR, where there is one, and resets the modem.
func (e *engine) resetByCommand() bool {
	if err := e.k.dtr(false); err == nil {
		e.rest(500 * time.Millisecond)
		_ = e.k.dtr(true)
		e.rest(500 * time.Millisecond)
	}
	if a, err := e.ask("ATZ", 3*time.Second); err != nil || a.on != inOK {
		return false
	}
	e.rest(300 * time.Millisecond)
	return e.identify() == nil
}

// openAnew closes the port and opens it.
func (e *engine) openAnew() bool {
	e.lane.use(nil)
	e.k.close()
	k, err := e.reopen()
	if err != nil {
		e.k = nowhere{err}
		return false
	}
	e.k = k
	e.lane.use(k)
	return e.identify() == nil
}

func (e *engine) mayResetUSB() bool { return e.reset != nil && e.mayReset() }

// resetUSB resets the USB port. The device goes and comes back under another
// name, so the board is opened again by whoever opens boards.
func (e *engine) resetUSB() bool {
	ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
	defer cancel()
	if err := e.reset(ctx); err != nil && !errors.Is(err, context.Canceled) {
		e.log.Warn("USB port of the modem could not be reset", "board", e.id, "error", err)
	}
	return false
}

// nowhere is the link of a modem that could not be opened.
type nowhere struct{ err error }

func (n nowhere) wait(time.Duration, bool) error { return n.err }
func (n nowhere) read([]byte) (int, error)       { return 0, n.err }
func (n nowhere) write([]byte) (int, error)      { return 0, n.err }
func (n nowhere) dtr(bool) error                 { return n.err }
func (nowhere) wake()                            {}
func (nowhere) close()                           {}

// meetOrMend makes a modem ready that was just opened. One that does not answer
// is reset; when that does not help, so is its USB port, for the next attempt.
func (e *engine) meetOrMend() error {
	err := e.identify()
	var f *driver.FaultError
	if err == nil || e.ctx.Err() != nil || !errors.As(err, &f) || f.Code != CodeSilent {
		return err
	}
	for _, s := range ladder() {
		if s.rung != rungReopen && e.ctx.Err() == nil && e.climb(s) {
			return nil
		}
	}
	return err
}
