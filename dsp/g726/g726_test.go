package g726

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vaad/dsp/g711"
)

var rates = []Rate{Rate16, Rate24, Rate32, Rate40}

func (r Rate) name() string { return strconv.Itoa(8 * int(r)) }

func encoder(r Rate, p Packing) *Encoder { e, _ := NewEncoder(r, p); return e }
func decoder(r Rate, p Packing) *Decoder { d, _ := NewDecoder(r, p); return d }

func pcm(x []int16) []byte {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func sum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:8]) }

// The sums are those of spandsp 0.0.6, which passes Appendix II. What is
// decoded does not clip: where it does, spandsp turns over and the standard
// does not.
func TestCodesAndSamplesAreThoseOfTheReference(t *testing.T) {
	loud := signal(160 * 410)
	quiet := slices.Clone(loud)
	for i := range quiet {
		quiet[i] >>= 2
	}
	for i, want := range []struct{ msb, lsb, quietMSB, quietLSB, decoded string }{
		{"d29102b14f8ff11b", "00a36a7c711d889a", "9aa7c79ea040d4d4", "130352d88e09d0d6", "f2c352f47a602c5b"},
		{"53d006bf9b816fd8", "98d81ca4b8094bd9", "2eda5041cc374771", "8d8a0f25e0150dea", "700f9ecd4b818bd9"},
		{"540bed6ca7489d6e", "92085c260c70af3e", "1dfc96bf3f7f202e", "58bb23b57f4617ff", "4e94df69da02c882"},
		{"2b832e21bab784f2", "d6fdc03cd3a6bb71", "ee953a0efd8b970c", "5eb79c5a0fd34b79", "ca9f25a1bda7808e"},
	} {
		r := rates[i]
		check := func(what string, got []byte, want string) {
			if s := sum(got); s != want {
				t.Errorf("%s kbit/s, %s: sum %s of %d bytes, want %s", r.name(), what, s, len(got), want)
			}
		}
		check("loud, MSB first", encoder(r, MSBFirst).Encode(nil, loud), want.msb)
		check("loud, LSB first", encoder(r, LSBFirst).Encode(nil, loud), want.lsb)
		m, l := encoder(r, MSBFirst).Encode(nil, quiet), encoder(r, LSBFirst).Encode(nil, quiet)
		check("quiet, MSB first", m, want.quietMSB)
		check("quiet, LSB first", l, want.quietLSB)
		check("decoded from MSB first", pcm(decoder(r, MSBFirst).Decode(nil, m)), want.decoded)
		check("decoded from LSB first", pcm(decoder(r, LSBFirst).Decode(nil, l)), want.decoded)
	}
}

func TestLoudSamplesStopAtTheEnd(t *testing.T) {
	x := make([]int16, 8000)
	for i := range x {
		x[i] = int16(32767 * math.Sin(2*math.Pi*200*float64(i)/8000))
	}
	for _, r := range rates {
		y := decoder(r, LSBFirst).Decode(nil, encoder(r, LSBFirst).Encode(nil, x))
		if slices.Max(y) != 8191<<2 {
			t.Errorf("%s kbit/s: the largest sample is %d", r.name(), slices.Max(y))
		}
		for i := 1; i < len(y); i++ {
			if d := int(y[i]) - int(y[i-1]); d > 32767 || d < -32767 {
				t.Fatalf("%s kbit/s: sample %d is %d after %d", r.name(), i, y[i], y[i-1])
			}
		}
	}
}

func TestLevelsAreThoseOfG711(t *testing.T) {
	for _, l := range []Law{ALaw, MuLaw} {
		for c, v := range g711.DecodeTable(g711.Law(l)) {
			if l == MuLaw && c == 0x7F {
				v = 0 // −0, see dsp/g711
			}
			if got := expand(l)[c]; got != v>>2 {
				t.Errorf("law %d, octet %#x: %d, want %d", l, c, got, v>>2)
			}
			if got := compress(int32(v>>2), l); got != byte(c) && !(l == MuLaw && c == 0x7F) {
				t.Errorf("law %d: level %d of octet %#x is compressed to %#x", l, v>>2, c, got)
			}
		}
	}
}

func TestNeighboursOfLevelsAreInOrder(t *testing.T) {
	for _, l := range []Law{ALaw, MuLaw} {
		sp, n := compress(-8192, l), 1
		for ; higher(sp, l) != sp; n++ {
			up := higher(sp, l)
			if expand(l)[up] <= expand(l)[sp] {
				t.Fatalf("law %d: %#x (%d) above %#x (%d)", l, up, expand(l)[up], sp, expand(l)[sp])
			}
			if back := lower(up, l); expand(l)[back] != expand(l)[sp] {
				t.Fatalf("law %d: %#x is above %#x, which is not below", l, up, sp)
			}
			sp = up
		}
		if want := map[Law]int{ALaw: 256, MuLaw: 255}[l]; n != want || sp != compress(8191, l) {
			t.Errorf("law %d: %d levels up to %#x, want %d", l, n, sp, want)
		}
	}
}

// The synchronous coding adjustment: a second pass through G.711 and G.726
// gives the same codes.
func TestTandemLosesNothingAfterTheFirstTime(t *testing.T) {
	x := signal(1 << 16)
	for _, l := range []Law{ALaw, MuLaw} {
		octets := make([]byte, len(x))
		g711.Encode(octets, x, g711.Law(l))
		for _, r := range rates {
			first := encoder(r, LSBFirst).EncodeLaw(nil, octets, l)
			second := decoder(r, LSBFirst).DecodeLaw(nil, first, l)
			if !bytes.Equal(encoder(r, LSBFirst).EncodeLaw(nil, second, l), first) {
				t.Errorf("%s kbit/s, law %d: the second time gives other codes", r.name(), l)
			}
		}
	}
}

func TestLawAndSamplesGiveTheSameCodes(t *testing.T) {
	octets, x := make([]byte, 1<<15), make([]int16, 1<<15)
	for _, l := range []Law{ALaw, MuLaw} {
		g711.Encode(octets, signal(len(octets)), g711.Law(l))
		g711.Decode(x, octets, g711.Law(l))
		for i, c := range octets {
			if l == MuLaw && c == 0x7F {
				x[i] = 0
			}
		}
		for _, r := range rates {
			if !bytes.Equal(encoder(r, MSBFirst).EncodeLaw(nil, octets, l), encoder(r, MSBFirst).Encode(nil, x)) {
				t.Errorf("%s kbit/s, law %d: octets and their samples give different codes", r.name(), l)
			}
		}
	}
}

func TestPiecesOfAnyLengthGiveTheSame(t *testing.T) {
	x := signal(5003)
	for _, r := range rates {
		for _, p := range []Packing{LSBFirst, MSBFirst} {
			e := encoder(r, p)
			code := e.Flush(e.Encode(nil, x))
			y := decoder(r, p).Decode(nil, code)
			if want := (len(x)*int(r) + 7) / 8; len(code) != want || len(e.Flush(nil)) != 0 {
				t.Errorf("%s kbit/s: %d bytes, want %d", r.name(), len(code), want)
			}
			for _, n := range []int{1, 2, 3, 7, 80, 160, 1009} {
				e, d := encoder(r, p), decoder(r, p)
				var b []byte
				for s := range slices.Chunk(x, n) {
					b = e.Encode(b, s)
				}
				if b = e.Flush(b); !bytes.Equal(b, code) {
					t.Errorf("%s kbit/s, packing %d: pieces of %d samples give another code", r.name(), p, n)
				}
				var z []int16
				for s := range slices.Chunk(code, n) {
					z = d.Decode(z, s)
				}
				if !slices.Equal(z, y) {
					t.Errorf("%s kbit/s, packing %d: pieces of %d bytes give other samples", r.name(), p, n)
				}
			}
		}
	}
}

// Signal to noise of a 1004-Hz tone at −12 dBm0, in dB by rate.
func TestToneKeepsItsShape(t *testing.T) {
	x := make([]int16, 16000)
	for i := range x {
		x[i] = int16(math.Round(8000 * math.Sin(2*math.Pi*1004*float64(i)/8000)))
	}
	for i, want := range []float64{21, 26, 35, 40} {
		r := rates[i]
		y := decoder(r, LSBFirst).Decode(nil, encoder(r, LSBFirst).Encode(nil, x))
		var s, n float64
		for i := 800; i < len(x); i++ {
			s += float64(x[i]) * float64(x[i])
			n += (float64(x[i]) - float64(y[i])) * (float64(x[i]) - float64(y[i]))
		}
		db := 10 * math.Log10(s/n)
		if db < want {
			t.Errorf("%s kbit/s: %.1f dB signal to noise, want %v", r.name(), db, want)
		}
		t.Logf("%s kbit/s: %.1f dB", r.name(), db)
	}
}

func TestUnknownRatesAndPackingsAreRefused(t *testing.T) {
	for _, r := range []Rate{-1, 0, 1, 6, 32} {
		if _, err := NewEncoder(r, LSBFirst); err == nil || !strings.Contains(err.Error(), "2 to 5") {
			t.Errorf("rate %d: %v", r, err)
		}
	}
	if _, err := NewDecoder(Rate32, 0); err == nil || !strings.Contains(err.Error(), "LSBFirst") {
		t.Errorf("no packing: %v", err)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	x := signal(160)
	code, y, octets := make([]byte, 0, 200), make([]int16, 0, 200), make([]byte, 0, 200)
	for _, r := range rates {
		e, d := encoder(r, LSBFirst), decoder(r, LSBFirst)
		if n := testing.AllocsPerRun(100, func() {
			b := e.Encode(code, x)
			d.Decode(y, b)
			o := d.DecodeLaw(octets, b, ALaw)
			e.EncodeLaw(code, o, ALaw)
		}); n != 0 {
			t.Errorf("%s kbit/s: %v allocations per 20 ms", r.name(), n)
		}
	}
}

// The encoder must know what the decoder makes of its codes, whatever it is
// fed, and the state must stay within its bounds.
func FuzzEncode(f *testing.F) {
	f.Add(pcm(signal(3000)), uint8(2))
	f.Add(bytes.Repeat([]byte{0xFF, 0x7F, 0x00, 0x80}, 400), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		r := rates[which%4]
		x := make([]int16, len(b)/16*8)
		for i := range x {
			x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		e, d := encoder(r, LSBFirst), decoder(r, LSBFirst)
		if y := d.Decode(nil, e.Encode(nil, x)); len(y) != len(x) {
			t.Fatalf("%d samples became %d", len(x), len(y))
		}
		if e.s != d.s {
			t.Errorf("encoder and decoder went apart: %+v, %+v", e.s, d.s)
		}
		bounded(t, &d.s)
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 0x80, 0xFF, 0xFF, 0x77, 0xFF, 0x00}, uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		r, law := rates[which%4], ALaw+Law(which>>2&1)
		d, o := decoder(r, MSBFirst), decoder(r, MSBFirst)
		if y := d.Decode(nil, b); len(y) != len(b)*8/int(r) {
			t.Errorf("%d bytes became %d samples", len(b), len(y))
		}
		o.DecodeLaw(nil, b, law)
		if o.s != d.s {
			t.Error("octets and samples leave different states")
		}
		bounded(t, &d.s)
	})
}

// bounded checks what the standard says about the widths of its variables.
func bounded(t *testing.T, s *state) {
	if s.yu < 544 || s.yu > 5120 || s.yl < 544<<6 || s.yl > 5120<<6 || s.a2 < -12288 || s.a2 > 12288 ||
		max(s.a1, -s.a1) > 15360-s.a2 || s.ap < 0 || s.ap > 1023 || s.dms < 0 || s.dms > 4095 || s.dml < 0 || s.dml > 16383 {
		t.Errorf("a variable has left its range: %+v", *s)
	}
	for _, b := range s.b {
		if b&^((2*bias-1)*each) != 0 {
			t.Errorf("lanes have run into each other: %x", b)
		}
	}
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
	dst := make([]byte, 0, 200)
	for _, r := range rates {
		b.Run(r.name(), func(b *testing.B) {
			e := encoder(r, LSBFirst)
			bench(b, len(x)/160*160, func() {
				for s := x; len(s) >= 160; s = s[160:] {
					e.Encode(dst, s[:160])
				}
			})
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	x := signal(1 << 16)
	y := make([]int16, 0, 200)
	for _, r := range rates {
		code := encoder(r, LSBFirst).Encode(nil, x)
		n := 20 * int(r) // bytes in 20 ms
		b.Run(r.name(), func(b *testing.B) {
			d := decoder(r, LSBFirst)
			bench(b, len(code)/n*160, func() {
				for s := code; len(s) >= n; s = s[n:] {
					d.Decode(y, s[:n])
				}
			})
		})
	}
}
