package labtest

import (
	"fmt"
	"testing"
)

func TestRunsFindsExactlyTheBlocksThatAreWhole(t *testing.T) {
	codes := make([]byte, 77)
	add := func(line int, from, to uint32) {
		for n := from; n <= to; n++ {
			var b [BlockSize]byte
			Fill(b[:], line, n)
			codes = append(codes, b[:]...)
		}
	}
	add(3, 0, 9)
	codes = append(codes, make([]byte, 50)...)
	add(3, 10, 12)
	add(3, 14, 15) // 13 is lost
	hurt := len(codes)
	add(3, 16, 17)
	codes[hurt+120]++ // one sample of 16 is wrong
	add(300, 4, 4)
	codes = append(codes, marker[:]...)
	got := fmt.Sprint(Runs(codes))
	want := "[line 3 blocks 0–9 at 77 line 3 blocks 10–12 at 1727 line 3 blocks 14–15 at 2207 line 3 blocks 17–17 at 2687 line 300 blocks 4–4 at 2847]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for n := range BlockSize + 1 {
		if got := Runs(codes[77 : 77+n]); len(got) != n/BlockSize {
			t.Errorf("in the first %d bytes of a block: %v", n, got)
		}
	}
}
