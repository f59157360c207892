package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"vaad/channels"
	"vaad/channels/pri"
	"vaad/console"
	"vaad/recorder/archive"
)

// dchannels remember what was lately said on each D-channel, so that one can look
// back: a trace per span, of bounded size, in memory.
type dchannels struct {
	d *running

	mu  sync.Mutex
	all map[channelKey]*dtrace
}

type channelKey struct {
	board string
	span  int
}

// A dtrace is the trace of one span. It is guarded by dchannels.mu.
type dtrace struct {
	trace   *pri.Trace
	capture *channels.Capture
	changed chan struct{} // closed when there is more
}

func newDChannels(d *running) *dchannels { return &dchannels{d: d, all: map[channelKey]*dtrace{}} }

// spansEvery is how often new D-channels are looked for.
const spansEvery = 2 * time.Second

// keep follows all D-channels until ctx ends.
func (c *dchannels) keep(ctx context.Context) {
	var readers sync.WaitGroup
	defer readers.Wait()
	tick := time.NewTicker(spansEvery)
	defer tick.Stop()
	for {
		for _, b := range c.d.sys.Boards() {
			for _, s := range b.Spans {
				if t := c.found(b.ID, s); t != nil {
					readers.Go(func() { c.read(ctx, t) })
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// found begins the trace of a span that has a D-channel; nil: it has none, or one already.
func (c *dchannels) found(board string, s channels.SpanStatus) *dtrace {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := channelKey{board, s.Number}
	if s.DChannel == 0 || c.all[k] != nil {
		return nil
	}
	from, err := c.d.sys.Capture(board, s.Number)
	if err != nil { // its board is being opened again
		return nil
	}
	t := &dtrace{trace: pri.NewTrace(), capture: from, changed: make(chan struct{})}
	c.all[k] = t
	return t
}

// read takes what comes on one D-channel. The capture lives as long as the daemon:
// a board that is gone may come back.
func (c *dchannels) read(ctx context.Context, t *dtrace) {
	defer t.capture.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-t.capture.C:
			c.mu.Lock()
			t.trace.Add(sideOf(m.FromNetwork), m.Time, m.Pos, m.Frame)
			close(t.changed)
			t.changed = make(chan struct{})
			c.mu.Unlock()
		}
	}
}

func sideOf(network bool) pri.Side {
	if network {
		return pri.Network
	}
	return pri.User
}

// of is the trace of a span. A D-channel that has not been found yet has none; then
// the board says why.
func (c *dchannels) of(board string, span int) (*dtrace, error) {
	c.mu.Lock()
	t := c.all[channelKey{board, span}]
	c.mu.Unlock()
	if t != nil {
		return t, nil
	}
	for _, b := range c.d.sys.Boards() {
		if b.ID == board {
			return nil, channels.ErrNoSpan
		}
	}
	return nil, channels.ErrNoBoard
}

// Frames implements console.DChannels.
func (c *dchannels) Frames(board string, span int, after uint64, f func(console.DFrame)) (console.DKept, error) {
	t, err := c.of(board, span)
	if err != nil {
		return console.DKept{}, err
	}
	all, kept := c.copy(t, after, func(*pri.Traced) bool { return true })
	lines := c.lines(board, span)
	for i := range all {
		f(framed(&all[i], lines))
	}
	return kept, nil
}

// copy takes what came behind after and is wanted out of a trace, holding its lock no longer than that takes.
func (c *dchannels) copy(t *dtrace, after uint64, wanted func(*pri.Traced) bool) (all []pri.Traced, kept console.DKept) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.trace.After(after, func(x pri.Traced) bool {
		if wanted(&x) {
			all = append(all, x)
		}
		return true
	})
	kept.Kept, kept.Since = t.trace.Kept()
	kept.Lost, kept.Newest = t.capture.Dropped(), t.trace.Newest()
	return all, kept
}

// lines are those whose timeslots the D-channel of a span tells of, by timeslot: of
// a tapped link both spans belong to it.
func (c *dchannels) lines(board string, span int) map[int]int {
	spans := map[int]bool{span: true}
	info := c.d.plan.board(board)
	for _, p := range info.Taps() {
		a, b := info.Spans[p[0]].Number, info.Spans[p[1]].Number
		if a == span || b == span {
			spans[a], spans[b] = true, true
		}
	}
	of := map[int]int{}
	for _, l := range c.d.sys.Lines() {
		if l.Board == board && l.Timeslot > 0 && spans[l.Span] {
			of[l.Timeslot] = l.Number
		}
	}
	return of
}

// OfCall implements console.DChannels.
func (c *dchannels) OfCall(line int, from, to time.Time) []console.DFrame {
	all, lines := c.ofCall(line, from, to)
	var out []console.DFrame
	for i := range all {
		out = append(out, framed(&all[i], lines))
	}
	return out
}

func (c *dchannels) ofCall(line int, from, to time.Time) ([]pri.Traced, map[int]int) {
	l, ok := c.d.sys.Line(line)
	if !ok {
		return nil, nil
	}
	st := l.Status()
	t, err := c.of(l.Board(), st.Span)
	if err != nil || st.Timeslot == 0 {
		return nil, nil
	}
	all, _ := c.copy(t, 0, func(x *pri.Traced) bool {
		return x.Call != nil && x.Call.Slot == st.Timeslot && !x.Time.Before(from) && x.Time.Before(to)
	})
	return all, c.lines(l.Board(), st.Span)
}

// Stored implements console.DChannels.
func (c *dchannels) Stored(all []console.DStored) (out []console.DFrame) {
	t := pri.NewTrace() // for what belongs to one call
	for _, f := range all {
		t.Add(sideOf(f.FromNetwork), f.Time, 0, f.Raw)
	}
	t.After(0, func(x pri.Traced) bool {
		f := framed(&x, nil)
		f.Seq, f.Missing = 0, 0 // the story has the frames of its call only
		out = append(out, f)
		return true
	})
	return out
}

// framed explains a frame.
func framed(x *pri.Traced, lines map[int]int) console.DFrame {
	e := pri.Explain(x.Frame)
	f := console.DFrame{Seq: x.Seq, Time: x.Time, From: x.From.String(), Raw: x.Frame, Layer: 2, SAPI: int(e.SAPI), TEI: int(e.TEI), NS: -1, NR: -1,
		Poll: e.PF, Repeated: x.Repeated, Missing: x.Missing, Bad: e.Bad}
	if e.Kind != 0 {
		f.Kind = e.Kind.String()
		f.Name = f.Kind
	}
	switch e.Kind {
	case pri.I:
		f.NS, f.NR = int(e.NS), int(e.NR)
	case pri.RR, pri.RNR, pri.REJ:
		f.NR = int(e.NR)
	}
	if e.Message != nil {
		f.Layer, f.Name = 3, e.Message.Type.String()
	}
	for i := range e.Elements {
		el := &e.Elements[i]
		d := console.DElement{ID: el.IDText(), Code: el.Code, Raw: el.Data}
		for _, v := range el.Details {
			d.Details = append(d.Details, [2]string{v.Key, v.Value})
			if v.Key == "cause" && f.Cause == 0 {
				_, _ = fmt.Sscan(v.Value, &f.Cause) // a number that we wrote
			}
		}
		f.Elements = append(f.Elements, d)
	}
	if c := x.Call; c != nil {
		f.Call = &console.DCall{Seq: c.Seq, Origin: c.Origin.String(), Ref: int(c.Ref), Slot: c.Slot, Caller: c.Caller, Called: c.Called}
		f.Call.Line = lines[c.Slot]
	}
	return f
}

// aroundCall is how long before and after a recording the messages of its call are looked for.
const aroundCall = 2 * time.Minute

// within leaves out calls that were over before a time began, or began when it was over.
func within(all []pri.Traced, from, to time.Time) []pri.Traced {
	first, last := map[uint64]time.Time{}, map[uint64]time.Time{}
	for i := range all {
		c := all[i].Call.Seq
		if _, known := first[c]; !known {
			first[c] = all[i].Time
		}
		last[c] = all[i].Time
	}
	return slices.DeleteFunc(all, func(x pri.Traced) bool { return last[x.Call.Seq].Before(from) || first[x.Call.Seq].After(to) })
}

// signalling is what the D-channel said of a line's call, as lines of its story. What
// was keyed in the call is left out: it may be secret.
func (c *dchannels) signalling(line int, from, to time.Time) (out []archive.Entry) {
	all, _ := c.ofCall(line, from.Add(-aroundCall), to.Add(aroundCall))
	all = within(all, from, to)
	talking := map[uint64]bool{}
	for i := range all {
		x := &all[i]
		e := pri.Explain(x.Frame)
		if e.Message == nil || x.Repeated {
			continue
		}
		if e.Message.Type == pri.Information && talking[x.Call.Seq] {
			continue
		}
		talking[x.Call.Seq] = talking[x.Call.Seq] || e.Message.Type == pri.Connect
		out = append(out, archive.Entry{Time: x.Time, At: x.Pos, Kind: archive.EntryQ931, Side: x.From.String(), Code: e.Message.Type.String(), Text: hex.EncodeToString(x.Frame)})
	}
	return out
}

// past writes what is kept of a D-channel's last time as a capture file to w, and
// goes on, if that is wished, until ctx ends.
func (c *dchannels) past(ctx context.Context, of console.PcapWish, w io.Writer) error {
	t, err := c.of(of.Board, of.Span)
	if err != nil {
		return err
	}
	out, err := pri.NewPcapWriter(w)
	since := time.Now().Add(-of.Past)
	for after := uint64(0); err == nil; {
		c.mu.Lock()
		more := t.changed
		c.mu.Unlock()
		all, kept := c.copy(t, after, func(x *pri.Traced) bool { return !x.Time.Before(since) })
		for i := range all {
			if err = out.Write(all[i].From, all[i].Time, all[i].Frame); err != nil {
				return err
			}
		}
		if after = kept.Newest; !of.Live {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-more:
		}
	}
	return err
}
