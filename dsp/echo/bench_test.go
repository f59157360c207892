package echo

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"vaad/dsp"
)

// cpu is the processor time that was used so far: on a busy machine the clock on
// the wall says little.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano())
}

func BenchmarkProcess(b *testing.B) {
	for _, tail := range []int{64, 128} {
		b.Run(fmt.Sprintf("tail=%d", tail), func(b *testing.B) {
			r := newRand(1)
			far := talk(r, 4, -16)
			near := newCall(far, hybrid(r, 10, 80, 3), noise(r, len(far), -60)).near
			e, err := New(Config{Tail: tail})
			if err != nil {
				b.Fatal(err)
			}
			block := make([]int16, 160)
			b.SetBytes(320)
			at, before := 0, cpu()
			for b.Loop() {
				copy(block, near[at:])
				e.Process(block, far[at:at+160])
				if at += 160; at+160 > len(far) {
					at = 0
				}
			}
			ns := float64(cpu()-before) / float64(b.N)
			b.ReportMetric(ns, "cpu-ns/op")
			b.ReportMetric(160*1e9/dsp.Rate/ns, "lines/core")
		})
	}
}
