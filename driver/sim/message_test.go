package sim

import (
	"testing"

	"vaad/driver"
)

func TestVoltageIsReadExactly(t *testing.T) {
	for text, mv := range map[string]int32{"-48.0": -48000, "-48": -48000, "+6.25": 6250, "0": 0, "-0.5": -500, "200": 200000, "7.": 7000,
		"1.23456789": 1234} {
		if got, ok := parseMillivolts([]byte(text)); !ok || got != mv {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, s := range []string{"ring", "ring @159", "volts -48.0 @3", "loop-break 300", "loop-break @7", " off-hook ", "flash 500 @1", "@1", "\x00", "volts --1"} {
		f.Add(byte(driver.FXO), []byte(s))
		f.Add(byte(driver.FXS), []byte(s))
	}
	f.Fuzz(func(t *testing.T, kind byte, text []byte) {
		m, err := parseEvent(driver.Kind(kind), text)
		if err != nil {
			if len(err.Error()) > 300 {
				t.Errorf("a reason of %d bytes", len(err.Error()))
			}
			return
		}
		if m.op == 0 || m.op >= nOp || m.at < 0 || m.at >= driver.Block {
			t.Errorf("%q: %+v", text, m)
		}
		if limit := int32(maxVolts); m.value > limit || m.value < -limit {
			t.Errorf("%q: value %d", text, m.value)
		}
	})
}
