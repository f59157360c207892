package g711

import (
	"math"
	"testing"

	zaf "github.com/zaf/g711"

	"vaad/dsp"
)

var laws = []struct {
	name   string
	law    Law
	decode func(byte) int16
	encode func(int16) byte
}{
	{"alaw", ALaw, zaf.DecodeAlawFrame, zaf.EncodeAlawFrame},
	{"ulaw", MuLaw, zaf.DecodeUlawFrame, zaf.EncodeUlawFrame},
}

func TestAllCodesSurviveDecodeAndEncode(t *testing.T) {
	for _, l := range laws {
		var codes, back [256]byte
		var pcm [256]int16
		for i := range codes {
			codes[i] = byte(i)
		}
		Decode(pcm[:], codes[:], l.law)
		Encode(back[:], pcm[:], l.law)
		if codes != back {
			t.Errorf("%s: codes changed:\n% x\n% x", l.name, codes, back)
		}
	}
}

func TestDecodeIsTheReferenceButForMinusZero(t *testing.T) {
	for _, l := range laws {
		for c, got := range DecodeTable(l.law) {
			want := l.decode(byte(c))
			if l.law == MuLaw && c == 0x7F {
				want = -1
			}
			if got != want {
				t.Errorf("%s: code %#02x decodes to %d, want %d", l.name, c, got, want)
			}
		}
	}
}

func TestEncodeIsTheReferenceForEverySample(t *testing.T) {
	for _, l := range laws {
		src := make([]int16, 1<<16)
		for i := range src {
			src[i] = int16(i)
		}
		dst := make([]byte, len(src))
		Encode(dst, src, l.law)
		for i, s := range src {
			if want := l.encode(s); dst[i] != want || EncodeSample(s, l.law) != want {
				t.Fatalf("%s: %d encodes to %#02x, want %#02x", l.name, s, dst[i], want)
			}
		}
	}
}

func TestSilenceIsPlusZero(t *testing.T) {
	for _, l := range laws {
		if got := EncodeSample(0, l.law); got != Silence(l.law) {
			t.Errorf("%s: 0 encodes to %#02x, Silence is %#02x", l.name, got, Silence(l.law))
		}
	}
}

// The periodic sequences of ITU-T G.711 tables 5 and 6: decoded at 8 kHz they
// are a 1 kHz sine of 0 dBm0. They tie our level scale to the standard.
func TestReferenceSequenceIsZeroDBm0(t *testing.T) {
	for _, c := range []struct {
		law  Law
		code []byte
	}{
		{ALaw, []byte{0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4}},
		{MuLaw, []byte{0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E}},
	} {
		pcm := make([]int16, 8)
		Decode(pcm, c.code, c.law)
		if got := dsp.Measure(pcm).DBm0(); math.Abs(got) > 0.1 {
			t.Errorf("law %d: %.3f dBm0, want 0 ± 0.1", c.law, got)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	code, pcm := make([]byte, 160), make([]int16, 160)
	for _, l := range laws {
		if n := testing.AllocsPerRun(100, func() {
			Decode(pcm, code, l.law)
			Encode(code, pcm, l.law)
		}); n != 0 {
			t.Errorf("%s: %v allocations per block", l.name, n)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, l := range laws {
		b.Run(l.name+"/samples=160", func(b *testing.B) {
			dst, src := make([]byte, 160), make([]int16, 160)
			for i := range src {
				src[i] = int16(i * 409)
			}
			b.ReportAllocs()
			b.SetBytes(2 * 160)
			for b.Loop() {
				Encode(dst, src, l.law)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, l := range laws {
		b.Run(l.name+"/samples=160", func(b *testing.B) {
			dst, src := make([]int16, 160), make([]byte, 160)
			for i := range src {
				src[i] = byte(i * 7)
			}
			b.ReportAllocs()
			b.SetBytes(2 * 160)
			for b.Loop() {
				Decode(dst, src, l.law)
			}
		})
	}
}
