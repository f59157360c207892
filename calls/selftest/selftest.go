package selftest

import (
	"context"
	"math"
	"slices"
	"time"

	"vaad/calls/learn"
	"vaad/channels"
	"vaad/driver"
	"vaad/dsp/g711"
)

// A Verdict is what a check comes to.
type Verdict string

const (
	Good    Verdict = "good"
	Doubt   Verdict = "doubt"   // it works, and something is not as it should be
	Bad     Verdict = "bad"     // it cannot work so
	Unknown Verdict = "unknown" // nothing was there to be measured; Why says it
)

// A Check is one thing that was looked at. Figures that were not measured are nil.
type Check struct {
	Code    string // see Codes
	Verdict Verdict
	Why     string    // code of what is wrong, or of why nothing is known; see Whys
	Value   *float64  // V, dBm0p, dBm0, percent, by the code
	Low     *float64  // of volts: the least and the largest seen
	High    *float64  //
	Hz      float64   // of hum
	Count   int       // of caller-id: incoming calls looked at
	At      time.Time // of ring, polarity: the last
	Detail  string    // in the driver's words (English)
	Alarms  []string  // of span
}

// Codes lists what is looked at, in order.
func Codes() []string {
	return []string{"board", "port", "volts", "steady", "noise", "hum", "ring", "polarity", "caller-id", "span", "dchannel"}
}

// Whys lists the codes of what is wrong or not known, by code of the check.
func Whys() map[string][]string {
	return map[string][]string{
		"board": {"gone", "stands"}, "port": {"fault", "unused", "refused"},
		"volts": {"card", "none", "low"}, "steady": {"moves", "not-idle", "card"},
		"noise": {"noisy", "loud", "in-call", "nothing", "deaf"}, "hum": {"hums", "in-call", "nothing", "deaf"},
		"ring": {"never"}, "polarity": {"never"}, "caller-id": {"no-calls", "some", "few"},
		"span": {"alarms"}, "dchannel": {"silent", "down", "swapped"},
	}
}

// System is what is asked: [channels.System].
type System interface {
	Boards() []channels.BoardStatus
	Line(number int) (*channels.Line, bool)
}

// Callers says of how many of a line's latest incoming calls the caller is known.
type Callers func(ctx context.Context, line int) (known, all int, err error)

const (
	Length  = 2 * time.Second // of a test
	every   = 100 * time.Millisecond
	noVolts = 3.0  // V: less is no battery
	lowIdle = 22.0 // V: less on-hook is too little for most telephones
	moves   = 0.1  // of the voltage: more is a line that moves though nothing happens
	noisy   = -50  // dBm0p
	loud    = -38  // dBm0p
	hums    = -45  // dBm0
)

// Run tests a line. Error: channels.ErrNoLine, or what ended ctx.
func Run(ctx context.Context, sys System, callers Callers, number int) ([]Check, error) {
	line, ok := sys.Line(number)
	if !ok {
		return nil, channels.ErrNoLine
	}
	t := &test{sys: sys, line: line, before: line.Status(), low: math.Inf(1), high: math.Inf(-1)}
	t.ticks, _ = t.board()
	if err := t.watch(ctx); err != nil {
		return nil, err
	}
	t.now = line.Status()
	t.looks()
	t.listens()
	t.remembers()
	if t.now.Kind == driver.FXO && callers != nil {
		known, all, err := callers(ctx, number)
		if err != nil {
			return nil, err
		}
		t.asks(known, all)
	}
	t.links()
	return t.out, nil
}

// A test is one under way.
type test struct {
	sys         System
	line        *channels.Line
	before, now channels.LineStatus
	ticks       uint64
	low, high   float64 // V
	still       bool    // it was idle all the time
	out         []Check
}

func (t *test) add(c Check) { t.out = append(t.out, c) }

func (t *test) board() (ticks uint64, state channels.BoardState) {
	for _, b := range t.sys.Boards() {
		if b.ID == t.line.Board() {
			return b.Ticks, b.State
		}
	}
	return 0, channels.BoardGone
}

// watch reads the voltage for the length of a test.
func (t *test) watch(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	t.still = true
	for range int(Length / every) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		st := t.line.Status()
		if st.HasVolts {
			v := float64(st.MilliVolt) / 1000
			t.low, t.high = min(t.low, v), max(t.high, v)
		}
		t.still = t.still && st.State == channels.Idle
	}
	return nil
}

// looks checks what the board and the port say of themselves.
func (t *test) looks() {
	ticks, state := t.board()
	board := Check{Code: "board", Verdict: Good}
	switch {
	case state != channels.BoardRunning:
		board.Verdict, board.Why = Bad, "gone"
	case ticks == t.ticks:
		board.Verdict, board.Why = Bad, "stands"
	}
	t.add(board)
	port := Check{Code: "port", Verdict: Good, Detail: t.now.Fault.Detail}
	switch {
	case t.now.Fault.Code != "":
		port.Verdict, port.Why = Bad, "fault"
	case t.now.Reason != "":
		port.Verdict, port.Why, port.Detail = Bad, "refused", t.now.Reason
	case t.now.Use == driver.Unused:
		port.Verdict, port.Why = Unknown, "unused"
	}
	t.add(port)
	if t.now.Kind != driver.FXO {
		return
	}
	volts, steady := Check{Code: "volts", Verdict: Good}, Check{Code: "steady", Verdict: Good}
	if math.IsInf(t.low, 0) {
		volts.Verdict, volts.Why, steady.Verdict, steady.Why = Unknown, "card", Unknown, "card"
		t.add(volts)
		t.add(steady)
		return
	}
	v, low, high := float64(t.now.MilliVolt)/1000, t.low, t.high
	volts.Value = &v
	if x := t.now.VoltsReached; !x.Since.IsZero() {
		a, b := float64(x.Min)/1000, float64(x.Max)/1000
		volts.Low, volts.High = &a, &b
	}
	switch {
	case math.Abs(v) < noVolts:
		volts.Verdict, volts.Why = Bad, "none"
	case t.now.State == channels.Idle && math.Abs(v) < lowIdle:
		volts.Verdict, volts.Why = Doubt, "low"
	}
	t.add(volts)
	steady.Low, steady.High = &low, &high
	switch {
	case !t.still:
		steady.Verdict, steady.Why = Unknown, "not-idle"
	case high-low > moves*math.Abs(v):
		steady.Verdict, steady.Why = Doubt, "moves"
	}
	t.add(steady)
}

// listens measures what is heard on a line on which nobody speaks.
func (t *test) listens() {
	noise, hum := Check{Code: "noise", Verdict: Unknown}, Check{Code: "hum", Verdict: Unknown}
	pcm := t.heard()
	switch n, ok := learn.MeasureNoise(pcm); {
	case t.now.Use == driver.Unused:
		return
	case t.now.Call != "" || t.before.Call != "":
		noise.Why, hum.Why = "in-call", "in-call"
	case t.now.Kind == driver.FXO && !t.now.Caps.Has(driver.CapOnHookRx):
		noise.Why, hum.Why = "deaf", "deaf"
	case !ok:
		noise.Why, hum.Why = "nothing", "nothing"
	default:
		noise.Verdict, noise.Value = Good, &n.DBm0p
		switch {
		case n.DBm0p > loud:
			noise.Verdict, noise.Why = Bad, "loud"
		case n.DBm0p > noisy:
			noise.Verdict, noise.Why = Doubt, "noisy"
		}
		hum.Verdict, hum.Value, hum.Hz = Good, &n.HumDBm0, n.MainsHz
		if n.MainsHz > 0 && n.HumDBm0 > hums {
			hum.Verdict, hum.Why = Doubt, "hums"
		}
	}
	t.add(noise)
	t.add(hum)
}

// heard is what came in during the test, of the first side that is received.
func (t *test) heard() []int16 {
	sides := t.line.Sides()
	i := slices.IndexFunc(sides, func(s channels.Side) bool { return s.Name != "local" })
	if i < 0 {
		return nil
	}
	b := make([]byte, int(Length/time.Second)*driver.Rate)
	n, err := t.line.Read(b, i, t.line.Fed()-int64(len(b))-driver.Rate/4) // what keys may yet be taken out of comes later
	if err != nil {
		return nil
	}
	pcm := make([]int16, n)
	g711.Decode(pcm, b[:n], g711.Law(sides[i].Law))
	return pcm
}

// remembers says what was seen of signalling lately.
func (t *test) remembers() {
	if t.now.Kind != driver.FXO || t.now.Use == driver.Unused {
		return
	}
	for _, c := range []struct {
		code string
		at   time.Time
	}{{"ring", t.now.Rang}, {"polarity", t.now.Reversed}} {
		if c.at.IsZero() {
			t.add(Check{Code: c.code, Verdict: Unknown, Why: "never"})
			continue
		}
		t.add(Check{Code: c.code, Verdict: Good, At: c.at})
	}
}

func (t *test) asks(known, all int) {
	c := Check{Code: "caller-id", Verdict: Good, Count: all}
	if all == 0 {
		c.Verdict, c.Why = Unknown, "no-calls"
		t.add(c)
		return
	}
	share := 100 * float64(known) / float64(all)
	c.Value = &share
	switch {
	case share < 50:
		c.Verdict, c.Why = Bad, "few"
	case share < 90:
		c.Verdict, c.Why = Doubt, "some"
	}
	t.add(c)
}

// links says how the span of a digital line is.
func (t *test) links() {
	for _, b := range t.sys.Boards() {
		if b.ID != t.now.Board || t.now.Span == 0 {
			continue
		}
		for _, s := range b.Spans {
			if s.Number != t.now.Span {
				continue
			}
			span := Check{Code: "span", Verdict: Good, Alarms: s.Alarms}
			if len(s.Alarms) > 0 {
				span.Verdict, span.Why = Bad, "alarms"
			}
			t.add(span)
			if s.DChannel == 0 {
				continue
			}
			d := Check{Code: "dchannel", Verdict: Good}
			switch {
			case s.LinkDown:
				d.Verdict, d.Why = Bad, "down"
			case s.Swapped:
				d.Verdict, d.Why = Doubt, "swapped"
			case s.Silent || !s.DChannelUp:
				d.Verdict, d.Why = Doubt, "silent"
			}
			t.add(d)
		}
	}
}
