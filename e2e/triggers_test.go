package e2e

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/callerid"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
)

// idleLength lets the full proof be taken in parts.
var idleLength = flag.Duration("idle", 24*time.Hour, "how long the full proof of lines on which nobody speaks takes, in line time")

// heardBoard has analog taps, and behind them lines of a tapped span, which tell
// nothing of their calls.
func heardBoard(analog, digital int, settings string) string {
	lines := strings.Repeat(`{kind = "fxo"}, `, analog) + strings.Repeat(`{kind = "bchan"}, `, digital)
	return quietly + board("b", "peers", 0, "lines = ["+lines+"]\nspans = [{channels = 31, dchannel = 0, tap = true}]") + pin(1, analog+digital, settings)
}

// A tape is what is played on a line, and what happens at which of its blocks.
type tape struct {
	pcm    []int16
	events map[int][]string
}

func (p *tape) add(pcm []int16) { p.pcm = append(p.pcm, pcm...) }

// at notes events for what is added next; it begins with a block.
func (p *tape) at(events ...string) {
	for len(p.pcm)%driver.Block != 0 {
		p.pcm = append(p.pcm, 0)
	}
	if p.events == nil {
		p.events = map[int][]string{}
	}
	n := len(p.pcm) / driver.Block
	p.events[n] = append(p.events[n], events...)
}

// loop is a Next that plays a tape for so many blocks, again and again.
func (p *tape) loop(blocks uint32) func(uint32, []int16) ([]string, bool) {
	whole := len(p.pcm) / driver.Block
	return func(n uint32, dst []int16) ([]string, bool) {
		k := int(n) % whole
		copy(dst, p.pcm[k*driver.Block:])
		return p.events[k], n+1 >= blocks
	}
}

func nothing(d time.Duration) []int16 { return make([]int16, int(d*driver.Rate/time.Second)) }

// playedFor is what a source plays in a time.
func playedFor(s interface{ Fill([]int16) int }, d time.Duration) []int16 {
	b := nothing(d)
	s.Fill(b)
	return b
}

func cadence(c tone.Cadence, d time.Duration) []int16 { return playedFor(tone.New(c), d) }

// sines is a sum of tones of so many Hz and dBm0.
func sines(d time.Duration, hzAndLevel ...float64) []int16 {
	b := nothing(d)
	for i := range b {
		v := 0.0
		for k := 0; k < len(hzAndLevel); k += 2 {
			v += dsp.SinePeak(hzAndLevel[k+1]) * math.Sin(2*math.Pi*hzAndLevel[k]*float64(i)/driver.Rate+float64(k))
		}
		b[i] = int16(max(-32768, min(32767, v)))
	}
	return b
}

// whiteNoise has a level in dBm0.
func whiteNoise(d time.Duration, level float64, rng *rand.Rand) []int16 {
	b := nothing(d)
	rms := math.Sqrt(dsp.MeanSquare(level))
	for i := range b {
		b[i] = int16(rng.NormFloat64() * rms)
	}
	return b
}

func over(a, b []int16) []int16 {
	for i := range a[:min(len(a), len(b))] {
		a[i] = int16(max(-32768, min(32767, int(a[i])+int(b[i]))))
	}
	return a
}

// prompts are recorded sentences of several languages, each cut to where speech
// begins and ends and brought to −20 dBm0.
func prompts(t *testing.T, most int) (all [][]int16) {
	files, _ := filepath.Glob("/usr/share/asterisk/sounds/*/*.wav")
	sort.Slice(files, func(i, j int) bool { return filepath.Base(files[i]) < filepath.Base(files[j]) }) // languages in turn
	for _, f := range files {
		if name := filepath.Base(f); strings.Contains(name, "monkeys") || strings.Contains(name, "beep") || strings.Contains(name, "2tone") {
			continue // nobody speaks
		}
		pcm, err := Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		if pcm = spoken(pcm); len(pcm) > 8*600 {
			all = append(all, pcm[:min(len(pcm), 2*driver.Rate)])
		}
		if len(all) == most {
			break
		}
	}
	if len(all) < 20 {
		if *full {
			t.Fatal("the full proof needs recorded speech: .ci/need speech")
		}
		t.Skip("needs recorded speech: asterisk-core-sounds-en-wav")
	}
	return all
}

// spoken cuts away what is 30 dB below the loudest 10 ms, at both ends.
func spoken(pcm []int16) []int16 {
	const frame = 80
	var levels []float64
	loudest := -99.0
	for at := 0; at+frame <= len(pcm); at += frame {
		levels = append(levels, dsp.Measure(pcm[at:at+frame]).DBm0())
		loudest = max(loudest, levels[len(levels)-1])
	}
	first := slices.IndexFunc(levels, func(l float64) bool { return l > loudest-30 })
	last := len(levels)
	for last > first && last > 0 && levels[last-1] <= loudest-30 {
		last--
	}
	if first < 0 {
		return nil
	}
	pcm = slices.Clone(pcm[first*frame : last*frame])
	return louder(pcm, -20-dsp.Measure(pcm).DBm0())
}

func louder(pcm []int16, dB float64) []int16 {
	g := math.Pow(10, dB/20)
	for i, s := range pcm {
		pcm[i] = int16(max(-32768, min(32767, math.Round(float64(s)*g))))
	}
	return pcm
}

// hum is that of the mains with its harmonics.
func hum(d time.Duration, level float64) []int16 {
	return sines(d, 50, level-2, 100, level-9, 150, level-7, 250, level-14, 350, level-18)
}

// idleSounds are what a line carries on which nobody speaks.
func idleSounds(t *testing.T, rng *rand.Rand) map[string][]int16 {
	cn, _ := tone.Country("CN")
	caller := func(c callerid.Coding) []int16 {
		m, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("02161234567")})
		if err != nil {
			t.Fatal(err)
		}
		return playedFor(callerid.NewSource(c, m, callerid.OnHook(), -15), 1200*time.Millisecond)
	}
	var talk []int16
	for _, p := range prompts(t, 30) {
		talk = append(talk, p...)
	}
	keyed, err := tone.DTMF("A13800138000C", -12, 70, 70)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]int16{
		"hum":              slices.Concat(hum(20*time.Second, -30), hum(10*time.Second, -45)),
		"hum and noise":    over(hum(20*time.Second, -35), whiteNoise(20*time.Second, -50, rng)),
		"noise":            whiteNoise(20*time.Second, -48, rng),
		"dial tone":        cadence(cn.Dial, 30*time.Second),
		"dial tone in hum": over(cadence(cn.Dial, 10*time.Second), hum(10*time.Second, -30)),
		"ringback":         cadence(cn.Ringback, 20*time.Second),
		"busy":             cadence(cn.Busy, 15*time.Second),
		"congestion":       cadence(cn.Congestion, 10*time.Second),
		"howler":           slices.Concat(sines(4*time.Second, 950, -20), sines(4*time.Second, 950, -12), sines(8*time.Second, 950, -3)),
		"caller ID Bell":   caller(callerid.Bell),
		"caller ID V.23":   caller(callerid.V23),
		"caller ID keys":   cadence(keyed, 3*time.Second),
		"answer tone":      sines(3*time.Second, 2100, -12),
		"fax calling tone": slices.Concat(sines(500*time.Millisecond, 1100, -12), nothing(3*time.Second), sines(500*time.Millisecond, 1100, -12)),
		"crosstalk":        louder(talk[:20*driver.Rate], -38), // −58 dBm0
	}
}

// idleTape makes ten minutes of one of three lines: of a telephone that is rung
// and down, of one that was left off-hook, and of a line that tells nothing of
// its calls.
func idleTape(line int, sounds map[string][]int16, rng *rand.Rand) *tape {
	names := slices.Sorted(maps.Keys(sounds))
	p := &tape{}
	fit := func(d time.Duration) {
		for most := int(d * driver.Rate / time.Second); len(p.pcm) < most; {
			p.add(nothing(time.Duration(1+rng.IntN(3000)) * time.Millisecond))
			p.add(sounds[names[rng.IntN(len(names))]])
		}
	}
	ring := func() {
		p.at("ring")
		p.add(over(sines(time.Second, 25, -8, 75, -20, 125, -28), whiteNoise(time.Second, -55, rng)))
		p.at("ring-end")
	}
	switch line {
	case 1:
		p.at("volts -48")
		for range 3 {
			fit(time.Duration(len(p.pcm)/driver.Rate+60) * time.Second)
			ring()
			p.add(nothing(600 * time.Millisecond))
			p.add(sounds["caller ID Bell"])
			p.add(nothing(2200 * time.Millisecond))
			for range 4 {
				ring()
				p.add(nothing(4 * time.Second))
			}
		}
		fit(10 * time.Minute)
	case 2:
		p.at("volts -48")
		p.add(nothing(20 * time.Second))
		p.at("volts -8")
		p.add(nothing(400 * time.Millisecond))
		p.add(sounds["dial tone"])
		p.add(sounds["congestion"])
		for len(p.pcm) < 580*driver.Rate {
			p.add(sounds["howler"])
			p.add(nothing(5 * time.Second))
		}
		p.at("volts -48")
		fit(10 * time.Minute)
	default:
		fit(10 * time.Minute)
	}
	return p
}

// idlePeer plays another tape every ten minutes.
func idlePeer(line int, blocks uint32, sounds map[string][]int16) *Peer {
	rng := rand.New(rand.NewPCG(uint64(line), 16))
	p, at := idleTape(line, sounds, rng), 0
	return &Peer{Line: line, Next: func(n uint32, dst []int16) ([]string, bool) {
		if at == len(p.pcm)/driver.Block {
			p, at = idleTape(line, sounds, rng), 0
		}
		copy(dst, p.pcm[at*driver.Block:])
		at++
		return p.events[at-1], n+1 >= blocks
	}}
}

func TestLinesOnWhichNobodySpeaksMakeNoRecording(t *testing.T) {
	length := counts(10*time.Minute, time.Hour, *idleLength)
	sounds := idleSounds(t, rand.New(rand.NewPCG(1, 16)))
	root := scratch(t)
	d := start(t, root, heardBoard(2, 1, `trigger = "voice"`))
	blocks := uint32(length / driver.Tick)
	began := time.Now()
	ps, err := Dial(sockets(d, "b"), idlePeer(1, blocks, sounds), idlePeer(2, blocks, sounds), idlePeer(3, blocks, sounds))
	if err != nil {
		t.Fatal(err)
	}
	ctx := within(t, time.Hour)
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	rows, err := d.Recordings(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		story, _ := filepath.Glob(filepath.Join(root, "recordings", "*", "*", "*", r.ID+".jsonl"))
		t.Errorf("line %d made a recording of %.1f s at %v: %s", r.Line, r.Duration, r.Start, story)
	}
	t.Logf("%v of three lines on which nobody speaks, in %v: %d recordings", length, time.Since(began).Round(time.Second), len(rows))
	stop(t, d)
}

// TestVoiceTriggerLosesNoSyllable: sentences of five languages, from −15 to −30
// dBm0 in a little noise, 4 s apart. The first 200 ms of each must be in a
// recording, sample for sample, with the shortest pre-roll that can be set.
func TestVoiceTriggerLosesNoSyllable(t *testing.T) {
	lines := counts(4, 8, 20)
	each := counts(6, 12, 50)
	rng := rand.New(rand.NewPCG(1, 17))
	said := prompts(t, 2000)
	root := scratch(t)
	d := start(t, root, heardBoard(0, lines, "trigger = \"voice\"\nhangover_ms = 1000\npreroll_ms = 0"))
	heads := map[int][][]int16{}
	var peers []*Peer
	for line := 1; line <= lines; line++ {
		p := &tape{}
		p.add(whiteNoise(3*time.Second, -62, rng))
		for range each {
			u := louder(slices.Clone(said[rng.IntN(len(said))]), 5-15*rng.Float64())
			u = over(u, whiteNoise(2*time.Second, -62, rng))
			heads[line] = append(heads[line], u[:200*8])
			p.add(u)
			p.add(whiteNoise(4*time.Second, -62, rng))
		}
		peers = append(peers, &Peer{Line: line, Next: p.loop(uint32(len(p.pcm) / driver.Block))})
	}
	ps, err := Dial(sockets(d, "b"), peers...)
	if err != nil {
		t.Fatal(err)
	}
	ctx := within(t, 10*time.Minute)
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	err = Until(ctx, "the hang-over", func() (bool, error) {
		rows, err := d.Recordings(ctx, 0)
		return err == nil && !slices.ContainsFunc(rows, func(r Recording) bool { return r.State == "open" }), err
	})
	if err != nil {
		t.Fatal(err)
	}
	missing, recordings := 0, 0
	for line := 1; line <= lines; line++ {
		all, n := allAudio(t, ctx, d, line, root)
		recordings += n
		for i, head := range heads[line] {
			if !bytes.Contains(all, codes(head)) {
				missing++
				t.Errorf("line %d: the first 200 ms of utterance %d are in no recording", line, i+1)
			}
		}
	}
	t.Logf("%d utterances in %d recordings; of %d the first 200 ms are missing", lines*each, recordings, missing)
	stop(t, d)
}

// codes is A-law.
func codes(pcm []int16) []byte {
	b := make([]byte, len(pcm))
	g711.Encode(b, pcm, g711.ALaw)
	return b
}

// allAudio is what all recordings of a line hold, in order.
func allAudio(t *testing.T, ctx context.Context, d *Daemon, line int, scratch string) (all []byte, recordings int) {
	t.Helper()
	rows, err := d.Recordings(ctx, line)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		pcm, err := d.Export(ctx, r.ID, scratch)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, codes(pcm)...)
	}
	return all, len(rows)
}

// keyed plays keys.
func keyed(t *testing.T, keys string) []int16 {
	t.Helper()
	c, err := tone.DTMF(keys, -10, 100, 100)
	if err != nil {
		t.Fatal(err)
	}
	return cadence(c, time.Duration(len(keys)*200+200)*time.Millisecond)
}

func TestKeysOnATelephoneBeginAndEndARecording(t *testing.T) {
	said := prompts(t, 40)
	root := scratch(t)
	d := start(t, root, heardBoard(1, 0, "trigger = \"key\"\nkey_mute = true\ncodec = \"gsm\""))
	p := &tape{}
	p.at("volts -48")
	p.add(nothing(10 * time.Second))
	for range 3 {
		p.at("ring")
		p.add(nothing(time.Second))
		p.at("ring-end")
		p.add(nothing(4 * time.Second))
	}
	p.at("volts -8")
	p.add(nothing(time.Second))
	p.add(said[0])
	p.add(nothing(3 * time.Second))
	p.add(keyed(t, "*1"))
	p.add(said[1])
	p.add(nothing(5 * time.Second))
	p.add(said[2])
	p.add(keyed(t, "5")) // a menu
	p.add(nothing(5 * time.Second))
	p.add(keyed(t, "#1"))
	p.add(nothing(5 * time.Second))
	p.at("volts -48")
	p.add(nothing(10 * time.Second))
	ps, err := Dial(sockets(d, "b"), &Peer{Line: 1, Next: p.loop(uint32(len(p.pcm) / driver.Block))})
	if err != nil {
		t.Fatal(err)
	}
	ctx := within(t, time.Minute)
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	rows, err := d.Recordings(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	calls, err := d.Calls(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || len(calls) != 1 {
		t.Fatalf("%d recordings and %d calls, want one of each", len(rows), len(calls))
	}
	r := rows[0]
	if r.Trigger != "key" || r.Codec != "gsm" || r.Call != calls[0].ID || !strings.Contains(fmt.Sprint(calls[0].Why), "key") {
		t.Errorf("%+v of %+v", r, calls[0])
	}
	if lead := r.Start.Sub(calls[0].Start); lead < -time.Second || lead > time.Second {
		t.Errorf("it begins %v after the call; it should have all of it", lead)
	}
	file := filepath.Join(root, "decoded.wav")
	if _, err := d.Ctl(ctx, "export", r.ID, "--format", "pcm16", "-o", file); err != nil {
		t.Fatal(err)
	}
	pcm, err := Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Duration * driver.Rate; math.Abs(float64(len(pcm))-n) > 8 { // the duration is told in milliseconds
		t.Errorf("the export has %d samples, the recording %.0f", len(pcm), n)
	}
	out, err := d.Ctl(ctx, "verify", r.ID)
	if err != nil {
		t.Errorf("verify: %v %s", err, out)
	}
	stop(t, d)
}

// TestAFaxInACodedRecordingGoesOnLossless: from where it is known to be a fax the
// line's own bytes are kept, in a segment that follows without a sample missing.
func TestAFaxInACodedRecordingGoesOnLossless(t *testing.T) {
	said := prompts(t, 20)
	root := scratch(t)
	config := heardBoard(2, 0, "trigger = \"voltage\"\ncodec = \"gsm\"")
	d := start(t, root, strings.Replace(config, "[settings.lines.2]\n", "[settings.lines.2]\non_modem = \"skip\"\n", 1))
	rng := rand.New(rand.NewPCG(1, 18))
	page := whiteNoise(20*time.Second, -15, rng) // as good as any fast modem
	p := &tape{}
	p.at("volts -48")
	p.add(nothing(10 * time.Second))
	p.at("volts -8")
	p.add(nothing(time.Second))
	p.add(said[0])
	p.add(nothing(time.Second))
	for range 3 { // ITU-T T.30 clause 4.3.3.1.2: 1100 Hz, 0.5 s of every 3.5
		p.add(sines(500*time.Millisecond, 1100, -12))
		p.add(nothing(3 * time.Second))
	}
	p.add(sines(3*time.Second, 2100, -12))
	p.add(page)
	p.at("volts -48")
	p.add(nothing(5 * time.Second))
	blocks := uint32(len(p.pcm) / driver.Block)
	ps, err := Dial(sockets(d, "b"), &Peer{Line: 1, Next: p.loop(blocks)}, &Peer{Line: 2, Next: p.loop(blocks)})
	if err != nil {
		t.Fatal(err)
	}
	ctx := within(t, time.Minute)
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	for line, want := range map[int]string{1: "gsm g711a", 2: "gsm"} {
		rows, err := d.Recordings(ctx, line)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rows {
			got = append(got, r.Codec)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("line %d has recordings in %q, want %q", line, got, want)
			continue
		}
		if line == 2 {
			if rows[0].Duration > 15 {
				t.Errorf("the skipped fax was recorded for %.1f s", rows[0].Duration)
			}
			continue
		}
		if gap := rows[1].Start.Sub(rows[0].End); gap < -time.Millisecond || gap > time.Millisecond {
			t.Errorf("the second segment begins %v after the first one's end", gap)
		}
		pcm, err := d.Export(ctx, rows[1].ID, root)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(codes(pcm), codes(page)) {
			t.Error("the fax is not in the second segment bit for bit")
		}
	}
	stop(t, d)
}

// TestAWholeCallIsRecordedWithTheCallersNumber: from the first ring on, and the
// number that comes between the rings stands in the recording's row.
func TestAWholeCallIsRecordedWithTheCallersNumber(t *testing.T) {
	said := prompts(t, 20)
	root := scratch(t)
	d := start(t, root, heardBoard(1, 0, "trigger = \"call\"\ncodec = \"ima\""))
	message, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("02161234567")})
	if err != nil {
		t.Fatal(err)
	}
	p := &tape{}
	ring := func() {
		p.at("ring")
		p.add(nothing(time.Second))
		p.at("ring-end")
	}
	p.at("volts -48")
	p.add(nothing(20 * time.Second))
	ring() // answered
	p.add(nothing(600 * time.Millisecond))
	p.add(playedFor(callerid.NewSource(callerid.Bell, message, callerid.OnHook(), -15), 1500*time.Millisecond))
	p.add(nothing(1900 * time.Millisecond))
	ring()
	p.add(nothing(2 * time.Second))
	p.at("volts -8")
	p.add(nothing(time.Second))
	p.add(said[5])
	p.add(nothing(2 * time.Second))
	p.at("volts -48")
	p.add(nothing(20 * time.Second))
	for range 3 { // missed
		ring()
		p.add(nothing(4 * time.Second))
	}
	p.add(nothing(10 * time.Second))
	ps, err := Dial(sockets(d, "b"), &Peer{Line: 1, Next: p.loop(uint32(len(p.pcm) / driver.Block))})
	if err != nil {
		t.Fatal(err)
	}
	ctx := within(t, time.Minute)
	if err := ps.Run(ctx); err != nil {
		t.Fatal(err)
	}
	sealed(t, d)
	rows, err := Rows[struct {
		Recording
		Caller string `json:"caller"`
	}](ctx, d, "recordings")
	if err != nil {
		t.Fatal(err)
	}
	calls, err := d.Calls(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) != 2 || len(rows) != 1 {
		t.Fatalf("%d calls and %d recordings, want 2 and 1: %+v", len(calls), len(rows), calls)
	}
	r, c := rows[0], calls[0]
	if r.Caller != "02161234567" || r.Call != c.ID || r.Trigger != "call" || r.Codec != "ima" || r.Direction != "in" || c.Missed || !calls[1].Missed {
		t.Errorf("recording %+v of calls %+v", r, calls)
	}
	if lead := c.Start.Sub(r.Start); lead < 0 || lead > 4*time.Second || r.Duration < 11 {
		t.Errorf("it begins %v before the first ring and has %.1f s", lead, r.Duration)
	}
	journal, err := filepath.Glob(filepath.Join(root, "recordings", "*", "*", "*", "day.jsonl"))
	if err != nil || len(journal) == 0 {
		t.Fatal("no day journal", err)
	}
	b, err := os.ReadFile(journal[0])
	if err != nil || !bytes.Contains(b, []byte(`"caller":"02161234567"`)) {
		t.Errorf("the caller is not in the journal of the day: %v", err)
	}
	stop(t, d)
}
