package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/callerid"
	"vaad/dsp/codec"
	"vaad/dsp/g711"
	"vaad/dsp/modemtone"
	"vaad/dsp/resample"
	"vaad/dsp/tone"
	"vaad/dsp/wav"
)

// A tape is audio that is put together.
type tape []int16

func (x *tape) silence(ms int) { *x = append(*x, make([]int16, ms*dsp.MS)...) }

// play records a source for so many ms at most.
func (x *tape) play(source interface{ Fill([]int16) int }, ms int) {
	block := make([]int16, ms*dsp.MS)
	*x = append(*x, block[:source.Fill(block)]...)
}

func (x *tape) keys(t *testing.T, digits string) {
	t.Helper()
	c, err := tone.DTMF(digits, -10, 60, 60)
	if err != nil {
		t.Fatal(err)
	}
	x.play(tone.New(c), 10000)
}

// speak is something like speech: syllables of hissing and vowels, of a voice
// whose pitch and mouth move, between short pauses.
func (x *tape) speak(ms int) {
	r := rand.New(rand.NewPCG(1, 2))
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	square := func(v float64) float64 { return v * v }
	pitch, phase := between(110, 190), 0.0
	for end := len(*x) + ms*dsp.MS; len(*x) < end; {
		before := 0.0
		for n := int(dsp.Rate * between(0, 0.08)); n > 0; n-- {
			w := r.NormFloat64()
			*x, before = append(*x, int16(700*(w-0.8*before))), w
		}
		n, first, second, glide := int(dsp.Rate*between(0.1, 0.25)), between(300, 800), between(900, 2200), between(-0.25, 0.2)
		base := pitch * between(0.8, 1.3)
		for i := range n {
			at := float64(i) / float64(n)
			f := base * (1 + glide*at)
			phase += 2 * math.Pi * f / dsp.Rate
			v := 0.0
			for h := 1.0; h*f < 3600; h++ {
				v += (1/(1+square((h*f-first)/90)) + 0.5/(1+square((h*f-second)/120)) + 0.02) * math.Sin(h*phase)
			}
			*x = append(*x, int16(3000*v*math.Sin(math.Pi*at)))
		}
		x.silence(int(between(20, 90)))
	}
}

// wav is the tape as a file; several channels are interleaved already.
func (x tape) wav(channels int) []byte {
	head := wav.Spec{Format: wav.PCM16, Rate: rate, Channels: channels}.Header(int64(2 * len(x)))
	return codec.Linear{}.Encode(head, x)
}

func put(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// heard is what analyse --json says, one map per line.
func heard(t *testing.T, in io.Reader, args ...string) (all []map[string]any, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), append([]string{"--lang", "en", "--json", "analyse"}, args...), in, &o, &e)
	for d := json.NewDecoder(&o); d.More(); {
		var m map[string]any
		if err := d.Decode(&m); err != nil {
			t.Fatalf("%v in %s", err, o.String())
		}
		all = append(all, m)
	}
	return all, e.String(), code
}

func digits(all []map[string]any) (s string) {
	for _, m := range all {
		if m["kind"] == "dtmf" {
			s += m["digit"].(string)
		}
	}
	return s
}

// office is a call as a tap hears it, and where its parts begin, in seconds.
func office(t *testing.T) (x tape, at map[string]float64) {
	t.Helper()
	at = map[string]float64{}
	mark := func(part string) { at[part] = float64(len(x)) / rate }
	cn, _ := tone.Country("CN")
	x.silence(1000)
	mark("callerid")
	m, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.DateTime, Raw: []byte("11220830")},
		callerid.Field{Type: callerid.Number, Raw: []byte("13812345678")}, callerid.Field{Type: callerid.Name, Raw: []byte("\xd5\xc5\xc8\xfd")})
	if err != nil {
		t.Fatal(err)
	}
	x.play(callerid.NewSource(callerid.Bell, m, callerid.OnHook(), -15), 3000)
	x.silence(1000)
	mark("dial")
	x.play(tone.New(cn.Dial), 3000)
	x.silence(300)
	mark("dtmf")
	x.keys(t, "0123456789*#")
	x.silence(500)
	mark("ringback")
	x.play(tone.New(cn.Ringback), 6500)
	x.silence(700)
	mark("voice")
	x.speak(5000)
	mark("silence")
	x.silence(1000)
	mark("busy")
	x.play(tone.New(cn.Busy), 4200)
	x.silence(500)
	return x, at
}

func TestEverythingIsHeardOnOneTimeAxis(t *testing.T) {
	x, at := office(t)
	name := put(t, t.TempDir(), "a.wav", x.wav(1))
	all, errs, code := heard(t, nil, name)
	if code != exitOK || errs != "" {
		t.Fatalf("%d %s", code, errs)
	}
	near := func(m map[string]any, want, tolerance float64) bool {
		return math.Abs(m["at"].(float64)-want) <= tolerance
	}
	if !slices.IsSortedFunc(all, func(a, b map[string]any) int { return int(1000 * (a["at"].(float64) - b["at"].(float64))) }) {
		t.Error("not in the order of time")
	}
	if got := digits(all); got != "0123456789*#" {
		t.Errorf("keys %q", got)
	}
	var seen []string
	var voice []float64
	for _, m := range all {
		switch m["kind"] {
		case "dtmf":
			if m["digit"] == "0" && (!near(m, at["dtmf"], 0.005) || math.Abs(m["duration"].(float64)-0.06) > 0.006 || math.Abs(m["level_dbm0"].(float64)+7.5) > 1) {
				t.Errorf("%v, want it at %v", m, at["dtmf"])
			}
			continue
		case "tone":
			name := m["tone"].(string)
			seen = append(seen, name)
			if !near(m, at[name], 0.02) || m["country"] != "CN" || math.Abs(m["hz"].([]any)[0].(float64)-450) > 2 {
				t.Errorf("%v, want it at %v", m, at[name])
			}
		case "callerid":
			seen = append(seen, "callerid")
			if m["number"] != "13812345678" || m["name"] != "张三" || m["date"] != "11-22 08:30" || !near(m, at["callerid"]+0.4, 0.3) {
				t.Errorf("%v", m)
			}
		case "voice":
			if m["state"] != []string{"start", "end"}[len(voice)%2] || m["at"].(float64) < at["voice"]-0.1 || m["at"].(float64) > at["silence"]+0.1 {
				t.Errorf("%v, want it within %v and %v", m, at["voice"], at["silence"])
			}
			voice = append(voice, m["at"].(float64))
			if ms := m["at"].(float64) * 100; math.Abs(ms-math.Round(ms)) > 1e-6 {
				t.Errorf("%v is no multiple of 10 ms", m["at"])
			}
		case "level":
			seen = append(seen, "level")
			if math.Abs(m["duration"].(float64)-float64(len(x))/rate) > 0.001 {
				t.Errorf("%v", m)
			}
		default:
			t.Errorf("%v", m)
		}
	}
	if len(voice) < 2 || len(voice)%2 != 0 || voice[0] > at["voice"]+0.5 || voice[len(voice)-1] < at["silence"]-0.7 { // the vowels fade
		t.Errorf("voice at %v, want it from %v to %v", voice, at["voice"], at["silence"])
	}
	if want := "level callerid dial ringback busy"; strings.Join(seen, " ") != want {
		t.Errorf("heard %v\nwant  %v", seen, want)
	}
	for lang, want := range map[string][]string{
		"en": {"Busy tone CN, 450", "13812345678, 张三, 11-22 08:30 (bell202)", "Begins", "Key "},
		"zh": {"忙音 CN", "主叫 13812345678", "开始", "按键 0"},
	} {
		out, _, _ := ctl(t, "--lang", lang, "analyse", name)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("no %q in\n%s", w, out)
			}
		}
	}
}

func TestOnlyWhatIsAskedForIsTold(t *testing.T) {
	x, _ := office(t)
	name := put(t, t.TempDir(), "a.wav", x.wav(1))
	all, _, _ := heard(t, nil, "--only", "dtmf,level", "--every", "2", name)
	levels := 0
	for i, m := range all {
		if m["kind"] == "level" {
			levels++
		} else if m["kind"] != "dtmf" {
			t.Errorf("%v", m)
		}
		if i > 0 && m["at"].(float64) < all[i-1]["at"].(float64) {
			t.Errorf("%v after %v", m, all[i-1])
		}
	}
	if want := (len(x) + 2*rate - 1) / (2 * rate); levels != want || digits(all) != "0123456789*#" {
		t.Errorf("%d levels, want %d; %s", levels, want, digits(all))
	}
}

func TestEveryCodecIsHeard(t *testing.T) {
	var x tape
	x.silence(200)
	x.keys(t, "159D#")
	dir := t.TempDir()
	name := put(t, dir, "a.wav", x.wav(1))
	for _, c := range []struct{ codec, out, from string }{
		{"alaw", "alaw.wav", ""}, {"ulaw", "ulaw.wav", ""}, {"pcm16", "pcm.wav", ""}, {"ima", "ima.wav", ""}, {"gsm", "gsm.wav", ""}, {"g726-32", "g726.wav", ""},
		{"gsm", "a.gsm", ""}, {"vox", "a.vox", ""}, {"vox-sox", "b.vox", "vox-sox"}, {"vox", "a.bin", "vox"},
	} {
		out := filepath.Join(dir, c.out)
		if _, errs, code := ctl(t, "transcode", name, out, "--codec", c.codec); code != exitOK {
			t.Fatalf("%s: %s", c.out, errs)
		}
		args := []string{out}
		if c.from != "" {
			args = append(args, "--from", c.from)
		}
		if all, errs, code := heard(t, nil, args...); code != exitOK || digits(all) != "159D#" {
			t.Errorf("%s: %q %d %s", c.out, digits(all), code, errs)
		}
	}
	bare := map[string][]byte{}
	for ext, name := range bareNames() {
		if v, ok := map[string]codec.Law{"alaw": codec.Law(g711.ALaw), "ulaw": codec.Law(g711.MuLaw)}[name]; ok {
			bare[ext] = v.Encode(nil, x)
		}
	}
	bare[".sln"] = codec.Linear{}.Encode(nil, x)
	for ext, b := range bare {
		if all, errs, code := heard(t, nil, put(t, dir, "bare"+ext, b)); code != exitOK || digits(all) != "159D#" {
			t.Errorf("%s: %q %d %s", ext, digits(all), code, errs)
		}
	}
}

func TestStandardInputIsHeard(t *testing.T) {
	var x tape
	x.silence(200)
	x.keys(t, "42")
	whole := x.wav(1)
	stream := codec.Linear{}.Encode(wav.StreamHeader(wav.PCM16), x)
	for name, in := range map[string][]byte{"wav": whole, "stream": stream} {
		if all, errs, code := heard(t, bytes.NewReader(in), "-"); code != exitOK || digits(all) != "42" {
			t.Errorf("%s: %q %d %s", name, digits(all), code, errs)
		}
	}
	if all, errs, code := heard(t, bytes.NewReader(codec.Linear{}.Encode(nil, x)), "-", "--from", "pcm16"); code != exitOK || digits(all) != "42" {
		t.Errorf("bare: %q %d %s", digits(all), code, errs)
	}
	if _, errs, code := heard(t, bytes.NewReader(codec.Linear{}.Encode(nil, x)), "-"); code != exitFailed || !strings.Contains(errs, "--from") {
		t.Errorf("bare without --from: %d %s", code, errs)
	}
	if _, errs, code := heard(t, bytes.NewReader(whole[:len(whole)-100]), "-"); code != exitFailed || !strings.Contains(errs, "50 samples too early") {
		t.Errorf("broken off: %d %s", code, errs)
	}
}

// A long tape delivers a quarter of an hour and looks whether anything was said before.
type longTape struct {
	left int
	out  *bytes.Buffer
	most int // bytes of output that were there before the end
}

func (l *longTape) Read(b []byte) (int, error) {
	if l.left == 0 {
		l.most = l.out.Len()
		return 0, io.EOF
	}
	n := min(len(b), l.left)
	clear(b[:n])
	l.left -= n
	return n, nil
}

func TestFindingsArePrintedWhileAStreamRuns(t *testing.T) {
	var o, e bytes.Buffer
	in := &longTape{left: 2 * rate * 900, out: &o}
	code := run(t.Context(), []string{"--json", "analyse", "-", "--from", "pcm16", "--only", "level", "--every", "10"}, in, &o, &e)
	if code != exitOK || in.most < o.Len()*8/10 {
		t.Errorf("%d %s: of %d bytes of output %d came before the end", code, e.String(), o.Len(), in.most)
	}
}

func TestChannelsAreHeardApart(t *testing.T) {
	var a, b, both tape
	a.silence(200)
	a.keys(t, "12")
	b.silence(500)
	b.keys(t, "9")
	b.silence(1000)
	for i := range b {
		left := int16(0)
		if i < len(a) {
			left = a[i]
		}
		both = append(both, left, b[i])
	}
	all, errs, code := heard(t, nil, put(t, t.TempDir(), "two.wav", both.wav(2)))
	got := map[any]string{}
	for _, m := range all {
		got[m["channel"]] += digits([]map[string]any{m})
	}
	if code != exitOK || got[1.0] != "12" || got[2.0] != "9" || len(got) != 2 {
		t.Errorf("%v %d %s", got, code, errs)
	}
}

func TestOtherRatesAreHeard(t *testing.T) {
	var x tape
	x.silence(200)
	x.keys(t, "2468")
	x.silence(200)
	dir := t.TempDir()
	for _, r := range []int{11025, 16000, 22050, 44100, 48000} {
		up, err := resample.New(rate, r)
		if err != nil {
			t.Fatal(err)
		}
		var both []int16
		for _, v := range up.Flush(up.Process(nil, x)) {
			both = append(both, 0, v)
		}
		b := codec.Linear{}.Encode(wav.Spec{Format: wav.PCM16, Rate: r, Channels: 2}.Header(int64(2*len(both))), both)
		name := put(t, dir, "r.wav", b)
		all, errs, code := heard(t, nil, name, "--only", "dtmf")
		if code != exitOK || digits(all) != "2468" || all[0]["channel"] != 2.0 || math.Abs(all[0]["at"].(float64)-0.2) > 0.005 {
			t.Errorf("%d Hz: %d %s %v", r, code, errs, all)
		}
		if y := decoded(t, name, "--side", "right"); len(y) < len(x) || len(y) > len(x)+1 || apart(x, y) < 30 {
			t.Errorf("%d Hz: %d samples became %d, %.1f dB apart", r, len(x), len(y), apart(x, y))
		}
	}
}

const someID = "01JD7S8E4ZQ0X5T2B6W9V3N1KM"

func TestSidesOfARecordingShareOneAxis(t *testing.T) {
	dir := t.TempDir()
	var a, b tape
	a.silence(200)
	a.keys(t, "1")
	a.silence(1000)
	a.keys(t, "3")
	b.silence(800)
	b.keys(t, "2")
	b.silence(900)
	network := put(t, dir, someID+".network.wav", a.wav(1))
	local := put(t, dir, someID+".local.wav", b.wav(1))
	story := put(t, dir, someID+".jsonl", []byte(`{"v":1,"kind":"start"}`+"\n"+`{"at":9600,"kind":"gap","value":800,"side":"local"}`+"\n"))
	for _, args := range [][]string{{network, local}, {story}, {local, story}} {
		all, errs, code := heard(t, nil, append(args, "--only", "dtmf,gap")...)
		var got []string
		for _, m := range all {
			got = append(got, digits([]map[string]any{m})+m["side"].(string))
		}
		if code != exitOK || strings.Join(got, " ") != "1network 2local local 3network" || all[2]["at"] != 1.2 || all[2]["duration"] != 0.1 {
			t.Errorf("%d %s: %v", code, errs, all)
		}
	}
}

func TestLostAudioIsNotHeardAsSilence(t *testing.T) {
	dir := t.TempDir()
	var x tape
	x.silence(1000)
	x.keys(t, "5")
	x.silence(2000)
	name := put(t, dir, someID+".mixed.wav", x.wav(1))
	put(t, dir, someID+".jsonl", []byte(`{"at":0,"kind":"gap","value":8000}`+"\n"+`{"at":12000,"kind":"gap","value":90000}`+"\n"+`{"at":1,"kind":"gap","val`))
	all, errs, code := heard(t, nil, name)
	if code != exitOK || len(all) != 4 {
		t.Fatalf("%d %s %v", code, errs, all)
	}
	if all[0]["kind"] == "level" {
		all[0], all[1] = all[1], all[0]
	}
	if all[0]["kind"] != "gap" || all[0]["duration"] != 1.0 || all[3]["kind"] != "gap" || all[3]["at"] != 1.5 || math.Abs(all[3]["duration"].(float64)-1.62) > 0.001 {
		t.Errorf("gaps: %v", all)
	}
	if l := all[1]["level_dbm0"].(float64); math.Abs(l+16.2) > 1 { // 60 of 500 ms
		t.Errorf("level with silence that was not there: %v", l)
	}
	if digits(all) != "5" || math.Abs(all[2]["at"].(float64)-1) > 0.005 {
		t.Errorf("%v", all[2])
	}
}

func TestFilesThatAreNoAudioAreRefused(t *testing.T) {
	dir := t.TempDir()
	var x tape
	x.silence(100)
	x.keys(t, "7")
	good := put(t, dir, "good.wav", x.wav(1))
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(i*i>>3 ^ i)
	}
	whole := x.wav(1)
	odd := append(wav.Spec{Format: wav.PCM16, Rate: 44101, Channels: 2}.Header(400), make([]byte, 400)...)
	for name, c := range map[string]struct {
		b    []byte
		want []string
	}{
		"noise.wav":   {noise, []string{"noise.wav", "no WAV file", "--from"}},
		"text.txt":    {[]byte("hello\n"), []string{"text.txt", "no WAV file"}},
		"empty.wav":   {nil, []string{"empty.wav", "holds no audio"}},
		"empty.vox":   {nil, []string{"empty.vox", "holds no audio"}},
		"noise.gsm":   {noise, []string{"noise.gsm", "first byte"}},
		"head.wav":    {whole[:30], []string{"head.wav", "ends inside"}},
		"44101.wav":   {odd, []string{"44101.wav", "44101 samples", "sox"}},
		"mp3.wav":     {append([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x55\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00"), make([]byte, 50)...), []string{"mp3.wav", "85", "Convert"}},
		"nothere.wav": {nil, []string{"nothere.wav", "is not there"}},
	} {
		path := filepath.Join(dir, name)
		if name != "nothere.wav" {
			put(t, dir, name, c.b)
		}
		all, errs, code := heard(t, nil, path, good)
		for _, w := range c.want {
			if !strings.Contains(errs, w) {
				t.Errorf("%s: no %q in %s", name, w, errs)
			}
		}
		if code != exitFailed || digits(all) != "7" {
			t.Errorf("%s: exit code %d, and of the good file %v", name, code, all)
		}
	}
	if all, errs, code := heard(t, nil, put(t, dir, "cut.wav", whole[:len(whole)-200])); code != exitOK || digits(all) != "7" || !strings.Contains(errs, "200 bytes before") {
		t.Errorf("a copy that broke off: %v %d %s", all, code, errs)
	}
	for _, args := range [][]string{{dir}, {good, "--every", "-1"}, {good, "--country", "XX"}, {good, "--only", "music"}, {}} {
		if _, errs, code := heard(t, nil, args...); code == exitOK || errs == "" {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
}

func TestModemsAndHumAreHeard(t *testing.T) {
	var x tape
	x.silence(500)
	x.play(modemtone.NewSource(modemtone.CNG, -15), 7600)
	x.silence(500)
	x.play(modemtone.NewSource(modemtone.ANSampr, -15), 3000)
	x.silence(500)
	for i := range x {
		x[i] += int16(dsp.SinePeak(-40) * math.Sin(2*math.Pi*50*float64(i)/dsp.Rate))
	}
	name := put(t, t.TempDir(), "fax.wav", x.wav(1))
	all, errs, code := heard(t, nil, name)
	var got []string
	for _, m := range all {
		switch m["kind"] {
		case "modem":
			got = append(got, fmt.Sprintf("%v %.1f %v", m["tone"], m["at"], m["sure"]))
		case "level":
			if math.Abs(m["hum_hz"].(float64)-50) > 0.1 || math.Abs(m["hum_dbm0"].(float64)+40) > 1 {
				t.Errorf("%v", m)
			}
		default:
			t.Errorf("%v", m)
		}
	}
	if want := "cng 0.5 false, cng 4.0 true, cng 7.5 true, ansam-pr 8.6 true"; strings.Join(got, ", ") != want || code != exitOK {
		t.Errorf("%d %s: %s\nwant %s", code, errs, strings.Join(got, ", "), want)
	}
	out, _, _ := ctl(t, "--lang", "en", "analyse", name)
	for _, want := range []string{"A fax calls, 1100 Hz, -1", "hum of 50.0 Hz at -40"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestModemIsNoToneAsWell(t *testing.T) {
	dir := t.TempDir()
	for _, m := range []modemtone.Tone{modemtone.ANS, modemtone.Bell103, modemtone.V32, modemtone.V23, modemtone.V21Mark} {
		var x tape
		x.silence(500)
		x.play(modemtone.NewSource(m, -15), 5000)
		x.silence(500)
		all, _, _ := heard(t, nil, put(t, dir, "m.wav", x.wav(1)), "--only", "tone,modem,voice,dtmf,callerid")
		if len(all) != 1 || all[0]["tone"] != m.String() {
			t.Errorf("%v: %v", m, all)
		}
	}
}

func FuzzAnalyse(f *testing.F) {
	var x tape
	x.silence(50)
	whole := x.wav(2)
	f.Add(whole, "")
	f.Add(whole[100:], "gsm")
	f.Add(append([]byte{0xD1}, whole...), "gsm")
	for _, codec := range []string{"g726-24", "vox", "pcm16", "alaw"} {
		f.Add(whole, codec)
	}
	ima := wav.Header(wav.IMA, 512)
	f.Add(append(ima, whole[:512]...), "")
	f.Add(append(wav.Header(wav.GSM, 130), whole[:130]...), "")
	f.Fuzz(func(t *testing.T, b []byte, from string) {
		if len(b) > 1<<16 {
			return
		}
		args := []string{"--json", "analyse", "-"}
		if from != "" {
			args = append(args, "--from="+from)
		}
		var o, e bytes.Buffer
		code := run(t.Context(), args, bytes.NewReader(b), &o, &e)
		if code != exitOK && e.Len() == 0 {
			t.Errorf("exit code %d without a word", code)
		}
		for d := json.NewDecoder(&o); d.More(); {
			var m map[string]any
			if err := d.Decode(&m); err != nil || m["kind"] == nil {
				t.Fatalf("%v %v", m, err)
			}
		}
	})
}
