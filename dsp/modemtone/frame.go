package modemtone

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/spectrum"
)

const (
	hop    = 20 * dsp.MS // samples from frame to frame
	window = 128         // samples that a frame looks at: the last of its hop
	fold   = 64          // they are laid over each other: lines 125 Hz apart, each 125 Hz wide
	lineHz = dsp.Rate / fold

	firstLine, lastLine = 2, 29 // of what counts as the line's power: 190…3690 Hz
	lowest, highest     = 7, 19 // lines that a tone may be strongest in

	// floor is the mean square below which nothing is a tone: −46 dBm0.
	floor = 32768 * 32768 / 2 * 1.22e-5

	peakMin = 100 // what a tone of that level reaches

	// toneShare is the share of the power that lies in the strongest line and
	// its neighbours if there is a tone, be it beside the guard tone of V.22.
	toneShare = 0.5
)

// shape is a raised cosine, scaled so that the lines add up to the mean square.
var shape = [window]float32(spectrum.Hann(window, fold))

// turns[k] turns line k down to zero.
var turns = func() (t [highest + 1][fold][2]float32) {
	for k := range t {
		for i := range fold {
			sin, cos := math.Sincos(-2 * math.Pi * float64(i*k%fold) / fold)
			t[k][i] = [2]float32{float32(cos), float32(sin)}
		}
	}
	return t
}()

// stepHz is how far apart the entries of angles and gains are.
const stepHz = 2.5

// angles[i] is by how much the line of the second half of a window has turned
// against that of the first if a tone lies i × stepHz above the line. gains[i]
// is the ratio of its mean square to the power of the line.
var angles, gains = func() (a, g [33]float32) {
	for i := range a {
		var half [2][2]float64
		for k, w := range shape {
			sin, cos := math.Sincos(2 * math.Pi * stepHz * float64(i) / dsp.Rate * float64(k))
			half[k/fold][0] += float64(w) * cos
			half[k/fold][1] += float64(w) * sin
		}
		u, v := half[0], half[1]
		a[i] = float32(math.Atan2(v[1]*u[0]-v[0]*u[1], v[0]*u[0]+v[1]*u[1]))
		// A sine of peak 1 leaves half of that.
		g[i] = float32(0.5 * 4 / (math.Pow(u[0]+v[0], 2) + math.Pow(u[1]+v[1], 2)))
	}
	return a, g
}()

// frame is what is seen in 16 ms.
type frame struct {
	power float32    // mean square between firstLine and lastLine
	tone  bool       // much of it is one tone:
	share float32    // how much
	hz    float32    // its frequency
	level float32    // of the tone, mean square
	line  int        // the line it is strongest in
	z     [2]float32 // that line, at the beginning of the window
	v21   [2]float32 // share of the power where either channel of V.21 lies, if the strongest line does
	text  float32    // and where the tones of Baudot lie
}

// see looks at samples; f is empty before.
func (f *frame) see(x *[window]int16) {
	if quiet(x) {
		return
	}
	var y [fold]float32
	var sum float32
	for i := range y {
		v := float32(x[i])*shape[i] + float32(x[i+fold])*shape[i+fold]
		y[i] = v
		sum += v * v
	}
	if sum*(fold/2) < floor { // Parseval: all lines together
		return
	}
	var p [32]float32
	spectrum.Power64(&p, &y)
	for _, v := range p[firstLine : lastLine+1] {
		f.power += v
	}
	if f.power < floor {
		return
	}
	k := lowest
	for i := lowest + 1; i <= highest; i++ {
		if p[i] > p[k] {
			k = i
		}
	}
	switch {
	case k <= 10:
		f.v21[0] = part(p[6:12]) / f.power
	case k >= 13 && k <= 15:
		f.v21[1] = part(p[12:17]) / f.power
		fallthrough
	case k <= 15:
		f.text = part(p[10:16]) / f.power
	}
	near := part(p[k-1 : k+2])
	if near < toneShare*f.power {
		return
	}
	f.tone = true
	f.line = k
	u, v := halves(x, k)
	f.z = [2]float32{u[0] + v[0], u[1] + v[1]}
	off, gain := offset(math.Atan2(float64(v[1]*u[0]-v[0]*u[1]), float64(v[0]*u[0]+v[1]*u[1])))
	f.hz = lineHz*float32(k) + off
	f.level = gain * p[k]
	f.share = f.level / (f.level + f.power - near)
}

func part(p []float32) (sum float32) {
	for _, v := range p {
		sum += v
	}
	return sum
}

// offset is how many Hz a tone lies above its line, by how much the line turned
// from half to half, and what its mean square is to the power of the line.
func offset(angle float64) (hz, gain float32) {
	a := abs(float32(angle))
	i := min(31, int(a/angles[1]))
	for i > 0 && angles[i] > a {
		i--
	}
	for i < 31 && angles[i+1] < a {
		i++
	}
	part := min(1, (a-angles[i])/(angles[i+1]-angles[i]))
	hz = stepHz * (float32(i) + part)
	if angle < 0 {
		hz = -hz
	}
	return hz, gains[i] + part*(gains[i+1]-gains[i])
}

// halves transforms both halves of a window for one line.
func halves(x *[window]int16, k int) (u, v [2]float32) {
	for i := range turns[k] {
		t := &turns[k][i]
		a, b := float32(x[i])*shape[i], float32(x[i+fold])*shape[i+fold]
		u[0] += a * t[0]
		u[1] += a * t[1]
		v[0] += b * t[0]
		v[1] += b * t[1]
	}
	return u, v
}

// quiet says whether no sample is as loud as the weakest tone at its peak.
func quiet(x *[window]int16) bool {
	for i := 0; i < window; i += 4 {
		if uint16(x[i]+peakMin) > 2*peakMin || uint16(x[i+1]+peakMin) > 2*peakMin || uint16(x[i+2]+peakMin) > 2*peakMin || uint16(x[i+3]+peakMin) > 2*peakMin {
			return false
		}
	}
	return true
}
