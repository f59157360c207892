package analog

import (
	"slices"
	"testing"

	"vaad/driver"
)

// A board without voltage may say itself that another telephone is off-hook.
func TestTelephoneBesideTheTrunkIsKnownByTheBoardsWord(t *testing.T) {
	b := newBench(t, TrunkConfig{}, Learnt{})
	b.wait(3000)
	b.event(driver.HookEdge, 1)
	if s := b.trunk.State(); s != OffHookOut {
		t.Errorf("picked up beside us: %v", s)
	}
	b.event(driver.HookEdge, 0)
	if s := b.trunk.State(); s != Idle {
		t.Errorf("put down: %v", s)
	}
	b.ring(1000, 500)
	b.wish(b.trunk.Answer(&b.out))
	b.wait(1000)
	b.event(driver.HookEdge, 1)
	b.event(driver.HookEdge, 0)
	var shared []int64
	for _, e := range b.told(ParallelPickUp) {
		shared = append(shared, e.Value)
	}
	if !slices.Equal(shared, []int64{1, 0, 1, 0}) || b.trunk.State() != Talking {
		t.Errorf("shared %v in %v", shared, b.trunk.State())
	}
}
