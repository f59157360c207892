package dsp

import (
	"math/rand/v2"
	"testing"
)

// What assembly measures is what plain Go measures.
func TestMeasuringIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 3000 {
		x := make([]int16, r.IntN(700))
		if round%500 == 0 {
			x = make([]int16, 100000+round)
		}
		scale, offset := 1<<r.IntN(17), r.IntN(65536)
		for i := range x {
			switch round % 5 {
			case 0:
				x[i] = -32768
			case 1:
				x[i] = 32767
			case 2:
				x[i] = int16(offset)
			default:
				x[i] = int16(r.IntN(scale) - scale/2)
			}
		}
		want := Level{Samples: len(x)}
		for _, s := range x {
			v := int64(s)
			want.Squares += v * v
			want.Sum += v
			want.Peak = max(want.Peak, int(v), int(-v))
			if v >= ClipAt || v <= -ClipAt {
				want.Clipped++
			}
		}
		if got := Measure(x); got != want {
			t.Fatalf("%d samples: %+v, want %+v", len(x), got, want)
		}
	}
}
