package channels

import (
	"testing"

	"vaad/driver"
)

// What the loop of a board with 128 lines of ours does in one tick of 20 ms: all
// talk two by two with an echo canceller each, or all in one conference of 32 and
// the rest in pairs. The processor has 20 ms for it.
func BenchmarkTalkingLines(b *testing.B) {
	for _, c := range []struct {
		name   string
		kind   driver.Kind
		echoMS int
		party  int
	}{
		{"digital", driver.BChan, noEcho, 2},
		{"digital-conference-32", driver.BChan, noEcho, 32},
		{"analog-echo-32ms", driver.FXS, 32, 2},
		{"analog-echo-128ms", driver.FXS, 128, 2},
	} {
		b.Run(c.name, func(b *testing.B) {
			const n = 128
			info := driver.Info{Driver: "fake", Model: "Fake"}
			for i := range n {
				info.Lines = append(info.Lines, driver.Line{Port: i + 1, Kind: c.kind, Law: driver.ALaw, Caps: driver.CapTx | driver.CapHook | driver.CapRing})
			}
			seed := uint32(1)
			board := newFake(info, func(_ int, _, rx *driver.Frame) error {
				for i := range rx.PCM {
					seed = seed*1664525 + 1013904223
					rx.PCM[i] = int16(seed >> 20)
				}
				return nil
			})
			use := driver.Trunk
			if c.kind == driver.FXS {
				use = driver.Station
			}
			_, l := stepper(b, board, Config{Plan: planFunc(func(_ string, info driver.Info) (all []LineConfig, err error) {
				for _, p := range info.Lines {
					all = append(all, LineConfig{Number: p.Port, Port: p.Port, Use: use, Active: Active{EchoMS: c.echoMS}})
				}
				return all, nil
			})})
			if err := l.tick(); err != nil {
				b.Fatal(err)
			}
			for i, r := range l.runs {
				x := i / 2
				if i < c.party {
					x = 1000
				}
				l.join(r, &item{join: &Joining{Mix: string(rune('a' + x)), Line: r.line.number}})
			}
			for range 100 {
				l.speakAll()
				for _, r := range l.runs {
					r.speech.takeIn(l.rx.LinePCM(r.view.rx), l.next)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				l.speakAll()
				for _, r := range l.runs {
					r.speech.takeIn(l.rx.LinePCM(r.view.rx), l.next)
				}
			}
			b.ReportMetric(100*b.Elapsed().Seconds()/float64(b.N)/driver.Tick.Seconds(), "%core")
		})
	}
}
