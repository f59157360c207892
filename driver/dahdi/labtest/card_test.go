package labtest

import (
	"fmt"
	"testing"
)

func TestStretchesAreFoundToTheSample(t *testing.T) {
	var codes []byte
	add := func(from, to int64) {
		for s := from; s < to; s++ {
			codes = append(codes, numbered(s))
		}
	}
	codes = append(codes, make([]byte, 5)...)
	add(1003, 1104)
	add(1112, 1200) // one chunk is missing
	for range 20 {
		codes = append(codes, 0xD5)
	}
	add(9001, 9030)
	want := "[{5 1003 101} {106 1112 88} {214 9001 29}]"
	if got := fmt.Sprint(Stretches(codes)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
