package g711

import (
	"bytes"
	"slices"
	"testing"
)

// Encode and Decode take their kernels for what fills 16 samples, and encode and
// decode never do.
func TestKernelsSayWhatTablesSay(t *testing.T) {
	var all [1 << 16]int16
	var codes [1 << 16]byte
	for i := range all {
		all[i], codes[i] = int16(i), byte(i+i>>8)
	}
	for _, l := range laws {
		got, want := make([]byte, len(all)), make([]byte, len(all))
		Encode(got, all[:], l.law)
		encode(want, all[:], l.law)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%s: %d becomes %#x, want %#x", l.name, all[i], got[i], want[i])
			}
		}
		x, y := make([]int16, len(codes)), make([]int16, len(codes))
		Decode(x, codes[:], l.law)
		decode(y, codes[:], l.law)
		for i := range y {
			if x[i] != y[i] {
				t.Fatalf("%s: %#x becomes %d, want %d", l.name, codes[i], x[i], y[i])
			}
		}
	}
}

func TestBlocksOfAnyLengthAndPlaceAreDone(t *testing.T) {
	var x [100]int16
	for i := range x {
		x[i] = int16(i * 1311)
	}
	for _, l := range laws {
		var want [len(x)]byte
		encode(want[:], x[:], l.law)
		var back [len(x)]int16
		decode(back[:], want[:], l.law)
		for from := range 20 {
			for to := from; to <= len(x); to++ {
				got := make([]byte, to-from+1)
				got[to-from] = 77
				Encode(got[:to-from], x[from:to], l.law)
				if !bytes.Equal(got[:to-from], want[from:to]) || got[to-from] != 77 {
					t.Fatalf("%s: samples %d to %d become %x", l.name, from, to, got)
				}
				y := make([]int16, to-from+1)
				y[to-from] = 77
				Decode(y[:to-from], want[from:to], l.law)
				if !slices.Equal(y[:to-from], back[from:to]) || y[to-from] != 77 {
					t.Fatalf("%s: codes %d to %d become %d", l.name, from, to, y)
				}
			}
		}
	}
}
