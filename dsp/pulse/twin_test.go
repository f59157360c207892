package pulse

import (
	"math/rand/v2"
	"testing"
)

// What assembly gives is what plain Go gives, to the last bit.
func TestKernelAgreesWithItsTwin(t *testing.T) {
	if !vectors {
		t.Skip("no vectors here")
	}
	r := rand.New(rand.NewPCG(3, 4))
	var a, b filter
	for range 20000 {
		n := 4 * (1 + r.IntN(most/4))
		x := make([]int16, n*frame)
		scale, still := 1<<r.IntN(17), r.IntN(len(x)+1)
		for i := range x[:still] {
			x[i] = int16(r.IntN(scale) - scale/2)
		}
		if scale == 1<<16 { // as far as samples go
			for i := range x {
				x[i] = [2]int16{-32768, 32767}[r.IntN(2)]
			}
		}
		a.powers(x)
		for i := range n {
			b.in[i+1] = powerPlain(&b.power[i], b.in[i], &b.last, (*[frame]int16)(x[i*frame:]))
		}
		if a != b {
			t.Fatalf("%d frames, %d of their samples not zero:\n%v, want\n%v", n, still, a, b)
		}
		a.in[0], b.in[0] = a.in[n], b.in[n]
	}
}

// A frame has the power of its samples behind the filters, taken one by one.
func TestPowerIsThatOfTheFilters(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var f filter
	var low, x1, x2 float64
	for range 1000 {
		x := make([]int16, most*frame)
		scale := 1 << r.IntN(17)
		for i := range x {
			x[i] = int16(r.IntN(scale) - scale/2)
		}
		last := f.last
		f.powers(x)
		for k := range most {
			var want float64
			loudest, at := 0.0, 0
			for i, v := range x[k*frame:][:frame] {
				h := float64(v) - low
				low += (1 - keep) * h
				y := h - notch*x1 + x2
				x1, x2 = h, x1
				want += y * y
				if y*y > loudest {
					loudest, at = y*y, i
				}
			}
			if got := f.power[k]; got < want-1e-9*want-1e-4 || got > want+1e-9*want+1e-4 {
				t.Fatalf("power %v, want %v", got, want)
			}
			if k == 0 {
				if got := top(f.in[0], last, (*[frame]int16)(x)); got != at {
					t.Fatalf("loudest sample %d, want %d", got, at)
				}
			}
		}
		f.in[0] = f.in[most]
	}
}
