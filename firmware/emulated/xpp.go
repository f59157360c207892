package emulated

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Lines is how many lines a board has: FXO ports of one module.
const Lines = 8

// lines are a board's, once its FPGA runs: what the kernel's xpp talks to.
type lines struct {
	ports [Lines]port
	mode  byte   // of its clock: syncNone until the host lets it tick
	clock *clock // runs while it ticks
}

// A clock ticks for as long as the board has it.
type clock struct{ port Port }

// take answers a frame of the host. What is no packet, or means nothing to this
// board, is not answered, as the real one does.
func (b *lines) take(frame []byte) (answers [][]byte) {
	for x := range packets(frame) {
		switch {
		case x.op == opDescribe:
			answers = append(answers, description(Lines).append(nil))
		case x.op == opSyncSource && len(x.data) >= 2:
			if mode := x.data[0]; mode == syncNone || mode == syncBoard || mode == syncHost {
				b.mode = mode
			} else if mode != syncQuery {
				continue
			}
			answers = append(answers, xpp{op: opSyncReply, data: []byte{b.mode, x.data[1]}}.append(nil))
		case x.unit != 0 || x.subunit != 0: // there is none
		case x.op == opRegister:
			if r, ok := parseRegister(x.data); ok {
				answers = append(answers, b.register(r)...)
			}
		case x.op == opPCMWrite:
			b.hear(x.data)
		}
	}
	return answers
}

// register writes or reads a register of a port, or of all.
func (b *lines) register(r register) (answers [][]byte) {
	for n := range b.ports {
		if !r.all && n != int(r.port) {
			continue
		}
		if !r.read {
			b.ports[n].write(r.number, r.data)
			continue
		}
		answer := r
		answer.port, answer.all, answer.data = byte(n), false, b.ports[n].read(r.number)
		answers = append(answers, xpp{op: opRegisterReply, data: answer.bytes()}.append(nil))
	}
	return answers
}

// hear takes the host's audio: which lines it is for, and 8 bytes for each of them.
func (b *lines) hear(data []byte) {
	if len(data) < 4 {
		return
	}
	which, audio := binary.LittleEndian.Uint32(data), data[4:]
	for n := 0; which != 0 && len(audio) >= chunk; n, which = n+1, which>>1 {
		if which&1 == 0 {
			continue
		}
		if n < Lines {
			b.ports[n].hear(audio[:chunk])
		}
		audio = audio[chunk:]
	}
}

// hear takes what the board says on the line, while it may be heard.
func (p *port) hear(codes []byte) {
	if p.line.is == talk && p.offHook() {
		for _, c := range codes {
			p.line.ear.Hear(p.decode(c))
		}
	}
}

// tick is a ms of the board's clock: what changed on the lines, and their audio.
func (b *lines) tick() (frames [][]byte) {
	var rings, toggled, open uint32
	audio := make([]byte, 4, 4+Lines*chunk)
	samples := make([]int16, chunk)
	for n := range b.ports {
		p := &b.ports[n]
		p.line.tick()
		p.line.fill(samples)
		ring, changed, told := p.changes(byte(n))
		if ring {
			rings |= 1 << n
		}
		if changed {
			toggled |= 1 << n
		}
		for _, r := range told {
			frames = append(frames, xpp{op: opRegisterReply, data: r.bytes()}.append(nil))
		}
		if !p.open() {
			continue
		}
		open |= 1 << n
		for _, s := range samples {
			audio = append(audio, p.encode(s))
		}
	}
	if toggled != 0 {
		words := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, rings), toggled)
		frames = append(frames, xpp{op: opFXOSignals, data: words}.append(nil))
	}
	binary.LittleEndian.PutUint32(audio, open)
	return append(frames, xpp{op: opPCMRead, pcm: true, sync: true, data: audio}.append(nil))
}

// off takes the power, or the FPGA's: the exchange sees that all hang up.
func (b *lines) off() {
	b.mode, b.clock = syncNone, nil
	for n := range b.ports {
		b.ports[n].reset()
	}
}

// talk answers a frame, and starts or stops the clock. mu is held.
func (a *Astribank) talk(p Port, frame []byte) {
	for _, answer := range a.lines.take(frame) {
		p.Send(linesIn, answer)
	}
	switch ticks := a.lines.mode != syncNone; {
	case ticks && a.lines.clock == nil:
		a.lines.clock = &clock{p}
		go a.run(a.lines.clock)
	case !ticks:
		a.lines.clock = nil
	}
}

const (
	tickEvery = time.Millisecond
	mostLate  = 4000 // ticks: what it owes beyond is lost
)

// run ticks until the board has another clock, or none. It sleeps in the kernel, as
// Go's own timers are not good for a ms. Ticks that are late are caught up with.
func (a *Astribank) run(c *clock) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now := func() int64 {
		var t unix.Timespec
		_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
		return t.Nano()
	}
	for next := now(); ; next += int64(tickEvery) {
		if late := (now() - next) / int64(tickEvery); late > mostLate {
			next += late * int64(tickEvery)
		}
		at := unix.NsecToTimespec(next)
		for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &at, nil) == unix.EINTR {
		}
		a.mu.Lock()
		if a.lines.clock != c {
			a.mu.Unlock()
			return
		}
		frames := a.lines.tick()
		a.mu.Unlock()
		for _, f := range frames {
			c.port.Send(linesIn, f)
		}
	}
}

// Do lets something happen on a line: its number from 1 on, and words as of obey.
func (a *Astribank) Do(text string) error {
	words := strings.Fields(text)
	if len(words) == 0 {
		return fmt.Errorf("no line")
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 1 || n > Lines {
		return fmt.Errorf("no line %q", words[0])
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lines.ports[n-1].line.obey(words[1:])
}

// Tell lets do be told what becomes of lines, with the board's lock held.
func (a *Astribank) Tell(do func(line int, what string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for n := range a.lines.ports {
		a.lines.ports[n].line.tell = func(what string) { do(n+1, what) }
	}
}
