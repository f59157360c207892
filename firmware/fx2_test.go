package firmware

import (
	"bytes"
	"testing"

	"vaad/firmware/image"

	"pgregory.net/rapid"
)

// What is sent is what the records say, in pieces that a transfer can take.
func TestSegmentsAreTheRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var records []image.Record
		var want [1 << 16]byte
		addr := uint32(0)
		for range rapid.IntRange(1, 60).Draw(t, "records") {
			if rapid.Bool().Draw(t, "gap") {
				addr += rapid.Uint32Range(1, 9).Draw(t, "by")
			}
			data := rapid.SliceOfN(rapid.Byte(), 1, 255).Draw(t, "data")
			records = append(records, image.Record{Addr: addr, Data: data})
			copy(want[addr:], data)
			addr += uint32(len(data))
		}
		var got [1 << 16]byte
		all := segments(records)
		for i, s := range all {
			if len(s.data) > chunk || copy(got[s.addr:], s.data) != len(s.data) {
				t.Fatal("a transfer of ", len(s.data))
			}
			if i > 0 && int(all[i-1].addr)+len(all[i-1].data) == int(s.addr) && len(all[i-1].data) <= chunk-255 {
				t.Fatal("two transfers where one would do")
			}
		}
		if !bytes.Equal(got[:], want[:]) {
			t.Fatal("something else is sent")
		}
	})
}
