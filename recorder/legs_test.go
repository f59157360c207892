package recorder

import (
	"slices"
	"testing"

	"vaad/channels"
	"vaad/driver"
)

// otherLegs says of every call that another one has all of it, and which
// conversation it belongs to.
type otherLegs struct{ conversation string }

func (otherLegs) Elsewhere(string) bool        { return true }
func (l otherLegs) Conversation(string) string { return l.conversation }

func withLegs(l Legs) option {
	return func(_ *rig, c *Config, _ *channels.Config) { c.Legs = l }
}

func TestOfTwoLegsOneRecordingIsKeptAndTheOtherSaysWhy(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Call}, nil, withLegs(otherLegs{}))
	id := r.ringOnce(5 * second)
	r.hook(8*second, 1, true)
	r.hook(14*second, 1, false)
	r.to(20 * second)
	r.nothing()
	if w := r.calls.whys(); !slices.Equal(w, []string{WhyOtherLeg}) || id == "" {
		t.Errorf("the call journal was told %v, want %s", w, WhyOtherLeg)
	}
}

func TestOfTwoLegsWhatSomebodyAskedForIsKept(t *testing.T) {
	for trigger, by := range map[string]string{Call: "ann", Voltage: "", Continuous: ""} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: trigger}, nil, withLegs(otherLegs{}))
		r.hook(8*second, 1, true)
		r.to(10 * second)
		if by != "" {
			r.start(1, by)
		}
		r.hook(14*second, 1, false)
		r.to(20 * second)
		r.stop()
		if all := r.sealed(); len(all) != 1 {
			t.Errorf("%s: %d recordings, want 1", trigger, len(all))
		}
	}
}

func TestLegsOfOneConversationShareItsID(t *testing.T) {
	const conversation = "01KCA000000000000000000001"
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withLegs(otherLegs{conversation}))
	r.hook(8*second, 1, true)
	r.hook(14*second, 1, false)
	r.to(20 * second)
	if s := r.one().Seal; s.Conversation != conversation || s.Call == conversation {
		t.Errorf("call %s, conversation %s", s.Call, s.Conversation)
	}
}
