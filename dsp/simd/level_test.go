package simd

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

const (
	all1 = fma | osxsave | avx
	all7 = avx2 | avx512f | avx512dq | avx512bw | avx512vl
)

func TestLevelNeedsProcessorAndSystem(t *testing.T) {
	for _, c := range []struct {
		name string
		f    features
		want Level
	}{
		{"everything", features{leaves: 13, ecx1: all1, ebx7: all7, xcr0: savesZMM}, AVX512},
		{"old processor", features{leaves: 6, ecx1: all1, ebx7: all7, xcr0: savesZMM}, Plain},
		{"AVX alone", features{leaves: 13, ecx1: all1, xcr0: savesZMM}, Plain},
		{"AVX2 without FMA", features{leaves: 13, ecx1: osxsave | avx, ebx7: all7, xcr0: savesZMM}, Plain},
		{"AVX2 alone", features{leaves: 13, ecx1: all1, ebx7: avx2, xcr0: savesYMM}, AVX2},
		{"part of AVX-512 missing", features{leaves: 13, ecx1: all1, ebx7: all7 &^ avx512vl, xcr0: savesZMM}, AVX2},
		{"system without ZMM", features{leaves: 13, ecx1: all1, ebx7: all7, xcr0: savesYMM}, AVX2},
		{"system without YMM", features{leaves: 13, ecx1: all1, ebx7: all7, xcr0: 1 << 1}, Plain},
		{"system without XSAVE", features{leaves: 13, ecx1: all1 &^ osxsave, ebx7: all7}, Plain},
	} {
		if got := c.f.level(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if c.want >= AVX2 && !c.f.fused() {
			t.Errorf("%s: no FMA", c.name)
		}
	}
}

// The kernel's own list of flags, where there is one, is a second opinion.
func TestBestIsWhatTheKernelSees(t *testing.T) {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil || runtime.GOARCH != "amd64" {
		t.Skip("no list of flags to compare with")
	}
	_, line, _ := strings.Cut(string(b), "\nflags")
	line, _, _ = strings.Cut(line, "\n")
	has := map[string]bool{}
	for _, f := range strings.Fields(line) {
		has[f] = true
	}
	want := Plain
	if has["avx2"] && has["fma"] {
		want = AVX2
	}
	if want == AVX2 && has["avx512f"] && has["avx512bw"] && has["avx512dq"] && has["avx512vl"] {
		want = AVX512
	}
	if got := Best(); got != want && got != Plain { // Plain under the tag purego
		t.Errorf("%v, want %v", got, want)
	}
	if runtime.GOARCH == "amd64" && has["fma"] && !Fused() {
		t.Error("FMA was not found")
	}
	t.Log(Best())
}
