package g726

// step carries the state over one sample: the blocks of clause 4.2 in their
// order. An encoder gives the signal sl and gets its code; a decoder gives the
// code. Both get the reconstructed signal sr, and the estimate se and scale
// factor y that led to it.
func (s *state) step(encode bool, sl int32, code uint32) (c uint32, sr, se, y int32) {
	b0, b1 := s.b[0], s.b[1]
	z := product(uint64(b0>>2), &s.dq[0]) + product(uint64(b0>>(lane+2)), &s.dq[1]) +
		product(uint64(b0>>(2*lane+2)), &s.dq[2]) + product(uint64(b1>>2), &s.dq[3]) +
		product(uint64(b1>>(lane+2)), &s.dq[4]) + product(uint64(b1>>(2*lane+2)), &s.dq[5])
	p := product(uint64(s.a1+bias)>>2, &s.sr[0]) + product(uint64(s.a2+bias)>>2, &s.sr[1])
	sez := int32(int16(z)) >> 1 // ACCUM: the estimate of the zeros alone
	se = int32(int16(z+p)) >> 1
	y = s.mix()
	if encode {
		code = s.quantize(int32(int16(sl-se)), y)
	}

	l := &s.level[code&31]
	sign := l.sign
	dql := l.dqln + y>>2                                    // ADDA
	mag := (128 + dql&127) << 7 >> (uint32(14-dql>>7) & 31) // ANTILOG
	mag &^= dql >> 31
	dq := (mag ^ sign) - sign
	sr = int32(int16(dq + se))          // ADDB
	dqsez := int32(int16(dq + sez))     // ADDC
	tr := s.td && mag > threshold(s.yl) // TRANS

	yu := min(max(y+(l.wi-y)>>5, 544), 5120) // FILTD, LIMB
	s.yl += yu + -s.yl>>6                    // FILTE
	s.yu = yu
	dms := s.dms + (l.fi-s.dms)>>5    // FILTA
	dml := s.dml + (l.fi<<2-s.dml)>>7 // FILTB
	s.dms, s.dml = dms, dml

	// UPB: each zero leaks and moves by 128 towards the sign that it shares,
	// or not, with the difference. The leak of a coefficient plus bias is too
	// large by the leak of bias; that is added to the move. Bit 17 keeps the
	// lanes apart when a coefficient falls below zero.
	g0, g1 := s.signs[0], s.signs[1]
	flip := ^(lanes(sign) & (256 * each))
	m0, m1 := (g0^flip)&(256*each), (g1^flip)&(256*each)
	if mag == 0 {
		m0, m1 = 128*each, 128*each
	}
	b0 = (b0 - b0>>(s.leak&15)&s.leakMask + m0 + s.drift) & ((2*bias - 1) * each)
	b1 = (b1 - b1>>(s.leak&15)&s.leakMask + m1 + s.drift) & ((2*bias - 1) * each)
	s.signs[1] = g1<<lane&(256*each) | g0>>(2*lane)
	s.signs[0] = g0<<lane&(256*each) | lanes(sign)&256

	// UPA2, LIMC, UPA1, LIMD
	pk0 := dqsez >> 31
	s1, s2 := pk0^s.pk1, pk0^s.pk2
	s.pk1, s.pk2 = pk0, s.pk1
	fa := min(max(s.a1, -8191), 8191) << 2
	u2 := ((16384 ^ s2) - s2 + ((fa ^ ^s1) - ^s1)) >> 7
	u1 := (192 ^ s1) - s1
	if dqsez == 0 {
		u1, u2 = 0, 0
	}
	a2 := min(max(s.a2-s.a2>>7+u2, -12288), 12288)
	limit := 15360 - a2
	a1 := min(max(s.a1-s.a1>>8+u1, -limit), limit)

	td := a2 < -11776 // TONE
	ax := int32(512)
	if d := dms<<2 - dml; y >= 1536 && !td && max(d, -d) < dml>>3 { // SUBTC
		ax = 0
	}
	ap := s.ap + (ax-s.ap)>>4 // FILTC
	if tr {                   // TRIGA, TRIGB
		ap, a1, a2, td, b0, b1 = 256, 0, 0, false, bias*each, bias*each
	}
	s.ap, s.a1, s.a2, s.td, s.b[0], s.b[1] = ap, a1, a2, td, b0, b1

	s.dq[5], s.dq[4], s.dq[3], s.dq[2], s.dq[1] = s.dq[4], s.dq[3], s.dq[2], s.dq[1], s.dq[0]
	s.dq[0] = float(mag, sign)
	srs := sr >> 31
	s.sr[1] = s.sr[0]
	s.sr[0] = float(((sr^srs)-srs)&32767, srs)
	return code, sr, se, y
}

// threshold is what a quantized difference must exceed for a transition
// between tones (TRANS).
func threshold(yl int32) int32 {
	t := int32(31 << 10)
	if yl>>15 <= 9 {
		t = (32 + yl>>10&31) << (uint32(yl>>15) & 15)
	}
	return (t + t>>1) >> 1
}
