package calls

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vaad/channels"
	"vaad/driver"

	"pgregory.net/rapid"
)

// step is one thing that somebody does, with choices.
type modelStep struct{ Op, A, B, C int }

// check says what is wrong with a switch that has come to rest.
func (h *house) check() (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	legs, bridges := h.Legs(), map[string]Bridge{}
	for _, b := range h.Bridges() {
		bridges[b.ID] = b
		if len(b.Legs) < 2 {
			bad("bridge of %d: %+v", len(b.Legs), b)
		}
	}
	h.x.mu.Lock()
	defer h.x.mu.Unlock()
	in := map[int]string{}
	for _, l := range legs {
		if l.Bridge != "" && !slices.Contains(bridges[l.Bridge].Legs, l.ID) {
			bad("leg in a bridge that is over: %+v", l)
		}
		if l.Bridge != "" && l.State != LegHeld {
			in[l.Line] = l.Bridge
		}
		if p := h.x.lines[l.Line]; p.Call != l.ID {
			bad("leg without a call: %+v", l)
		}
	}
	for n, p := range h.x.lines {
		if p.mix != in[n] {
			bad("line %d is in the mix %q, its leg in the bridge %q", n, p.mix, in[n])
		}
		if p.Call != "" && !slices.ContainsFunc(legs, func(l Leg) bool { return l.ID == p.Call }) {
			bad("call without a leg: line %d", n)
		}
		if p.mix != "" && p.hears != "" && p.hears != "sound" {
			bad("line %d hears %s in a bridge", n, p.hears)
		}
	}
	return wrong
}

// idle says which legs are up for nobody.
func (h *house) idle() (wrong []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.sorted() {
		switch {
		case !l.up() || l.bridge != nil || l.kept || l.out != nil || l.holder != nil || l.second != nil:
		case l.dial != nil && (l.dial.from == nil || l.dial.from.up()) && !l.dial.over:
		case l.Use == useStation && !l.Ours && l.Answered.IsZero(): // its user is dialling
		case l.Use == useTrunk && !l.Ours && l.State == LegRinging: // an analog exchange rings as long as it likes
		default:
			wrong = append(wrong, fmt.Sprintf("up for nobody: %+v", l.Leg))
		}
	}
	return wrong
}

// modelOps names what does can do. s: at a station, t: on a trunk.
var modelOps = []string{"s:lift and dial", "s:lift", "down", "t:call in", "t:alert", "t:answer there", "t:refuse there", "s:flash", "s:keys", "s:second call", "t:moved", "t:lost begin", "t:lost answer", "both down", "pulled, and back", "events lost", "time", "Call", "Answer", "Hangup", "Bridge", "Unbridge", "Hold", "Unhold", "Transfer", "TransferTo", "AddToConference", "Role", "Supervise", "Play", "StopPlay"}

// does carries out a step.
func (h *house) does(m modelStep) string {
	x := h.x
	lines := slices.Sorted(maps.Keys(x.lines))
	line, other := lines[m.A%len(lines)], lines[m.B%len(lines)]
	if name := modelOps[m.Op%len(modelOps)]; strings.HasPrefix(name, "s:") {
		line = []int{station1, station2, station3}[m.A%3]
	} else if strings.HasPrefix(name, "t:") {
		line = []int{trunk1, trunk2, pri1, pri2}[m.A%4]
	}
	p := x.lines[line]
	leg := func(n int) string {
		all := h.Legs()
		if len(all) == 0 {
			return "none"
		}
		return all[n%len(all)].ID
	}
	numbers := []string{"8001", "8002", "8003", "95551234", "02012345", "7", "9110", "8009"}
	number := numbers[m.C%len(numbers)]
	station, trunk := p.Use == driver.Station, p.Use == driver.Trunk
	ops := []struct {
		name string
		do   func() error
	}{
		{"s:lift and dial", func() error {
			if station && !p.off && p.State != channels.GoneState {
				if p.Call != "" {
					x.lift(line)
				} else {
					x.dial(line, number)
				}
			}
			return nil
		}},
		{"s:lift", func() error {
			if station && !p.off && p.Call != "" {
				x.lift(line)
			}
			return nil
		}},
		{"down", func() error {
			if p.State != channels.GoneState {
				x.down(line)
			}
			return nil
		}},
		{"t:call in", func() error {
			if trunk && p.State == channels.Idle && p.Call == "" {
				x.call(line, "138", "555"+number)
			}
			return nil
		}},
		{"t:alert", func() error {
			if trunk && p.Call != "" && p.Direction == channels.Outgoing && !p.answer {
				x.alerts(line)
			}
			return nil
		}},
		{"t:answer there", func() error {
			if trunk && p.Call != "" && p.Direction == channels.Outgoing {
				x.answers(line)
			}
			return nil
		}},
		{"t:refuse there", func() error {
			if trunk && p.Call != "" && p.Direction == channels.Outgoing {
				x.refuses(line, []int{17, 1, 34, 44, 16}[m.C%5])
			}
			return nil
		}},
		{"s:flash", func() error {
			if station && p.off && p.Call != "" {
				x.flash(line)
			}
			return nil
		}},
		{"s:keys", func() error {
			if station && p.off && p.Call != "" {
				x.keys(line, number)
			}
			return nil
		}},
		{"s:second call", func() error {
			if p.off && p.Call != "" && p.answer {
				x.flash(line)
				x.keys(line, number+"#")
			}
			return nil
		}},
		{"t:moved", func() error {
			to := x.lines[pri1+pri2-line]
			if p.Kind != driver.BChan || p.Call == "" || to.Call != "" || p.answer {
				return nil
			}
			x.on(line, func(*port) {
				d, request, caller, called := p.Direction, p.request, p.Caller, p.Called
				x.end(p, "moved", 0)
				x.state(p, channels.Idle)
				x.begin(to, d, request, caller, called)
				x.state(to, channels.Proceeding)
			})
			return nil
		}},
		{"t:lost begin", func() error {
			if p.State == channels.Idle && p.Call == "" {
				x.mute = true
				x.call(line, "138", "555"+number)
				x.mute = false
				x.feed.put(channels.Event{Kind: channels.Overflow})
				synctest.Wait()
			}
			return nil
		}},
		{"t:lost answer", func() error {
			if p.Call != "" && p.Direction == channels.Outgoing {
				x.mute = true
				x.answers(line)
				x.mute = false
				x.feed.put(channels.Event{Kind: channels.Overflow})
				synctest.Wait()
			}
			return nil
		}},
		{"both down", func() error {
			x.mu.Lock()
			for _, q := range []*port{p, x.lines[other]} {
				if q.State != channels.GoneState {
					q.off = false
					x.end(q, "on-hook", 16)
					x.state(q, channels.Idle)
					q.signal = ""
				}
			}
			x.mu.Unlock()
			synctest.Wait()
			return nil
		}},
		{"pulled, and back", func() error {
			if m.C%4 != 0 {
				return nil
			}
			x.pulled(p.Board)
			x.on(line, func(*port) {
				for _, q := range x.lines {
					if q.Board == p.Board {
						x.state(q, channels.Idle)
					}
				}
			})
			return nil
		}},
		{"events lost", func() error {
			x.mute = true
			if p.State != channels.GoneState {
				x.down(line)
			}
			x.mute = false
			x.feed.put(channels.Event{Kind: channels.Overflow})
			synctest.Wait()
			return nil
		}},
		{"time", func() error { h.sleep(time.Duration(m.C%7) * 5 * time.Second); return nil }},
		{"Call", func() error {
			r := CallRequest{Number: "123", Group: "analog", Timeout: time.Duration(m.B%3) * 20 * time.Second}
			switch m.C % 4 {
			case 0:
				r = CallRequest{Line: line, Number: "123"}
			case 1:
				r = CallRequest{Line: line, Number: "123", For: leg(m.B)}
			case 2:
				r.For, r.Group = leg(m.B), ""
			}
			_, err := h.Call(h.ctx, "me", r)
			return err
		}},
		{"Answer", func() error { return h.Answer(h.ctx, "me", leg(m.A)) }},
		{"Hangup", func() error { return h.Hangup(h.ctx, "me", leg(m.A), 17) }},
		{"Bridge", func() error {
			ids := []string{leg(m.A), leg(m.B)}
			if m.C%3 == 0 {
				ids = append(ids, leg(m.C))
			}
			_, err := h.Bridge(h.ctx, "me", ids...)
			return err
		}},
		{"Unbridge", func() error { return h.Unbridge(h.ctx, "me", leg(m.A)) }},
		{"Hold", func() error { return h.Hold(h.ctx, "me", leg(m.A), m.B%2 == 0) }},
		{"Unhold", func() error { return h.Unhold(h.ctx, "me", leg(m.A)) }},
		{"Transfer", func() error { return h.Transfer(h.ctx, "me", leg(m.A), number) }},
		{"TransferTo", func() error { return h.TransferTo(h.ctx, "me", leg(m.A), leg(m.B)) }},
		{"AddToConference", func() error {
			l, _ := h.Leg(leg(m.B))
			return h.AddToConference(h.ctx, "me", leg(m.A), l.Bridge)
		}},
		{"Role", func() error { return h.Role(h.ctx, "me", leg(m.A), Roles()[m.C%4], leg(m.B)) }},
		{"Supervise", func() error {
			var err error
			if m.C%2 == 0 {
				_, err = h.Supervise(h.ctx, "me", line, "", leg(m.B), Roles()[m.C%4])
			} else {
				_, err = h.Supervise(h.ctx, "me", 0, leg(m.A), leg(m.B), Roles()[m.C%4])
			}
			return err
		}},
		{"Play", func() error {
			_, err := h.Play(h.ctx, "me", PlayRequest{Leg: leg(m.A), Audio: sound()})
			return err
		}},
		{"StopPlay", func() error { return h.StopPlay(h.ctx, "me", leg(m.A)) }},
	}
	op := ops[m.Op%len(ops)]
	if op.name != modelOps[m.Op%len(ops)] {
		panic("modelOps are out of order")
	}
	err := op.do()
	synctest.Wait()
	return fmt.Sprintf("%s line %d, other %d, C %d: %s", op.name, line, other, m.C, code(err))
}

// plays runs steps and says what went wrong, with the way there.
func plays(t *testing.T, steps []modelStep) (wrong string) {
	var way []string
	inHouse(t, func(h *house) {
		h.pbx.RingFor = 40 * time.Second
		fails := func(when string, bad []string) bool {
			if len(bad) > 0 && wrong == "" {
				wrong = strings.Join(way, "\n") + "\n" + when + ": " + strings.Join(bad, "\n")
			}
			return len(bad) > 0
		}
		for _, m := range steps {
			if m.Op < 0 {
				continue
			}
			way = append(way, h.does(m))
			h.sleep(time.Second) // what waits for the next look at things
			if fails("at rest", h.check()) {
				break
			}
		}
		h.sleep(5 * time.Minute)
		fails("after a while", append(h.check(), h.idle()...))
		for range 3 {
			for n := range h.x.lines {
				h.x.down(n)
			}
			h.sleep(time.Minute)
		}
		bad := h.check()
		if n := len(h.Legs()); n > 0 {
			bad = append(bad, fmt.Sprintf("%d legs are left", n))
		}
		h.mu.Lock()
		if len(h.attempts)+len(h.trying)+len(h.dials)+len(h.bridges)+len(h.work) > 0 {
			bad = append(bad, fmt.Sprint("left: ", len(h.attempts), len(h.trying), len(h.dials), len(h.bridges), len(h.work)))
		}
		h.mu.Unlock()
		fails("at the end", bad)
	})
	return wrong
}

// Whatever people and lines do, no leg stays in a bridge that is over, no station
// rings for nobody, and no trunk stays seized for nobody.
func TestNothingIsLeftBehindWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) modelStep {
			n := rapid.Uint64().Draw(rt, "step")
			if n == 0 {
				return modelStep{Op: -1} // nothing: failures get shorter by it
			}
			r := rand.New(rand.NewPCG(n, 1)) // small numbers must not mean the first operations
			return modelStep{r.IntN(840), r.IntN(840), r.IntN(840), r.IntN(840)}
		}), 60, 120).Draw(rt, "steps")
		if wrong := plays(t, steps); wrong != "" {
			rt.Fatal(wrong)
		}
	})
}
