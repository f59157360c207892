package main

import (
	"math"
	"os"
	"path/filepath"

	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

const (
	speech = -18.0 // dBm0 of its loud parts, as is usual in telephone networks
	quiet  = -48.0 // dBm0 below which nothing is speech
	peak   = 0.0   // dBm0, as of a sine, that no sample passes
	step   = 10 * dsp.MS
	lead   = 20 * dsp.MS // silence that stays before
	trail  = 60 * dsp.MS // and after
	edge   = 5 * dsp.MS  // faded
)

// trim cuts the silence at both ends.
func trim(x []int16) []int16 {
	from, to := len(x), 0
	for at := 0; at < len(x); at += step {
		end := min(at+step, len(x))
		if dsp.DBm0(meanSquare(x[at:end])) > quiet {
			from, to = min(from, at), end
		}
	}
	if from >= to {
		return nil
	}
	x = x[max(0, from-lead):min(len(x), to+trail)]
	for i := range min(edge, len(x)/2) {
		g := (float64(i) + 0.5) / edge
		x[i] = int16(float64(x[i]) * g)
		x[len(x)-1-i] = int16(float64(x[len(x)-1-i]) * g)
	}
	return x
}

// level brings the loud parts of speech, those within 15 dB of the loudest
// 10 ms, to the level; less where a peak would pass the limit.
func level(x []int16) {
	loudest := 0.0
	for at := 0; at+step <= len(x); at += step {
		loudest = max(loudest, meanSquare(x[at:at+step]))
	}
	sum, n := 0.0, 0.0
	for at := 0; at+step <= len(x); at += step {
		if p := meanSquare(x[at : at+step]); p > loudest/30 {
			sum += p
			n++
		}
	}
	if n == 0 {
		return
	}
	g := math.Sqrt(dsp.MeanSquare(speech) / (sum / n))
	most := 1.0
	for _, v := range x {
		most = max(most, math.Abs(float64(v)))
	}
	g = min(g, dsp.SinePeak(peak)/most)
	for i, v := range x {
		x[i] = int16(math.Round(float64(v) * g))
	}
}

func meanSquare(x []int16) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum / float64(max(1, len(x)))
}

// writeWAV writes A-law.
func writeWAV(file string, x []int16) error {
	code := make([]byte, len(x))
	g711.Encode(code, x, g711.ALaw)
	b := append(wav.Header(wav.ALaw, int64(len(code))), code...)
	b = append(b, make([]byte, wav.Pad(int64(len(code))))...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", b, 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
