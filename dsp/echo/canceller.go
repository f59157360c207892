package echo

import (
	"errors"
	"strconv"

	"vaad/dsp"
)

const (
	maxTail  = 256          // ms
	maxDelay = 500 * dsp.MS // samples
	history  = maxDelay + (maxTail+32)*dsp.MS
)

// Config says what a canceller is for.
type Config struct {
	Tail     int  // ms of echo path behind Delay, 8…256; 64 or 128 are usual
	Delay    int  // samples at least between what is sent and its echo, 0…4000: what the board delays, less 4 ms for safety
	Suppress bool // replace what is left of the echo by noise while only the far side speaks
}

// Canceller takes the echo of the far side out of what a line brings. It is not
// for use by two goroutines at a time.
type Canceller struct {
	config  Config
	latency int
	off     bool

	sent [history]int16 // the last samples of the far side, in a circle
	at   int64          // samples so far
	late [block]int16   // samples of the line that wait: latency of them, in a circle

	far   []spectre // of the far side, block by block, in a circle
	first int       // the newest
	front model     // makes what is taken away
	back  model     // learns all the time
	n     int       // samples of the block so far: at, but for whole blocks
	stale bool      // the block is not whole
	near  [block]float32
	y     [block]float32 // echo by front
	yBack [block]float32 // and by back

	learning
	suppressor
	hum   [lines]float32 // power of the line's noise
	noise float32        // mean square of all of it
	loud  []float32      // energies of far
	lcg   uint32
}

// New returns a canceller that knows nothing of its line yet.
func New(c Config) (*Canceller, error) {
	if c.Tail < 8 || c.Tail > maxTail || c.Delay < 0 || c.Delay > maxDelay {
		return nil, errors.New("echo: tail of " + strconv.Itoa(c.Tail) + " ms behind " + strconv.Itoa(c.Delay) +
			" samples: the tail lies within 8 and " + strconv.Itoa(maxTail) + " ms, the delay within 0 and " + strconv.Itoa(maxDelay) + " samples")
	}
	parts := (c.Tail*dsp.MS + block - 1) / block
	e := &Canceller{
		config: c, latency: max(0, block-c.Delay),
		far: make([]spectre, parts), front: make(model, parts), back: make(model, parts), lcg: 1,
	}
	e.learning.share, e.loud = make([]float32, parts), make([]float32, parts)
	e.Reset()
	return e, nil
}

// Latency is by how many samples the line comes out later: 0 where Delay is 64
// and more, else what is missing to 64. It does not change.
func (e *Canceller) Latency() int { return e.latency }

// Reset begins anew, as with another call: nothing is known of the echo.
func (e *Canceller) Reset() {
	e.sent, e.at, e.late, e.n = [history]int16{}, 0, [block]int16{}, 0
	clear(e.far)
	clear(e.loud)
	for k := range e.hum {
		e.hum[k] = float32(block * dsp.MeanSquare(still))
	}
	e.noise = float32(dsp.MeanSquare(still))
	e.y, e.yBack = [block]float32{}, [block]float32{}
	e.suppressor = suppressor{}
	e.forget()
}

// forget drops what is known of the echo path.
func (e *Canceller) forget() {
	clear(e.front)
	clear(e.back)
	e.learning = learning{share: e.learning.share}
	for i := range e.share {
		e.share[i] = 1
	}
}

// SetOn switches cancelling off and on: off for fax and modems, which have
// echo cancellers of their own or none and are disturbed by ours (ITU-T G.168
// disables them by the modem's answering tone). What is known stays.
func (e *Canceller) SetOn(on bool) { e.off = !on }

// SetDelay says that the board now delays by so many samples, as after its
// buffers ran empty. Where the new delay is right, nothing has to be learnt
// again. It must not be less than 64 - Latency.
func (e *Canceller) SetDelay(n int) error {
	if n < block-e.latency || n > maxDelay {
		return errors.New("echo: delay of " + strconv.Itoa(n) + " samples: it lies within " + strconv.Itoa(block-e.latency) + " and " + strconv.Itoa(maxDelay))
	}
	if n == e.config.Delay {
		return nil
	}
	e.config.Delay = n
	edge := e.at - int64(e.n) // the last block was taken there
	for p := range e.far {
		e.transformFar((e.first+p)%len(e.far), edge-int64(p*block))
	}
	if e.n == 0 {
		e.predict()
	}
	return nil
}

// Skip says that n samples were lost in both directions: silence, as far as the
// far side goes.
func (e *Canceller) Skip(n int) {
	if n <= 0 {
		return
	}
	for i := range min(n, history) {
		e.sent[(e.at+int64(n-1-i))%history] = 0
	}
	e.at += int64(n)
	e.n = int(e.at % block)
	e.late, e.stale = [block]int16{}, true
	for p := range e.far {
		e.transformFar((e.first+p)%len(e.far), e.at-int64(e.n+p*block))
	}
	e.predict()
}

// Process takes the echo out of near, which the line brought, in place. far is
// what was sent to the line at the same time; both have one length.
func (e *Canceller) Process(near, far []int16) {
	far = far[:len(near)]
	for len(near) > 0 {
		m := min(len(near), block-e.n)
		for i := range near[:m] {
			e.sent[e.at%history] = far[i]
			e.at++
			v := near[i]
			if e.latency > 0 {
				w := &e.late[int(e.at)%e.latency]
				v, *w = *w, v
			}
			e.near[e.n] = float32(v)
			if !e.off {
				v = e.clean(float32(v) - e.y[e.n])
			}
			near[i] = v
			e.n++
		}
		near, far = near[m:], far[m:]
		if e.n == block {
			e.n = 0
			if !e.off && !e.stale {
				e.learn()
			}
			e.stale = false
			e.first = (e.first + len(e.far) - 1) % len(e.far)
			e.transformFar(e.first, e.at)
			e.predict()
		}
	}
}

// predict makes the echo of the block that comes. No echo is twice as loud as
// what was sent: a model that says so has learnt noise.
func (e *Canceller) predict() {
	e.front.echo(&e.y, e.far, e.first)
	e.back.echo(&e.yBack, e.far, e.first)
	most := float32(0)
	for _, v := range e.loud {
		most = max(most, 2*v)
	}
	switch {
	case energy(e.y[:]) > most:
		e.forget()
		e.y, e.yBack = [block]float32{}, [block]float32{}
	case energy(e.yBack[:]) > most:
		copy(e.back, e.front)
		e.yBack = e.y
	}
}

// transformFar takes the far side as it meets the block that begins at sample
// at, and the block before it.
func (e *Canceller) transformFar(to int, at int64) {
	var x [size]float32
	from := at - int64(e.latency+e.config.Delay) - block
	for i := range x {
		if k := from + int64(i); k >= 0 {
			x[i] = float32(e.sent[k%history])
		}
	}
	transform(&e.far[to], &x)
	e.loud[to] = energy(x[:])
}
