package voicemodem

import (
	"context"
	"log/slog"
	"time"

	"vaad/driver"
)

// How long things take. Field values unless a source is given.
const (
	answerWait  = 5 * time.Second        // for the answer to a command that moves a relay
	endWait     = time.Second            // … to the end of audio
	cutWait     = 500 * time.Millisecond // for the reason behind audio that has ended
	pingWait    = time.Second            //
	endRest     = 200 * time.Millisecond // after what ends audio, until AT
	pingTries   = 3                      //
	checkEvery  = 30 * time.Second       // of an idle modem that says nothing
	mutedAfter  = 2 * time.Second        // without audio, where it should come
	idleLook    = 50 * time.Millisecond  // nothing happens
	busyLook    = 10 * time.Millisecond  // audio flows
	stillMost   = 200 * time.Millisecond // by which a wait is longer than it was to be, on a busy machine
	ringLasts   = time.Second            // RING has no end: as long as bursts last in most countries
	resumeMost  = 3                      // times that audio is begun again
	resumeSpan  = 10 * time.Second       // within this
	breakLasts  = 300                    // ms: modems do not say how long the feed was interrupted; exchanges that tell a release by it take 250…800 ms
	keyLasts    = 150 * time.Millisecond // dialects without an end of a key repeat it each 70 ms
	callerQuiet = 500 * time.Millisecond // the lines about a caller come together
)

var never = time.Time{}

// An engine owns a modem's port. All of it belongs to one goroutine: that of Open
// until the modem is known, then its own.
type engine struct {
	id     string
	log    *slog.Logger
	opt    options
	chip   *chip
	format format
	reopen func() (link, error)
	reset  func(context.Context) error // the USB port; nil: it cannot be
	lane   *lane
	counts *tally
	ctx    context.Context // ends when the board is closed

	mayReset func() bool // whether it is long enough since the last reset; this one counts

	k     link
	dec   decoder
	buf   [4096]byte
	out   []byte // to be written
	quiet time.Time
	still time.Duration // that the machine stood still

	table    *[nState][nInput]row
	state    state
	due      time.Time // when the state's answer is late, by now()
	hook     bool      // wished
	flash    bool      // wished
	offHook  bool      // the modem has said so
	half     bool      // it cannot send and receive at once
	sending  bool      // the audio being ended was ours
	enders   int       // ways to end audio that were tried
	pings    int
	releases int
	ailed    int  // times that it did not answer since it was last idle
	doubted  bool // it has refused what it should know: it is set up again when it is idle
	mum      bool // half duplex: in this call it does not send
	resumes  [resumeMost]time.Time
	last     string // what the modem said last that was no audio

	voice    voice
	caller   caller
	ringTo   time.Time // the end of a burst; never: none
	reversed bool
	shared   bool // another telephone uses the line, as far as the modem has said
	model    string
	key      byte // that sounds, by the modem
	framed   bool // its end will be said
	keyTo    time.Time
	answer   *answer // a question is being asked in one piece
}

// run is the goroutine.
func (e *engine) run() (err error) {
	for e.ctx.Err() == nil {
		if e.state == stGone {
			return fault(CodeSilent, "exchange with board %q: the modem answers no more, and nothing helped; it is opened again; if it stays so, pull it out and plug it in again", e.id)
		}
		if err := e.turn(); err != nil {
			return fault(CodeRemoved, "exchange with board %q: the modem was taken out or its driver unloaded: %w; it is opened again when it comes back", e.id, err)
		}
	}
	e.farewell()
	return nil
}

// turn waits for something, and does what follows.
func (e *engine) turn() error {
	if err := e.pump(e.pause()); err != nil {
		return err
	}
	e.pursue()
	e.times(time.Now())
	return e.flush()
}

// pause is how long nothing will have to be done.
func (e *engine) pause() time.Duration {
	d := idleLook
	if e.state == stTalking || e.state == stListening || e.state == stSending {
		d = busyLook
	}
	if e.due != never {
		d = max(min(d, e.due.Sub(e.now())), 0)
	}
	return d
}

// pump waits and takes what the modem says.
func (e *engine) pump(d time.Duration) error {
	began := time.Now()
	if err := e.k.wait(d, len(e.out) > 0); err != nil {
		return err
	}
	if over := time.Since(began) - d; over > stillMost {
		e.still += over
	}
	for range 4 { // then others have their turn
		n, err := e.k.read(e.buf[:])
		if err != nil {
			return err
		}
		if n > 0 {
			e.hear(e.buf[:n])
		}
		if n < len(e.buf) {
			break
		}
	}
	return nil
}

// flush writes what it can.
func (e *engine) flush() error {
	for len(e.out) > 0 {
		n, err := e.k.write(e.out)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		e.out = e.out[:copy(e.out, e.out[n:])]
	}
	return nil
}

// say sends a command; its answer must come within wait.
func (e *engine) say(command string, wait time.Duration) {
	e.log.Debug("modem is told", "board", e.id, "command", command)
	e.out = append(append(e.out, command...), '\r')
	e.due = e.now().Add(wait)
}

// now is the time by which a modem is late. It stands still while the machine does: what the
// modem has said meanwhile is not read yet, or not even brought by the kernel.
func (e *engine) now() time.Time { return time.Now().Add(-e.still) }

// pursue does what is wished, where the state allows it.
func (e *engine) pursue() {
	e.hook, e.flash = e.lane.wishes()
	switch {
	case e.state == stIdle:
		if e.lane.freed(); e.hook {
			e.step(inSeize)
		}
	case !e.hook:
		e.step(inDrop)
	case e.flash && e.hook:
		e.step(inFlash)
	}
}

// times does what the clock brings.
func (e *engine) times(now time.Time) {
	if e.ringTo != never && now.After(e.ringTo) {
		e.ringTo = never
		e.lane.tell(driver.RingEnd, 0, nil)
	}
	if e.key != 0 && now.After(e.keyTo) {
		e.keyEnds()
	}
	if data := e.caller.due(now); data != nil {
		e.lane.tell(driver.Text, 0, data)
	}
	if e.due != never && !e.now().Before(e.due) {
		e.due = never
		e.step(inTimeout)
	}
	if e.state == stIdle && now.Sub(e.quiet) > checkEvery {
		e.quiet = now
		e.step(inCheck)
	}
	e.voice.times(e, now)
}
