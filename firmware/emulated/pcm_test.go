package emulated

import (
	"slices"
	"testing"
)

func TestBothLawsComeBack(t *testing.T) {
	for code := range 256 {
		if got := aLaw(aSample(byte(code))); got != byte(code) {
			t.Errorf("A-law %#x -> %d -> %#x", code, aSample(byte(code)), got)
		}
		if got := muLaw(muSample(byte(code))); got != byte(code) && code != 0x7f { // two zeros
			t.Errorf("µ-law %#x -> %d -> %#x", code, muSample(byte(code)), got)
		}
	}
	// The ends and the middle, of the tables in G.711.
	for code, want := range map[byte]int16{0x80: 32124, 0x00: -32124, 0xff: 0, 0xfe: 8} {
		if muSample(code) != want {
			t.Errorf("µ-law %#x is %d, want %d", code, muSample(code), want)
		}
	}
	for code, want := range map[byte]int16{0xaa: 32256, 0x2a: -32256, 0xd5: 8, 0x55: -8} {
		if aSample(code) != want {
			t.Errorf("A-law %#x is %d, want %d", code, aSample(code), want)
		}
	}
}

func TestAToneIsMeasured(t *testing.T) {
	var s source
	second := make([]int16, rate)
	s.tone(second, 700)
	for what, c := range map[string]struct {
		samples        []int16
		longest, jumps int
	}{
		"a second":                {second, rate, 0},
		"another tone":            {func() []int16 { b := make([]int16, rate); (&source{}).tone(b, 800); return b }(), 0, 0},
		"silence":                 {make([]int16, rate), 0, 0},
		"a ms is lost":            {slices.Concat(second[:4000], second[4008:]), 4000, 1},
		"a ms is lost, elsewhere": {slices.Concat(second[:4030], second[4038:]), 4000, 1},
		"a ms is doubled":         {slices.Concat(second[:4000], second[3992:]), 4000, 1},
		"silence in between":      {slices.Concat(second[:4000], make([]int16, 800), second[4800:]), 4000, 1},
	} {
		m := Tone{Hz: 700}
		for _, v := range c.samples {
			m.Hear(muSample(muLaw(v)))
		}
		if m.Longest != c.longest || m.Jumps != c.jumps {
			t.Errorf("%s: %v, want %d samples, jumps %d", what, m, c.longest, c.jumps)
		}
	}
}

// The bits of a caller's message are those of GR-30, by hand.
func TestACallerIsTold(t *testing.T) {
	bits := callerBits("12")
	bits = bits[300+180:]
	var bytes []byte
	for len(bits) >= 10 {
		if bits[0] || !bits[9] {
			t.Fatal("no start or stop bit")
		}
		var b byte
		for i := range 8 {
			if bits[1+i] {
				b |= 1 << i
			}
		}
		bytes, bits = append(bytes, b), bits[10:]
	}
	want := []byte{0x80, 4, 0x02, 2, '1', '2', 0x15}
	if !slices.Equal(bytes, want) {
		t.Errorf("%x, want %x", bytes, want)
	}
}

func TestAudioOfFilesIsDecoded(t *testing.T) {
	for what, c := range map[string]struct {
		format uint16
		data   []byte
		want   []int16
	}{
		"16 bits":              {1, []byte{1, 0, 0xff, 0xff, 9}, []int16{1, -1}},
		"A-law":                {6, []byte{0xd5, 0x2a}, []int16{8, -32256}},
		"µ-law":                {7, []byte{0xfe, 0x00}, []int16{8, -32124}},
		"one that is not ours": {2, []byte{1, 2, 3}, nil},
	} {
		if got := Decode(c.format, c.data); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
}
