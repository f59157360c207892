package adpcm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"
)

// encoder and decoder are the shapes that all codecs here share.
type encoder interface {
	Encode(dst []byte, src []int16) []byte
	Flush(dst []byte) []byte
}

type decoder interface {
	Decode(dst []int16, src []byte) []int16
}

func imaEncoder(block int) encoder { e, _ := NewIMAEncoder(block); return e }
func imaDecoder(block int) decoder { d, _ := NewIMADecoder(block); return d }

var codecs = []struct {
	name string
	enc  func() encoder
	dec  func() decoder
}{
	{"ima", func() encoder { return imaEncoder(IMABlock) }, func() decoder { return imaDecoder(IMABlock) }},
	{"ima-5", func() encoder { return imaEncoder(5) }, func() decoder { return imaDecoder(5) }},
	{"vox", func() encoder { return NewVOXEncoder(Dialogic) }, func() decoder { return NewVOXDecoder(Dialogic) }},
	{"vox-sox", func() encoder { return NewVOXEncoder(SoX) }, func() decoder { return NewVOXDecoder(SoX) }},
}

func pcm(x []int16) []byte {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func sum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:8]) }

// The sums are those of what other implementations make of the same signal:
// spandsp 0.0.6 (RFC 3551 DVI4 packets without their heads; OKI at 32 kbit/s)
// and SoX 14.4.2 without dither. The blocks are ours, decoded by SoX.
func TestCodesAndSamplesAreThoseOfTheReferences(t *testing.T) {
	x := signal(160 * 410)
	check := func(what string, got []byte, want string) {
		t.Helper()
		if s := sum(got); s != want {
			t.Errorf("%s: %d bytes with sum %s, want %s", what, len(got), s, want)
		}
	}

	// A block of IMA whose head says 0 is a DVI4 stream from its beginning;
	// DVI4 has the first sample in the high nibble.
	e := imaEncoder(65535)
	dvi := e.Encode(e.Encode(nil, []int16{0}), x)[imaHead:]
	head := []byte{0, 0, 0, 0}
	check("DVI4 decoded", pcm(imaDecoder(65535).Decode(nil, append(head, dvi...))[1:]), "d2462ed327bb174c")
	for i, b := range dvi {
		dvi[i] = b<<4 | b>>4
	}
	check("DVI4", dvi, "8079bc6d53008f8b")

	for i, want := range [][2]string{
		{"70f6f98a38a7d8c8", "3b7eaae10bf93c72"},
		{},
		{"1ea50850d0669a0a", "9d620890a0e0b7b7"},
		{"cae8621c983c4f51", "878c16ba96458b05"},
	} {
		if want[0] == "" {
			continue
		}
		c := codecs[i]
		e := c.enc()
		code := e.Flush(e.Encode(nil, x))
		check(c.name, code, want[0])
		check(c.name+" decoded", pcm(c.dec().Decode(nil, code)), want[1])
	}
}

func TestPiecesOfAnyLengthGiveTheSame(t *testing.T) {
	x := signal(20001)
	for _, c := range codecs {
		e := c.enc()
		code := e.Flush(e.Encode(nil, x))
		y := c.dec().Decode(nil, code)
		for _, n := range []int{1, 2, 3, 7, 80, 160, 253, 505, 1009} {
			e, d := c.enc(), c.dec()
			var b []byte
			for s := range slices.Chunk(x, n) {
				b = e.Encode(b, s)
			}
			if b = e.Flush(b); !bytes.Equal(b, code) {
				t.Errorf("%s: pieces of %d samples give another code", c.name, n)
			}
			var z []int16
			for s := range slices.Chunk(code, n) {
				z = d.Decode(z, s)
			}
			if !slices.Equal(z, y) {
				t.Errorf("%s: pieces of %d bytes give other samples", c.name, n)
			}
		}
	}
}

// Signal to noise of a 1004-Hz tone, once the step size has found its level.
func TestToneKeepsItsShape(t *testing.T) {
	x := make([]int16, 16000)
	for i := range x {
		x[i] = int16(math.Round(8000 * math.Sin(2*math.Pi*1004*float64(i)/8000)))
	}
	for _, c := range codecs {
		e := c.enc()
		y := c.dec().Decode(nil, e.Flush(e.Encode(nil, x)))
		var s, n float64
		for i := 800; i < len(x); i++ {
			s += float64(x[i]) * float64(x[i])
			n += (float64(x[i]) - float64(y[i])) * (float64(x[i]) - float64(y[i]))
		}
		db := 10 * math.Log10(s/n)
		if db < 21 {
			t.Errorf("%s: %.1f dB signal to noise, want 21", c.name, db)
		}
		t.Logf("%s: %.1f dB", c.name, db)
	}
}

func TestDialectsMustNotBeMixed(t *testing.T) {
	x := signal(1 << 16)
	code := NewVOXEncoder(SoX).Encode(nil, x)
	right, wrong := NewVOXDecoder(SoX).Decode(nil, code), NewVOXDecoder(Dialogic).Decode(nil, code)
	worst := 0
	for i := range right {
		worst = max(worst, max(int(right[i])-int(wrong[i]), int(wrong[i])-int(right[i])))
	}
	if worst < 1000 {
		t.Errorf("the dialects differ by %d at most: then there is no need for two", worst)
	}
	t.Logf("SoX's file read as Dialogic's: up to %d off", worst)
}

func TestFlushFillsTheLastBlockOnly(t *testing.T) {
	for n := range 1200 {
		e := imaEncoder(IMABlock)
		b := e.Flush(e.Encode(nil, make([]int16, n)))
		want := (n + IMASamples(IMABlock) - 1) / IMASamples(IMABlock) * IMABlock
		if len(b) != want {
			t.Fatalf("%d samples: %d bytes, want %d", n, len(b), want)
		}
		if b = e.Flush(b); len(b) != want {
			t.Fatalf("%d samples: a second Flush adds bytes", n)
		}
		v := NewVOXEncoder(Dialogic)
		if b := v.Flush(v.Flush(v.Encode(nil, make([]int16, n)))); len(b) != (n+1)/2 {
			t.Fatalf("VOX, %d samples: %d bytes", n, len(b))
		}
	}
}

func TestImpossibleBlocksAreRefused(t *testing.T) {
	for _, n := range []int{-1, 0, 4, 65536} {
		_, err := NewIMAEncoder(n)
		_, err2 := NewIMADecoder(n)
		if err == nil || err2 == nil || !strings.Contains(err.Error(), "5 to 65535") {
			t.Errorf("blocks of %d bytes: %v, %v", n, err, err2)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	x := signal(160)
	code, y := make([]byte, 0, 400), make([]int16, 0, 800)
	for _, c := range codecs {
		e, d := c.enc(), c.dec()
		if n := testing.AllocsPerRun(200, func() {
			b := e.Encode(code, x[:159])
			d.Decode(y, b)
		}); n != 0 {
			t.Errorf("%s: %v allocations per 20 ms", c.name, n)
		}
	}
}

// An encoder must know what its decoder makes of the code, whatever it is fed.
func FuzzEncode(f *testing.F) {
	f.Add(pcm(signal(3000)), uint8(0))
	f.Add(bytes.Repeat([]byte{0xFF, 0x7F, 0x00, 0x80}, 400), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		c := codecs[int(which)%len(codecs)]
		e := c.enc()
		y := c.dec().Decode(nil, e.Flush(e.Encode(nil, x)))
		if len(y) < len(x) {
			t.Fatalf("%s: %d samples became %d", c.name, len(x), len(y))
		}
		if v, ok := e.(*VOXEncoder); ok && len(y) > 0 && v.c.prediction != int32(y[len(y)-1]) {
			t.Errorf("%s: the encoder expects %d, the decoder says %d", c.name, v.c.prediction, y[len(y)-1])
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 0x80, 0xFF, 0xFF, 0x77, 0xFF, 0x00}, uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		c := codecs[int(which)%len(codecs)]
		if y := c.dec().Decode(nil, b); len(y) > 2*len(b) {
			t.Errorf("%s: %d bytes became %d samples", c.name, len(b), len(y))
		}
	})
}

func bench(b *testing.B, samples int, f func()) {
	b.ReportAllocs()
	b.SetBytes(int64(2 * samples))
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(b.N)*float64(samples)/8000/b.Elapsed().Seconds(), "lines")
}

func BenchmarkEncode(b *testing.B) {
	x := signal(1 << 16)
	dst := make([]byte, 0, len(x))
	for _, c := range codecs {
		b.Run(c.name, func(b *testing.B) {
			e := c.enc()
			bench(b, len(x), func() {
				for s := x; len(s) >= 160; s = s[160:] {
					e.Encode(dst, s[:160])
				}
			})
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	x := signal(1 << 16)
	y := make([]int16, 0, len(x))
	for _, c := range codecs {
		code := c.enc().Encode(nil, x)
		b.Run(c.name, func(b *testing.B) {
			d := c.dec()
			bench(b, len(x), func() {
				for s := code; len(s) >= 80; s = s[80:] {
					d.Decode(y, s[:80])
				}
			})
		})
	}
}
