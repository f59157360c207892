package sim

import (
	"math/rand/v2"
	"slices"

	"vaad/driver"
	"vaad/dsp/tone"
)

const (
	restAfter  = 3 * driver.Rate // a line rests after a call
	retryAfter = 2 * driver.Rate // a caller who found no free line tries again
)

// stage is a scene at work on the lines of a board.
type stage struct {
	scene  *Scene
	lib    *library
	actors []actor
}

// actor is one caller: on a line, or waiting for his next call.
type actor struct {
	caller *Caller
	ports  []int // lines he may use, by index
	ring   []int64
	stage  *stage
	rnd    *rand.Rand

	next int64 // when he calls again; never: not
	line *line // nil: he does not

	step  int
	ends  int64 // of the step
	rings int   // left to ring
	beat  int   // in the ringing cadence

	clip   *clip // nil: silence
	block  int   // next block of clip
	loop   bool
	speech []string // voices that take turns
	voice  int
	mute   int // blocks until somebody speaks
}

// newStage renders the sounds and wakes the callers.
func newStage(sc *Scene, lines []driver.Line) *stage {
	s := &stage{scene: sc, lib: newLibrary(sc, lines)}
	var all []int
	for i := range lines {
		all = append(all, i)
	}
	for i := range sc.Callers {
		c := &sc.Callers[i]
		var may []int
		for _, p := range c.Ports {
			if p <= len(lines) { // a scene for more lines than the board has
				may = append(may, p-1)
			}
		}
		if c.Each {
			for k := range all {
				s.add(c, all[k:k+1])
			}
		} else if len(c.Ports) == 0 {
			s.add(c, all)
		} else if len(may) > 0 {
			s.add(c, may)
		}
	}
	return s
}

func (s *stage) add(c *Caller, ports []int) {
	a := actor{caller: c, ports: ports, rnd: rand.New(rand.NewPCG(s.scene.Seed, uint64(len(s.actors)))), stage: s}
	country, _ := tone.Country(c.Country) // checked when it was read
	for _, ms := range country.Ring {
		a.ring = append(a.ring, int64(ms)*driver.MS)
	}
	a.next = a.draw(c.Start, driver.Rate)
	s.actors = append(s.actors, a)
}

// cue lets those callers begin whose time has come.
func (s *stage) cue(b *Board) {
	for i := range s.actors {
		if a := &s.actors[i]; a.line == nil && a.next <= b.pos {
			a.begin(b)
		}
	}
}

// draw takes a number from an interval, in samples, on a block's border.
func (a *actor) draw(v interval, unit float64) int64 {
	return int64((v.lo+(v.hi-v.lo)*a.rnd.Float64())*unit) / driver.Block * driver.Block
}

func (a *actor) drawMS(v interval) int32 { return int32(v.lo + (v.hi-v.lo)*a.rnd.Float64()) }

// begin finds a line that is free.
func (a *actor) begin(b *Board) {
	free := func(i int) bool {
		l := &b.lines[i]
		return l.actor == nil && !l.port.connected() && l.restsTo <= b.pos
	}
	n := 0
	for _, i := range a.ports {
		if free(i) {
			n++
		}
	}
	if n == 0 {
		a.next = b.pos + retryAfter
		return
	}
	pick := a.rnd.IntN(n)
	for _, i := range a.ports {
		if free(i) {
			if pick--; pick < 0 {
				a.line = &b.lines[i]
				break
			}
		}
	}
	a.line.actor = a
	a.step, a.ends = -1, b.pos
	a.quiet()
}

// leave ends the call wherever it stands.
func (a *actor) leave(pos int64) {
	a.line.actor, a.line.restsTo = nil, pos+restAfter
	a.line, a.next = nil, never
	if a.caller.Again != (interval{}) {
		a.next = pos + a.draw(a.caller.Again, driver.Rate)
	}
}

// perform plays one tick on the actor's line.
func (a *actor) perform(pos int64, rx *driver.Frame, out *emitter) {
	l := a.line
	for a.ends <= pos {
		if a.rings > 0 {
			a.ringOn(pos, out)
			continue
		}
		a.step++
		if a.step == len(a.caller.Steps) {
			l.reset(pos, out)
			l.silence(rx)
			a.leave(pos)
			return
		}
		a.quiet()
		a.take(&a.caller.Steps[a.step], pos, out)
	}
	a.sound(l, rx)
}

// take begins a step.
func (a *actor) take(s *Step, pos int64, out *emitter) {
	do := func(o op, value int32) { a.line.act(message{op: o, value: value}, pos, out) }
	fxo := a.line.def.Kind == driver.FXO
	switch s.Do {
	case doPause:
		a.ends = pos + a.draw(s.For, driver.Rate)
	case doRing:
		a.rings, a.beat = max(1, int(s.For.lo+(s.For.hi-s.For.lo+1)*a.rnd.Float64())), 0
		a.rings = min(a.rings, max(1, int(s.For.hi)))
		a.ringOn(pos, out)
	case doOffHook:
		if fxo {
			do(opRingEnd, 0)
			do(opVolts, a.stage.around(a.stage.scene.Lifted, a.rnd))
		} else {
			do(opOffHook, 0)
		}
	case doHangUp:
		if fxo {
			do(opVolts, int32(a.stage.scene.Idle*1000))
		} else {
			do(opOnHook, 0)
		}
	case doVolts:
		do(opVolts, int32(s.Volts*1000))
	case doReversal:
		do(opReversal, 0)
	case doLoopBreak:
		do(opLoopBreak, a.drawMS(s.For))
	case doFlash:
		do(opFlash, a.drawMS(s.For))
	case doTone:
		a.clip, a.loop = a.stage.lib.tones[a.caller.Country+" "+s.Text], true
		a.ends = pos + a.draw(s.For, driver.Rate)
	case doKeys:
		a.clip = a.stage.lib.keys[s.Text]
		a.ends = pos + int64(a.clip.blocks())*driver.Block
	case doSay, doTalk:
		a.speech, a.voice = s.Voices, a.rnd.IntN(len(s.Voices))
		a.ends = pos + a.draw(s.For, driver.Rate)
	}
}

// ringOn goes one beat on in the country's ringing. The last silence is cut
// short: somebody answers, or nobody hears the next ring.
func (a *actor) ringOn(pos int64, out *emitter) {
	on := a.beat%2 == 0
	o := opRingEnd
	if on {
		o = opRing
	}
	a.line.act(message{op: o}, pos, out)
	length := a.ring[a.beat]
	a.beat++
	if a.beat == len(a.ring) {
		a.beat = 0
		if a.rings--; a.rings == 0 {
			length = int64(float64(length) * (0.2 + 0.6*a.rnd.Float64()))
		}
	}
	a.ends = pos + length/driver.Block*driver.Block
}

// around makes volts that differ a little from call to call.
func (s *stage) around(volts float64, rnd *rand.Rand) int32 {
	return int32(1000 * volts * (0.9 + 0.2*rnd.Float64()))
}

func (a *actor) quiet() {
	a.clip, a.block, a.loop, a.speech, a.mute = nil, 0, false, nil, 0
}

// sound fills the line's part of rx with what is heard now.
func (a *actor) sound(l *line, rx *driver.Frame) {
	if len(a.speech) > 0 && a.clip == nil {
		if a.mute--; a.mute < 0 {
			a.speak()
		}
	}
	if a.clip == nil {
		l.silence(rx)
		return
	}
	s := &a.clip[l.def.Law][a.block]
	copy(rx.LinePCM(l.index), s.pcm[:])
	copy(rx.LineCode(l.index), s.code[:])
	if a.block++; a.block == a.clip.blocks() {
		a.block = 0
		if !a.loop {
			a.clip = nil
		}
		if len(a.speech) > 0 {
			a.mute = 3 + a.rnd.IntN(20)
		}
	}
}

// speak begins a phrase; most of the time the other one's turn has come.
func (a *actor) speak() {
	if len(a.speech) > 1 && a.rnd.IntN(10) < 6 {
		a.voice = (a.voice + 1 + a.rnd.IntN(len(a.speech)-1)) % len(a.speech)
	}
	all := a.stage.lib.voices[a.speech[a.voice]]
	a.clip, a.block = all[a.rnd.IntN(len(all))], 0
}

// act carries out a step of a scene, if the line's kind knows it.
func (l *line) act(m message, pos int64, out *emitter) {
	if slices.ContainsFunc(opsOf(l.def.Kind), func(s opSpec) bool { return s.op == m.op }) {
		l.apply(m, pos, out)
	}
}
