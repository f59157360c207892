package dtmf

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
	"vaad/dsp/wav"
)

// sounds holds folders of 8 kHz recordings in which nobody presses a key.
var sounds = flag.String("sounds", "/usr/share/asterisk/sounds", "folders of speech for the talk-off test, separated by commas")

// TestTalkOff counts the keys that speech and its copies at other pitches are
// taken for. Debian's packages asterisk-core-sounds-*-wav hold the speech.
func TestTalkOff(t *testing.T) {
	pitches := []float64{1}
	if *full {
		pitches = []float64{1, 0.80, 0.84, 0.88, 0.92, 0.96, 1.04, 1.08, 1.12, 1.16, 1.20, 1.25}
	}
	hits := make([]int, len(pitches))
	hours := make([]float64, len(pitches))
	files := 0
	for _, root := range strings.Split(*sounds, ",") {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".wav") {
				return nil
			}
			if files++; files%4 != 0 && !*full {
				return nil
			}
			x := read(t, path)
			for i, p := range pitches {
				y := pitched(x, p)
				hours[i] += float64(len(y)) / dsp.Rate / 3600
				for _, e := range detect(y) {
					if e.Kind == Up {
						hits[i]++
						t.Logf("%s at pitch %v: %c at %.3f s, %d ms, %.0f + %.0f Hz, %.1f and %.1f dBm0", path, p, e.Key,
							float64(e.At-int64(e.Length))/dsp.Rate, e.Length/dsp.MS, e.Low.Hz, e.High.Hz, e.Low.DBm0, e.High.DBm0)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if hours[0] == 0 {
		t.Skip("no recordings in " + *sounds)
	}
	t.Logf("as spoken: %d keys in %.2f h", hits[0], hours[0])
	var n int
	var h float64
	for i := range pitches[1:] {
		n += hits[1+i]
		h += hours[1+i]
	}
	t.Logf("at other pitches: %d keys in %.2f h", n, h)
	if float64(hits[0]) > 1+hours[0]/14.5 || float64(n) > 1+h*6/130 {
		t.Error("more than one key in 14.5 h as spoken, or six in 130 h at other pitches")
	}
}

func read(t *testing.T, path string) []int16 {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := wav.Parse(f)
	if err != nil || info.Format != wav.PCM16 || info.Rate != dsp.Rate || info.Channels != 1 {
		t.Logf("%s left out: %v %+v", path, err, info)
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

// pitched plays x faster, and so higher, by a windowed sinc, through µ-law.
func pitched(x []int16, by float64) []int16 {
	if by == 1 {
		return companded(append([]int16(nil), x...))
	}
	const half = 16
	cut := min(1, 1/by)
	out := make([]int16, int(float64(len(x))/by))
	for i := range out {
		at := float64(i) * by
		mid := int(at)
		var sum float64
		for k := max(0, mid-half+1); k <= min(len(x)-1, mid+half); k++ {
			d := at - float64(k)
			h := cut
			if d != 0 {
				h = math.Sin(math.Pi*cut*d) / (math.Pi * d)
			}
			sum += float64(x[k]) * h * (0.5 + 0.5*math.Cos(math.Pi*d/half))
		}
		out[i] = int16(max(-32768, min(32767, math.Round(sum))))
	}
	return companded(out)
}
