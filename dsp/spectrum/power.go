package spectrum

import "math"

// root is the square root of 1/2.
const root = float32(math.Sqrt2 / 2)

// turns[c][k] is the factor between the two passes of the transform.
var turns = func() (t [8][5][2]float32) {
	for c := range t {
		for k := range t[c] {
			sin, cos := math.Sincos(-2 * math.Pi * float64(c*k) / 64)
			t[c][k] = [2]float32{float32(cos), float32(sin)}
		}
	}
	return t
}()

// Power64 writes the squares of the magnitudes of lines 0…31 of the discrete
// Fourier transform of x into p.
func Power64(p *[32]float32, x *[64]float32) {
	if vectors {
		power64AVX2(p, x)
		return
	}
	power64(p, x)
}

// power64 is Power64 in plain Go.
//
// The transform of 64 goes as 8 by 8: eight transforms of the columns, whose
// samples are real so that five of their eight values say all, a turn, and five
// transforms of the rows, of which what is known by symmetry is left out.
func power64(p *[32]float32, x *[64]float32) {
	var rows [5][8][2]float32
	for c := range 8 {
		t := &turns[c]
		a0, b0 := x[c]+x[c+32], x[c]-x[c+32]
		a1, b1 := x[c+8]+x[c+40], x[c+8]-x[c+40]
		a2, b2 := x[c+16]+x[c+48], x[c+16]-x[c+48]
		a3, b3 := x[c+24]+x[c+56], x[c+24]-x[c+56]
		e0, e1 := a0+a2, a1+a3
		d, s := float32(root*(b1-b3)), float32(root*(b1+b3))
		rows[0][c][0] = e0 + e1
		turn(&rows[1][c], b0+d, -b2-s, &t[1])
		turn(&rows[2][c], a0-a2, a3-a1, &t[2])
		turn(&rows[3][c], b0-d, b2-s, &t[3])
		turn(&rows[4][c], e0-e1, 0, &t[4])
	}
	var q [8]float32
	rowPower(&q, &rows[0])
	p[0], p[8], p[16], p[24] = q[0], q[1], q[2], q[3]
	rowPower(&q, &rows[4])
	p[4], p[12], p[20], p[28] = q[0], q[1], q[2], q[3]
	for k := 1; k < 4; k++ {
		rowPower(&q, &rows[k])
		p[k], p[8+k], p[16+k], p[24+k] = q[0], q[1], q[2], q[3]
		p[32-k], p[24-k], p[16-k], p[8-k] = q[4], q[5], q[6], q[7]
	}
}

func turn(to *[2]float32, re, im float32, t *[2]float32) {
	to[0] = float32(re*t[0]) - float32(im*t[1]) // not fused: so that all machines agree
	to[1] = float32(re*t[1]) + float32(im*t[0])
}

// rowPower transforms eight complex values and gives the squares of what comes out.
func rowPower(q *[8]float32, z *[8][2]float32) {
	ar0, ai0, br0, bi0 := z[0][0]+z[4][0], z[0][1]+z[4][1], z[0][0]-z[4][0], z[0][1]-z[4][1]
	ar2, ai2, br2, bi2 := z[2][0]+z[6][0], z[2][1]+z[6][1], z[2][0]-z[6][0], z[2][1]-z[6][1]
	er0, ei0, er2, ei2 := ar0+ar2, ai0+ai2, ar0-ar2, ai0-ai2
	er1, ei1, er3, ei3 := br0+bi2, bi0-br2, br0-bi2, bi0+br2
	ar1, ai1, br1, bi1 := z[1][0]+z[5][0], z[1][1]+z[5][1], z[1][0]-z[5][0], z[1][1]-z[5][1]
	ar3, ai3, br3, bi3 := z[3][0]+z[7][0], z[3][1]+z[7][1], z[3][0]-z[7][0], z[3][1]-z[7][1]
	or0, oi0, or2, oi2 := ar1+ar3, ai1+ai3, ai1-ai3, ar3-ar1
	u, v := br1+bi3, bi1-br3
	or1, oi1 := float32(root*(u+v)), float32(root*(v-u))
	u, v = br1-bi3, bi1+br3
	or3, oi3 := float32(root*(v-u)), float32(-root*(u+v))
	q[0] = sq(er0+or0) + sq(ei0+oi0)
	q[4] = sq(er0-or0) + sq(ei0-oi0)
	q[1] = sq(er1+or1) + sq(ei1+oi1)
	q[5] = sq(er1-or1) + sq(ei1-oi1)
	q[2] = sq(er2+or2) + sq(ei2+oi2)
	q[6] = sq(er2-or2) + sq(ei2-oi2)
	q[3] = sq(er3+or3) + sq(ei3+oi3)
	q[7] = sq(er3-or3) + sq(ei3-oi3)
}

func sq(x float32) float32 { return float32(x * x) }
