package peaks

import (
	"bytes"
	"flag"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// noise is audio whose loudness changes, without a library's generator, so that it is
// the same for ever.
func noise(n int, seed uint32) []int16 {
	out := make([]int16, n)
	for i := range out {
		seed = seed*1664525 + 1013904223
		loud := 1 + (i/4000*7919)%23
		out[i] = int16(int32(seed) >> 16 / int32(loud))
	}
	return out
}

func sideOf(pcm []int16, pieces ...int) Side {
	b := NewBuilder("mixed")
	for _, n := range pieces {
		n = min(n, len(pcm))
		b.Write(pcm[:n])
		pcm = pcm[n:]
	}
	b.Write(pcm)
	return b.Side()
}

// extremes is the straightforward reference: what a stretch of samples has.
func extremes(pcm []int16, from, to int64) (least, most int8, rms float64) {
	from, to = max(0, from), min(to, int64(len(pcm)))
	if from >= to {
		return 0, 0, 0
	}
	lo, hi, sum := math.MaxInt16, math.MinInt16, 0.0
	for _, v := range pcm[from:to] {
		lo, hi = min(lo, int(v)), max(hi, int(v))
		sum += float64(v) * float64(v)
	}
	step := func(v int) int8 {
		r := int8(math.Round(127 * math.Sqrt(math.Abs(float64(v))/32768)))
		if v < 0 {
			return -r
		}
		return r
	}
	return step(lo), step(hi), math.Sqrt(sum / float64(to-from))
}

func TestAPointHasTheExtremesOfItsSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pcm := noise(rapid.IntRange(0, 200_000).Draw(t, "samples"), rapid.Uint32().Draw(t, "seed"))
		if rapid.Bool().Draw(t, "full scale") && len(pcm) > 0 {
			pcm[rapid.IntRange(0, len(pcm)-1).Draw(t, "at")] = math.MinInt16
		}
		s := sideOf(pcm, rapid.SliceOfN(rapid.IntRange(0, 9999), 0, 30).Draw(t, "pieces")...)
		part, points := Fit(s.Samples, rapid.Int64Range(0, 200_000).Draw(t, "from"), rapid.Int64Range(0, 200_000).Draw(t, "to"), rapid.IntRange(1, 5000).Draw(t, "points"))
		view := s.View(part, points)
		if len(view) != 3*points {
			t.Fatalf("%d bytes for %d points", len(view), points)
		}
		width := (part.To - part.From) / int64(points)
		beside := max(Hop, width/4) // what a bin may reach over its point
		for i := range int64(points) {
			from, to := part.From+(part.To-part.From)*i/int64(points), part.From+(part.To-part.From)*(i+1)/int64(points)
			lo, hi, _ := extremes(pcm, from, to)
			wideLo, wideHi, _ := extremes(pcm, from-beside, to+beside)
			gotLo, gotHi := int8(view[3*i]), int8(view[3*i+1])
			if from < to && (gotLo > lo || gotHi < hi) {
				t.Fatalf("point %d of %d: %d to %d, its samples go from %d to %d", i, points, gotLo, gotHi, lo, hi)
			}
			if gotLo < wideLo || gotHi > wideHi {
				t.Fatalf("point %d of %d: %d to %d, the samples about it go from %d to %d", i, points, gotLo, gotHi, wideLo, wideHi)
			}
		}
	})
}

func TestWholeBinsAreExactOnEveryLevel(t *testing.T) {
	pcm := noise(Hop*8*8*8*9, 3)
	s := sideOf(pcm)
	for level, size := 0, int64(Hop); level < levels; level, size = level+1, size*factor {
		for i := range int64(len(s.levels[level]) / binBytes) {
			b := s.levels[level][i*binBytes:]
			lo, hi, rms := extremes(pcm, i*size, (i+1)*size)
			if int8(b[0]) != lo || int8(b[1]) != hi {
				t.Fatalf("level %d, bin %d: %d to %d, want %d to %d", level, i, int8(b[0]), int8(b[1]), lo, hi)
			}
			if d := math.Abs(127*math.Sqrt(rms/32768) - float64(b[2])); d > 0.6 {
				t.Fatalf("level %d, bin %d: mean %d is %.2f steps off", level, i, b[2], d)
			}
		}
	}
	view := s.View(Span{0, s.Samples}, 9)
	for i := range int64(9) {
		_, _, rms := extremes(pcm, i*s.Samples/9, (i+1)*s.Samples/9)
		if d := math.Abs(127*math.Sqrt(rms/32768) - float64(view[3*i+2])); d > 1.5 {
			t.Fatalf("point %d: mean %d is %.2f steps off", i, view[3*i+2], d)
		}
	}
}

func TestNothingFinerThanABinIsShown(t *testing.T) {
	if part, points := Fit(80_000, 800, 1600, 800); points != 10 || part != (Span{800, 1600}) {
		t.Fatalf("%v in %d points", part, points)
	}
	if _, points := Fit(1<<40, 0, 0, 1<<30); points != MaxPoints {
		t.Fatalf("%d points", points)
	}
	if part, points := Fit(0, 5, 9, 7); points != 1 || part != (Span{}) {
		t.Fatalf("of nothing: %v in %d points", part, points)
	}
}

func TestSilenceIsWhereNoSideIsLoud(t *testing.T) {
	quiet := make([]int16, 8000*10)
	loud := slices.Clone(quiet)
	copy(loud[8000*4:8000*5], noise(8000, 9))
	p := NewPicture([]Side{sideOf(quiet), sideOf(loud)})
	if len(p.Silence) != 2 {
		t.Fatalf("silences: %v", p.Silence)
	}
	if a, b := p.Silence[0], p.Silence[1]; a.From != 0 || a.To > 8000*4 || a.To < 8000*3 || b.From < 8000*5 || b.From > 8000*6 || b.To != 8000*10 {
		t.Fatalf("silences: %v", p.Silence)
	}
	if got := p.Quiet(Span{8000, 8000 * 3}, 8000); len(got) != 1 || got[0] != (Span{8000, 8000 * 3}) {
		t.Fatalf("of a part: %v", got)
	}
	if got := joined([]Span{{0, 10}, {12, 20}, {40, 50}}, Span{5, 45}, 5); !reflect.DeepEqual(got, []Span{{5, 20}, {40, 45}}) {
		t.Fatalf("joined: %v", got)
	}
}

func sample() (*Picture, Key) {
	p := NewPicture([]Side{sideOf(noise(40_123, 1)), sideOf(make([]int16, 30_000))})
	p.Sides[0].Name, p.Sides[1].Name = "network", "local"
	p.Sides[0].Voice = []Span{{80, 800}, {1600, 40_123}}
	return p, KeyOf(map[string]string{"network": "ab", "local": "cd"})
}

func TestAPictureIsReadAsItWasWritten(t *testing.T) {
	p, key := sample()
	got, k, err := parse(p.append(nil, key))
	if err != nil || k != key || got.Samples != p.Samples || !slices.Equal(got.Silence, p.Silence) || len(got.Sides) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range p.Sides {
		a, b := got.Sides[i], p.Sides[i]
		if a.Name != b.Name || a.Samples != b.Samples || !slices.Equal(a.Voice, b.Voice) {
			t.Fatalf("side %d: %+v", i, a)
		}
		for l := range a.levels {
			if !bytes.Equal(a.levels[l], b.levels[l]) {
				t.Fatalf("side %d, level %d differs", i, l)
			}
		}
	}
}

var update = flag.Bool("update", false, "write testdata/compat anew")

func TestVersion1IsRead(t *testing.T) {
	const name = "testdata/compat/v1.peaks"
	p, key := sample()
	if *update {
		if err := os.WriteFile(name, p.append(nil, key), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got, k, err := parse(b)
	if err != nil || k != key || got.Samples != 40_123 || got.Sides[1].Name != "local" || len(got.Sides[0].Voice) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	p, key := sample()
	whole := p.append(nil, key)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, _, err := parse(b); err == nil {
			for i := range p.Sides {
				p.Sides[i].View(Span{0, p.Samples}, 100)
			}
		}
	})
}
