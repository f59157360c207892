package dahdi

import (
	"fmt"
	"testing"
)

func TestSpansOfATapBelongTogetherAsConfigured(t *testing.T) {
	k := newFake()
	for range 4 {
		k.addSpan("card", "E1", lawA, sigClear, sigHDLCFCS)
	}
	d := sit(t, k, `{"tap": [{"network_span": 3, "user_span": 1}, {"network_span": 2, "user_span": 4}]}`)
	if got := fmt.Sprint(d.b.Info().Taps()); got != "[[1 3] [2 0]]" {
		t.Errorf("pairs %s", got)
	}
}
