package e2e

import (
	"strings"
	"testing"
	"time"
)

// As a service the daemon knows how its last lives ended.
func TestADaemonThatIsKilledAgainAndAgainWaitsAndSaysSo(t *testing.T) {
	t.Parallel()
	ctx := within(t, 2*time.Minute)
	root := scratch(t)
	service := "STATE_DIRECTORY=" + root
	for range 5 {
		start(t, root, quietly+board("b", "real", 1, ""), service).Kill()
	}
	d := start(t, root, "", service)
	if !strings.Contains(d.Log(), "ended again and again") {
		t.Errorf("it does not say that it waits\n%s", d.Log())
	}
	if out, err := d.Ctl(ctx, "alarms", "--json"); err != nil || !strings.Contains(out, `"crash-loop"`) {
		t.Errorf("%v, no alarm: %s", err, out)
	}
	stop(t, d)
	d = start(t, root, "", service)
	if strings.Contains(d.Log(), "ended again and again") {
		t.Errorf("it waits after an end in order\n%s", d.Log())
	}
	stop(t, d)
}
