package voicemodem

import (
	"context"
	"strings"
	"time"
)

// An answer is what a modem says to a question that is asked in one piece.
type answer struct {
	command string
	lines   []string
	on      input // inOK, inError, inLost, inConnect; inTimeout: nothing came
	done    bool
}

func (a *answer) take(text string, on input, known bool) {
	switch {
	case a.done, strings.EqualFold(text, a.command): // an echo
	case known:
		a.on, a.done = on, true
	case len(a.lines) < maxAnswer:
		a.lines = append(a.lines, text)
	}
}

// ask asks and waits for the answer. An error: the link is broken, or the board
// is being closed.
func (e *engine) ask(command string, wait time.Duration) (answer, error) {
	a := answer{command: command, on: inTimeout}
	e.answer = &a
	defer func() { e.answer = nil }()
	e.say(command, wait)
	e.due = never
	for end := e.now().Add(wait); !a.done && e.now().Before(end); {
		if e.ctx.Err() != nil {
			return a, e.ctx.Err()
		}
		if err := e.flush(); err != nil {
			return a, err
		}
		if err := e.pump(max(min(idleLook, end.Sub(e.now())), 0)); err != nil {
			return a, err
		}
	}
	e.log.Debug("modem was asked", "board", e.id, "command", command, "answer", a.on.String(), "lines", discreetly(a.lines))
	return a, nil
}

// lateWait is how long an answer of the set-up may come late: as where a modem loads its
// voice firmware first.
const lateWait = 5 * time.Second

// question is ask for the set-up, where an answer that comes late must not be taken as that
// to the next question: of a modem that has said nothing it is found out, by AT, whether it is
// late or does not answer this. A modem that does not answer to AT either is a fault.
func (e *engine) question(command string) (answer, error) {
	a, err := e.ask(command, askWait)
	if err != nil || a.done {
		return a, err
	}
	late, err := e.ask("AT", lateWait)
	if err != nil {
		return a, err
	}
	if !late.done {
		return a, fault(CodeSilent, "open board %q: the modem does not answer to %s, and not to AT", e.id, command)
	}
	second := answer{command: "AT", on: inTimeout}
	e.answer = &second
	e.rest(endRest)
	e.answer = nil
	if second.done || len(late.lines) > 0 { // else it was the answer to AT
		a.lines, a.on, a.done = append(a.lines, late.lines...), late.on, true
	}
	return a, nil
}

// rest lets time pass, and what comes be heard.
func (e *engine) rest(d time.Duration) {
	for end := e.now().Add(d); e.now().Before(end) && e.ctx.Err() == nil; {
		if e.flush() != nil || e.pump(max(min(idleLook, end.Sub(e.now())), 0)) != nil {
			return
		}
	}
}

// farewell leaves the modem on-hook, as far as there is time.
func (e *engine) farewell() {
	if e.state == stIdle && !e.offHook {
		return
	}
	e.ctx = context.Background()
	if e.voice.flow != flowNone {
		ways := endOfBoth
		if e.voice.flow == flowSend {
			ways = endOfSend
		} else if e.half {
			ways = endOfReceive
		}
		e.state, e.voice.flow = stMending, flowNone // nothing is begun any more
		e.out = append(e.out, ways[0]...)
		e.rest(endWait / 5)
	}
	e.voice.end(e)
	if a, err := e.ask("AT+VLS=0", endWait/5); err == nil && a.on != inOK {
		_, _ = e.ask("ATH", endWait/5)
	}
}
