package simd

// Level is a set of instructions that the processor has and the system lets
// programs use. Each includes those before it.
type Level uint8

const (
	Plain  Level = iota // none: plain Go
	AVX2                // amd64: vectors of 256 bits, and FMA
	AVX512              // amd64: vectors of 512 bits, with the parts F, BW, DQ and VL
)

func (l Level) String() string {
	switch l {
	case AVX2:
		return "avx2"
	case AVX512:
		return "avx512"
	}
	return "plain"
}

var best = detect()

// Best is the highest level there is here. It never changes while a program
// runs.
func Best() Level { return best }

// Fused reports whether math.FMA is an instruction, as far as can be known: it
// is false only where the processor is known not to have it.
func Fused() bool { return fused }

var fused = detectFused()

// features is what detect asks the processor for.
type features struct {
	leaves uint32 // the highest leaf of CPUID
	ecx1   uint32 // leaf 1
	ebx7   uint32 // leaf 7
	xcr0   uint32 // what the system saves; 0 where ecx1 lacks osxsave
}

// Bits of the registers (Intel SDM volume 2A, CPUID; volume 1, section 13.3).
const (
	fma     = 1 << 12
	osxsave = 1 << 27
	avx     = 1 << 28

	avx2     = 1 << 5
	avx512f  = 1 << 16
	avx512dq = 1 << 17
	avx512bw = 1 << 30
	avx512vl = 1 << 31

	savesYMM = 1<<1 | 1<<2
	savesZMM = savesYMM | 1<<5 | 1<<6 | 1<<7
)

// fused is what package math needs to know for its FMA.
func (f features) fused() bool {
	const one = fma | osxsave | avx
	return f.ecx1&one == one && f.xcr0&savesYMM == savesYMM
}

func (f features) level() Level {
	const wide = avx512f | avx512dq | avx512bw | avx512vl
	if f.leaves < 7 || !f.fused() || f.ebx7&avx2 == 0 {
		return Plain
	}
	if f.xcr0&savesZMM != savesZMM || f.ebx7&wide != wide {
		return AVX2
	}
	return AVX512
}
