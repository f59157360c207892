package vad

import (
	"fmt"
	"testing"

	"vaad/dsp"
)

// frames says of each 10 ms whether the detector hears voice.
func frames(x []int16) []bool {
	d := New()
	var events []Event
	for rest := x; len(rest) > 0; {
		n := min(160, len(rest))
		events = d.Process(events, rest[:n])
		rest = rest[n:]
	}
	events = d.Flush(events)
	v := make([]bool, len(x)/step)
	for i := 0; i+1 < len(events); i += 2 {
		for k := (events[i].At + step/2) / step; k < (events[i+1].At+step/2)/step && k < int64(len(v)); k++ {
			v[k] = true
		}
	}
	return v
}

// figures compares what was heard with what was said: the share of voice that
// was missed, of the rest that was taken for voice, and F1, in percent.
func figures(heard, said []bool) (miss, wrong, f1 float64) {
	var n [2][2]float64
	index := map[bool]int{true: 1}
	for i := range said {
		n[index[said[i]]][index[heard[i]]]++
	}
	return 100 * n[1][0] / max(1, n[1][0]+n[1][1]), 100 * n[0][1] / max(1, n[0][0]+n[0][1]), 200 * n[1][1] / max(1, 2*n[1][1]+n[1][0]+n[0][1])
}

func TestAccuracy(t *testing.T) {
	m := load(*seed)
	m.need(t)
	seconds := 40
	if *full {
		seconds = 600
	}
	n := seconds * dsp.Rate
	speech, voice := m.speech(seconds)
	floor := m.white(n)
	speech = mix(speech, floor, 65+speechLevel)
	noises := []struct {
		name  string
		noise []float64
	}{{"white", m.white(n)}, {"babble", m.voices(n)}, {"hum", hum50(n)}, {"music", m.tune(n)}}

	var sum float64
	row := func(name string, x []float64) {
		miss, wrong, f1 := figures(frames(line(x)), voice)
		sum += f1
		t.Logf("%-10s missed %5.1f %%  false %5.1f %%  F1 %5.1f %%", name, miss, wrong, f1)
	}
	row("clean", speech)
	for _, z := range noises {
		for _, ratio := range []float64{20, 10, 5, 0} {
			row(fmt.Sprintf("%s %g dB", z.name, ratio), mix(speech, z.noise, ratio))
		}
	}
	sum /= 17
	t.Logf("mean F1 of 17 noise conditions: %.1f %%  (target ≥ 88; libfvad mode 3: 82.9)", sum)
	_, wrong, _ := figures(frames(line(progressTones(m))), make([]bool, 120*dsp.Rate/step))
	t.Logf("progress tones taken for voice: %.1f %%  (target ≤ 10; libfvad mode 3: 43)", wrong)
	if sum < 88 || wrong > 10 {
		t.Error("target missed")
	}
}

// progressTones is two minutes of dial, busy and ringback tones.
func progressTones(m *material) []float64 {
	x := make([]float64, 120*dsp.Rate)
	for i, c := range []struct {
		hz      []float64
		on, off int // ms
	}{{[]float64{350, 440}, 30000, 0}, {[]float64{480, 620}, 500, 500}, {[]float64{440, 480}, 2000, 4000}, {[]float64{425}, 1000, 4000}} {
		part := x[i*30*dsp.Rate:][:30*dsp.Rate]
		for _, hz := range c.hz {
			add(part, hz, db(-18), 0)
		}
		for k := range part {
			if k/dsp.MS%(c.on+c.off) >= c.on {
				part[k] = 0
			}
		}
	}
	return mix(x, m.white(len(x)), 65+speechLevel)
}
