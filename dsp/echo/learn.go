package echo

import (
	"math"

	"vaad/dsp"
)

const (
	stepMax   = 0.7   // of the way to what the last block says
	stepFine  = 0.25  // the same when little is left
	stepLeast = 0.05  // while something disturbs
	leakMin   = 0.002 // part of the power of the echo that is taken to be left at least
	memory    = 0.05  // weight of a block in the means of powers
	equal     = 0.3   // part of the steps that all stretches share equally

	lowest  = 2   // line that is learnt: what lies below 125 Hz is hum
	audible = 400 // mean square of an echo from which it is judged: −58 dBm0
	unusual = 5   // times the usual power that tells of more than echo

	weak  = -48.0 // dBm0 of the far side, over the tail, below which nothing is learnt
	hiss  = 1500  // times the power of the line's noise that is taken to be there as well: the more noise, the smaller the steps
	still = -66.0 // dBm0 of that noise until it was measured
	floor = -60.0 // dBm0 of the far side that is taken to be there in any case

	better = 0.8 // part of the power left by front that back may leave to take its place
	fresh  = 0.5 // the same while front knows nothing: where both sides speak from the start, something fits by chance
	worse  = 3   // times that power from which back begins anew from front
	adding = 1.4 // times the power of the line from which front is wrong
)

// learning is how back learns, and what is known of its success.
type learning struct {
	share []float32 // of the step that each stretch of the path gets; 1 on the average
	next  int       // stretch to be constrained

	usual     float32 // what front leaves, as part of its echo, when nothing disturbs
	disturbed bool    // more is left than that: the near side speaks, or the path is another
	leak      float32 // part of the power of the echo that back lets through
	meanY     [lines]float32
	meanE     [lines]float32
	both      float32 // how the powers of echo and rest go together
	alone     float32 // and that of the echo with itself

	line, left, leftBack [2]float32 // mean energies of blocks: of the line, what front and back leave; fast and slow
	work                 [lines]float32
}

// follow brings the two means up to date.
func follow(mean *[2]float32, v float32) {
	mean[0] += (v - mean[0]) / 4
	mean[1] += (v - mean[1]) / 20
}

// learn takes the block that is complete: back learns from it, and front takes
// over what back knows where that is better (two models of the path: Ochiai,
// Araseki and Ogihara, IEEE Transactions on Communications 25, 1977).
func (e *Canceller) learn() {
	var wide [size]float32
	var restFront [block]float32
	for i, v := range e.near {
		restFront[i] = v - e.y[i]
		wide[block+i] = v - e.yBack[i]
	}
	follow(&e.line, swift(&e.near))
	left := swift(&restFront)
	follow(&e.left, left)
	follow(&e.leftBack, swift((*[block]float32)(wide[block:])))
	e.judge(left, swift(&e.y))

	var far spectre // powers in [0]
	total := float32(0)
	for p := range e.far {
		x, s := &e.far[(e.first+p)%len(e.far)], e.share[p]
		for k := range x {
			v := power(x[k])
			far[k][0] += s * v
			far[k][1] += v
		}
	}
	for k := 1; k < block; k++ {
		total += far[k][1]
	}
	// By Parseval, total is size²/2 × the mean square of the far side, for each part.
	mean := total * 2 / (size * size) / float32(len(e.far))
	e.suppress(mean)
	var rest spectre
	transform(&rest, &wide)
	if mean < float32(dsp.MeanSquare(weak)) {
		e.listen(&rest)
		return
	}
	e.step(e.reckon(&rest), &rest, &far)
	e.back.constrain(e.next)
	if e.next++; e.next == len(e.back) {
		e.next = 0
		e.divide()
	}
	e.compare()
}

// swift is the energy of a block without what a parabola explains: mains hum
// and DC.
func swift(x *[block]float32) float32 {
	const middle, square = (block - 1) / 2.0, (block*block - 1) / 12.0
	var all, sum, slope, bend float32
	for i, v := range x {
		t := float32(i) - middle
		all += v * v
		sum += v
		slope += v * t
		bend += v * (t*t - square)
	}
	const n = block
	return max(0, all-sum*sum/n-slope*slope/(n*square)-bend*bend/(n*(n*n-1)*(n*n-4)/180))
}

// listen measures the noise of the line while the far side is silent, as the
// least of what it brings: it falls at once and rises by 10 dB a second, so that
// speech does not count.
func (e *Canceller) listen(rest *spectre) {
	sum := float32(0)
	for k := range rest {
		n, p := &e.hum[k], power(rest[k])
		if p < *n {
			*n += (p - *n) / 4
		} else {
			*n *= 1.02
		}
		sum += *n
	}
	e.noise = 1.8 * sum * 2 / (size * block) // the least lies below the mean
}

// judge tells by what front leaves of a block whether there is more than echo.
func (e *Canceller) judge(left, echo float32) {
	if e.disturbed = false; echo < block*audible {
		return
	}
	r := left / echo
	if r < e.usual || e.usual == 0 {
		e.usual += (r - e.usual) / 4
	} else {
		e.usual += (min(r, 4*e.usual) - e.usual) / 200
	}
	e.disturbed = r > unusual*e.usual
}

// reckon estimates how much of the echo is in what back leaves, from how their
// powers go up and down together (Valin, IEEE Transactions on Audio, Speech and
// Language Processing 15, 2007): what the near side says goes its own ways. It
// returns how far each line may be stepped.
func (e *Canceller) reckon(rest *spectre) (steps *[lines]float32) {
	var wide [size]float32
	var y spectre
	copy(wide[block:], e.yBack[:])
	transform(&y, &wide)
	var sumY, sumE, both, alone float32
	for k := range y {
		py, pe := power(y[k]), power(rest[k])
		dy, de := py-e.meanY[k], pe-e.meanE[k]
		e.meanY[k] += dy * memory
		e.meanE[k] += de * memory
		both += dy * de
		alone += dy * dy
		sumY += py
		sumE += pe
	}
	a := memory * min(1, sumY/max(sumE, 1))
	e.both += a * (both - e.both)
	e.alone += a * (alone - e.alone)
	e.leak = max(leakMin, min(1, e.both/max(e.alone, 1)))
	steps = &e.work
	full := float32(stepMax) // shorter ones the less is left: they leave less noise in what is learnt
	if e.usual > 0 {
		full = max(stepFine, min(stepMax, 4*sqrt(e.usual)))
	}
	for k := range steps {
		steps[k] = full
		if e.disturbed {
			steps[k] = min(full, max(stepLeast, e.leak*power(y[k])/max(power(rest[k]), 1)))
		}
	}
	return steps
}

// step moves back towards what would have left nothing: NLMS in each line, with
// larger steps for those stretches that hold more of the path.
func (e *Canceller) step(steps *[lines]float32, rest, far *spectre) {
	parts, least := float32(len(e.back)), float32(size*dsp.MeanSquare(floor))
	var pull spectre
	for k := lowest; k < block; k++ {
		g := steps[k] / (far[k][0] + parts*max(least, hiss*e.hum[k]))
		pull[k] = line{rest[k][0] * g, rest[k][1] * g}
	}
	for p := range e.back {
		x, w, s := &e.far[(e.first+p)%len(e.far)], &e.back[p], e.share[p]
		for k := range w {
			a, b, v := x[k], pull[k], &w[k]
			v[0] += s * (a[0]*b[0] + a[1]*b[1])
			v[1] += s * (a[0]*b[1] - a[1]*b[0])
		}
	}
}

// divide gives the stretches their shares: a hybrid's echo is short, wherever
// in the tail it lies.
func (e *Canceller) divide() {
	sum := float32(0)
	for p := range e.back {
		v := float32(0)
		for k := range e.back[p] {
			v += power(e.back[p][k])
		}
		e.share[p] = sqrt(v)
		sum += e.share[p]
	}
	n := float32(len(e.share))
	for p := range e.share {
		if sum > 0 {
			e.share[p] = equal + (1-equal)*n*e.share[p]/sum
		} else {
			e.share[p] = 1
		}
	}
}

func sqrt(v float32) float32 { return float32(math.Sqrt(float64(v))) }

// compare lets the better model work.
func (e *Canceller) compare() {
	part := float32(better)
	if e.usual == 0 || e.disturbed {
		part = fresh
	}
	switch {
	case e.leftBack[0] < part*e.left[0] && e.leftBack[1] < part*e.left[1]:
		copy(e.front, e.back)
		e.left = e.leftBack
	case e.left[0] > adding*e.line[0] && e.left[1] > adding*e.line[1]: // the path is another now
		e.forget()
	case e.leftBack[0] > worse*e.left[0] && e.leftBack[1] > worse*e.left[1]:
		copy(e.back, e.front)
		e.leftBack = e.left
	}
}
