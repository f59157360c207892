package voicemodem

import (
	"time"

	"vaad/driver"
)

const (
	// ahead is what the modem is given before it has played anything: it bridges
	// the time by which the machine and USB may be late.
	ahead = 40 * driver.MS
	// queued is what waits here to be sent when voice begins.
	queued = 30 * driver.MS
	// halfAhead is the same for half duplex, where our clock is not the modem's.
	halfAhead = 200 * driver.MS
	outMost   = 16000 // bytes: more is not kept for a modem that takes nothing

	fullRoundTrip = ahead + queued + driver.Block + shelf // samples; what the modem itself takes is not known
	halfRoundTrip = halfAhead + 500*driver.MS

	aheadMost = 200 * driver.MS // … of a modem that says that it has too little
	learning  = 50              // arrivals that show in what pieces a modem sends
	pieceMost = 100 * driver.MS // more at once is a stall of ours

	delayWindow = 50 // arrivals over which the least delay is taken
)

// voice is the audio of the call that is up.
type voice struct {
	flow  flow
	since time.Time // CONNECT
	last  time.Time // audio came
	came  time.Time // the same by engine.now
	heard int64     // samples, with those that the modem lost
	sent  int64
	owed  int       // samples received for which none was sent yet
	depth int       // samples that the modem has in hand
	gave  time.Time // when samples were last left out, as their time had passed
	reads int
	rest  int // half a sample: its byte, or -1
	mute  time.Time

	// By how much the modem's audio comes later than its clock says: the least of
	// this window and of the last does not depend on when we were woken.
	least, before time.Duration
	arrivals      int

	pcm [4096]int16
	raw []byte
}

func (v *voice) begin(e *engine, f flow) {
	now := time.Now()
	*v = voice{flow: f, since: now, last: now, came: e.now(), rest: -1, mute: now, raw: v.raw, depth: ahead, before: -1}
	e.dec.setVoice(f != flowSend)
	primed := 0
	if f == flowBoth {
		primed = queued
	}
	e.lane.setFlow(f, primed)
	if f == flowBoth {
		clear(v.pcm[:ahead])
		v.write(e, v.pcm[:ahead])
	}
}

// end forgets the audio; lines come from here on.
func (v *voice) end(e *engine) {
	v.flow = flowNone
	e.dec.setVoice(false)
	e.lane.setFlow(flowNone, 0)
}

// audio takes what the modem has heard.
func (v *voice) audio(e *engine, b []byte) {
	s := e.format.coding.expand(v.pcm[:0], b, &v.rest)
	if len(s) == 0 {
		return
	}
	v.last, v.came = e.quiet, e.now()
	v.heard += int64(len(s))
	if e.lane.received(s) > 0 {
		e.counts.overruns.Add(1)
	}
	if v.flow == flowBoth {
		v.owed += len(s)
	}
}

// late is by how much the last sample came later than the modem's clock says.
func (v *voice) late() time.Duration {
	return v.last.Sub(v.since) - time.Duration(v.heard)*(time.Second/driver.Rate)
}

// arrived is called when all that was read is taken: the modem is given as much.
func (v *voice) arrived(e *engine) {
	if v.last == e.quiet && v.flow != flowNone {
		d := v.late()
		if v.arrivals == 0 || d < v.least {
			v.least = d
		}
		if v.arrivals++; v.arrivals == delayWindow {
			v.before, v.arrivals = v.least, 0
		}
	}
	if v.owed > 0 && v.reads < learning {
		if v.reads++; v.owed <= pieceMost {
			e.lane.piece(v.owed)
		}
	}
	if late := v.owed - v.depth; late > driver.Block { // the modem has had nothing to play for as long: the delay stays what it was
		v.owed -= late
		v.gave = e.quiet
		e.counts.underruns.Add(1)
		e.lane.tell(driver.Underrun, int32(late), nil)
		for late > 0 {
			part := v.pcm[:min(late, len(v.pcm))]
			e.lane.fetch(part)
			late -= len(part)
		}
	}
	for v.owed > 0 {
		part := v.pcm[:min(v.owed, len(v.pcm))]
		n := e.lane.fetch(part)
		if n < len(part) {
			clear(part[n:])
			e.counts.underruns.Add(1)
			if e.state == stTalking {
				e.lane.tell(driver.Underrun, int32(len(part)-n), nil)
			}
		}
		v.write(e, part)
		v.owed -= len(part)
	}
}

// write gives the modem samples.
func (v *voice) write(e *engine, pcm []int16) {
	v.sent += int64(len(pcm))
	if len(e.out) > outMost {
		e.counts.underruns.Add(1)
		return
	}
	v.raw = e.format.coding.compress(v.raw[:0], pcm)
	e.out = shield(e.out, v.raw)
}

// overran: the modem has lost audio that nobody fetched. Its clock has gone on by as much.
func (v *voice) overran(e *engine) {
	e.counts.overruns.Add(1)
	n := 1
	if v.before >= 0 || v.arrivals == 0 && v.heard > 0 {
		v.last, v.came = e.quiet, e.now()
		if d := v.late() - v.before; d > 0 {
			n = max(int(d*driver.Rate/time.Second), 1)
		}
	}
	n = min(n, driver.Rate)
	v.heard += int64(n)
	e.lane.missing(n, e.format.coding.silence())
}

// starved: the modem had nothing to play. How long is not said.
func (v *voice) starved(e *engine) {
	if v.gave != never && e.quiet.Sub(v.gave) < time.Second {
		return // that was our stall, and is told
	}
	e.counts.underruns.Add(1)
	e.lane.tell(driver.Underrun, driver.Block, nil)
	if v.flow == flowBoth && v.depth < aheadMost { // it takes more at once than it had
		v.depth += driver.Block
		clear(v.pcm[:driver.Block])
		v.write(e, v.pcm[:driver.Block])
	}
}

// times does what the clock brings.
func (v *voice) times(e *engine, now time.Time) {
	switch {
	case v.flow == flowSend && e.state == stSending:
		v.play(e, now)
	case v.flow == flowListen && e.state == stListening && !e.mum && e.lane.wants():
		e.step(inTalk)
	}
	if (v.flow == flowBoth || v.flow == flowListen) && e.now().Sub(v.came) > mutedAfter {
		e.last = "no audio came"
		e.step(inSilent)
	}
}

// play sends in half duplex, by our own clock.
func (v *voice) play(e *engine, now time.Time) {
	room := int64(now.Sub(v.since)*driver.Rate/time.Second) + halfAhead - v.sent
	if room <= 0 {
		return
	}
	part := v.pcm[:min(room, int64(len(v.pcm)))]
	if n := e.lane.fetch(part); n > 0 {
		v.mute = now
		v.write(e, part[:n])
		return
	}
	if !e.lane.wants() && now.Sub(v.mute) > quietFor {
		e.step(inQuiet)
	}
}

const quietFor = 200 * time.Millisecond // what was played may have ended

// wants reports whether there is something to be sent.
func (l *lane) wants() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.talking
}
