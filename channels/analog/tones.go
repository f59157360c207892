package analog

import (
	"vaad/driver"
	"vaad/dsp/progress"
)

const (
	sameHz    = 12               // Hz that a line's own tone may be off
	sameMS    = 15               // per cent that its bursts and pauses may be off
	soonAfter = 8 * driver.Rate  // dial tone is known that soon after off-hook
	lastly    = 60 * driver.Rate // a tone that has lasted longer until on-hook ended no call
	believeIt = 3                // calls in which a tone of nobody's meant the same
)

// ownTones are tones that belong to no country's plan and that the line has
// always used in the same way: a PBX's own dial tone, and the tone after the
// far end has hung up.
type ownTones struct {
	dialHz          int // 0: not known
	busyHz          int
	busyOn, busyOff int // ms

	dial, busy   Tone // candidates
	dials, busys int  // calls in which they were heard so
}

func (o *ownTones) isDial(x Tone) bool { return o.dialHz > 0 && near(x.Hz, o.dialHz) }

func (o *ownTones) isBusy(x Tone) bool {
	return o.busyHz > 0 && near(x.Hz, o.busyHz) && alike(x.On, o.busyOn) && alike(x.Off, o.busyOff)
}

func near(a, b int) bool { return a-b <= sameHz && b-a <= sameHz }

func alike(a, b int) bool { return 100*(a-b) <= sameMS*b && 100*(b-a) <= sameMS*b }

// meaning is what a tone says on this line.
func (o *ownTones) meaning(x Tone) progress.Tone {
	switch {
	case x.Name == progress.Regular && o.isBusy(x):
		return progress.Busy
	case x.Name == progress.Steady && o.isDial(x):
		return progress.Dial
	}
	return x.Name
}

// steady notes a steady tone of nobody's: right after off-hook it may be the
// line's dial tone.
func (t *Tap) steady(x Tone) {
	if t.state != OffHookOut || t.number.n > 0 || t.now-t.offSince > soonAfter || x.Hz == 0 {
		return
	}
	t.own.heardDial(x)
}

// heardDial notes a tone that was the dial tone of a call.
func (o *ownTones) heardDial(x Tone) {
	if !near(x.Hz, o.dial.Hz) {
		o.dial, o.dials = x, 0
	}
	if o.dials++; o.dials >= believeIt {
		o.dialHz = x.Hz
	}
}

// learnRelease notes what was heard when the telephone was put down: a regular
// tone of nobody's that ends calls is the line's busy tone.
func (t *Tap) learnRelease(by string) {
	x := t.regular
	t.regular = Tone{}
	if by != EndOnHook || x.On == 0 || t.now-x.At > lastly || t.call.Answered == 0 {
		return
	}
	t.own.heardBusy(x)
}

// heardBusy notes a tone that ended a call.
func (o *ownTones) heardBusy(x Tone) {
	if !near(x.Hz, o.busy.Hz) || !alike(x.On, o.busy.On) || !alike(x.Off, o.busy.Off) {
		o.busy, o.busys = x, 0
	}
	if o.busys++; o.busys >= believeIt {
		o.busyHz, o.busyOn, o.busyOff = x.Hz, x.On, x.Off
	}
}
