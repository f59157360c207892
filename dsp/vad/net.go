package vad

import "math"

const (
	units  = 16 // that look at one frame
	scores = 4  // that they give it
	judges = 8  // that weigh the scores of the frames around it

	ahead = 17 // frames after the judged one that are heard before the verdict
	ring  = 64 // frames whose scores are kept: more than the views reach

	// fine is what a score of 1 counts in the sums of the views, which are
	// whole numbers so that they stay exact however long they are kept.
	fine = 4096
)

// views are the stretches around the judged frame whose mean scores are
// weighed: from frame … to before frame …, seen from it.
var views = [8][2]int{{-40, -20}, {-20, -10}, {-10, -5}, {-5, -2}, {-2, 3}, {3, 6}, {6, 11}, {11, ahead + 1}}

const told = len(views)*scores + known // what a judge is told

// weights are what fit_test.go has learnt.
type weights struct {
	unit  [units][seen + 1]float32 // the last is added
	score [scores][units]float32
	judge [judges][told + 1]float32 // the last is added
	final [judges + 1]float32       // the last is added
}

// classifier gives each frame its verdict.
type classifier struct {
	hidden [units]float32
	kept   [ring][scores]int32
	sums   [len(views)][scores]int32
	n      int // frames so far
	told   [told]float32
}

// hear takes what was observed and gives the scores of the frame.
func (c *classifier) hear(w *weights, now *[seen]float32) (s [scores]int32) {
	for j := range c.hidden {
		u := &w.unit[j]
		sum := u[seen]
		for i, x := range now {
			sum += float32(x * u[i])
		}
		c.hidden[j] = max(sum, 0)
	}
	for k := range s {
		u := &w.score[k]
		var sum float32
		for i, x := range &c.hidden {
			sum += float32(x * u[i])
		}
		s[k] = int32(max(-1000, min(1000, sum)) * fine)
	}
	return s
}

// judge takes the scores of the next frame and gives the verdict on the frame
// that lies ahead frames before it: the logarithm of the odds that it is voice.
func (c *classifier) judge(w *weights, s *[scores]int32, past *[known]float32) float32 {
	c.kept[c.n%ring] = *s
	for v := range views {
		in := &c.kept[(c.n-ahead+views[v][1]-1+ring)%ring]
		out := &c.kept[(c.n-ahead+views[v][0]-1+ring)%ring]
		norm := 1 / (fine * float32(views[v][1]-views[v][0]))
		for k := range in {
			c.sums[v][k] += in[k] - out[k]
			c.told[v*scores+k] = float32(c.sums[v][k]) * norm
		}
	}
	c.n++
	copy(c.told[len(views)*scores:], past[:])
	odds := w.final[judges]
	for j := range judges {
		u := &w.judge[j]
		sum := u[told]
		for i, x := range &c.told {
			sum += float32(x * u[i])
		}
		odds += float32(max(sum, 0) * w.final[j])
	}
	return odds
}

// probability is that of odds given as logarithm.
func probability(odds float32) float32 {
	return float32(1 / (1 + math.Exp(-float64(odds))))
}
