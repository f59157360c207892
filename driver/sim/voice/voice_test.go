package voice

import (
	"math"
	"slices"
	"testing"

	"vaad/dsp"
)

func TestSameSeedSaysTheSame(t *testing.T) {
	v := Usual()
	if !slices.Equal(v.Phrase(1, 8), v.Phrase(1, 8)) {
		t.Error("it does not")
	}
	if slices.Equal(v.Phrase(1, 8), v.Phrase(2, 8)) {
		t.Error("another seed says the same")
	}
}

func TestPhraseHasItsLevelAndEndsInSilence(t *testing.T) {
	for seed := range uint64(40) {
		v := Voice{Pitch: 80 + 5*float64(seed), Tract: 0.9 + float64(seed)/100, Pace: 3 + float64(seed)/10, Level: -30 + float64(seed)/2}
		p := v.Phrase(seed, 1+int(seed)%12)
		l := dsp.Measure(p)
		if math.Abs(l.DBm0()-v.Level) > 1.5 { // peaks are rounded off
			t.Errorf("seed %d: %.1f dBm0, want %.1f", seed, l.DBm0(), v.Level)
		}
		if end := dsp.Measure(p[len(p)-80:]); end.DBm0() > v.Level-20 {
			t.Errorf("seed %d: the last 10 ms have %.1f dBm0", seed, end.DBm0())
		}
	}
}

// pitchOf finds the period of the strongest repetition.
func pitchOf(p []int16) float64 {
	best, at := 0.0, 0
	for lag := rate / 350; lag < rate/70; lag++ {
		var sum float64
		for i := lag; i < len(p); i++ {
			sum += float64(p[i]) * float64(p[i-lag])
		}
		if sum > best {
			best, at = sum, lag
		}
	}
	return rate / float64(at)
}

func TestSpeakersAreToldApartByPitch(t *testing.T) {
	for _, pitch := range []float64{95, 125, 210} {
		v := Usual()
		v.Pitch = pitch
		got := pitchOf(v.Phrase(3, 10))
		if got < 0.8*pitch || got > 1.25*pitch {
			t.Errorf("pitch %.0f sounds like %.0f Hz", pitch, got)
		}
	}
}

func TestSpeechHasTheSpectrumOfALine(t *testing.T) {
	var band [8]float64 // of 500 Hz
	p := Usual().Phrase(5, 12)
	for at := 0; at+160 <= len(p); at += 160 {
		for k := 1; k < 80; k++ {
			var re, im float64
			for i, x := range p[at : at+160] {
				s, c := math.Sincos(2 * math.Pi * float64(k*i) / 160)
				re += float64(x) * c
				im += float64(x) * s
			}
			band[k*50/500] += re*re + im*im
		}
	}
	low := band[0] + band[1]
	high := band[4] + band[5] + band[6] + band[7]
	if ratio := 10 * math.Log10(low/high); ratio < 3 || ratio > 30 {
		t.Errorf("below 1 kHz there is %.1f dB more than above 2 kHz", ratio)
	}
}

func BenchmarkPhrase(b *testing.B) {
	n := 0
	for range b.N {
		n += len(Usual().Phrase(1, 10))
	}
	b.ReportMetric(float64(n)/float64(b.N)/rate, "s_of_speech/op")
}
