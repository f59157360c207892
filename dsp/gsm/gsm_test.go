package gsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

var packings = []struct {
	name  string
	p     Packing
	bytes int // of a unit
	size  int // samples of a unit
}{{"raw", Raw, rawBytes, samples}, {"wav49", WAV49, pairBytes, 2 * samples}}

func pcm(x []int16) []byte {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func linear(b []byte) []int16 {
	x := make([]int16, len(b)/2)
	for i := range x {
		x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return x
}

func sum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:8]) }

// The sums are those of libgsm 1.0.22, with which spandsp 0.0.6 agrees.
func TestFramesAndSamplesAreThoseOfTheReferences(t *testing.T) {
	x := signal(samples * 410)
	for i, want := range [][2]string{{"ebdf3812e15910fe", "0b72fbe24fbe5065"}, {"5b79e398af9957a5", "0b72fbe24fbe5065"}} {
		p := packings[i]
		code := NewEncoder(p.p).Encode(nil, x)
		if s := sum(code); s != want[0] {
			t.Errorf("%s: sum %s of %d bytes, want %s", p.name, s, len(code), want[0])
		}
		y := NewDecoder(p.p).Decode(nil, code)
		if s := sum(pcm(y)); s != want[1] {
			t.Errorf("%s: sum %s of %d samples, want %s", p.name, s, len(y), want[1])
		}
	}
}

// TestSequencesOfTheStandard runs the test sequences of clause 6, which are not
// part of this project, from the folder gsm0610 below VAAD_VECTORS: input,
// parameters, output. Seq05 is for the decoder alone.
func TestSequencesOfTheStandard(t *testing.T) {
	dir := os.Getenv("VAAD_VECTORS")
	if dir == "" {
		t.Skip("VAAD_VECTORS names no folder")
	}
	read := func(seq int, ext string) []int16 {
		b, err := os.ReadFile(filepath.Join(dir, "gsm0610", "Seq0"+strconv.Itoa(seq)+ext))
		if err != nil {
			t.Fatal(err)
		}
		return linear(b)
	}
	frames := 0
	for seq := 1; seq <= 5; seq++ {
		cod, out := read(seq, ".cod"), read(seq, ".out")
		var in []int16
		if seq < 5 {
			in = read(seq, ".inp")
		}
		e, d := NewEncoder(Raw), NewDecoder(Raw)
		for i := range len(cod) / 76 {
			want := cod[76*i : 76*i+76]
			var f frame
			if in != nil {
				e.analyse(&f, (*[samples]int16)(in[samples*i:]))
				if got := f.parameters(); !slices.Equal(got, want) {
					t.Errorf("sequence %d, frame %d is coded %v, want %v", seq, i, got, want)
				}
			}
			f.setParameters(want)
			if y := d.synthesise(nil, &f); !slices.Equal(y, out[samples*i:samples*i+samples]) {
				t.Errorf("sequence %d, frame %d is decoded wrongly", seq, i)
			}
			frames++
		}
	}
	t.Logf("%d frames compared", frames)
}

func (f *frame) parameters() (p []int16) {
	for _, v := range f.lar {
		p = append(p, int16(v))
	}
	for _, q := range f.quarter {
		p = append(p, int16(q.lag), int16(q.gain), int16(q.grid), int16(q.max))
		for _, v := range q.pulse {
			p = append(p, int16(v))
		}
	}
	return p
}

func (f *frame) setParameters(p []int16) {
	for i := range f.lar {
		f.lar[i] = uint8(p[i])
	}
	for i := range f.quarter {
		v := p[8+17*i:]
		f.quarter[i] = quarter{lag: uint8(v[0]), gain: uint8(v[1]), grid: uint8(v[2]), max: uint8(v[3])}
		for k := range pulses {
			f.quarter[i].pulse[k] = uint8(v[4+k])
		}
	}
}

// The search takes short cuts: two sums in a word, three for four.
func TestSearchFindsWhatPlainSumsFind(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 3000 {
		var d [segment]int32
		var past [maxLag + segment]int16
		var w [3][taps]int64
		for k := range d {
			d[k] = r.Int32N(1025) - 512
			switch n % 5 {
			case 1:
				d[k] = []int32{-512, 512}[r.IntN(2)]
			case 2:
				d[k] = 0
			case 3:
				d[k] >>= 8 // many equal sums
			}
			v := int64(d[k])
			w[k%2][k/2] = v
			w[2][k/2] += v
		}
		for k := range past {
			past[k] = int16(r.Int32N(65536) - 32768)
			switch n % 7 {
			case 1:
				past[k] = []int16{-32768, 32767}[r.IntN(2)]
			case 2:
				past[k] = 0
			case 3:
				past[k] = past[k] >> 14
			}
		}
		want, wantLag := int32(0), minLag
		for lag := minLag; lag <= maxLag; lag++ {
			s := int32(0)
			for k, v := range d {
				s += v * int32(past[maxLag+k-lag])
			}
			if s > want {
				want, wantLag = s, lag
			}
		}
		if got, lag := search(&w, &past); got != want || lag != wantLag {
			t.Fatalf("case %d: %d at %d, want %d at %d", n, got, lag, want, wantLag)
		}
	}
}

// The fast filters must know when to give way to the saturating ones.
func TestLoudAndQuietFiltersAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	loud := 0
	for n := range 4000 {
		var rp [8]int32
		var u [8]int16
		amplitude := int32(1) << (6 + n%10)
		d := make([]int32, []int{13, 14, 120, 1, 2}[n%5])
		for k := range d {
			d[k] = r.Int32N(2*amplitude) - amplitude
		}
		for i := range rp {
			rp[i] = r.Int32N(2*32665+1) - 32665
			if n%3 == 0 {
				rp[i] >>= 2
			}
			u[i] = int16(r.Int32N(2*amplitude) - amplitude)
		}
		x, y, ux, uy := slices.Clone(d), slices.Clone(d), u, u
		analyse(x, &rp, &ux)
		analyseLoud(y, &rp, &uy)
		if !slices.Equal(x, y) || ux != uy {
			t.Fatalf("analysis, case %d: %v, want %v", n, x, y)
		}
		if slices.Max(y) == 32767 {
			loud++
		}
		vx, vy := u, u
		x, y = slices.Clone(d), slices.Clone(d)
		synthesise(x, &rp, &vx)
		synthesiseLoud(y, &rp, &vy)
		if !slices.Equal(x, y) || vx != vy {
			t.Fatalf("synthesis, case %d: %v %v, want %v %v", n, x, vx, y, vy)
		}
	}
	if loud < 100 {
		t.Errorf("only %d cases were loud", loud)
	}
}

func TestFramesReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		var f, g [2]frame
		for i := range f {
			for k, n := range larBits {
				f[i].lar[k] = uint8(r.IntN(1 << n))
			}
			for k := range f[i].quarter {
				q := &f[i].quarter[k]
				*q = quarter{lag: uint8(r.IntN(128)), gain: uint8(r.IntN(4)), grid: uint8(r.IntN(4)), max: uint8(r.IntN(64))}
				for j := range q.pulse {
					q.pulse[j] = uint8(r.IntN(8))
				}
			}
		}
		raw := f[0].appendRaw(nil)
		if len(raw) != rawBytes || !g[0].parseRaw((*[rawBytes]byte)(raw)) || g[0] != f[0] {
			t.Fatalf("raw: %v, was %v", g[0], f[0])
		}
		pair, held := f[0].appendHalf(nil, 0, 0)
		if pair, held = f[1].appendHalf(pair, held, 4); len(pair) != pairBytes || held != 0 {
			t.Fatalf("a pair of %d bytes, %#x left", len(pair), held)
		}
		if g = parsePair((*[pairBytes]byte)(pair)); g != f {
			t.Fatalf("pair: %v, was %v", g, f)
		}
	}
}

func TestPiecesOfAnyLengthGiveTheSame(t *testing.T) {
	x := signal(samples*21 + 7)
	for _, p := range packings {
		e := NewEncoder(p.p)
		code := e.Flush(e.Encode(nil, x))
		if want := (len(x) + p.size - 1) / p.size * p.bytes; len(code) != want || len(e.Flush(nil)) != 0 {
			t.Errorf("%s: %d bytes, want %d", p.name, len(code), want)
		}
		y := NewDecoder(p.p).Decode(nil, code)
		for _, n := range []int{1, 3, 33, 65, 80, 159, 160, 161, 1009} {
			e, d := NewEncoder(p.p), NewDecoder(p.p)
			var b []byte
			for s := range slices.Chunk(x, n) {
				b = e.Encode(b, s)
			}
			if b = e.Flush(b); !bytes.Equal(b, code) {
				t.Errorf("%s: pieces of %d samples give another code", p.name, n)
			}
			var z []int16
			for s := range slices.Chunk(code, n) {
				z = d.Decode(z, s)
			}
			if !slices.Equal(z, y) {
				t.Errorf("%s: pieces of %d bytes give other samples", p.name, n)
			}
		}
	}
}

func TestFrameWithoutSignatureIsSilentAndCounted(t *testing.T) {
	code := NewEncoder(Raw).Encode(nil, signal(samples*12))
	code[33*5] ^= 0x10
	d := NewDecoder(Raw)
	y := d.Decode(nil, code)
	if d.Bad != 1 || len(y) != samples*12 {
		t.Errorf("%d bad frames, %d samples", d.Bad, len(y))
	}
	for i, v := range y[samples*5 : samples*6] {
		if v != 0 {
			t.Fatalf("sample %d of the bad frame is %d", i, v)
		}
	}
}

// Signal to noise of a 1004-Hz tone: the codec codes what speech sounds like,
// not its shape, so this is a low bar; below it something is broken.
func TestToneKeepsItsShape(t *testing.T) {
	x := make([]int16, 16000)
	for i := range x {
		x[i] = int16(math.Round(8000 * math.Sin(2*math.Pi*1004*float64(i)/8000)))
	}
	y := NewDecoder(Raw).Decode(nil, NewEncoder(Raw).Encode(nil, x))
	var s, n float64
	for i := 800; i < len(x); i++ {
		s += float64(x[i]) * float64(x[i])
		n += (float64(x[i]) - float64(y[i])) * (float64(x[i]) - float64(y[i]))
	}
	if db := 10 * math.Log10(s/n); db < 10 {
		t.Errorf("%.1f dB signal to noise", db)
	} else {
		t.Logf("%.1f dB", db)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	x := signal(samples * 2)
	code, y := make([]byte, 0, 100), make([]int16, 0, 400)
	for _, p := range packings {
		e, d := NewEncoder(p.p), NewDecoder(p.p)
		if n := testing.AllocsPerRun(100, func() { d.Decode(y, e.Encode(code, x)) }); n != 0 {
			t.Errorf("%s: %v allocations per 40 ms", p.name, n)
		}
	}
}

// Whatever is coded, the decoder's residual is that of the encoder: both keep
// it in past.
func FuzzEncode(f *testing.F) {
	f.Add(pcm(signal(3000)))
	f.Add(bytes.Repeat([]byte{0xFF, 0x7F, 0x00, 0x80}, 400))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := linear(b)
		e, d := NewEncoder(Raw), NewDecoder(Raw)
		y := d.Decode(nil, e.Flush(e.Encode(nil, x)))
		if len(y) < len(x) || d.Bad > 0 {
			t.Fatalf("%d samples became %d, %d bad frames", len(x), len(y), d.Bad)
		}
		if e.past != d.past || e.lar != d.lar {
			t.Error("encoder and decoder went apart")
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(NewEncoder(Raw).Encode(nil, signal(samples*3)), false)
	f.Add(NewEncoder(WAV49).Encode(nil, signal(samples*4)), true)
	f.Fuzz(func(t *testing.T, b []byte, pair bool) {
		p := packings[0]
		if pair {
			p = packings[1]
		}
		y := NewDecoder(p.p).Decode(nil, b)
		if want := len(b) / p.bytes * p.size; len(y) != want {
			t.Errorf("%d bytes became %d samples, want %d", len(b), len(y), want)
		}
		for i, v := range y {
			if v&7 != 0 {
				t.Fatalf("sample %d is %d: the lowest three bits are not zero", i, v)
			}
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
	x := signal(samples * 400)
	dst := make([]byte, 0, 100)
	for _, p := range packings {
		b.Run(p.name, func(b *testing.B) {
			e := NewEncoder(p.p)
			bench(b, len(x), func() {
				for s := x; len(s) >= samples; s = s[samples:] {
					e.Encode(dst, s[:samples])
				}
			})
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	x := signal(samples * 400)
	y := make([]int16, 0, 400)
	for _, p := range packings {
		code := NewEncoder(p.p).Encode(nil, x)
		b.Run(p.name, func(b *testing.B) {
			d := NewDecoder(p.p)
			bench(b, len(x), func() {
				for s := code; len(s) >= p.bytes; s = s[p.bytes:] {
					d.Decode(y, s[:p.bytes])
				}
			})
		})
	}
}
