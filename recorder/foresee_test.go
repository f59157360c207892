package recorder

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"vaad/channels"
	"vaad/driver"
	"vaad/recorder/rules"
)

// What a preview says of calls is what the recorder makes of them, whenever their
// numbers become known.
func TestAPreviewSaysWhatTheRecorderDoes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	one := func(all ...string) string { return all[rnd.IntN(len(all))] }
	seen := map[string]int{}
	rounds := 25
	if testing.Short() { // the race detector is slow
		rounds = 8
	}
	for range rounds {
		var list []rules.Rule
		for range 1 + rnd.IntN(4) {
			r := rules.Rule{Direction: one("", "", "in", "out"), Record: rnd.IntN(2) == 0, Scope: one("", "", "internal", "external")}
			switch rnd.IntN(4) {
			case 0:
				r.Called = []string{one("1*", "@vip", "!1*")}
			case 1:
				r.Caller = []string{one("1*", "@vip", "!1*")}
			case 2:
				r.Party = []string{one("1*", "@vip")}
			}
			if r.Record {
				r.Percent = []int{0, 50}[rnd.IntN(2)]
				r.Trigger = one("", "call", "key", "manual")
			}
			list = append(list, r)
		}
		own := LineConfig{Trigger: one(Voltage, Call, Manual)}
		var set *rules.Set
		r := newRig(t, newBoard(1, driver.ALaw), own, nil, withRules(t, list...), func(_ *rig, c *Config, _ *channels.Config) { set = c.Rules() })
		want := map[string]string{}
		facts := map[string]rules.Facts{}
		for i := range 6 {
			at, in := int64(i+1)*40*second, rnd.IntN(2) == 0
			if in {
				r.at(at, 1, driver.RingBegin, 0)
				r.at(at+second, 1, driver.RingEnd, 0)
			}
			r.hook(at+2*second, 1, true)
			r.to(at + 6*second)
			f := rules.Facts{Call: r.theCall(), Line: 1, Groups: []string{"sales"}, Use: "tap", Direction: "out"}
			number := one("", "114", "1999", "02161234567")
			if f.Called = number; in {
				f.Direction, f.Caller, f.Called = "in", number, ""
			}
			if rnd.IntN(2) == 0 {
				r.hear(1, channels.Numbers, 0, call(f.Call), caller(f.Caller), called(f.Called))
				r.to(at + 8*second)
			}
			r.hear(1, channels.CallEnd, 0, call(f.Call), caller(f.Caller), called(f.Called), func(e *channels.Event) {
				e.Facts, e.Direction = &channels.CallFacts{}, channels.Direction(f.Direction)
			})
			r.hook(at+9*second, 1, false)
			r.to(at + 20*second)
			facts[f.Call], want[f.Call] = f, Foresee(own, set, f).Outcome
		}
		got := map[string]bool{}
		for _, l := range r.settle() {
			got[l.Seal.Call] = true
		}
		for id, w := range want {
			seen[w]++
			if got[id] != (w == Foreseen) {
				t.Errorf("%+v, own trigger %s, call %+v: foreseen %s, recorded %v", list, own.Trigger, facts[id], w, got[id])
			}
		}
		r.close()
	}
	if len(seen) != 3 {
		t.Errorf("of the outcomes only these were seen: %v", fmt.Sprint(seen))
	}
}
