package emulated

import (
	"fmt"
	"strconv"
	"strings"
)

// What a line is in, as the exchange has it.
type condition byte

const (
	idle    condition = iota
	burst             // it rings
	gap               // between two bursts; the first has the caller's number
	dialled           // the line was seized: dial tone, and digits mean nothing
	talk
	broken // the other side hung up: the loop is interrupted
	busy   // and then busy tone, until the line hangs up too
	dead   // cut: no battery
	conditions
)

func (c condition) String() string {
	return [conditions]string{"idle", "rings", "between bursts", "seized", "talks", "loop break", "busy tone", "dead"}[c]
}

// What happens to it.
type event byte

const (
	call event = iota
	elapsed
	offHook
	onHook
	farEnd // hangs up
	cut
	mend
	events
)

// what is on the line, and how long: 0 is until something happens.
var lasts = [conditions]int{burst: 1000, gap: 4000, broken: 500} // ms

// moves is where a condition goes; what is not here changes nothing. A gap after the
// last burst goes to idle instead, and talk's length is the call's.
var moves = [conditions][events]condition{
	idle:    row(idle, move{call, burst}, move{offHook, dialled}, move{cut, dead}),
	burst:   row(burst, move{elapsed, gap}, move{offHook, talk}, move{farEnd, idle}, move{cut, dead}),
	gap:     row(gap, move{elapsed, burst}, move{offHook, talk}, move{farEnd, idle}, move{cut, dead}),
	dialled: row(dialled, move{onHook, idle}, move{cut, dead}),
	talk:    row(talk, move{elapsed, broken}, move{onHook, idle}, move{farEnd, broken}, move{cut, dead}),
	broken:  row(broken, move{elapsed, busy}, move{onHook, idle}, move{cut, dead}),
	busy:    row(busy, move{onHook, idle}, move{cut, dead}),
	dead:    row(dead, move{mend, idle}),
}

type move struct {
	on event
	to condition
}

func row(stays condition, all ...move) (r [events]condition) {
	for e := range r {
		r[e] = stays
	}
	for _, m := range all {
		r[m.on] = m.to
	}
	return r
}

const (
	onHookVolts, offHookVolts = 48, 8
	loopCurrent               = 23  // in 1.1 mA
	dialTone                  = 450 // Hz: dial and busy tone of China, and 350 ms on and off
	busyCadence               = 350 // ms
)

// A line is one of an exchange. Times are of the board's clock, in ms.
type line struct {
	is       condition
	ms       int // ms in it
	reversed bool
	host     bool // off-hook by the board
	phone    bool // off-hook by a telephone in parallel

	bursts int // rung so far
	rung   Call
	source source
	ear    Tone         // what the board says in this call
	tell   func(string) // what becomes of it; nil: nobody wants to know
}

// A Call is one that comes in on a line.
type Call struct {
	Caller string // digits, told as FSK of Bell 202 after the first burst; none: nothing is told
	Bursts int    // of ringing before the caller gives up
	Hz     int    // the tone that the caller says
	Talk   int    // ms until the caller hangs up; 0: never
}

// do lets something happen.
func (l *line) do(e event) {
	to := moves[l.is][e]
	if l.is == gap && e == elapsed && l.bursts >= l.rung.Bursts {
		to = idle
	}
	if to == l.is {
		return
	}
	was := l.is
	l.is, l.ms, l.source = to, 0, source{}
	switch to {
	case burst:
		l.bursts++
	case gap:
		if l.bursts == 1 && l.rung.Caller != "" {
			l.source.bits = callerBits(l.rung.Caller)
		}
	case talk:
		l.ear = Tone{Hz: l.rung.Hz}
	}
	if was == talk && l.ear.Samples > 0 {
		l.say(fmt.Sprintf("heard %v", l.ear))
	}
	l.say(to.String())
	if to == idle && l.off() { // a call that ends while somebody is still off-hook
		l.do(offHook)
	}
}

func (l *line) say(s string) {
	if l.tell != nil {
		l.tell(s)
	}
}

func (l *line) off() bool   { return l.host || l.phone }
func (l *line) rings() bool { return l.is == burst }

// hook is the board's.
func (l *line) hook(off bool) { l.hooks(off, l.phone) }

func (l *line) hooks(host, phone bool) {
	was := l.off()
	if host != l.host {
		l.say(map[bool]string{true: "the board goes off-hook", false: "the board goes on-hook"}[host])
	}
	l.host, l.phone = host, phone
	switch {
	case !was && l.off():
		l.do(offHook)
	case was && !l.off():
		l.do(onHook)
	}
}

// tick is one ms.
func (l *line) tick() {
	l.ms++
	after := lasts[l.is]
	if l.is == talk {
		after = l.rung.Talk
	}
	if after > 0 && l.ms >= after {
		l.do(elapsed)
	}
}

// feed is what the chip measures.
func (l *line) feed(host bool) (volts int8, current byte) {
	switch {
	case l.is == dead || l.is == broken:
		return 0, 0
	case l.off():
		volts = offHookVolts
	default:
		volts = onHookVolts
	}
	if host {
		current = loopCurrent
	}
	if l.reversed {
		volts = -volts
	}
	return volts, current
}

// fill writes the audio of the next ms.
func (l *line) fill(samples []int16) {
	clear(samples)
	switch l.is {
	case gap:
		if l.ms >= callerAfter {
			l.source.fsk(samples)
		}
	case dialled:
		l.source.tone(samples, dialTone)
	case talk:
		l.source.tone(samples, l.rung.Hz)
	case busy:
		if l.ms/busyCadence%2 == 0 {
			l.source.tone(samples, dialTone)
		}
	}
}

// obey does what a line of words says:
//
//	call caller=13800138000 bursts=3 hz=700 talk=5000   (talk: ms)
//	hang-up, pick-up, put-down, reverse, cut, mend
func (l *line) obey(words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("no word for a line")
	}
	if words[0] != "call" && len(words) > 1 {
		return fmt.Errorf("%q takes nothing more", words[0])
	}
	switch words[0] {
	case "call":
		c := Call{Bursts: 4, Hz: 700}
		numbers := map[string]*int{"bursts": &c.Bursts, "hz": &c.Hz, "talk": &c.Talk}
		for _, w := range words[1:] {
			key, value, _ := strings.Cut(w, "=")
			n, err := strconv.Atoi(value)
			switch to := numbers[key]; {
			case key == "caller" && strings.Trim(value, "0123456789") == "" && len(value) <= 20:
				c.Caller = value
			case to == nil || err != nil || n < 0:
				return fmt.Errorf("a call has no %q", w)
			default:
				*to = n
			}
		}
		if l.is != idle {
			return fmt.Errorf("the line is not idle: %v", l.is)
		}
		l.rung, l.bursts = c, 0
		l.do(call)
	case "hang-up":
		l.do(farEnd)
	case "pick-up":
		l.hooks(l.host, true)
	case "put-down":
		l.hooks(l.host, false)
	case "reverse":
		l.reversed = !l.reversed
	case "cut":
		l.do(cut)
	case "mend":
		l.do(mend)
	default:
		return fmt.Errorf("no word for a line: %q", words[0])
	}
	return nil
}
