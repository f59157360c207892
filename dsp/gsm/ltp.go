package gsm

// Tables 5.3a and 5.3b: decision levels and levels of the long-term gain.
var (
	gainLimit = [3]int32{6554, 16384, 26214}
	gainLevel = [4]int32{3277, 11469, 21299, 32767}
)

// ltp is clause 5.2.11: it finds the lag at which the past residual is most
// like d, and codes how much of it there is. The first 120 of past are the
// reconstructed residual before d; the others may be anything.
func ltp(q *quarter, d *[segment]int32, past *[maxLag + segment]int16) {
	top := int32(0) // has the leading bit of the largest magnitude
	for _, v := range d {
		sign := v >> 31
		top |= (v ^ sign) - sign
	}
	scale := 0
	if top > 0 {
		scale = max(0, 6-norm(min(top, 32767)<<16))
	}
	var w [3][taps]int64
	for k := range taps {
		a, b := int64(d[2*k]>>scale), int64(d[2*k+1]>>scale)
		w[0][k], w[1][k], w[2][k] = a, b, a+b
	}

	best, lag := search(&w, past)
	q.lag, q.gain = uint8(lag), 0
	best = best << 1 >> (6 - scale)
	power := int32(0)
	for _, v := range past[maxLag-lag : maxLag-lag+segment] {
		v := int32(v) >> 3
		power += v * v
	}
	q.gain = gainCode(best, power<<1)
}

// gainCode is the second half of clause 5.2.11: it codes the ratio of the
// greatest correlation to the power of the past there.
func gainCode(best, power int32) (code uint8) {
	if best <= 0 {
		return 0
	}
	if best >= power {
		return 3
	}
	shift := norm(power)
	best, power = best<<shift>>16, power<<shift>>16
	for _, limit := range gainLimit {
		if best <= limit*power>>15 {
			break
		}
		code++
	}
	return code
}

const (
	taps  = segment / 2
	apart = 21 // sums of offsets that far apart share a word
)

// search gives the largest cross-correlation of d with past and its lag; of
// equal ones the shortest lag.
//
// Two sums are worked out at once, in the halves of a word: clause 5.2.11
// scales d to 10 bits, so that none is longer than 31. And instead of the four
// correlations of even and odd samples of d with even and odd samples of past
// there are three: even with even, odd with odd, and the sums of both, of which
// the first two are taken away again. Carries between the halves cancel.
func search(w *[3][taps]int64, past *[maxLag + segment]int16) (int32, int) {
	var x [3][taps + apart - 1]int64
	for j := range x[0] {
		h := past[2*j : 2*j+2*apart+3]
		even := int64(h[0]) + int64(h[2*apart])<<32
		odd := int64(h[1]) + int64(h[2*apart+1])<<32
		next := int64(h[2]) + int64(h[2*apart+2])<<32
		x[0][j], x[1][j], x[2][j] = even, odd, odd+next
	}
	var e, o, b [apart + 1]int64
	correlate(&e, &w[0], &x[0])
	correlate(&o, &w[1], &x[1])
	correlate(&b, &w[2], &x[2])
	_, e[apart] = halves(e[0])

	// Sums with their offsets in past: the shorter lag is the larger offset.
	found, other := int64(0), int64(0)
	for m := range apart {
		low, up := halves(e[m] + o[m])
		found = max(found, low<<8|int64(2*m))
		if m < apart-1 {
			other = max(other, up<<8|int64(2*m+2*apart))
		}
		low, up = halves(b[m] - o[m] - e[m+1])
		found = max(found, low<<8|int64(2*m+1))
		if m < apart-2 {
			other = max(other, up<<8|int64(2*m+2*apart+1))
		}
	}
	found = max(found, other)
	if found>>8 == 0 {
		return 0, minLag
	}
	return int32(found >> 8), maxLag - int(found&255)
}

func halves(v int64) (low, up int64) {
	low = int64(int32(v))
	return low, (v - low) >> 32
}

// correlate gives in y[o] the sum of w[k]*x[o+k].
func correlate(y *[apart + 1]int64, w *[taps]int64, x *[taps + apart - 1]int64) {
	for i := 0; i < apart; i += 7 { // seven sums share what they read
		p := (*[taps + 6]int64)(x[i:])
		var s0, s1, s2, s3, s4, s5, s6 int64
		for k, v := range w {
			s0 += v * p[k]
			s1 += v * p[k+1]
			s2 += v * p[k+2]
			s3 += v * p[k+3]
			s4 += v * p[k+4]
			s5 += v * p[k+5]
			s6 += v * p[k+6]
		}
		*(*[7]int64)(y[i:]) = [7]int64{s0, s1, s2, s3, s4, s5, s6}
	}
}
