package gsm

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"vaad/dsp/simd"
)

// twinEncoders are the same encoder with kernels and without.
func twinEncoders(p Packing) (fast, plain *Encoder) {
	fast, plain = NewEncoder(p), NewEncoder(p)
	plain.level = simd.Plain
	return fast, plain
}

func twinDecoders(p Packing) (fast, plain *Decoder) {
	fast, plain = NewDecoder(p), NewDecoder(p)
	plain.level = simd.Plain
	return fast, plain
}

func needKernels(t testing.TB) {
	if simd.Best() == simd.Plain {
		t.Skip("there are no kernels here")
	}
}

// sounds are signals at the edges of the arithmetic.
func sounds(r *rand.Rand, kind, n int) []int16 {
	x := make([]int16, n)
	for k := range x {
		switch kind % 8 {
		case 0:
			x[k] = int16(r.Int32())
		case 1:
			x[k] = []int16{-32768, 32767}[r.IntN(2)]
		case 2:
			x[k] = []int16{-32768, 32767}[k/40%2]
		case 3:
			x[k] = int16(r.Int32N(64) - 32)
		case 4:
			x[k] = int16(r.Int32()) >> (k / samples % 16)
		case 5: // the extremes of the offset filter: long at one end, then once at the other
			x[k] = -32768
			if k%1000 == 999 {
				x[k] = 32767
			}
		case 6:
			x[k] = int16(40000 * int64(k%53-26) / 64)
		case 7:
			x[k] = 0
			if r.IntN(100) == 0 {
				x[k] = int16(r.Int32())
			}
		}
	}
	return x
}

func TestKernelsCodeWhatPlainGoCodes(t *testing.T) {
	needKernels(t)
	r := rand.New(rand.NewPCG(7, 8))
	for round := range 4 {
		x := signal(samples * 200)
		for kind := range 8 {
			x = append(x, sounds(r, kind+round, samples*(20+r.IntN(20)))...)
		}
		fast, plain := twinEncoders(Raw)
		fastD, plainD := twinDecoders(Raw)
		for i := 0; i+samples <= len(x); i += samples {
			s := x[i : i+samples]
			a, b := fast.Encode(nil, s), plain.Encode(nil, s)
			state, want := *fast, *plain
			if want.level = state.level; state != want || !bytes.Equal(a, b) {
				t.Fatalf("round %d, frame %d: %x with kernels, %x without", round, i/samples, a, b)
			}
			y, z := fastD.Decode(nil, a), plainD.Decode(nil, a)
			after, wantD := *fastD, *plainD
			if wantD.level = after.level; after != wantD || !slices.Equal(y, z) {
				t.Fatalf("round %d, frame %d is decoded otherwise with kernels", round, i/samples)
			}
		}
	}
}

func TestKernelsDecodeAnyFrameAsPlainGoDoes(t *testing.T) {
	needKernels(t)
	r := rand.New(rand.NewPCG(9, 10))
	fast, plain := twinDecoders(WAV49)
	var b [pairBytes]byte
	for n := range 3000 {
		for i := range b {
			if b[i] = byte(r.Uint32()); n%7 == 0 {
				b[i] |= byte(r.Uint32())
			}
		}
		if y, z := fast.Decode(nil, b[:]), plain.Decode(nil, b[:]); !slices.Equal(y, z) {
			t.Fatalf("pair %d, %x: %v with kernels, %v without", n, b, y, z)
		}
	}
}

func FuzzTwins(f *testing.F) {
	f.Add(pcm(signal(3000)))
	f.Add(bytes.Repeat([]byte{0xFF, 0x7F, 0x00, 0x80}, 400))
	f.Fuzz(func(t *testing.T, b []byte) {
		needKernels(t)
		x := linear(b)
		fast, plain := twinEncoders(Raw)
		code, want := fast.Flush(fast.Encode(nil, x)), plain.Flush(plain.Encode(nil, x))
		if !bytes.Equal(code, want) {
			t.Errorf("%x with kernels, %x without", code, want)
		}
		fastD, plainD := twinDecoders(WAV49)
		if y, z := fastD.Decode(nil, b), plainD.Decode(nil, b); !slices.Equal(y, z) {
			t.Error("samples differ with kernels")
		}
	})
}

func BenchmarkPlain(b *testing.B) {
	x := signal(samples * 400)
	dst, y := make([]byte, 0, 100), make([]int16, 0, 400)
	_, e := twinEncoders(Raw)
	code := e.Encode(nil, x)
	b.Run("Encode", func(b *testing.B) {
		bench(b, len(x), func() {
			for s := x; len(s) >= samples; s = s[samples:] {
				e.Encode(dst, s[:samples])
			}
		})
	})
	_, d := twinDecoders(Raw)
	b.Run("Decode", func(b *testing.B) {
		bench(b, len(x), func() {
			for s := code; len(s) >= rawBytes; s = s[rawBytes:] {
				d.Decode(y, s[:rawBytes])
			}
		})
	})
}
