package dtmf

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"vaad/dsp/simd"
)

func needKernels(t testing.TB) {
	if simd.Best() == simd.Plain {
		t.Skip("there are no kernels here")
	}
}

func twins() (fast, plain *Detector) {
	fast, plain = New(), New()
	plain.level = simd.Plain
	return fast, plain
}

func TestKernelsSumWhatPlainGoSums(t *testing.T) {
	needKernels(t)
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 10000 {
		var x [surveyLen]int16
		for k := range x {
			switch n % 6 {
			case 0:
				x[k] = int16(r.Int32())
			case 1:
				x[k] = []int16{-32768, 32767}[r.IntN(2)]
			case 2:
				x[k] = -32768
			case 3:
				x[k] = []int16{-32768, 32767}[k%2]
			case 4:
				x[k] = int16(r.Int32()) >> (n / 6 % 16)
			case 5: // the sums of one tone as large as they get
				if x[k] = -32768; surveyTable[max(k-surveyLen/2, surveyLen/2-1-k)].cos[n/6%4] > 0 {
					x[k] = 32767
				}
			}
		}
		a, b := squares(&x)
		if c, d := squaresFast(&x); a != c || b != d {
			t.Fatalf("case %d: squares %d and %d, want %d and %d", n, c, d, a, b)
		}
		if a, b := products(&x), productsFast(&x); a != b {
			t.Fatalf("case %d: products %d, want %d", n, b, a)
		}
		var y, z [16]int32
		if p, q := compare(&x, &y), compareFast(&x, &z); p != q || y != z {
			t.Fatalf("case %d: %d %v, want %d %v", n, q, z, p, y)
		}
		var long [fitLen]int16
		for k := range long {
			long[k] = x[(k+k/surveyLen)%surveyLen]
		}
		var found [10]float64
		spectrumFast(&long, &turnings[n%8], &found)
		if want := spectrum(&long, &turnings[n%8]); found != want {
			t.Fatalf("case %d: spectrum %v, want %v", n, found, want)
		}
		b1 := newBasis(697*(1+r.Float64()), 1209*(1+r.Float64()), sound)
		var w pattern
		b1.pattern(&w)
		var got [4]float64
		projectFast(&w, (*[sound]int16)(x[:]), &got)
		if want := project(&w, (*[sound]int16)(x[:])); got != want {
			t.Fatalf("case %d: %v, want %v", n, got, want)
		}
	}
}

func TestKernelFiltersAsPlainGoDoes(t *testing.T) {
	needKernels(t)
	r := rand.New(rand.NewPCG(5, 6))
	var a, b under
	x := make([]int16, 333)
	for n := range 3000 {
		for k := range x {
			switch n % 5 {
			case 0:
				x[k] = int16(r.Int32())
			case 1:
				x[k] = []int16{-32768, 32767}[r.IntN(2)]
			case 2:
				x[k] = []int16{-32768, 32767}[k/5%2] // near the resonance
			case 3:
				x[k] = 0
			case 4:
				x[k] = int16(r.Int32()) >> 12
			}
		}
		s := x[:r.IntN(len(x))]
		y, z := make([]int16, len(s)), make([]int16, len(s))
		a.filter(simd.Best(), y, s)
		b.filter(simd.Plain, z, s)
		if !slices.Equal(y, z) || a.state != b.state {
			t.Fatalf("block %d of %d samples: %v, want %v", n, len(s), a.state, b.state)
		}
	}
}

// The filter of processors without FMA is another one, by rounding alone.
func TestFilterRoundedTwiceIsAsGood(t *testing.T) {
	x := steady(3, -10).samples()
	y, z := make([]int16, len(x)), make([]int16, len(x))
	highpass(y, x, new(memory))
	highpassTwice(z, x, new(memory))
	if !slices.Equal(y, z) {
		t.Error("the filters give different samples")
	}
}

func TestKernelsHearWhatPlainGoHears(t *testing.T) {
	needKernels(t)
	r := rand.New(rand.NewPCG(3, 4))
	for range 4 {
		l := steady(60, -6-20*r.Float64())
		if r.IntN(2) == 0 {
			l.hum(50, -13)
		}
		x := l.samples()
		for k := range x {
			x[k] += int16(40 * r.NormFloat64())
		}
		fast, plain := twins()
		var a, b []Event
		for s := range slices.Chunk(x, 160) {
			a, b = fast.Process(a, s), plain.Process(b, s)
		}
		if !slices.Equal(a, b) || len(a) < 60 {
			t.Errorf("%d events with kernels, %d without", len(a), len(b))
		}
	}
}

func FuzzTwins(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4})
	var seed []byte
	for _, v := range steady(2, -10).samples() {
		seed = binary.LittleEndian.AppendUint16(seed, uint16(v))
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		needKernels(t)
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		fast, plain := twins()
		if a, b := fast.Flush(fast.Process(nil, x)), plain.Flush(plain.Process(nil, x)); !slices.Equal(a, b) {
			t.Errorf("%v with kernels, %v without", a, b)
		}
	})
}
