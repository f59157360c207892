package channels

import (
	"testing"

	"vaad/channels/pri"
	"vaad/driver"
)

// An exchange is the far end of the span of a rig.
type exchange struct {
	*rig
	stack *pri.Stack
	out   pri.StackOut
	came  [][]byte // frames on their way to it
	got   []pri.StackEvent
	cut   bool // the wire is
}

// e1Info is a board of one E1 with 30 B-channels: timeslots 1…15 are ports 1…15,
// timeslots 17…31 ports 16…30.
func e1Info() driver.Info {
	info := driver.Info{Driver: "fake", Model: "Fake", Spans: []driver.Span{{Number: 1, Channels: 31, DChannel: 16}}}
	for slot := 1; slot <= 31; slot++ {
		if slot != 16 {
			info.Lines = append(info.Lines, driver.Line{Port: len(info.Lines) + 1, Kind: driver.BChan, Law: driver.ALaw, Caps: driver.CapTx, Span: 1, Timeslot: slot})
		}
	}
	return info
}

func e1Plan(info driver.Info) (all []LineConfig) {
	for _, l := range info.Lines {
		all = append(all, LineConfig{Number: l.Port, Port: l.Port, Use: driver.Trunk})
	}
	return all
}

// newExchange begins with the link established and all timeslots idle. We are side.
func newExchange(t *testing.T, side pri.Side, lines ...LineConfig) *exchange {
	t.Helper()
	info := e1Info()
	if lines == nil {
		lines = e1Plan(info)
	}
	x := &exchange{stack: pri.NewStack(pri.StackConfig{Side: side.Other()})}
	x.rig = newRig(t, info, lines, SpanConfig{Number: 1, Side: side.String()})
	x.wire = func(frame []byte) { x.came = append(x.came, frame) }
	x.do(func(o *pri.StackOut, now int64) { x.stack.Start(o, now) })
	x.run(3000)
	return x
}

// do lets the far end do something.
func (x *exchange) do(f func(o *pri.StackOut, now int64)) {
	f(&x.out, x.l.next)
	x.got = append(x.got, x.out.Events...)
	for _, frame := range x.out.Frames {
		if !x.cut {
			x.events = append(x.events, driver.Event{Kind: driver.DChannel, Data: frame, At: 80})
		}
	}
	x.out = pri.StackOut{}
}

func (x *exchange) run(ms int) {
	x.t.Helper()
	for range ms / 20 {
		x.tick(1)
		for _, frame := range x.came {
			if !x.cut {
				x.do(func(o *pri.StackOut, now int64) { x.stack.Frame(o, frame, now) })
			}
		}
		x.came = nil
		x.do(x.stack.Tick)
	}
}

// hears is the newest thing of a kind that the far end was told.
func (x *exchange) hears(k pri.StackEventKind) pri.StackEvent {
	x.t.Helper()
	for i := len(x.got) - 1; i >= 0; i-- {
		if x.got[i].Kind == k {
			return x.got[i]
		}
	}
	x.t.Fatalf("the far end was not told %v", k)
	return pri.StackEvent{}
}

func (x *exchange) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// calls sets up a call of the far end's.
func (x *exchange) calls(slot int, called, caller string) (id pri.CallID) {
	x.t.Helper()
	x.do(func(o *pri.StackOut, now int64) {
		var err error
		id, err = x.stack.Setup(o, pri.SetupOrder{Slot: slot, Called: called, Caller: caller, Complete: true}, now)
		x.must(err)
	})
	x.run(200)
	return id
}
