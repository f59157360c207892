package vad

import "math"

const (
	units  = 16 // that look at one frame
	scores = 4  // that they give it
	judges = 8  // that weigh the scores of the frames around it

	ahead = 8  // frames after the judged one that are heard before the verdict
	ring  = 32 // frames whose scores are kept: more than the views reach

	// fine is what a score of 1 counts in the sums of the views, which are
	// whole numbers so that they stay exact however long they are kept.
	fine = 4096
)

// views are the stretches around the judged frame whose mean scores are
// weighed: from frame … to before frame …, seen from it.
var views = [8][2]int{{-20, -10}, {-10, -5}, {-5, -2}, {-2, 0}, {0, 1}, {1, 3}, {3, 5}, {5, ahead + 1}}

const told = len(views)*scores + known // what a judge is told

// four is a weight for each of four units that are worked out together.
type four = [4]float32

// weights are what fit_test.go has learnt. The last of a row is added.
type weights struct {
	unit  [units / 4][seen + 1]four
	score [units + 1]four
	judge [judges / 4][told + 1]four
	final [judges + 1]float32
}

// classifier gives each frame its verdict.
type classifier struct {
	hidden [units]float32
	kept   [ring][scores]int32
	sums   [len(views)][scores]int32
	n      int // frames so far
	told   [told]float32
}

// sums4 adds up what four units make of x.
func sums4(w []four, x []float32) (a, b, c, d float32) {
	w = w[:len(x)+1]
	bias := &w[len(x)]
	a, b, c, d = bias[0], bias[1], bias[2], bias[3]
	for i, v := range x {
		q := &w[i]
		a += float32(v * q[0])
		b += float32(v * q[1])
		c += float32(v * q[2])
		d += float32(v * q[3])
	}
	return a, b, c, d
}

// hear takes what was observed and gives the scores of the frame.
func (c *classifier) hear(w *weights, now *[seen]float32) [scores]int32 {
	for j := range w.unit {
		p, q, r, s := sums4(w.unit[j][:], now[:])
		h := c.hidden[4*j:][:4]
		h[0], h[1], h[2], h[3] = above(p), above(q), above(r), above(s)
	}
	p, q, r, s := sums4(w.score[:], c.hidden[:])
	return [scores]int32{exact(p), exact(q), exact(r), exact(s)}
}

// above is x where it is above 0, and 0 elsewhere, without a branch.
func above(x float32) float32 {
	b := math.Float32bits(x)
	return math.Float32frombits(b &^ uint32(int32(b)>>31))
}

// exact makes a score a whole number.
func exact(score float32) int32 { return int32(max(-1000, min(1000, score)) * fine) }

// judge takes the scores of the next frame and gives the verdict on the frame
// that lies ahead frames before it: the logarithm of the odds that it is voice.
func (c *classifier) judge(w *weights, s *[scores]int32, past *[known]float32) float32 {
	c.kept[c.n%ring] = *s
	for v := range views {
		in := &c.kept[(c.n-ahead+views[v][1]-1+ring)%ring]
		out := &c.kept[(c.n-ahead+views[v][0]-1+ring)%ring]
		sums, t := &c.sums[v], c.told[v*scores:][:scores]
		for k := range in {
			sums[k] += in[k] - out[k]
			t[k] = float32(sums[k]) * shares[v]
		}
	}
	c.n++
	copy(c.told[len(views)*scores:], past[:])
	odds := w.final[judges]
	for j := range w.judge {
		p, q, r, s := sums4(w.judge[j][:], c.told[:])
		f := w.final[4*j:][:4]
		odds += float32(above(p)*f[0]) + float32(above(q)*f[1]) + float32(above(r)*f[2]) + float32(above(s)*f[3])
	}
	return odds
}

// shares are what one frame counts in the mean of a view.
var shares = func() (s [len(views)]float32) {
	for v := range s {
		s[v] = 1 / (fine * float32(views[v][1]-views[v][0]))
	}
	return s
}()

// probability is that of odds given as logarithm.
func probability(odds float32) float32 {
	return float32(1 / (1 + math.Exp(-float64(odds))))
}
