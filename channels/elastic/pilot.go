package elastic

// A pilot regulates: it says by how many parts per million more is to be taken
// than given, so that the buffer stays at its target. Its measure is coarse, for
// audio comes in blocks: it jumps by one whenever the two clocks have drifted by
// a block, and by jitter. A proportional regulator follows those jumps without
// swinging; what it leaves of 200 ppm is 5 samples.
type pilot struct {
	error float64 // samples above the target, smoothed
	mean  float64 // ppm, over minutes: what the clocks differ by
}

const (
	smooth  = 1.0 / 64   // of a block: 1.3 s
	slope   = 40.0       // ppm for each sample above the target: a time constant of 3 s
	limit   = 1000       // ppm: 1.7 cents of pitch, five times what the worst boards differ by
	average = 1.0 / 8192 // of a block: 160 s
)

// steer takes how far above the target the buffer is.
func (p *pilot) steer(above float64) float64 {
	p.error += (above - p.error) * smooth
	ppm := max(-limit, min(limit, p.error*slope))
	p.mean += (ppm - p.mean) * average
	return ppm
}
