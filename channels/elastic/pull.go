package elastic

import "math"

// pull fills at most a block.
func (b *Buffer) pull(block []int16) {
	depth := int(b.written.Load() - b.read.Load())
	b.depth.Store(int64(depth))
	n := 0
	switch over := b.overruns.Load(); {
	case over != b.over: // what lies here is old, and what followed it is lost
		b.over = over
		b.slip(depth)
		b.stop()
	case b.playing && depth > most:
		n = b.skip(block)
	case b.playing:
		n = b.play(block, depth)
	case depth >= target+ahead:
		b.begin(depth)
		n = b.play(block, depth)
	}
	if n < len(block) {
		clear(block[n:])
		if b.playing {
			b.underruns.Add(1)
			b.stop()
		}
		b.fall(block[n:])
		return
	}
	b.fall(block)
	b.keep(block)
}

// play takes the next audio and returns how much there was.
func (b *Buffer) play(block []int16, depth int) int {
	ppm := b.pilot.steer(float64(depth - target))
	b.clock.Set(ppm)
	b.ppm.Store(int64(math.Round(b.pilot.mean)))
	n := b.take(block)
	for i := 0; i < n && b.rising > 0; i++ {
		block[i] = mul(block[i], ramp(fade-b.rising, fade))
		b.rising--
	}
	if n < len(block) {
		b.keep(block[:n])
	}
	return n
}

// begin starts to play what was filled, at the target.
func (b *Buffer) begin(depth int) {
	b.read.Add(uint64(depth - target - ahead))
	b.restart()
	b.playing, b.rising = true, fade
}

// stop lets what was played fall silent, until the buffer has been filled.
func (b *Buffer) stop() {
	if b.playing {
		b.playing, b.falling = false, tail
		b.end = b.last
	}
}

// skip goes over to the newest audio at the target, below a crossfade.
func (b *Buffer) skip(block []int16) int {
	var old [fade]int16
	n := b.take(old[:min(fade, len(block))])
	b.slip(int(b.written.Load()-b.read.Load()) - target - ahead)
	b.restart()
	got := b.take(block)
	for i, v := range old[:n] {
		g := ramp(i, n)
		block[i] = mul(v, 1-g) + mul(block[i], g)
	}
	return got
}

// slip leaves samples out.
func (b *Buffer) slip(n int) {
	b.read.Add(uint64(n))
	b.slips.Add(1)
	b.slipped.Add(uint64(n))
}

// restart forgets what the resampler holds.
func (b *Buffer) restart() {
	b.clock.Reset()
	b.out = b.out[:0]
	b.pilot.error = 0
}

// take fills block from the resampler and returns how much that gave.
func (b *Buffer) take(block []int16) int {
	for len(b.out) < len(block) {
		r := b.read.Load()
		there := b.written.Load() - r
		if there == 0 {
			break
		}
		at := int(r % size)
		n := min(len(block)-len(b.out), int(there), size-at)
		b.out = b.clock.Process(b.out, b.ring[at:at+n])
		b.read.Store(r + uint64(n))
	}
	n := copy(block, b.out)
	b.out = b.out[:copy(b.out, b.out[n:])]
	return n
}

// keep remembers the end of what was given.
func (b *Buffer) keep(block []int16) {
	n := len(block)
	if n < tail {
		copy(b.last[:], b.last[n:])
	}
	copy(b.last[max(0, tail-n):], block[max(0, n-tail):])
}

// fall adds the end of what was given before a silence: once more, backwards
// and falling, so that there is no step.
func (b *Buffer) fall(block []int16) {
	for i := 0; i < len(block) && b.falling > 0; i++ {
		b.falling--
		block[i] = add(block[i], mul(b.end[b.falling], ramp(b.falling, tail)))
	}
}

func mul(s int16, g float32) int16 { return int16(float32(s) * g) }

func add(a, b int16) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, int32(a)+int32(b))))
}

// ramp rises from 0 to 1 along half a cosine of n samples.
func ramp(i, n int) float32 {
	return float32(0.5 - 0.5*math.Cos(math.Pi*(float64(i)+0.5)/float64(n)))
}
