package mix

import (
	"slices"
	"testing"
)

func TestMixHalvesBothSidesAndNeverOverflows(t *testing.T) {
	a := []int16{0, 1000, 32767, -32768, 32767, 3, -3, 1}
	b := []int16{0, 2000, 32767, -32768, -32768, 0, 0, 0}
	want := []int16{0, 1500, 32767, -32768, 0, 1, -1, 0}
	dst := make([]int16, len(a))
	if Mix(dst, a, b); !slices.Equal(dst, want) {
		t.Errorf("got %v, want %v", dst, want)
	}
	if Mix(a, a, b); !slices.Equal(a, want) {
		t.Errorf("in place: got %v, want %v", a, want)
	}
}

func TestAddClips(t *testing.T) {
	dst := []int16{1, 32767, -32768, 30000}
	Add(dst, []int16{2, 1, -1, 3000})
	if want := []int16{3, 32767, -32768, 32767}; !slices.Equal(dst, want) {
		t.Errorf("got %v, want %v", dst, want)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	a, b := make([]int16, 160), make([]int16, 160)
	if n := testing.AllocsPerRun(100, func() { Mix(a, a, b); Add(a, b) }); n != 0 {
		t.Errorf("%v allocations per block", n)
	}
}
