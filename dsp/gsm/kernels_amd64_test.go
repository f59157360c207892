//go:build !purego

package gsm

import (
	"math/rand/v2"
	"testing"
)

func TestRatiosOfKernelsAreThoseOfTables(t *testing.T) {
	needKernels(t)
	var r, old [8]int16
	var want, got [8]uint8
	for v := -32767; v <= 32767; v++ {
		for i := range r {
			r[i] = int16(v)
		}
		quantizeLAR(&want, &r)
		quantizeAVX2(&r, &got)
		if got != want {
			t.Fatalf("coefficients %d are coded %v, want %v", v, got, want)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	for n := range 5000 {
		var code [8]uint8
		for i, bits := range larBits {
			if code[i] = uint8(rnd.IntN(1 << bits)); n < 64 {
				code[i] = uint8(n) & (1<<bits - 1)
			}
		}
		var lar [8]int16
		var rp [4][8]int16
		mixed := old
		decodeLAR(&lar, &code)
		reflectAVX2(&code, &mixed, &rp)
		for i := range rp {
			var want [8]int32
			coefficients(&want, &old, &lar, i)
			for k, v := range want {
				if int32(rp[i][k]) != v {
					t.Fatalf("code %v after %v, span %d: %v, want %v", code, old, i, rp[i], want)
				}
			}
		}
		if mixed != lar {
			t.Fatalf("code %v is decoded %v, want %v", code, mixed, lar)
		}
		old = lar
	}
}

// The filters, with coefficients and signals that no frame has.
func TestFiltersOfKernelsSaturate(t *testing.T) {
	needKernels(t)
	r := rand.New(rand.NewPCG(2, 2))
	for n := range 2000 {
		var rp [4][8]int16
		var u [8]int16
		for i := range rp {
			for k := range rp[i] {
				if rp[i][k] = int16(r.Int32N(65535) - 32767); n%3 == 0 {
					rp[i][k] >>= 3
				}
			}
		}
		for k := range u {
			u[k] = int16(r.Int32()) >> (n % 9)
		}
		x := ([samples]int16)(sounds(r, n, samples))
		a, b, c := u, u, u[0]
		residual, voice := x, [samples]int16{}
		latticeAVX2(&residual, &rp, &a)
		speakAVX2(&x, &rp, &b, &c, &voice)

		var d, s [samples]int32
		for k, v := range x {
			d[k], s[k] = int32(v), int32(v)
		}
		wantA, wantB, msr := u, u, int32(u[0])
		for i, sp := range spans {
			var wide [8]int32
			for k, v := range rp[i] {
				wide[k] = int32(v)
			}
			analyseLoud(d[sp.from:sp.to], &wide, &wantA)
			synthesiseLoud(s[sp.from:sp.to], &wide, &wantB)
		}
		for k, v := range d {
			if int32(residual[k]) != v {
				t.Fatalf("case %d: sample %d of the residual is %d, want %d", n, k, residual[k], v)
			}
			msr = sat(s[k] + multR(msr, 28180))
			if want := int16(sat(2*msr) &^ 7); voice[k] != want {
				t.Fatalf("case %d: sample %d of the voice is %d, want %d", n, k, voice[k], want)
			}
		}
		if a != wantA || b != wantB || int32(c) != msr {
			t.Fatalf("case %d: memories %v %v %d, want %v %v %d", n, a, b, c, wantA, wantB, msr)
		}
	}
}

func TestSearchOfKernelsFindsWhatPlainGoFinds(t *testing.T) {
	needKernels(t)
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 8000 {
		d := ([segment]int16)(sounds(r, n, segment))
		past := ([maxLag + segment]int16)(sounds(r, n/8, maxLag+segment))
		switch n % 5 {
		case 1:
			copy(d[:], past[r.IntN(maxLag-segment+1):])
		case 2: // a period: many equal sums
			for k := range past {
				past[k] = past[k%20]
			}
			copy(d[:], past[:])
		case 3:
			for k := range past {
				past[k] >>= 14
			}
		}
		var wide [segment]int32
		for k, v := range d {
			wide[k] = int32(v)
		}
		var want quarter
		ltp(&want, &wide, &past)
		best, lag, power := searchAVX2(&d, &past)
		if got := gainCode(best, power); int(lag) != int(want.lag) || got != want.gain {
			t.Fatalf("case %d: lag %d and gain %d, want %d and %d", n, lag, got, want.lag, want.gain)
		}
	}
}
