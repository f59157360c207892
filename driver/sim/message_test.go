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

func FuzzPacket(f *testing.F) {
	f.Add([]byte("Ering"), []byte("A"))
	f.Add(audioMessage(make([]int16, driver.Block)), []byte("Evolts -48 @3"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, kind := range []driver.Kind{driver.FXO, driver.FXS, driver.BChan} {
			p := newPort()
			l := line{def: driver.Line{Kind: kind}, port: p, fxo: newFXO(nil, 0), fxs: newFXS(options{FlashMin: 80, FlashMax: 1000})}
			rx := driver.NewFrame(driver.Info{Lines: []driver.Line{l.def}})
			out := emitter{rx: rx, line: &l}
			for round := range 20 {
				for _, m := range [][]byte{a, b} {
					if len(m) > 0 && p.file(m, kind) != nil {
						return
					}
				}
				rx.Reset()
				_, events := p.take(nil)
				for _, e := range events {
					l.apply(e, out.base+int64(e.at), &out)
				}
				l.runTimers(out.base+driver.Block, &out)
				if p.waiting() > roomBlocks {
					t.Fatal("too many blocks wait")
				}
				for _, e := range rx.Events {
					if e.At < 0 || e.At >= driver.Block {
						t.Fatalf("round %d: event at %d", round, e.At)
					}
				}
				out.base += driver.Block
			}
		}
	})
}
