package ears

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/dtmf"
)

// A Masker finds where the tones of keys sound so that they can be kept out of what is
// stored: sooner than the detector of keys, and rather too often than too seldom. What
// it takes for a key is no key yet; speech loses a syllable now and then.
//
// Every 5 ms it looks at the last 20 ms: whether one row and one column of the keypad, each
// within ±2.4 %, hold a good part of the power, and hold it for some looks. What the
// detector of keys is certain of is masked too: it hears below hum and dial tone.
type Masker struct {
	keys *dtmf.Detector
	base int64 // position of the detector's first sample
	evs  []dtmf.Event
	down bool // the detector hears a key

	x    [maskWindow]float64 // the last samples, a ring
	n    int64               // samples taken
	look int64               // the next look is due when so many were taken

	key   int   // row and column of the last looks; −1: none
	run   int   // looks in a row with that key
	first int64 // where the window of the first of them begins

	until int64 // what lies before it is silence
	begun int64 // where the present stretch of silence began; −1: there is none
}

const (
	maskWindow = 20 * dsp.MS
	maskLook   = 5 * dsp.MS
	maskRuns   = 4              // looks that make it certain enough
	maskGuard  = 15 * dsp.MS    // silence on both sides of what was found
	maskShare  = 0.40           // of the power that both tones must hold
	maskWeaker = 0.02           // … and the weaker of them
	maskNear   = 0.001          // … at its own frequency, before it is looked for beside that: of a tone that is off by 2.4 % there is 7 %
	maskFloor  = -52.0          // dBm0: what is weaker than both tones together at that is nothing
	maskLonger = 2 * maskWindow // how long a stretch waits for more of the same key
)

// MaskLate is how long after a key began it is known at the latest that it is to be
// masked, in samples: a block's length included.
const MaskLate = 120 * dsp.MS

// maskGrid is what Goertzel's recurrence needs for each row and column, on a grid so fine that a key that is off by 2.4 % is
// found at nearly its full power.
var maskGrid = func() (c [3][8]float64) {
	for k, off := range [3]float64{0.984, 1, 1.016} {
		for i, hz := range [8]float64{697, 770, 852, 941, 1209, 1336, 1477, 1633} { // ITU-T Q.23
			c[k][i] = 2 * math.Cos(2*math.Pi*hz*off/dsp.Rate)
		}
	}
	return c
}()

// A Silence is a stretch to be made silent: [From, To).
type Silence struct {
	From, To int64
	Over     bool  // nothing more of this key follows
	Began    int64 // where its silence began
}

// Position is where the next sample belongs.
func (m *Masker) Position() int64 { return m.base + m.n }

// NewMasker makes one whose first sample has position pos.
func NewMasker(pos int64) *Masker {
	return &Masker{keys: dtmf.New(), base: pos, key: -1, begun: -1, look: maskWindow, evs: make([]dtmf.Event, 0, 8)}
}

// Process takes the next samples, and appends to dst what is to be silent: none of it
// more than MaskLate before the end of the block, but what follows on what was
// silenced before.
func (m *Masker) Process(dst []Silence, block []int16) []Silence {
	begin := m.base + m.n
	m.evs = m.keys.Process(m.evs[:0], block)
	found, from, to := false, int64(math.MaxInt64), int64(0)
	for i := range m.evs {
		e := &m.evs[i]
		m.down = e.Kind == dtmf.Down
		at := m.base + e.At
		if m.down {
			from = min(from, at)
		}
		found, to = true, max(to, at)
	}
	for len(block) > 0 {
		k := min(int64(len(block)), m.look-m.n)
		for _, s := range block[:k] {
			m.x[m.n%maskWindow] = float64(s)
			m.n++
		}
		block = block[k:]
		if m.n < m.look {
			continue
		}
		m.look += maskLook
		if m.suspect() {
			found, from, to = true, min(from, m.first), max(to, m.base+m.n)
		}
	}
	end := m.base + m.n
	if m.down {
		found, from, to = true, min(from, begin), max(to, end)
	}
	if found {
		if m.begun < 0 {
			m.begun = max(from-maskGuard, end-MaskLate)
			m.until = m.begun
		}
		if to+maskGuard > m.until {
			dst = append(dst, Silence{From: m.until, To: to + maskGuard, Began: m.begun})
			m.until = to + maskGuard
		}
	}
	if m.begun >= 0 && end >= m.until+maskLonger-maskGuard {
		dst = append(dst, Silence{From: m.until, To: m.until, Over: true, Began: m.begun})
		m.begun = -1
	}
	return dst
}

// suspect says whether the last looks found the same key.
func (m *Masker) suspect() bool {
	key := m.present()
	if key < 0 || key != m.key {
		m.key, m.run, m.first = key, 0, m.base+m.n-maskWindow
	}
	if key < 0 {
		return false
	}
	m.run++
	return m.run >= maskRuns
}

// present is the key that holds a good part of the last samples' power; −1: none.
func (m *Masker) present() int {
	power := 0.0
	for _, s := range m.x {
		power += s * s
	}
	if power < maskWindow*dsp.MeanSquare(maskFloor) {
		return -1
	}
	row, low := m.strongest(0, power)
	if low < maskWeaker {
		return -1
	}
	column, high := m.strongest(4, power)
	both := low + high
	if both < maskShare || high < maskWeaker || both*power < maskWindow*dsp.MeanSquare(maskFloor) {
		return -1
	}
	return 4*row + column
}

// strongest is the tone of four that has the largest share of the power. What is off is
// looked for only beside tones of which something is heard where they should be.
func (m *Masker) strongest(first int, power float64) (tone int, share float64) {
	middle := m.powers(maskGrid[1][first : first+4])
	some := false
	for i, p := range middle {
		if p > share*power {
			tone, share = i, p/power
		}
		some = some || p > maskNear*power
	}
	if !some {
		return tone, share
	}
	for _, off := range [2]int{0, 2} {
		beside := m.powers(maskGrid[off][first : first+4])
		for i, p := range beside {
			if middle[i] > maskNear*power && p > share*power {
				tone, share = i, p/power
			}
		}
	}
	return tone, share
}

// powers are those of four tones in the window, as the sum of their squares (Goertzel); c
// is twice the cosine of what each turns by in a sample. The four are computed side by side
// as each waits for its last step.
func (m *Masker) powers(c []float64) (p [4]float64) {
	c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
	var a0, a1, a2, a3, b0, b1, b2, b3 float64
	at := int(m.n % maskWindow)
	for _, part := range [2][]float64{m.x[at:], m.x[:at]} {
		for _, s := range part {
			a0, b0 = s-b0+c0*a0, a0
			a1, b1 = s-b1+c1*a1, a1
			a2, b2 = s-b2+c2*a2, a2
			a3, b3 = s-b3+c3*a3, a3
		}
	}
	for i, v := range [4][3]float64{{a0, b0, c0}, {a1, b1, c1}, {a2, b2, c2}, {a3, b3, c3}} {
		p[i] = 2 * (v[0]*v[0] + v[1]*v[1] - v[2]*v[0]*v[1]) / maskWindow
	}
	return p
}
