package callerid

import (
	"flag"
	"fmt"
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

var (
	full   = flag.Bool("full", false, "the full counts of the accuracy table")
	seed   = flag.Uint64("seed", 1, "of the accuracy table")
	sounds = flag.String("sounds", "/usr/share/asterisk/sounds,/usr/share/asterisk/moh", "folders of recordings without caller ID, separated by commas")
)

// TestAccuracy prints what the receiver reaches and fails where it is less than
// the package comment promises.
func TestAccuracy(t *testing.T) {
	n := 50
	if *full {
		n = 1000
	}
	for _, c := range []Coding{Bell, V23} {
		row := func(what string, put func(l *line, m []byte), after func(l *line), need float64) {
			l := newLine(*seed)
			var sent []string
			l.silence(200)
			for range n {
				m := l.message()
				sent = append(sent, hex(m[:len(m)-1]))
				put(l, m)
				l.silence(l.between(150, 400))
			}
			if after != nil {
				after(l)
			}
			ok, wrong, coded := 0, 0, 0
			for _, m := range receive(l.samples()) {
				found := false
				for i, s := range sent {
					if s == m.Hex() {
						sent, found = sent[i+1:], true
						ok++
						break
					}
				}
				if !found {
					wrong++
				}
				if m.Coding == c {
					coded++
				}
			}
			mark := ""
			if float64(ok) < need*float64(n) || wrong > 0 && need > 0 {
				mark = "  <-- not reached"
				t.Fail()
			}
			t.Logf("%-8v %-55s %5.1f %%, wrong %d%s", c, what, 100*float64(ok)/float64(n), wrong, mark)
		}
		plain := func(k conditions) func(l *line, m []byte) {
			return func(l *line, m []byte) { l.send(c, m, OnHook(), k) }
		}
		noise := func(dBm0 float64) func(*line) { return func(l *line) { l.noise(0, dBm0) } }
		for _, dB := range []float64{9, 8, 7, 6, 5, 4} {
			need := 0.0
			if dB >= 8 {
				need = 0.97
			}
			row(fmt.Sprintf("S/N %v dB", dB), plain(conditions{level: -14}), noise(-14-dB), need)
		}
		for _, level := range []float64{-3, -36, -40} {
			row(fmt.Sprintf("%v dBm0, noise at −68 dBm0", level), plain(conditions{level: level}), noise(-68), 0.99)
		}
		for _, dB := range []float64{0, -12} {
			row(fmt.Sprintf("hum of 50 Hz, %v dB below, noise at −60 dBm0", dB), plain(conditions{level: -14}), func(l *line) {
				l.noise(0, -60)
				l.hum(50, -14-dB)
			}, 0.99)
		}
		for _, low := range []float64{-28, -38} {
			row(fmt.Sprintf("must accept: %v…%v dBm0, twist ±6, ±1 %%, S/N 15…35 dB", low, low+19), func(l *line, m []byte) {
				k := conditions{level: l.between(low, low+19), twist: l.between(-6, 6), hz: l.between(-0.01, 0.01), baud: l.between(-0.01, 0.01)}
				from := len(l.x)
				l.send(c, m, OnHook(), k)
				l.noise(from, k.level-math.Abs(k.twist)-l.between(15, 35))
			}, noise(-75), 0.99)
		}
		row("during a call: 80 ± 25 bits of mark only", func(l *line, m []byte) {
			l.send(c, m, Timing{Mark: 55 + l.rnd.IntN(51), After: 5}, conditions{level: -20})
		}, noise(-45), 0.99)
		row("frequencies ±3 %, rate ±2 %", func(l *line, m []byte) {
			l.send(c, m, OnHook(), conditions{level: -20, hz: l.between(-0.03, 0.03), baud: l.between(-0.02, 0.02)})
		}, noise(-45), 0.99)
	}
}

// TestNothingIsMadeOfSpeech counts the messages that speech is taken for.
// Debian's packages asterisk-core-sounds-*-wav and asterisk-moh-opsound-wav hold
// speech and music.
func TestNothingIsMadeOfSpeech(t *testing.T) {
	var hours float64
	damaged := 0
	for i, path := range recordings(*sounds) {
		if i%5 != 0 && !*full {
			continue
		}
		for _, p := range pitches() {
			x := pitched(read(t, path), p)
			r := New()
			for _, m := range r.Flush(r.Process(nil, x)) {
				t.Errorf("%s at pitch %v: %v message %s at %.2f s", path, p, m.Coding, m.Hex(), float64(m.At)/dsp.Rate)
			}
			damaged += r.Damaged()
			hours += float64(len(x)) / dsp.Rate / 3600
		}
	}
	if hours == 0 {
		t.Skip("no recordings in " + *sounds)
	}
	t.Logf("0 messages and %d that seemed to begin in %.2f h", damaged, hours)
}

// pitches are those at which recordings are played.
func pitches() []float64 {
	if !*full {
		return []float64{1}
	}
	return []float64{1, 0.80, 0.84, 0.88, 0.92, 0.96, 1.04, 1.08, 1.12, 1.16, 1.20, 1.25}
}

// pitched plays x faster, and so higher.
func pitched(x []int16, by float64) []int16 {
	if by == 1 {
		return x
	}
	out := make([]int16, max(0, int(float64(len(x)-4)/by)))
	for i := range out {
		at := float64(i)*by + 1
		k := int(at)
		d := at - float64(k)
		a, b, c, e := float64(x[k-1]), float64(x[k]), float64(x[k+1]), float64(x[k+2])
		v := b + d/2*(c-a+d*(2*a-5*b+4*c-e+d*(3*(b-c)+e-a))) // Catmull-Rom
		out[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	return out
}

// recordings gives the WAV files in folders.
func recordings(roots string) (out []string) {
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
