//go:build !purego

package simd

func detect() Level { return ask().level() }

func detectFused() bool { return ask().fused() }

func ask() (f features) {
	f.leaves, _, _, _ = cpuid(0, 0)
	_, _, f.ecx1, _ = cpuid(1, 0)
	if f.leaves >= 7 {
		_, f.ebx7, _, _ = cpuid(7, 0)
	}
	if f.ecx1&osxsave != 0 { // without it XGETBV is not an instruction
		f.xcr0 = xgetbv()
	}
	return f
}
