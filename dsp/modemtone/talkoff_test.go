package modemtone

import (
	"flag"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

var (
	full   = flag.Bool("full", false, "the full counts of the accuracy tables")
	seed   = flag.Uint64("seed", 1, "of the accuracy tables")
	sounds = flag.String("sounds", "/usr/share/asterisk/sounds,/usr/share/asterisk/moh", "folders of speech and music in which no modem is heard, separated by commas")
)

// TestTalkOff counts the tones heard in speech and music, and in the same at
// other pitches. Debian's packages asterisk-core-sounds-*-wav and
// asterisk-moh-opsound-wav hold them.
func TestTalkOff(t *testing.T) {
	pitches := []float64{1}
	if *full {
		pitches = []float64{1, 0.80, 0.84, 0.88, 0.92, 0.96, 1.04, 1.08, 1.12, 1.16, 1.20, 1.25}
	}
	hits, hours := make([]int, len(pitches)), make([]float64, len(pitches))
	for n, path := range sounding(*sounds) {
		if n%10 != 0 && !*full {
			continue
		}
		x := read(t, path)
		for i, p := range pitches {
			y := pitched(x, p)
			hours[i] += float64(len(y)) / dsp.Rate / 3600
			for _, e := range detect(y, 160) {
				t.Logf("%s at pitch %v: %v", path, p, e)
				if e.Kind == Start {
					hits[i]++
				}
			}
		}
	}
	if hours[0] == 0 {
		t.Skip("no recordings in " + *sounds)
	}
	other, otherHours := 0, 0.0
	for i := range pitches[1:] {
		other += hits[1+i]
		otherHours += hours[1+i]
	}
	t.Logf("%d tones in %.2f h as recorded, %d in %.2f h at other pitches", hits[0], hours[0], other, otherHours)
	if hits[0] > 0 {
		t.Error("a modem was heard in speech or music")
	}
}

// sounding gives the WAV files in folders.
func sounding(roots string) (out []string) {
	for _, root := range strings.Split(roots, ",") {
		_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".wav") {
				out = append(out, path)
			}
			return nil
		})
	}
	return out
}

// read gives a WAV file of 8 kHz, or nothing.
func read(t testing.TB, path string) []int16 {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := wav.Parse(f)
	if err != nil || info.Format != wav.PCM16 || info.Rate != dsp.Rate || info.Channels != 1 {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(f, info.DataBytes&^1)) // f stands at the data
	if err != nil {
		t.Fatal(err)
	}
	x := make([]int16, len(b)/2)
	for i := range x {
		x[i] = int16(uint16(b[2*i]) | uint16(b[2*i+1])<<8)
	}
	return x
}

// pitched plays x faster, and so higher, through µ-law.
func pitched(x []int16, by float64) []int16 {
	out := make([]int16, max(0, int(float64(len(x)-4)/by)))
	for i := range out {
		at := float64(i)*by + 1
		k := int(at)
		d := at - float64(k)
		a, b, c, e := float64(x[k-1]), float64(x[k]), float64(x[k+1]), float64(x[k+2])
		v := b + d/2*(c-a+d*(2*a-5*b+4*c-e+d*(3*(b-c)+e-a))) // Catmull-Rom
		out[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	return companded(out)
}

func companded(x []int16) []int16 {
	code := make([]byte, len(x))
	g711.Encode(code, x, g711.MuLaw)
	g711.Decode(x, code, g711.MuLaw)
	return x
}
