package spectrum

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

func dft(x []float64, k int) complex128 {
	var sum complex128
	for i, v := range x {
		sum += complex(v, 0) * cmplx.Rect(1, -2*math.Pi*float64(k*i)/float64(len(x)))
	}
	return sum
}

func TestSpectraAreThoseOfTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var x [64]float32
		var z [64][2]float32
		y := make([]float64, 64)
		for i := range x {
			x[i] = float32(r.NormFloat64() * 3000)
			z[i][0], y[i] = x[i], float64(x[i])
		}
		var p [32]float32
		Power64(&p, &x)
		Transform(z[:], Circle(64))
		for k := range 64 {
			sum := dft(y, k)
			want := real(sum)*real(sum) + imag(sum)*imag(sum)
			if k < 32 && math.Abs(float64(p[k])-want) > 1e-4*want+1000 {
				t.Fatalf("Power64, line %d: %g, want %g", k, p[k], want)
			}
			if d := cmplx.Abs(complex(float64(z[k][0]), float64(z[k][1])) - sum); d > 1 {
				t.Fatalf("Transform, line %d: %v, want %v", k, z[k], sum)
			}
		}
	}
}

func TestHannAddsUpToTheMeanSquare(t *testing.T) {
	for _, n := range []int{64, 128, 256} {
		w := Hann(n, n)
		for _, at := range []float64{5, 5.3, 9.5} {
			z := make([][2]float32, n)
			for i := range z {
				z[i][0] = w[i] * float32(1000*math.Sin(2*math.Pi*at*float64(i)/float64(n)+1))
			}
			Transform(z, Circle(n))
			var sum float64
			best, peak := 0, float32(0)
			p := make([]float32, n/2)
			for k := range p {
				p[k] = z[k][0]*z[k][0] + z[k][1]*z[k][1]
				sum += float64(p[k])
				if p[k] > peak {
					best, peak = k, p[k]
				}
			}
			if math.Abs(sum-500000) > 5000 {
				t.Errorf("%d samples, line %v: %.0f, want 500000", n, at, sum)
			}
			got := float64(best)
			if p[best-1] > p[best+1] {
				got -= float64(PeakOffset(peak, p[best-1]))
			} else {
				got += float64(PeakOffset(peak, p[best+1]))
			}
			if math.Abs(got-at) > 0.01 {
				t.Errorf("%d samples: a sine at line %v is found at %.3f", n, at, got)
			}
		}
	}
}

// What assembly gives is what plain Go gives, to the last bit.
func TestKernelsAgreeWithTheirTwins(t *testing.T) {
	if !vectors {
		t.Skip("no vectors here")
	}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 2000 {
		var x [64]float32
		var s [320]int16
		var w [320]float32
		for i := range s {
			s[i], w[i] = int16(r.Uint32()), float32(r.NormFloat64())
		}
		n := 64 * (i%5 + 1)
		var y, z [64]float32
		Fold(&y, s[:n], w[:n])
		fold(&z, s[:n], w[:n])
		if y != z {
			t.Fatalf("Fold of %d: %v\nplain %v", n, y, z)
		}
		Weigh(&x, &y, (*[64]float32)(w[:]))
		weigh(&z, &y, (*[64]float32)(w[:]))
		if x != z {
			t.Fatalf("Weigh: %v\nplain %v", x, z)
		}
		x = y
		if i%10 == 0 { // much of it zero
			clear(x[r.IntN(64):])
		}
		var p, q [32]float32
		Power64(&p, &x)
		power64(&q, &x)
		if p != q {
			t.Fatalf("Power64: %v\nplain %v", p, q)
		}
	}
}

func BenchmarkPower64(b *testing.B) { benchmarkPower(b, Power64) }

func BenchmarkPower64Plain(b *testing.B) { benchmarkPower(b, power64) }

func benchmarkPower(b *testing.B, power func(*[32]float32, *[64]float32)) {
	cpu := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano())
	}
	var x [64]float32
	for i := range x {
		x[i] = float32(i * i * 7919 % 4001)
	}
	var p [32]float32
	t := cpu()
	for b.Loop() {
		power(&p, &x)
	}
	b.ReportMetric(float64(cpu()-t)/float64(b.N), "cpu-ns/op")
}
