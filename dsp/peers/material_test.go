package peers

import (
	"flag"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"vaad/dsp"
	"vaad/dsp/callerid"
	"vaad/dsp/g711"
	"vaad/dsp/modemtone"
	"vaad/dsp/tone"
	"vaad/dsp/wav"
)

var (
	speech = flag.String("sounds", "/usr/share/asterisk/sounds", "folders of speech in WAV of 8 kHz, separated by commas")
	music  = flag.String("music", "/usr/share/asterisk/moh", "folders of music, the same")
)

// files are the WAV files below folders. Debian's sound files of exchanges are
// no speech: those named after beeps are left out.
func files(roots string) []string {
	var out []string
	for _, root := range strings.Split(roots, ",") {
		_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".wav") && !strings.Contains(path, "beep") {
				out = append(out, path)
			}
			return nil
		})
	}
	return out
}

// readWAV gives the samples of a file of 8 kHz, or nothing.
func readWAV(path string) []int16 {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := wav.Parse(f)
	if err != nil || info.Format != wav.PCM16 || info.Rate != dsp.Rate || info.Channels != 1 {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(f, info.DataBytes&^1)) // f stands at the data
	if err != nil {
		return nil
	}
	x := make([]int16, len(b)/2)
	for i := range x {
		x[i] = int16(uint16(b[2*i]) | uint16(b[2*i+1])<<8)
	}
	return x
}

// babbled is what stands for speech where none is installed: a buzz of 90…250 Hz
// through two moving resonances, in syllables with pauses.
func babbled(n int, rnd *rand.Rand) []int16 {
	x := make([]int16, n)
	var y1, y2, z1, z2, phase float64
	pitch, f1, f2, loud := 140.0, 500.0, 1500.0, 0.0
	for i := range x {
		if i%(dsp.Rate/5) == 0 { // five syllables a second, every sixth a pause
			pitch, f1, f2 = 90+160*rnd.Float64(), 300+500*rnd.Float64(), 900+1400*rnd.Float64()
			loud = 0
			if rnd.IntN(6) > 0 {
				loud = 400 + 1200*rnd.Float64()
			}
		}
		in := 0.05 * rnd.NormFloat64()
		if phase += pitch / dsp.Rate; phase >= 1 {
			phase--
			in++
		}
		y := in + 1.92*math.Cos(2*math.Pi*f1/dsp.Rate)*y1 - 0.92*y2
		y1, y2 = y, y1
		z := y + 1.88*math.Cos(2*math.Pi*f2/dsp.Rate)*z1 - 0.89*z2
		z1, z2 = z, z1
		at := float64(i%(dsp.Rate/5)) / (dsp.Rate / 5)
		x[i] = int16(max(-32000, min(32000, loud*z*math.Sin(math.Pi*at))))
	}
	return x
}

// some are so many seconds of recordings in any order.
func some(roots string, seconds int, rnd *rand.Rand) []int16 {
	all := files(roots)
	rnd.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	x := make([]int16, 0, seconds*dsp.Rate)
	for _, path := range all {
		x = append(x, readWAV(path)...)
		if len(x) >= seconds*dsp.Rate {
			return x[:seconds*dsp.Rate]
		}
	}
	return append(x, babbled(seconds*dsp.Rate-len(x), rnd)...)
}

// talkCorpus is ten minutes through µ-law without any tone of the telephone's:
// 500 s of speech, 50 s of music and 50 s of a quiet line.
func talkCorpus(stream uint64) (x []int16) {
	l := newTrack(stream)
	x = append(x, some(*speech, 500, l.rnd)...)
	x = append(x, some(*music, 50, l.rnd)...)
	x = append(x, make([]int16, 600*dsp.Rate-len(x))...)
	return changed(x, 0, -65, g711.MuLaw)
}

// corpus is ten minutes of what lines carry, through µ-law: 340 s of speech and
// 50 s of music where they are installed, tones of exchanges, keys, caller IDs,
// modems, and 80 s of a quiet line. It says how much of it is real speech.
func corpus(stream uint64) (x []int16, real bool) {
	l := newTrack(stream)
	real = len(files(*speech)) > 100
	x = append(x, some(*speech, 340, l.rnd)...)
	x = append(x, some(*music, 50, l.rnd)...)
	until := func(second int, next func() filler) {
		for len(x) < second*dsp.Rate {
			p := played(next(), 12*dsp.Rate)
			x = append(x, p[:min(len(p), second*dsp.Rate-len(x))]...)
		}
	}
	until(430, func() filler {
		c, _ := tone.DTMF(string(tone.Keys[l.rnd.IntN(16)])+string(tone.Keys[l.rnd.IntN(16)]), -8-12*l.rnd.Float64(), 60, 90)
		return tone.New(c)
	})
	cadences := func(code string) []tone.Cadence {
		c, _ := tone.Country(code)
		return []tone.Cadence{c.Dial, c.Ringback, c.Busy, c.Congestion}
	}
	all := append(cadences("CN"), cadences("US")...)
	k := 0
	until(490, func() filler { k++; return tone.New(all[k%len(all)]) })
	until(505, func() filler {
		m, _ := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("01082345678")}, callerid.Field{Type: callerid.Name, Raw: []byte("LI WEI")})
		k++
		return callerid.NewSource([]callerid.Coding{callerid.Bell, callerid.V23}[k%2], m, callerid.OnHook(), -18)
	})
	until(520, func() filler {
		k++
		return modemtone.NewSource([]modemtone.Tone{modemtone.CNG, modemtone.ANSampr, modemtone.V21, modemtone.CT}[k%4], -16)
	})
	x = append(x, make([]int16, 600*dsp.Rate-len(x))...)
	return changed(x, 0, -65, g711.MuLaw), real
}
