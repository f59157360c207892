package voice

import (
	"math"
	"math/rand/v2"

	"vaad/dsp"
)

// Voice is what sets one speaker apart. The zero value is nobody: see Usual.
type Voice struct {
	Pitch float64 // mean of the fundamental, Hz: 80 (low man) to 300 (child)
	Tract float64 // formants relative to those of an average man: 0.9 to 1.3
	Pace  float64 // syllables per second: 3 to 7
	Level float64 // of a phrase, dBm0; speech on lines lies around −20
}

// Usual is an average speaker.
func Usual() Voice { return Voice{Pitch: 120, Tract: 1, Pace: 4.5, Level: -20} }

const (
	rate   = dsp.Rate
	frame  = 32   // samples between changes of the filter: 4 ms
	smooth = 0.25 // of the way to a target per frame: formants arrive within 30 ms
)

// Phrase says so many syllables, in one breath.
func (v Voice) Phrase(seed uint64, syllables int) []int16 {
	rnd := rand.New(rand.NewPCG(seed, 0x766F696365))
	s := speaker{voice: v, rnd: rnd, seed: uint32(seed)*2654435761 + 1}
	for i := range max(syllables, 1) {
		s.syllable(float64(i) / float64(max(syllables, 1)))
	}
	s.segment(phone{}, 0.06)
	return s.finish()
}

// speaker is a vocal tract in motion.
type speaker struct {
	voice Voice
	rnd   *rand.Rand
	seed  uint32 // of the noise
	out   []float64

	pitch, wantPitch float64 // Hz
	phase            float64 // of the glottis, 0…1
	wobble           float64
	now              phone // where the filter is on its way to the target
	tilt             float64
	tract            [4]resonator
	hiss             resonator
}

// syllable appends consonant, vowel and sometimes a closing consonant; at is
// where in the phrase it stands, 0…1.
func (s *speaker) syllable(at float64) {
	length := 1 / s.voice.Pace * (0.75 + 0.5*s.rnd.Float64())
	// The melody falls along the phrase and moves within each syllable.
	base := s.voice.Pitch * (1.12 - 0.27*at)
	rise := 1 + 0.22*(s.rnd.Float64()-0.45)
	onset := onsets[s.rnd.IntN(len(onsets))]
	vowel := vowels[s.rnd.IntN(len(vowels))]
	stress := 0.6 + 0.4*s.rnd.Float64()
	vowel.voiced *= stress
	s.wantPitch = base
	for _, p := range onset {
		if p.f[0] == 0 { // noise and closures take the mouth of the vowel that follows
			p.f = vowel.f
		}
		s.segment(p, p.seconds*(0.8+0.4*s.rnd.Float64()))
	}
	s.wantPitch = base * rise
	s.segment(vowel, max(0.06, length*0.65))
	if s.rnd.IntN(3) == 0 {
		p := codas[s.rnd.IntN(len(codas))]
		s.segment(p, p.seconds)
	}
	s.wantPitch = base
	if s.rnd.IntN(9) == 0 {
		s.segment(phone{f: vowel.f}, 0.05+0.1*s.rnd.Float64())
	}
}

// segment moves the tract towards a phone for some time.
func (s *speaker) segment(target phone, seconds float64) {
	if target.f[0] == 0 {
		target.f = neutral
	}
	if s.now.f[0] == 0 {
		s.now = phone{f: target.f}
		s.pitch = s.voice.Pitch
	}
	for range int(seconds * rate / frame) {
		for i := range s.now.f {
			s.now.f[i] += smooth * (target.f[i] - s.now.f[i])
		}
		s.now.voiced += 2 * smooth * (target.voiced - s.now.voiced)
		s.now.noise += 2 * smooth * (target.noise - s.now.noise)
		s.now.hiss = target.hiss
		s.pitch += 0.06 * (s.wantPitch - s.pitch)
		s.wobble += 0.2 * (s.rnd.NormFloat64()*0.012 - s.wobble)
		s.render()
	}
}

// render makes one frame of sound.
func (s *speaker) render() {
	for i := range s.tract {
		hz := s.now.f[i] * s.voice.Tract
		s.tract[i].set(min(hz, 3700), 50+hz/18)
	}
	if s.now.hiss > 0 {
		s.hiss.set(min(s.now.hiss*s.voice.Tract, 3600), 900)
	}
	step := s.pitch * (1 + s.wobble) / rate
	for range frame {
		s.phase += step
		if s.phase >= 1 {
			s.phase--
		}
		noise := s.white()
		// The derivative of the airflow through the glottis, open for 60 % of
		// a period, with a little breath while it is open.
		pulse := 0.0
		if x := s.phase / 0.6; x < 1 {
			pulse = 2*x - 3*x*x + 0.03*noise
		}
		s.tilt += 0.3 * (pulse - s.tilt)
		y := s.tilt * s.now.voiced
		if s.now.hiss == 0 {
			y += 0.15 * noise * s.now.noise
		}
		for i := range s.tract {
			y = s.tract[i].filter(y)
		}
		if s.now.hiss > 0 {
			y += 0.25 * s.hiss.filter(noise) * s.now.noise
		}
		s.out = append(s.out, y)
	}
}

// white is noise of a cheap generator; the dear one draws what is said.
func (s *speaker) white() float64 {
	s.seed = s.seed*1664525 + 1013904223
	return float64(int32(s.seed)) / (1 << 31)
}

// finish takes out what a telephone does not pass below 300 Hz, sets the level
// and rounds.
func (s *speaker) finish() []int16 {
	var square, in, low float64
	const cut = 1 - 2*math.Pi*200/rate
	for i, x := range s.out {
		low = cut * (low + x - in)
		in = x
		s.out[i] = low
		square += low * low
	}
	gain := math.Sqrt(dsp.MeanSquare(s.voice.Level) * float64(len(s.out)) / max(square, 1e-9))
	pcm := make([]int16, len(s.out))
	for i, x := range s.out {
		pcm[i] = int16(32000 * math.Tanh(x*gain/32000))
	}
	return pcm
}

// resonator is Klatt's second-order resonance with a gain of 1 at 0 Hz.
type resonator struct{ a, b, c, y1, y2 float64 }

func (r *resonator) set(hz, bandwidth float64) {
	e := math.Exp(-math.Pi * bandwidth / rate)
	r.c = -e * e
	r.b = 2 * e * math.Cos(2*math.Pi*hz/rate)
	r.a = 1 - r.b - r.c
}

func (r *resonator) filter(x float64) float64 {
	y := r.a*x + r.b*r.y1 + r.c*r.y2
	r.y1, r.y2 = y, r.y1
	return y
}
