package analog

import (
	"testing"

	"vaad/driver"
	"vaad/dsp/progress"
)

// The dial tones before and after the prefix of an outside line, with the
// pauses between, may look like two cycles of congestion.
func TestDialTonesAroundAPrefixAreNoCongestion(t *testing.T) {
	for _, among := range []bool{true, false} {
		tap := New(Config{Prefix: "9"}, Learnt{})
		var out []Event
		pos := hold(tap, &out, 0, -48000, 100, 3000)
		pos = hold(tap, &out, pos, -8000, 100, 2000)
		began := pos - driver.Rate
		if !among {
			began = pos + driver.Rate
		}
		out = tap.Press(out, Press{Key: '9', At: pos, Length: 560, Sure: 100, By: InKeys}, pos+600)
		pos = hold(tap, &out, pos+600, -8000, 100, 3000)
		out = tap.Tone(out, Tone{Name: progress.Congestion, At: began}, true, pos)
		if up := last(t, out, LineState).To != Abandoned; up != among {
			t.Errorf("a digit among the bursts %v: the call goes on %v", among, up)
		}
	}
}
