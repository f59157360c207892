package e2e

import (
	"fmt"

	"vaad/driver"
	"vaad/dsp/g711"
)

// A numbered block of audio says which line it was sent on and which block it
// was, so that a recording alone tells what was lost. All its samples are
// values that A-law carries exactly, so a recording must equal what was sent.
//
//	samples 0–15   marker
//	samples 16–47  block number, one bit a sample, most significant first
//	samples 48–55  line number
//	samples 56–159 noise made from line and block number
const (
	markerLen = 16
	numberEnd = markerLen + 32
	lineEnd   = numberEnd + 8
)

// markerBits alternates irregularly so that it is found at one alignment only.
const markerBits = 0b1110010110001101

// loud and soft are the levels of a 1 and a 0 bit: decoded A-law codes.
func loud() int16 { return g711.DecodeTable(g711.ALaw)[0xAA] }
func soft() int16 { return g711.DecodeTable(g711.ALaw)[0x2A] }

func bit(set bool) int16 {
	if set {
		return loud()
	}
	return soft()
}

// FillBlock writes numbered block n of a line.
func FillBlock(dst []int16, line int, n uint32) {
	for i := range markerLen {
		dst[i] = bit(markerBits>>(markerLen-1-i)&1 == 1)
	}
	for i := range 32 {
		dst[markerLen+i] = bit(n>>(31-i)&1 == 1)
	}
	for i := range 8 {
		dst[numberEnd+i] = bit(line>>(7-i)&1 == 1)
	}
	table := g711.DecodeTable(g711.ALaw)
	x := uint64(line)<<32 | uint64(n)
	for i := lineEnd; i < driver.Block; i++ {
		x ^= x << 13 // xorshift64, Marsaglia 2003
		x ^= x >> 7
		x ^= x << 17
		x += 0x9E3779B97F4A7C15
		c := byte(x >> 32)
		dst[i] = table[c&^0x40|0x10] // middle segments: audible, not loud
	}
}

// A Run is a stretch of consecutive numbered blocks in a recording.
type Run struct {
	Line        int
	First, Last uint32 // block numbers
	At          int    // sample in the recording where First begins
}

// Blocks returns how many blocks a run has.
func (r Run) Blocks() int { return int(r.Last-r.First) + 1 }

// Runs finds the numbered blocks in decoded audio. Every block that is
// reported has been compared sample for sample with what FillBlock makes.
func Runs(pcm []int16) []Run {
	var runs []Run
	var want [driver.Block]int16
	for at := 0; at+driver.Block <= len(pcm); {
		n, line, ok := header(pcm[at:])
		if ok {
			FillBlock(want[:], line, n)
			ok = equal(want[:], pcm[at:at+driver.Block])
		}
		if !ok {
			at++
			continue
		}
		if k := len(runs) - 1; k >= 0 && runs[k].Line == line && runs[k].Last+1 == n && runs[k].At+runs[k].Blocks()*driver.Block == at {
			runs[k].Last = n
		} else {
			runs = append(runs, Run{Line: line, First: n, Last: n, At: at})
		}
		at += driver.Block
	}
	return runs
}

func header(pcm []int16) (n uint32, line int, ok bool) {
	for i := range markerLen {
		if pcm[i] != bit(markerBits>>(markerLen-1-i)&1 == 1) {
			return 0, 0, false
		}
	}
	for i := range 32 {
		n = n<<1 | b2u(pcm[markerLen+i] == loud())
	}
	for i := range 8 {
		line = line<<1 | int(b2u(pcm[numberEnd+i] == loud()))
	}
	return n, line, true
}

func b2u(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

func equal(a, b []int16) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (r Run) String() string {
	return fmt.Sprintf("line %d blocks %d–%d at sample %d", r.Line, r.First, r.Last, r.At)
}
