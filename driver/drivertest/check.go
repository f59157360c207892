package drivertest

import (
	"fmt"
	"slices"

	"vaad/driver"
	"vaad/dsp/g711"
)

// checker looks at each frame of a board in turn.
type checker struct {
	in      driver.Info
	mayLose bool
	stalled bool // the machine stood still before this frame: what was lost it may say now
	frames  uint64
	seq     uint64
	pos     int64
}

const (
	scribbledPCM  = 0x5A5A
	scribbledCode = 0x33 // expands to something else in both laws
	scribbledLine = 1 << 20
)

// scribble fills a frame with what no board may leave in it.
func scribble(f *driver.Frame) {
	for i := range f.PCM {
		f.PCM[i] = scribbledPCM
	}
	for i := range f.Code {
		f.Code[i] = scribbledCode
	}
	f.Events = append(f.Events[:0], driver.Event{Kind: driver.Text, Line: scribbledLine})
	f.Commands = append(f.Commands[:0], driver.Command{Kind: driver.Ring, Line: scribbledLine})
	f.Seq, f.Pos = 1<<60, 1<<60
}

// frame returns what is wrong with the next frame.
func (c *checker) frame(rx *driver.Frame) (wrong []string) {
	say := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("frame %d: ", c.frames)+fmt.Sprintf(format, args...))
	}
	c.counters(rx, say)
	if len(rx.Commands) > 0 {
		say("holds commands: rx must be reset")
	}
	for i := range c.in.Lines {
		c.audio(rx, i, say)
	}
	c.events(rx, say)
	c.frames++
	c.seq, c.pos = rx.Seq, rx.Pos
	return wrong
}

func (c *checker) counters(rx *driver.Frame, say func(string, ...any)) {
	if c.frames == 0 {
		if rx.Seq != 0 {
			say("Seq %d: frames are counted from 0", rx.Seq)
		}
		if rx.Pos < 0 {
			say("Pos %d: positions are not negative", rx.Pos)
		}
		return
	}
	step := rx.Seq - c.seq
	if step != 1 && !((c.mayLose || c.stalled) && step > 1 && step < 1<<32) {
		say("Seq goes from %d to %d", c.seq, rx.Seq)
		return
	}
	if d := rx.Pos - c.pos; d != int64(step)*driver.Block {
		say("Pos goes on by %d samples in %d frames of %d", d, step, driver.Block)
	}
}

func (c *checker) audio(rx *driver.Frame, i int, say func(string, ...any)) {
	l := c.in.Lines[i]
	pcm := rx.LinePCM(i)
	if l.Law == driver.Linear {
		if !slices.ContainsFunc(pcm, func(s int16) bool { return s != scribbledPCM }) {
			say("line %d: PCM was not filled", i)
		}
		return
	}
	table := g711.DecodeTable(g711.Law(l.Law))
	for k, code := range rx.LineCode(i) {
		if pcm[k] != table[code] {
			say("line %d sample %d: code %#02x (%v) is %d, PCM says %d", i, k, code, l.Law, table[code], pcm[k])
			return
		}
	}
}

func (c *checker) events(rx *driver.Frame, say func(string, ...any)) {
	last := map[[2]int]int{} // of line or span
	states := make([]int, len(c.in.Lines))
	for _, e := range rx.Events {
		var known driver.EventKind
		if known.UnmarshalText([]byte(e.Kind.String())) != nil {
			say("event of unknown kind %d", e.Kind)
			continue
		}
		onSpan := e.Kind.OnSpan()
		if e.Kind == driver.Refused {
			onSpan = driver.CommandKind(e.Value).OnSpan()
			if len(e.Data) == 0 {
				say("%v refused without a reason", driver.CommandKind(e.Value))
			}
		}
		n, what := len(c.in.Lines), "line"
		if onSpan {
			n, what = len(c.in.Spans), "span"
		}
		if e.Line < 0 || e.Line >= n {
			say("%v on %s %d of %d", e.Kind, what, e.Line, n)
			continue
		}
		if e.At < 0 || e.At >= driver.Block {
			say("%v on %s %d at sample %d of %d", e.Kind, what, e.Line, e.At, driver.Block)
		}
		if e.Kind != driver.Refused { // it has the At of its command
			key := [2]int{e.Line, 0}
			if onSpan {
				key[1] = 1
			}
			if e.At < last[key] {
				say("%v on %s %d at sample %d comes after an event at %d", e.Kind, what, e.Line, e.At, last[key])
			}
			last[key] = e.At
		}
		if wrong := value(e); wrong != "" {
			say("%v on %s %d: %s", e.Kind, what, e.Line, wrong)
		}
		if e.Kind == driver.State {
			states[e.Line]++
		}
	}
	for i, n := range states {
		if c.frames == 0 && n != 1 {
			say("line %d has %d State events: the first frame has one per line", i, n)
		}
		if c.frames > 0 && n > 0 {
			say("line %d has a State event: only the first frame has", i)
		}
	}
}

// value says what is wrong with the value of an event.
func value(e driver.Event) string {
	in := func(lo, hi int32) string {
		if e.Value < lo || e.Value > hi {
			return fmt.Sprintf("value %d is not within %d…%d", e.Value, lo, hi)
		}
		return ""
	}
	const maxInt = 1<<31 - 1
	switch e.Kind {
	case driver.State:
		return in(0, 2*driver.StateAlarm-1)
	case driver.HookEdge, driver.Polarity, driver.Battery, driver.MWI, driver.ChannelAlarm, driver.ECState:
		return in(0, 1)
	case driver.CASBits:
		return in(0, 15)
	case driver.PulseDigit:
		return in('0', '9')
	case driver.SpanAlarm:
		return in(0, 2*driver.AlarmLoopback-1)
	case driver.DChannelErr:
		return in(driver.DErrAbort, driver.DErrOverrun)
	case driver.Lost, driver.Slip, driver.Missed, driver.Underrun, driver.Flash, driver.LoopBreak:
		return in(1, maxInt)
	case driver.RoundTrip:
		return in(0, maxInt)
	case driver.DigitBegin, driver.DigitEnd:
		if !slices.Contains([]byte("0123456789*#ABCD"), byte(e.Value)) || e.Value > 255 {
			return fmt.Sprintf("value %d is no key", e.Value)
		}
	case driver.DChannel:
		if len(e.Data) < 3 { // address of two octets, control (Q.921 clause 2.1)
			return fmt.Sprintf("frame of %d bytes", len(e.Data))
		}
	}
	return ""
}
