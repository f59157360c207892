package callerid

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/tone"
)

// The dual tone that announces a message: Bellcore GR-30's CAS during a call,
// 80…85 ms; ETSI EN 300 659's DT-AS, during a call as well and before ringing,
// 90…110 ms.
const (
	AlertLow  = 2130 // Hz
	AlertHigh = 2750 // Hz

	alertLeast, alertMost = 68 * dsp.MS, 125 * dsp.MS // that are told

	alertOff   = 0.017 // that the frequencies may be off, as a part; EN 300 659 has 0.011
	alertTwist = 9.    // dB between the tones; EN 300 659 has 6
	alertMin   = -45.  // dBm0, of the weaker tone
)

// Alert is one alerting tone.
type Alert struct {
	At, End   int64 // samples, counted from NewAlerting: exact to 3 ms
	Low, High AlertPart
}

// AlertPart is one tone of it.
type AlertPart struct{ Hz, DBm0 float64 }

// AlertTone is the alerting tone, in ms, with a level of each tone in dBm0, for
// tone.New.
func AlertTone(ms int, dBm0 float64) tone.Cadence {
	return tone.Cadence{Times: 1, Bursts: []tone.Burst{{On: ms, Sines: []tone.Sine{{Hz: AlertLow, DBm0: dBm0}, {Hz: AlertHigh, DBm0: dBm0}}}}}
}

const (
	casLen  = 12 * dsp.MS // samples that a survey looks at,
	casHop  = 24 * dsp.MS // in as many
	lookLen = 128         // samples that a look takes,
	lookHop = 4 * dsp.MS  // in as many
	casBack = 64 * dsp.MS // before a survey that may hold the tone looks begin

	// Of the samples' second difference, which takes what is below 1 kHz down by
	// 12 dB and more against the tones, a survey's correlation at a lag of one
	// sample lies between these for any two levels; that of white noise is −0.67.
	casLow, casHigh = -0.56, -0.12

	casShare  = 0.5  // of the power, in the tones: in a survey,
	lookShare = 0.62 // and in a look
	steady    = 0.97 // how well the phases of looks agree: length of the mean of their turns
	goneLooks = 6    // looks without the tones that end the search
	maxLooks  = 60   // looks that are kept
)

// Alerting finds alerting tones on one line. It is not for use by two
// goroutines at a time.
type Alerting struct {
	raw   [alertRaw]int16
	n     int
	base  int64 // position of raw[0]
	next  int64 // where the next survey ends
	on    bool
	look  int64 // where the next look ends
	gone  int
	seen  [maxLooks]seenTones
	looks int // of seen
}

const alertRaw = 2048

// seenTones is what a look found.
type seenTones struct {
	ok    bool          // the tones are most of it
	z     [2][2]float64 // correlation
	power [2]float64    // mean square of either tone, of the second difference
	begin int64         // where the look begins
}

// lookShape is a raised cosine, and alertTurn the two tones turned down under it.
var (
	lookShape = func() (w [lookLen]float64) {
		for i := range w {
			w[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/lookLen)
		}
		return w
	}()
	alertHz   = [2]float64{AlertLow, AlertHigh}
	alertTurn = func() (t [2][lookLen][2]float64) {
		for k, hz := range alertHz {
			for i := range t[k] {
				sin, cos := math.Sincos(-2 * math.Pi * hz / dsp.Rate * float64(i))
				t[k][i] = [2]float64{cos, sin}
			}
		}
		return t
	}()
	// alertGain is what the second difference does to the power of either tone.
	alertGain = func() (g [2]float64) {
		for k, hz := range alertHz {
			g[k] = math.Pow(2*math.Sin(math.Pi*hz/dsp.Rate), 4)
		}
		return g
	}()
	alertFloor = dsp.MeanSquare(alertMin) * alertGain[0]
)

// NewAlerting returns a detector whose first sample has position 0.
func NewAlerting() *Alerting { return &Alerting{next: casHop} }

// Position is the number of samples taken so far.
func (a *Alerting) Position() int64 { return a.base + int64(a.n) }

// Process takes the next samples of the line and appends the alerting tones that
// ended in them to dst, 25 ms after they did.
func (a *Alerting) Process(dst []Alert, block []int16) []Alert {
	for len(block) > 0 {
		if a.n == alertRaw {
			const keep = alertRaw / 2
			copy(a.raw[:], a.raw[alertRaw-keep:])
			a.base += alertRaw - keep
			a.n = keep
		}
		m := copy(a.raw[a.n:], block)
		block = block[m:]
		a.n += m
		for {
			if a.on {
				if a.look > a.Position() {
					break
				}
				dst = a.follow(dst)
				continue
			}
			if a.next > a.Position() {
				break
			}
			if to := int(a.next - a.base); to >= casLen+2 && survey(a.raw[to-casLen-2:to]) {
				a.on, a.gone, a.looks = true, 0, 0
				a.look = max(a.next-casBack, a.base+lookLen+2)
			}
			a.next += casHop
		}
	}
	return dst
}

// survey says whether casLen + 2 samples may hold the tones.
func survey(x []int16) bool {
	var r0, r1 int64
	for i := 2; i < casLen; i += 2 {
		p := int64(x[i]) - 2*int64(x[i-1]) + int64(x[i-2])
		q := int64(x[i+1]) - 2*int64(x[i]) + int64(x[i-1])
		r0 += p*p + q*q
		r1 += p * q
	}
	power := float64(r0) / 2
	if r := float64(r1); power < alertFloor*casLen/2 || r < casLow*power || r > casHigh*power {
		return false
	}
	x = x[:casLen+2]
	var sum [2][2]float64
	total := 0.
	for i := range casLen {
		v := float64(int(x[i+2]) - 2*int(x[i+1]) + int(x[i]))
		total += v * v
		for k := range sum {
			t := &alertTurn[k][i]
			sum[k][0] += v * t[0]
			sum[k][1] += v * t[1]
		}
	}
	at := 0.
	for k := range sum {
		at += sum[k][0]*sum[k][0] + sum[k][1]*sum[k][1]
	}
	return at*2/casLen > casShare*total
}

// follow takes the look that ends at a.look.
func (a *Alerting) follow(dst []Alert) []Alert {
	from := a.look - lookLen
	a.look += lookHop
	s := see(a.raw[from-2-a.base:][:lookLen+2])
	s.begin = from
	if s.ok {
		a.gone = 0
	} else if a.gone++; a.gone >= goneLooks && a.look > a.next || a.looks == maxLooks {
		dst = a.judge(dst)
		a.on = false
		for a.next < a.look {
			a.next += casHop
		}
		return dst
	}
	if a.looks < maxLooks {
		a.seen[a.looks] = s
		a.looks++
	}
	return dst
}

// see looks at lookLen + 2 samples.
func see(x []int16) (s seenTones) {
	x = x[:lookLen+2]
	total := 0.
	for i := range lookLen {
		v := lookShape[i] * float64(int(x[i+2])-2*int(x[i+1])+int(x[i]))
		total += v * v
		for k := range s.z {
			t := &alertTurn[k][i]
			s.z[k][0] += v * t[0]
			s.z[k][1] += v * t[1]
		}
	}
	const sum, squares = lookLen / 2., lookLen * 3 / 8. // of a raised cosine
	for k := range s.z {
		s.power[k] = 2 * (s.z[k][0]*s.z[k][0] + s.z[k][1]*s.z[k][1]) / (sum * sum)
	}
	both := s.power[0] + s.power[1]
	s.ok = both*squares > lookShare*total && both > alertFloor
	return s
}

// judge says whether what was seen is an alerting tone.
func (a *Alerting) judge(dst []Alert) []Alert {
	seen := a.seen[:a.looks]
	first, last := -1, -1
	for i := range seen {
		if seen[i].ok {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return dst
	}
	var e Alert
	var level [2]float64
	for k := range 2 {
		// The strongest quarter says how loud the tone is; where it has half of
		// that amplitude it begins and ends, as the look then is half filled.
		peak := 0.
		for i := first; i <= last; i++ {
			peak = max(peak, seen[i].power[k])
		}
		var re, im, size float64
		n := 0
		for i := first; i <= last; i++ {
			if seen[i].power[k] > peak/2 {
				level[k] += seen[i].power[k]
				n++
				if i > first && seen[i-1].power[k] > peak/2 {
					u, v := seen[i].z[k], seen[i-1].z[k]
					c, d := u[0]*v[0]+u[1]*v[1], u[1]*v[0]-u[0]*v[1]
					g := 1 / math.Hypot(c, d)
					re, im, size = re+c*g, im+d*g, size+1
				}
			}
		}
		if size < 8 || math.Hypot(re, im) < steady*size {
			return dst
		}
		level[k] /= float64(n)
		hz := turnHz(math.Atan2(im, re), alertHz[k])
		if math.Abs(hz-alertHz[k]) > alertOff*alertHz[k] {
			return dst
		}
		begin, end, ok := a.edges(level[k], k)
		if !ok {
			return dst
		}
		if k == 0 {
			e.At, e.End, e.Low.Hz = begin, end, hz
		} else {
			e.High.Hz = hz
			if begin-e.At > 12*dsp.MS || e.At-begin > 12*dsp.MS || end-e.End > 12*dsp.MS || e.End-end > 12*dsp.MS {
				return dst
			}
			e.At, e.End = (e.At+begin)/2, (e.End+end)/2
		}
	}
	low, high := dsp.DBm0(level[0]/alertGain[0]), dsp.DBm0(level[1]/alertGain[1])
	e.Low.DBm0, e.High.DBm0 = low, high
	if n := e.End - e.At; n < alertLeast || n > alertMost || math.Abs(low-high) > alertTwist || min(low, high) < alertMin {
		return dst
	}
	return append(dst, e)
}

// turnHz is the frequency of which the phase turns by angle from look to look,
// the one that lies closest to another.
func turnHz(angle, about float64) float64 {
	const turn = float64(dsp.Rate) / lookHop
	hz := angle / (2 * math.Pi) * turn
	return hz + turn*math.Round((about-hz)/turn)
}

// edges is where a tone begins and ends, by where it has a quarter of its power,
// or ok is false because it was there before the looks began.
func (a *Alerting) edges(level float64, k int) (begin, end int64, ok bool) {
	seen := a.seen[:a.looks]
	cross := func(i, j int) int64 { // between look i, below, and look j, above
		low, high := math.Sqrt(seen[i].power[k]), math.Sqrt(seen[j].power[k])
		part := (math.Sqrt(level)/2 - low) / (high - low)
		return seen[i].begin + lookLen/2 + int64(part*float64(seen[j].begin-seen[i].begin))
	}
	i, j := 1, len(seen)-1
	for i < len(seen) && !(seen[i-1].power[k] < level/4 && seen[i].power[k] >= level/4) {
		i++
	}
	for j > 0 && !(seen[j].power[k] < level/4 && seen[j-1].power[k] >= level/4) {
		j--
	}
	if i == len(seen) || j == 0 {
		return 0, 0, false
	}
	return cross(i-1, i), cross(j, j-1), true
}

// Skip says that n samples of the line are missing. A tone that they cut is not
// told.
func (a *Alerting) Skip(n int) {
	if n <= 0 {
		return
	}
	a.base = a.Position() + int64(n)
	a.n, a.on = 0, false
	a.next = a.base + casHop
}
