package calls

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vaad/channels"
	"vaad/channels/numbering"
	"vaad/driver"
	"vaad/dsp/progress"
)

// exchange plays channels.System: a little exchange in memory whose trunks and
// stations do what their tables would, and what a test makes their far ends do.
type exchange struct {
	t      testing.TB
	feed   *feed
	mu     sync.Mutex
	lines  map[int]*port
	calls  int
	mute   bool                      // events are lost
	hang   map[string]chan struct{}  // boards that do not answer until it is closed
	fail   map[int]error             // what wishes of a line come to
	done   []string                  // wishes that were carried out
	last   map[int]channels.Wish     // the last call wished of a line
	waits  map[channels.WishKind]int // wishes of a kind that are answered with channels.ErrBusy first
	stale  string                    // a request that calls which come in carry
	silent bool                      // digital trunks say that there is nothing to be heard
	slow   bool                      // trunks wait for sent
}

type port struct {
	channels.LineStatus
	off     bool // a station's receiver
	mix     string
	role    channels.Role
	to      int
	hears   string // what is played: a tone, "music", "sound"
	request string
	answer  bool
	signal  string // of its own signalling, which goes over all else
}

const station1, station2, station3, trunk1, trunk2, pri1, pri2 = 1, 2, 3, 11, 12, 21, 22

func newExchange(t testing.TB, f *feed) *exchange {
	x := &exchange{t: t, feed: f, lines: map[int]*port{}, hang: map[string]chan struct{}{}, fail: map[int]error{}, last: map[int]channels.Wish{},
		waits: map[channels.WishKind]int{}}
	for _, n := range []int{station1, station2, station3} {
		x.add(n, "fxs", driver.FXS, driver.Station)
	}
	for _, n := range []int{trunk1, trunk2} {
		x.add(n, "fxo", driver.FXO, driver.Trunk)
	}
	for _, n := range []int{pri1, pri2} {
		x.add(n, "e1", driver.BChan, driver.Trunk)
	}
	return x
}

func (x *exchange) add(n int, board string, k driver.Kind, u driver.Use) {
	x.lines[n] = &port{LineStatus: channels.LineStatus{Number: n, Board: board, Kind: k, Use: u, State: channels.Idle, Since: time.Now()}}
}

func (x *exchange) Lines() (all []channels.LineStatus) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range x.lines {
		all = append(all, p.LineStatus)
	}
	return all
}

// emit tells of something on a line, as the feed would.
func (x *exchange) emit(p *port, e channels.Event) {
	e.Line, e.Board, e.Time = p.Number, p.Board, time.Now()
	if e.Call == "" {
		e.Call = p.Call
	}
	if x.mute {
		x.feed.mu.Lock()
		x.feed.lost = true
		x.feed.mu.Unlock()
		return
	}
	x.feed.put(e)
}

func (x *exchange) state(p *port, to channels.State) {
	if p.State == to {
		return
	}
	from := p.State
	p.State, p.Since = to, time.Now()
	x.emit(p, channels.Event{Kind: channels.LineState, From: from, To: to})
}

func (x *exchange) begin(p *port, d channels.Direction, request, caller, called string) {
	x.calls++
	p.Call, p.Direction, p.Caller, p.Called = fmt.Sprintf("call%04d", x.calls), d, caller, called
	p.request, p.answer = request, false
	x.emit(p, channels.Event{Kind: channels.CallBegin, Direction: d, Request: request, Caller: caller, Called: called})
}

func (x *exchange) end(p *port, by string, cause int) {
	if p.Call == "" {
		return
	}
	if p.mix != "" {
		x.emit(p, channels.Event{Kind: channels.Left, Text: p.mix})
	}
	p.mix, p.hears, p.signal = "", "", ""
	x.emit(p, channels.Event{Kind: channels.CallEnd, EndedBy: by, Value: int64(cause)})
	p.Call, p.Direction = "", channels.NoDirection
}

func (x *exchange) answered(p *port, by string) {
	if p.Call == "" || p.answer {
		return
	}
	p.answer, p.signal = true, ""
	x.state(p, channels.Talking)
	x.emit(p, channels.Event{Kind: channels.CallAnswered, AnsweredBy: by, Direction: p.Direction})
}

func wishErr(w channels.Wish, code string) error {
	return &channels.WishError{Line: w.Line, Wish: w.Kind.String(), Code: code, Text: code}
}

// enterBoard waits for a board that hangs.
func (x *exchange) enterBoard(ctx context.Context, line int) (*port, error) {
	x.mu.Lock()
	p := x.lines[line]
	var hang chan struct{}
	if p != nil {
		hang = x.hang[p.Board]
	}
	err := x.fail[line]
	x.mu.Unlock()
	if p == nil {
		return nil, channels.ErrNoLine
	}
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	x.mu.Lock()
	if err == nil && p.State == channels.GoneState {
		err = channels.ErrGone
	}
	if err != nil {
		x.mu.Unlock()
	}
	return p, err
}

func (x *exchange) Wish(ctx context.Context, w channels.Wish) (channels.Accepted, error) {
	p, err := x.enterBoard(ctx, w.Line)
	if err != nil {
		return channels.Accepted{}, err
	}
	defer x.mu.Unlock()
	if x.waits[w.Kind] > 0 {
		x.waits[w.Kind]--
		return channels.Accepted{}, channels.ErrBusy
	}
	x.done = append(x.done, fmt.Sprintf("%v %d", w.Kind, w.Line))
	if w.Kind != channels.WishCall && p.Call == "" {
		return channels.Accepted{}, wishErr(w, "no-call")
	}
	switch w.Kind {
	case channels.WishCall:
		if p.State != channels.Idle || p.Call != "" {
			return channels.Accepted{}, wishErr(w, "busy")
		}
		x.last[w.Line] = w
		if p.Use == driver.Station {
			x.begin(p, channels.Incoming, w.ID, w.Caller, "")
			x.state(p, channels.Ringing)
			break
		}
		x.begin(p, channels.Outgoing, w.ID, w.Caller, w.Number)
		x.state(p, channels.Dialling)
		if !x.slow {
			x.state(p, channels.Proceeding)
		}
	case channels.WishAlert:
		if p.Use == driver.Station {
			x.state(p, channels.Alerted)
			p.signal = progress.Ringback.String()
			x.emit(p, channels.Event{Kind: channels.Alerting})
		}
	case channels.WishProceed:
		if p.Use == driver.Station {
			p.signal = ""
		}
	case channels.WishAnswer:
		x.answered(p, "wish")
	case channels.WishRelease:
		if p.Kind == driver.FXO && p.State == channels.Ringing {
			return channels.Accepted{}, wishErr(w, "cannot")
		}
		x.end(p, "released", w.Cause)
		switch {
		case p.off:
			x.state(p, channels.Abandoned)
			p.signal = fmt.Sprintf("cause %d", w.Cause)
		default:
			x.state(p, channels.Idle)
		}
	case channels.WishKeys:
		x.emit(p, channels.Event{Kind: channels.KeysSent, Request: w.ID})
	}
	return channels.Accepted{}, nil
}

func (x *exchange) Play(ctx context.Context, w channels.Play) (channels.Accepted, error) {
	p, err := x.enterBoard(ctx, w.Line)
	if err != nil {
		return channels.Accepted{}, err
	}
	defer x.mu.Unlock()
	switch a := w.Audio[0]; {
	case w.Over:
	case a.Tone != 0:
		p.hears = a.Tone.String()
	case w.Loop:
		p.hears = "music"
	default:
		p.hears = "sound"
	}
	x.done = append(x.done, fmt.Sprintf("play %d", w.Line))
	if w.ID != "" && !w.Loop {
		x.emit(p, channels.Event{Kind: channels.Played, Request: w.ID, Text: "end"})
	}
	return channels.Accepted{}, nil
}

func (x *exchange) Quiet(ctx context.Context, line int) error {
	p, err := x.enterBoard(ctx, line)
	if err != nil {
		return err
	}
	defer x.mu.Unlock()
	p.hears = ""
	return nil
}

func (x *exchange) Join(ctx context.Context, j channels.Joining) (channels.Accepted, error) {
	p, err := x.enterBoard(ctx, j.Line)
	if err != nil {
		return channels.Accepted{}, err
	}
	defer x.mu.Unlock()
	if p.Call == "" {
		return channels.Accepted{}, &channels.WishError{Line: j.Line, Code: "no-call", Text: "no call"}
	}
	p.mix, p.role, p.to = j.Mix, j.Role, j.To
	x.emit(p, channels.Event{Kind: channels.Joined, Text: j.Mix, Request: j.ID})
	return channels.Accepted{}, nil
}

func (x *exchange) Leave(ctx context.Context, line int, id string) (channels.Accepted, error) {
	p, err := x.enterBoard(ctx, line)
	if err != nil {
		return channels.Accepted{}, err
	}
	defer x.mu.Unlock()
	if p.mix != "" {
		x.emit(p, channels.Event{Kind: channels.Left, Text: p.mix, Request: id})
	}
	p.mix = ""
	return channels.Accepted{}, nil
}

// on does something at a line's far end.
func (x *exchange) on(line int, f func(*port)) {
	x.mu.Lock()
	f(x.lines[line])
	x.mu.Unlock()
	synctest.Wait()
}

// lift takes a station's receiver up: to answer, or to dial.
func (x *exchange) lift(line int) {
	x.on(line, func(p *port) {
		p.off = true
		if p.Call != "" {
			x.answered(p, "off-hook")
			return
		}
		x.begin(p, channels.Outgoing, "", "", "")
		x.state(p, channels.OffHookOut)
	})
}

// dial lifts a receiver and dials.
func (x *exchange) dial(line int, number string) {
	x.lift(line)
	x.on(line, func(p *port) {
		p.Called = number
		x.state(p, channels.Dialling)
		x.emit(p, channels.Event{Kind: channels.NumberComplete, Called: number, Text: "complete"})
	})
}

// down ends what goes on at a line, from the far end.
func (x *exchange) down(line int) {
	x.on(line, func(p *port) {
		p.off = false
		x.end(p, "on-hook", 16)
		x.state(p, channels.Idle)
		p.signal = ""
	})
}

// call lets a call come in on a trunk.
func (x *exchange) call(line int, caller, called string) {
	x.on(line, func(p *port) {
		analog := p.Kind == driver.FXO
		first := caller
		if analog {
			first = ""
		}
		x.begin(p, channels.Incoming, x.stale, first, called)
		x.state(p, channels.Ringing)
		if analog && caller != "" {
			p.Caller = caller
			x.emit(p, channels.Event{Kind: channels.Numbers, Caller: caller})
		}
	})
}

func (x *exchange) alerts(line int) {
	x.on(line, func(p *port) {
		x.state(p, channels.Alerted)
		if p.Kind == driver.BChan && !x.silent {
			x.emit(p, channels.Event{Kind: channels.Progress, Value: 1})
		}
		x.emit(p, channels.Event{Kind: channels.Alerting})
	})
}

func (x *exchange) answers(line int) { x.on(line, func(p *port) { x.answered(p, "reversal") }) }

// refuses ends a call out with a cause.
func (x *exchange) refuses(line, cause int) {
	x.on(line, func(p *port) {
		x.end(p, "busy-tone", cause)
		x.state(p, channels.Idle)
	})
}

func (x *exchange) flash(line int) {
	x.on(line, func(p *port) { x.emit(p, channels.Event{Kind: channels.Flash, Value: 500}) })
}

func (x *exchange) keys(line int, keys string) {
	for _, k := range keys {
		x.on(line, func(p *port) { x.emit(p, channels.Event{Kind: channels.Key, Text: string(k)}) })
	}
}

// pulled takes a board away.
func (x *exchange) pulled(board string) {
	x.mu.Lock()
	x.feed.put(channels.Event{Kind: channels.BoardLost, Board: board, Time: time.Now()})
	for _, p := range x.lines {
		if p.Board == board {
			x.end(p, "board-gone", 0)
			p.off = false
			x.state(p, channels.GoneState)
		}
	}
	x.mu.Unlock()
	synctest.Wait()
}

// talk says who hears whom: lines by mix, sorted.
func (x *exchange) talk() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	mixes := map[string][]string{}
	for _, p := range x.lines {
		if p.mix != "" {
			who := fmt.Sprint(p.Number)
			if sound := cmp.Or(p.signal, p.hears); sound != "" {
				who += "(" + sound + ")"
			}
			if p.role != channels.Talker {
				who += " " + p.role.String()
			}
			if p.to != 0 {
				who += fmt.Sprint(" to ", p.to)
			}
			mixes[p.mix] = append(mixes[p.mix], who)
		}
	}
	var out []string
	for _, m := range mixes {
		slices.Sort(m)
		out = append(out, strings.Join(m, "+"))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// is says what a line does and what is played to it.
func (x *exchange) is(line int) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.lines[line]
	return strings.TrimSpace(string(p.State) + " " + cmp.Or(p.signal, p.hears))
}

// house is a switch over an exchange.
type house struct {
	testing.TB
	*Switch
	x      *exchange
	pbx    PBX
	notes  map[string]Note
	ctx    context.Context
	cancel context.CancelFunc
	done   chan error
}

func (h *house) Note(call string, n Note) {
	h.notes[call] = h.notes[call].over(n)
}

// plan8 is a small house: stations 8001 to 8003, 9 for the analog trunks, 0 for the digital ones.
func plan8() PBX {
	numbers, err := numbering.Parse("800[123]", "9x.", "0x.")
	if err != nil {
		panic(err)
	}
	return PBX{
		Numbers: numbers,
		Stations: []Extension{{Line: station1, Number: "8001", Name: "Ann"}, {Line: station2, Number: "8002", Name: "Bob"},
			{Line: station3, Number: "8003", Outside: "5551003"}},
		Outside: []Outside{{Prefix: "9", Strip: -1, Groups: []string{"analog"}}, {Prefix: "0", Groups: []string{"digital"}}},
		Groups:  []TrunkGroup{{Name: "analog", Lines: []int{trunk1, trunk2}, Caller: "5551000"}, {Name: "digital", Lines: []int{pri1, pri2}, Caller: "5552000"}},
		Incoming: []Incoming{{Lines: []int{trunk1, trunk2}, Ring: []string{"8001", "line 2"}},
			{Lines: []int{pri1, pri2}, Direct: true, Strip: 3}},
	}
}

// inHouse runs a test with a switch in a bubble.
func inHouse(t *testing.T, f func(h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{TB: t, pbx: plan8(), notes: map[string]Note{}, done: make(chan error, 1)}
		h.x = newExchange(t, &feed{wake: make(chan struct{}, 1)})
		h.run()
		f(h)
		h.stop()
	})
}

func (h *house) run() {
	h.Switch = NewSwitch(SwitchConfig{Lines: h.x, PBX: func() PBX { return h.pbx }, Notes: h,
		Music: func(int) []channels.Audio { return []channels.Audio{{PCM: make([]int16, 160)}} }})
	h.ctx, h.cancel = context.WithCancel(context.Background())
	go func() { h.done <- h.Run(h.ctx, h.x.feed) }()
	synctest.Wait()
}

func (h *house) stop() {
	h.cancel()
	if err := <-h.done; err != nil {
		h.Error(err)
	}
}

// sleep lets time pass.
func (h *house) sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// leg is the leg of a line.
func (h *house) leg(line int) Leg {
	h.Helper()
	for _, l := range h.Legs() {
		if l.Line == line {
			return l
		}
	}
	return Leg{}
}

func (h *house) talks(want string) {
	h.Helper()
	if got := h.x.talk(); got != want {
		h.Errorf("who talks: %q, want %q", got, want)
	}
}

func (h *house) at(line int, want string) {
	h.Helper()
	if got := h.x.is(line); got != want {
		h.Errorf("line %d: %q, want %q", line, got, want)
	}
}

// quiet says that all is over.
func (h *house) quiet() {
	h.Helper()
	for _, l := range h.Legs() {
		h.Errorf("still up: %+v", l)
	}
	for _, b := range h.Bridges() {
		h.Errorf("still there: %+v", b)
	}
	for n, p := range h.x.lines {
		if p.State != channels.Idle && p.State != channels.Abandoned && p.State != channels.GoneState {
			h.Errorf("line %d is %s", n, p.State)
		}
	}
}

func code(err error) string {
	if f, ok := err.(*Failure); ok {
		return f.Code
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
	synctest.Wait()
}
