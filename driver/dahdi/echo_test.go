package dahdi

import (
	"fmt"
	"testing"
	"testing/fstest"

	"vaad/driver"
)

const procOfFXO = `Span 1: FAKE/1 "fake span" (MASTER)

	   1 FAKE/1/1 FXSKS (In use) (EC: MG2 - INACTIVE) 
	   2 FAKE/1/2 FXSKS 
	   3 FAKE/1/3 FXSKS RED (EC: OSLEC - ACTIVE) 
`

func TestLinesHaveTheEchoCancellerThatIsConfigured(t *testing.T) {
	for use, want := range map[string]string{"trunk": "true false true", "tap": "false false false"} {
		k := newFake()
		k.addSpan("card", "FXO", lawMu, sigFXSKS, sigFXSKS, sigFXSKS)
		k.tree["proc/dahdi/1"] = &fstest.MapFile{Data: []byte(procOfFXO)}
		d := sit(t, k, fmt.Sprintf(`{"use": %q}`, use))
		var has []bool
		for _, l := range d.b.Info().Lines {
			has = append(has, l.Caps.Has(driver.CapEC))
		}
		if got := fmt.Sprint(has); got != "["+want+"]" {
			t.Errorf("%s: %v, want %s", use, got, want)
		}
	}
}

func FuzzEchoCancellers(f *testing.F) {
	f.Add([]byte(procOfFXO))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, n := range parseEchoCancellers(text) {
			if n < 1 {
				t.Fatalf("channel %d", n)
			}
		}
	})
}
