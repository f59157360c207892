package pulse

import (
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/wav"
)

var (
	full   = flag.Bool("full", false, "the full counts of the accuracy table")
	seed   = flag.Uint64("seed", 1, "of the accuracy table")
	sounds = flag.String("sounds", "/usr/share/asterisk/sounds", "folders of speech, separated by commas")
)

const sure = 0.5 // confidence from which a digit counts

// TestAccuracy prints what the detector reaches and fails where it is less than
// the package comment promises.
func TestAccuracy(t *testing.T) {
	calls := 10
	if *full {
		calls = 500
	}
	for _, c := range []struct {
		what string
		dial func(l *line) dial
		over func(l *line, first int)
		need float64
	}{
		{"10 pulses per second, quiet line", func(l *line) dial {
			return dial{rate: 10, open: l.between(0.58, 0.68), peak: 6000, jitter: 0.5, rise: 0.2}
		}, nil, 0.96},
		{"20 pulses per second", func(l *line) dial {
			return dial{rate: 20, open: l.between(0.58, 0.68), peak: 6000, jitter: 0.5, rise: 0.2}
		}, nil, 0.96},
		{"8…22 pulses per second, open for 50…72 %", func(l *line) dial {
			return dial{rate: l.between(8, 22), open: l.between(0.5, 0.72), peak: 6000, jitter: 0.5, rise: 0.2}
		}, nil, 0.93},
		{"jitter of 1.5 ms, bouncing contacts", func(l *line) dial {
			return dial{rate: 10, open: l.between(0.58, 0.68), peak: 6000, jitter: 1.5, rise: 0.3, bounce: true}
		}, nil, 0.95},
		{"makes 3 dB louder…12 dB fainter, clicks of 500…15000", func(l *line) dial {
			return dial{rate: 10, open: 0.62, peak: l.between(500, 15000), make: l.between(-12, 3), jitter: 0.5, rise: l.between(0.2, 0.6)}
		}, nil, 0.84},
		{"only every break is heard", func(l *line) dial {
			return dial{rate: 10, open: 0.62, peak: 3000, make: -60, jitter: 0.5, rise: 0.2}
		}, nil, 0.7},
		{"dial tone 450 Hz at −10 dBm0 before, clicks of 4000", func(l *line) dial {
			return dial{rate: 10, open: 0.62, peak: 4000, jitter: 0.5, rise: 0.2}
		}, func(l *line, first int) { l.tone(0, first, 450, -10) }, 0.95},
		{"hum of 50 Hz at −20 dBm0, noise at −50, clicks of 4000", func(l *line) dial {
			return dial{rate: 10, open: 0.62, peak: 4000, jitter: 0.5, rise: 0.2}
		}, func(l *line, _ int) { l.tone(0, len(l.x), 50, -20); l.noise(-50) }, 0.95},
	} {
		var sent, found, wrong, unsure int
		for i := range calls {
			l := newLine(*seed*1000 + uint64(i))
			d := c.dial(l)
			l.silence(1000)
			first := len(l.x)
			for range 8 {
				l.dial('0'+byte(l.rnd.IntN(10)), d)
				l.silence(l.between(250, 900))
			}
			if c.over != nil {
				c.over(l, first)
			}
			l.noise(-60)
			sent += len(l.sent)
			k := 0
			for _, e := range detect(l.samples()) {
				for k+1 < len(l.sent) && int64(l.sent[k+1].at) <= e.At+20*dsp.MS {
					k++
				}
				switch {
				case e.Confidence < sure:
					unsure++
				case e.Digit == l.sent[k].digit:
					found++
				default:
					wrong++
				}
			}
		}
		mark := ""
		if float64(found) < c.need*float64(sent) || float64(wrong) > 0.01*float64(sent) {
			mark = "  <-- not reached"
			t.Fail()
		}
		t.Logf("%-55s right %5.1f %%, unsure %4.1f %%, wrong %4.1f %%%s", c.what, 100*float64(found)/float64(sent),
			100*float64(unsure)/float64(sent), 100*float64(wrong)/float64(sent), mark)
	}
}

// TestTalkOff counts the digits that speech is taken for. A tap listens for
// them only in the first seconds of a call.
func TestTalkOff(t *testing.T) {
	var hours float64
	some, certain, files := 0, 0, 0
	for _, root := range strings.Split(*sounds, ",") {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".wav") {
				return nil
			}
			if files++; files%4 != 0 && !*full {
				return nil
			}
			x := read(t, path)
			hours += float64(len(x)) / dsp.Rate / 3600
			for _, e := range detect(x) {
				if some++; e.Confidence >= sure {
					certain++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if hours == 0 {
		t.Skip("no recordings in " + *sounds)
	}
	t.Logf("%.2f h of speech: %d digits, %d of them of confidence %v or more: %.1f per hour", hours, some, certain, sure, float64(certain)/hours)
	if float64(certain) > 2+3*hours {
		t.Error("more than 3 per hour")
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
