package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A house has three telephones and two lines of an exchange, played by actors.
type house struct {
	t      *testing.T
	ctx    context.Context
	d      *Daemon
	phone  map[string]*Actor // by extension
	office [2]*Actor         // the exchange's end of lines 4 and 5
}

const houseConfig = quietly + `
[[board]]
driver = "sim"
id = "b"
clock = "real"
lines = [{kind="fxs"}, {kind="fxs"}, {kind="fxs"}, {kind="fxo", use="trunk"}, {kind="fxo", use="trunk"}]
[settings.lines.1]
extension = "801"
[settings.lines.2]
extension = "802"
[settings.lines.3]
extension = "803"
[settings.lines.4]
trunk_group = "city"
ring = ["801", "802"]
[settings.lines.5]
trunk_group = "city"
[[settings.dialplan.outside]]
prefix = "0"
groups = ["city"]
`

func newHouse(t *testing.T) *house { return houseOf(t, houseConfig) }

// houseOf is a house with other settings.
func houseOf(t *testing.T, config string) *house {
	h := &house{t: t, ctx: within(t, 3*time.Minute), phone: map[string]*Actor{}}
	h.d = start(t, scratch(t), config)
	var all []*Peer
	for i, ext := range []string{"801", "802", "803"} {
		h.phone[ext] = NewActor(i + 1)
		all = append(all, &h.phone[ext].Peer)
	}
	for i := range h.office {
		h.office[i] = NewActor(4 + i)
		all = append(all, &h.office[i].Peer)
	}
	for _, p := range all {
		p.Ahead = 2
	}
	ps, err := Dial(sockets(h.d, "b"), all...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(h.ctx)
	done := make(chan error, 1)
	go func() { done <- ps.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	h.lines("idle", 1, 2, 3, 4, 5)
	return h
}

// lines waits until lines are in a state.
func (h *house) lines(state string, lines ...int) {
	h.t.Helper()
	if err := h.are(3*time.Minute, state, lines...); err != nil {
		h.t.Fatalf("%v\n%s", err, h.d.Log())
	}
}

// are waits for so long until lines are in a state.
func (h *house) are(long time.Duration, state string, lines ...int) error {
	ctx, cancel := context.WithTimeout(h.ctx, long)
	defer cancel()
	return Until(ctx, fmt.Sprintf("lines %v are %s", lines, state), func() (bool, error) {
		all, err := Rows[struct {
			Line  int
			State string
		}](h.ctx, h.d, "lines")
		n := 0
		for _, l := range all {
			for _, w := range lines {
				if l.Line == w && l.State == state {
					n++
				}
			}
		}
		return n == len(lines), err
	})
}

func (h *house) wait(a *Actor, what string, is func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.ctx, time.Minute)
	defer cancel()
	if err := a.Wait(ctx, what, is); err != nil {
		legs, _ := h.d.Ctl(h.ctx, "legs")
		lines, _ := h.d.Ctl(h.ctx, "lines")
		h.t.Fatalf("%v\n%s\n%s\n%s", err, legs, lines, h.d.Log())
	}
}

func (h *house) hears(a *Actor, what string, hz float64) {
	h.t.Helper()
	h.wait(a, "hears "+what, func() bool { return a.Hears(hz) })
}

// calls has one telephone call another, which then rings. Where a busy machine has
// broken keys, so that another number was dialled, it tries again; it returns how often.
func (h *house) calls(a, b *Actor, number string) (tries int) {
	h.t.Helper()
	for tries = 1; ; tries++ {
		a.Event("off-hook")
		h.hears(a, "dial tone", chinaHz)
		a.Dial(number)
		ctx, cancel := context.WithTimeout(h.ctx, 12*time.Second)
		err := b.Wait(ctx, "rings", b.On)
		cancel()
		if err == nil {
			return tries
		}
		if tries == 4 {
			lines, _ := h.d.Ctl(h.ctx, "lines")
			h.t.Fatalf("%v\n%s\n%s", err, lines, h.d.Log())
		}
		h.t.Logf("line %d did not ring when %s was dialled: once more", b.Line, number)
		a.Event("on-hook")
		h.lines("idle", a.Line, b.Line)
	}
}

func (h *house) ctl(args ...string) string {
	h.t.Helper()
	out, err := h.d.Ctl(h.ctx, args...)
	if err != nil {
		h.t.Fatalf("vaactl %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// 450 Hz is the dial tone of China, and of its ringback and busy tone too.
const chinaHz = 450

// talk checks that each hears what the other says.
func (h *house) talk(a, b *Actor) {
	h.t.Helper()
	a.Speak(1000)
	b.Speak(1800)
	h.hears(a, "the other", 1800)
	h.hears(b, "the other", 1000)
	a.Speak(0)
	b.Speak(0)
}

func TestStationCallsStation(t *testing.T) {
	once(t)
	t.Parallel()
	h := newHouse(t)
	a, b := h.phone["801"], h.phone["802"]
	tries := h.calls(a, b, "802")
	h.wait(a, "hears ringback", func() bool { return a.HeardLately(chinaHz) })
	b.Event("off-hook")
	h.lines("talking", 1, 2)
	h.talk(a, b)
	b.Event("on-hook")
	h.wait(a, "hears that the other has hung up", func() bool { return a.HeardLately(chinaHz) })
	a.Event("on-hook")
	h.lines("idle", 1, 2)
	if out := h.ctl("legs"); strings.Contains(out, "801") || strings.Contains(out, "802") {
		t.Errorf("legs are left: %s", out)
	}
	type row struct {
		Line                               int
		Direction, Caller, Called, Outcome string
	}
	rows, err := Rows[row](h.ctx, h.d, "calls")
	if err != nil {
		t.Fatal(err)
	}
	if tries > 1 { // of what was misdialled
		rows = slices.DeleteFunc(rows, func(r row) bool { return r.Called != "802" })
	}
	want := map[int]row{1: {1, "out", "801", "802", "answered"}, 2: {2, "in", "801", "802", "answered"}}
	if len(rows) != 2 {
		t.Errorf("calls %+v", rows)
	}
	for _, r := range rows {
		if r != want[r.Line] {
			t.Errorf("call %+v, want %+v", r, want[r.Line])
		}
	}
}

func TestStationCallsOut(t *testing.T) {
	once(t)
	t.Parallel()
	h := newHouse(t)
	a, x := h.phone["803"], h.office[0]
	a.Event("off-hook")
	h.hears(a, "dial tone", chinaHz)
	a.Dial("0")
	x.Speak(chinaHz) // the exchange's dial tone, when it is seized
	a.Dial("62345678")
	h.wait(x, "is seized", x.On)
	h.wait(x, "hears a digit", func() bool { return len(x.Keys()) > 0 })
	x.Speak(0)
	h.wait(x, "hears the number", func() bool { return x.Keys() == "62345678" })
	for range 2 { // it rings there
		x.Say(Tone(chinaHz, 1000)...)
		x.Say(make([]int16, 8*4000)...)
	}
	h.wait(a, "hears the exchange's ringback", func() bool { return a.HeardLately(chinaHz) })
	x.Hush()
	x.Event("reversal") // the answer
	h.lines("talking", 3, 4)
	h.talk(a, x)
	a.Event("on-hook")
	h.wait(x, "is released", func() bool { return !x.On() })
	h.lines("idle", 3, 4)
}

func TestCallFromOutsideRingsTwoStationsAndOneAnswers(t *testing.T) {
	once(t)
	t.Parallel()
	h := newHouse(t)
	a, b, x := h.phone["801"], h.phone["802"], h.office[0]
	rings := make(chan struct{})
	go func() {
		defer close(rings)
		for !x.On() && h.ctx.Err() == nil {
			x.Event("ring")
			<-time.After(time.Second)
			x.Event("ring-end")
			<-time.After(2 * time.Second)
		}
	}()
	h.wait(a, "rings", a.On)
	h.wait(b, "rings", func() bool { return b.Told("ring") > 0 })
	b.Event("off-hook")
	h.wait(x, "is answered", x.On)
	h.talk(b, x)
	h.wait(a, "rings no more", func() bool { return !a.On() })
	b.Event("flash") // the caller waits with music, the station asks another
	h.hears(b, "dial tone", chinaHz)
	b.Dial("803")
	c := h.phone["803"]
	h.wait(c, "rings", c.On)
	c.Event("off-hook")
	h.talk(b, c)
	b.Event("on-hook") // and passes the caller on
	h.talk(c, x)
	for range 20 { // the caller hangs up: the exchange sends busy tone
		x.Say(Tone(chinaHz, 350)...)
		x.Say(make([]int16, 8*350)...)
	}
	h.wait(x, "is released", func() bool { return !x.On() })
	h.wait(c, "hears that it is over", func() bool { return c.HeardLately(chinaHz) })
	c.Event("on-hook")
	h.lines("idle", 1, 2, 3, 4)
	<-rings
}

func TestCallsAreDrivenByHand(t *testing.T) {
	once(t)
	t.Parallel()
	h := newHouse(t)
	a, b, c := h.phone["801"], h.phone["802"], h.phone["803"]
	for i, p := range []*Actor{a, b, c} {
		h.ctl("call", "--line", string(rune('1'+i)), "80"+string(rune('1'+i)))
		h.wait(p, "rings", p.On)
		p.Event("off-hook")
	}
	h.lines("talking", 1, 2, 3)
	h.ctl("bridge", "1", "2", "3")
	a.Speak(700)
	h.hears(b, "the first", 700)
	h.hears(c, "the first", 700)
	b.Speak(1500)
	h.hears(a, "the second", 1500)
	h.hears(c, "the second", 1500)
	h.ctl("hold", "3")
	h.wait(c, "hears neither", func() bool { return !c.Hears(700) && !c.Hears(1500) })
	h.ctl("unhold", "3")
	h.hears(c, "the first again", 700)
	h.ctl("hangup", "2")
	h.wait(c, "hears the second no more", func() bool { return !c.Hears(1500) && c.Hears(700) })
	h.ctl("keys", "3", "159#")
	h.wait(c, "hears the keys", func() bool { return strings.Contains(c.Keys(), "159#") })
	for _, p := range []*Actor{a, b, c} {
		p.Event("on-hook")
	}
	h.lines("idle", 1, 2, 3)
}
