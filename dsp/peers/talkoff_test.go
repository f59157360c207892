package peers

import (
	"flag"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/g711"
)

var every = flag.Uint64("every", 40, "recordings of which one is heard; 1: all, and with -full at other pitches too")

// pitches are those at which speech is played again with -full.
var pitches = []float64{0.80, 0.84, 0.88, 0.92, 0.96, 1.04, 1.08, 1.12, 1.16, 1.20, 1.25}

// resampler plays samples faster or slower, by a windowed sinc in a table.
type resampler struct {
	by   float64
	taps [257][32]float64 // by the fraction of a sample
}

func newResampler(by float64) *resampler {
	r := &resampler{by: by}
	cut := min(1, 1/by)
	for f := range r.taps {
		for k := range r.taps[f] {
			d := float64(f)/256 + 15 - float64(k)
			h := cut
			if d != 0 {
				h = math.Sin(math.Pi*cut*d) / (math.Pi * d)
			}
			r.taps[f][k] = h * (0.5 + 0.5*math.Cos(math.Pi*d/16.5))
		}
	}
	return r
}

func (r *resampler) play(x []int16) []int16 {
	out := make([]int16, int(float64(len(x))/r.by))
	for i := range out {
		at := float64(i) * r.by
		mid := int(at)
		taps := &r.taps[int((at-float64(mid))*256+0.5)]
		from := mid - 15
		if from < 0 || from+32 > len(x) {
			continue
		}
		var sum float64
		for k, v := range x[from : from+32] {
			sum += taps[k] * float64(v)
		}
		out[i] = int16(max(-32768, min(32767, sum)))
	}
	return out
}

// begun says where a recording begins in a chunk.
type begun struct {
	at   int
	path string
}

// chunks hands recordings out in pieces of some ten minutes, through µ-law, half
// a second apart.
func chunks(paths []string, by float64, take func(x []int16, of []begun)) (hours float64) {
	var r *resampler
	if by != 1 {
		r = newResampler(by)
	}
	var x []int16
	var of []begun
	flush := func() {
		if len(x) > 0 {
			hours += float64(len(x)) / dsp.Rate / 3600
			take(companded(x, g711.MuLaw), of)
			x, of = x[:0], of[:0]
		}
	}
	for _, path := range paths {
		y := readWAV(path)
		if r != nil {
			y = r.play(y)
		}
		of = append(of, begun{len(x), path})
		x = append(append(x, y...), make([]int16, dsp.Rate/2)...)
		if len(x) > 600*dsp.Rate {
			flush()
		}
	}
	flush()
	return hours
}

// count is how often each side hears what is not there.
type count struct{ ours, theirs int }

func (c count) String() string { return fmt.Sprint(c.ours) }

// listenTo counts what is heard in recordings; say tells of each that is ours.
func listenTo(t *testing.T, paths []string, by float64, all bool) (hours float64, keys, callers, tones, modems count) {
	add := func(c *count, what string, x []int16, of []begun, hear func(x []int16) []heard, peers ...string) {
		for _, h := range hear(x) {
			c.ours++
			k := len(of) - 1
			for k > 0 && int64(of[k].at) > h.At {
				k--
			}
			t.Logf("%s %q heard at %.2f s of %s at pitch %v", what, h.What, float64(h.At-int64(of[k].at))/dsp.Rate, of[k].path, by)
			keepAs(t, fmt.Sprintf("%s-%d-%s", strings.ReplaceAll(what, " ", "-"), c.ours, filepath.Base(of[k].path)), x[max(0, int(h.At)-60*dsp.Rate):min(len(x), int(h.At)+20*dsp.Rate)])
		}
		for _, p := range peers {
			if there() {
				c.theirs += len(receive(t, p, x))
			}
		}
	}
	hours = chunks(paths, by, func(x []int16, of []begun) {
		add(&keys, "key", x, of, hearKeys, "dtmf")
		if !all {
			return
		}
		add(&callers, "message", x, of, hearMessages, "class", "clip")
		add(&tones, "tone of an exchange", x, of, func(x []int16) []heard { return hearTones(x) }, "tones-us")
		add(&modems, "tone of a modem", x, of, hearModems, "modem-1", "modem-7")
	})
	return hours, keys, callers, tones, modems
}

// TestAccuracyOfTalkOff counts what is heard in recordings of people and music.
func TestAccuracyOfTalkOff(t *testing.T) {
	paths, tunes := files(*speech), files(*music)
	if len(paths) == 0 {
		t.Skip("no recordings in " + *speech + ": .ci/speech lays some into a folder, -sounds FOLDER has them heard")
	}
	if *every > 1 { // others with another seed
		few := func(all []string) (out []string) {
			for i, p := range all {
				if (uint64(i)+*seed)%*every == 0 {
					out = append(out, p)
				}
			}
			return out
		}
		paths = few(paths)
		if len(tunes) > 1 {
			tunes = tunes[*seed%uint64(len(tunes)):][:1]
		}
	}
	b := newTable(t, "4-talkoff")
	hours, keys, callers, tones, modems := listenTo(t, paths, 1, true)
	in := func(h float64) string { return fmt.Sprintf("in %.2f h", h) }
	allowed := func(n float64, h, per float64) bool { return n <= math.Max(1, math.Ceil(per*h)) }
	b.row("keys in speech, "+in(hours), "≤ 1 in 14.5 h", keys.String(), fmt.Sprint(keys.theirs), allowed(float64(keys.ours), hours, 1/14.5))
	mh, mk, mc, mt, mm := listenTo(t, tunes, 1, true)
	b.row("keys in music, "+in(mh), "≤ 5 in 2.3 h", mk.String(), fmt.Sprint(mk.theirs), allowed(float64(mk.ours), mh, 5/2.3))
	b.row("false caller IDs in speech and music, "+in(hours+mh), "0", fmt.Sprint(callers.ours+mc.ours), fmt.Sprint(callers.theirs+mc.theirs), callers.ours+mc.ours == 0)
	b.row("false tones of exchanges in these, "+in(hours+mh), "0", fmt.Sprint(tones.ours+mt.ours), fmt.Sprintf("%d + %d", tones.theirs, mt.theirs), tones.ours+mt.ours == 0)
	b.row("false tones of modems in speech, "+in(hours), "0", modems.String(), fmt.Sprint(modems.theirs), modems.ours == 0)
	b.row("… in music, which has pure notes, "+in(mh), "≤ 1 an hour", mm.String(), fmt.Sprint(mm.theirs), float64(mm.ours) <= math.Ceil(mh))
	if *full && *every <= 1 {
		var h float64
		var all count
		at := len(b.rows)
		for i, by := range pitches {
			a, k, _, _, _ := listenTo(t, paths, by, false)
			h += a
			all.ours += k.ours
			all.theirs += k.theirs
			b.rows = b.rows[:at]
			b.row(fmt.Sprintf("keys in the same speech at %d other pitches, %s", i+1, in(h)), "≤ 6 in 130 h", all.String(), fmt.Sprint(all.theirs), allowed(float64(all.ours), h, 6.0/130))
		}
	}
	t.Log("recordings: " + strings.ReplaceAll(*speech+"; "+*music, ",", ", "))
}
