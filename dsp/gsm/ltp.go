package gsm

// Tables 5.3a and 5.3b: decision levels and levels of the long-term gain.
var (
	gainLimit = [3]int32{6554, 16384, 26214}
	gainLevel = [4]int32{3277, 11469, 21299, 32767}
)

// ltp is clause 5.2.11: it finds the lag at which the past residual is most
// like d, and codes how much of it there is. past holds the last 120 samples
// of the reconstructed residual.
func ltp(q *quarter, d *[segment]int32, past *[maxLag]int32) {
	top := int32(0)
	for _, v := range d {
		top = max(top, v, -v)
	}
	scale := 0
	if top > 0 {
		scale = max(0, 6-norm(min(top, 32767)<<16))
	}
	var w [segment]int64
	for k, v := range d {
		w[k] = int64(v >> scale)
	}
	var c [maxLag - minLag + 2]int32
	correlate(&c, &w, past)

	best, lag := int32(0), minLag
	for l := minLag; l <= maxLag; l++ {
		if v := c[maxLag-l]; v > best {
			best, lag = v, l
		}
	}
	q.lag, q.gain = uint8(lag), 0
	if best <= 0 {
		return
	}
	best = best << 1 >> (6 - scale)
	power := int32(0)
	for _, v := range past[maxLag-lag : maxLag-lag+segment] {
		v >>= 3
		power += v * v
	}
	power <<= 1
	if best >= power {
		q.gain = 3
		return
	}
	shift := norm(power)
	best, power = best<<shift>>16, power<<shift>>16
	for _, limit := range gainLimit {
		if best <= limit*power>>15 {
			break
		}
		q.gain++
	}
}

// correlate gives in c[o] the sum of w[k]*past[o+k] for all o up to 80. Two of
// these, 41 apart, are summed at once in the halves of a word: w has 10 bits
// (clause 5.2.11 scales it so), so that no sum is longer than 31.
func correlate(c *[maxLag - minLag + 2]int32, w *[segment]int64, past *[maxLag]int32) {
	const apart = 41
	var p [segment + apart + 3]int64
	for j := range segment + apart - 1 {
		p[j] = int64(past[j])
		if j+apart < maxLag {
			p[j] += int64(past[j+apart]) << 32
		}
	}
	for o := 0; o < apart; o += 4 {
		// Four sums at a time share what they read.
		x := (*[segment + 3]int64)(p[o:])
		var s0, s1, s2, s3 int64
		for k, v := range w {
			s0 += v * x[k]
			s1 += v * x[k+1]
			s2 += v * x[k+2]
			s3 += v * x[k+3]
		}
		for i, s := range [4]int64{s0, s1, s2, s3} {
			if o+i < apart {
				low := int32(s)
				c[o+i], c[o+i+apart] = low, int32((s-int64(low))>>32)
			}
		}
	}
}
