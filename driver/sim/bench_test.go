package sim

import (
	"fmt"
	"testing"
	"time"

	"vaad/driver"
)

// BenchmarkExchange measures the board's part of a tick: with idle lines, and
// with peers that answer every block.
func BenchmarkExchange(b *testing.B) {
	for _, c := range []struct{ lines, peers int }{{128, 0}, {128, 32}, {128, 128}} {
		b.Run(fmt.Sprintf("lines=%d/peers=%d", c.lines, c.peers), func(b *testing.B) {
			r := newRig(b, fmt.Sprintf(`{"count": %d}`, c.lines))
			var plugs []*plug
			for i := range c.peers {
				plugs = append(plugs, r.line(i+1))
				r.tick()
			}
			m := audioMessage(noise(1))
			in := newInbox()
			b.ReportAllocs()
			b.ResetTimer()
			var spent time.Duration
			for range b.N {
				for _, p := range plugs {
					for n := batch; n == batch; {
						n, _ = in.receive(p.fd, batch)
					}
					p.send(m)
				}
				from := time.Now()
				if err := r.b.Exchange(r.tx, r.rx); err != nil {
					b.Fatal(err)
				}
				spent += time.Since(from)
			}
			per := spent / time.Duration(b.N)
			b.ReportMetric(float64(per.Nanoseconds())/1000, "µs/tick")
			b.ReportMetric(100*float64(per)/float64(driver.Tick), "%core")
		})
	}
}

// BenchmarkScene measures a tick with 128 lines talking.
func BenchmarkScene(b *testing.B) {
	r := newRig(b, `{"scene":"busy-128"}`)
	for range 30 * 50 {
		r.tick()
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = r.b.Exchange(r.tx, r.rx)
	}
	per := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(100*float64(per)/float64(driver.Tick), "%core")
}

// BenchmarkOpenScene measures the rendering of the voices.
func BenchmarkOpenScene(b *testing.B) {
	for b.Loop() {
		r := newRig(b, `{"scene":"office"}`)
		_ = r.b.Close()
	}
}
