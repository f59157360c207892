package analog

import (
	"flag"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/tone"
	"vaad/dsp/wav"
)

var (
	full   = flag.Bool("full", false, "all recordings")
	sounds = flag.String("sounds", "/usr/share/asterisk/sounds,/usr/share/asterisk/moh", "folders of speech and music that must not end a call, separated by commas")
)

// An exchange sounds: dial tone until keys come, then what is put through. What
// the trunk sends comes back, as it does over two wires.
type exchange struct {
	*bench
	tones tone.Tones
	keys  string
}

func newExchange(t *testing.T, country string) *exchange {
	g, ok := tone.Country(country)
	if !ok {
		t.Fatal(country)
	}
	b := newBench(t, TrunkConfig{Country: country}, Learnt{})
	b.wait(2500)
	return &exchange{bench: b, tones: g}
}

// dials plays dial tone from a pause on until the trunk has begun to dial, and takes
// the keys with their echo.
func (x *exchange) dials(t *testing.T, pauseMS int) {
	x.hear(x.line(make([]int16, pauseMS*driver.MS)))
	dial := sounding(x.tones.Dial, -16, 0, 0, 10)
	for i := 0; x.trunk.State() == Seizing && i+160 <= len(dial); i += 160 {
		x.hear(x.line(dial[i : i+160]))
	}
	for x.trunk.State() == Dialling {
		a := x.acts[len(x.acts)-1]
		if a.Kind != PlayKeys {
			t.Fatalf("%+v", a)
		}
		x.keys += a.Keys
		n := len(x.acts)
		echo := pressing(t, a.Keys, 100, 100)
		for i, v := range echo {
			echo[i] = v / 4
		}
		x.hear(x.line(echo))
		for x.trunk.State() == Dialling && len(x.acts) == n {
			x.hear(x.line(make([]int16, 160)))
		}
	}
	x.hear(x.line(make([]int16, driver.Rate)))
}

func TestCallsOutAreFollowedByWhatTheExchangePlays(t *testing.T) {
	speech := babbling(rand.New(rand.NewPCG(9, 9)), 15)
	for _, country := range []string{"CN", "US", "GB", "DE", "JP", "BR"} {
		for _, c := range []struct {
			name string
			play func(x *exchange)
			want string
		}{
			{"busy", func(x *exchange) { x.hear(x.line(sounding(x.tones.Busy, -20, 0, 0, 10))) }, "begin out, end busy-tone busy"},
			{"no answer", func(x *exchange) {
				x.hear(x.line(sounding(x.tones.Ringback, -20, 0, 0, 40)))
				x.releases()
			}, "begin out, alerting, end released no-answer"},
			{"answered", func(x *exchange) {
				x.hear(x.line(sounding(x.tones.Ringback, -20, 0, 0, 19)))
				x.hear(x.line(append(append([]int16{}, speech...), make([]int16, driver.Rate)...)))
				x.hear(x.line(sounding(x.tones.Busy, -20, 0, 0, 10)))
			}, "begin out, alerting, answered voice-guess, end busy-tone answered"},
			{"answered by reversal, and speech", func(x *exchange) {
				x.hear(x.line(sounding(x.tones.Ringback, -20, 0, 0, 13)))
				x.event(driver.Polarity, 1)
				x.hear(x.line(append([]int16{}, speech...)))
				x.event(driver.Polarity, 0)
			}, "begin out, alerting, answered reversal, end reversal answered"},
		} {
			t.Run(country+"/"+c.name, func(t *testing.T) {
				x := newExchange(t, country)
				x.calls("4711", "")
				x.dials(t, 300)
				if x.keys != "4711" || x.trunk.State() != Proceeding {
					t.Fatalf("%v, dialled %q", x.trunk.State(), x.keys)
				}
				c.play(x)
				x.wait(3000)
				if _, _, got := x.tale(); got != c.want {
					t.Errorf("want %s\ngot  %s", c.want, got)
				}
			})
		}
	}
}

// The far end's dial tone behind a prefix is waited for, as long as it takes.
func TestSecondDialToneIsHeard(t *testing.T) {
	x := newExchange(t, "CN")
	x.calls("4711", "0")
	x.hear(x.line(sounding(x.tones.Dial, -16, 0, 0, 3)))
	if a := x.acts[len(x.acts)-1]; a.Keys != "0" {
		t.Fatalf("%+v", a)
	}
	x.hear(x.line(make([]int16, 300*driver.MS)))
	from := x.pos
	dial := sounding(burst(450, tone.Forever, 0), -16, 0, 0, 5)
	for i := 0; x.acts[len(x.acts)-1].Keys == "0" && i+160 <= len(dial); i += 160 {
		x.hear(x.line(dial[i : i+160]))
	}
	if a, ms := x.acts[len(x.acts)-1], (x.pos-from)/driver.MS; a.Keys != "4711" || ms > 2600 {
		t.Errorf("%+v after %d ms", a, ms)
	}
}

// A caller who is there in place of the dial tone is not dialled at.
func TestACallerInPlaceOfTheDialToneIsAnIncomingCall(t *testing.T) {
	x := newExchange(t, "CN")
	x.calls("4711", "")
	x.hear(x.line(babbling(rand.New(rand.NewPCG(3, 3)), 8)))
	if _, acts, got := x.tale(); acts != "off-hook" || got != "begin out, end glare not-dialled, begin in, answered off-hook" {
		t.Errorf("%s: %s", acts, got)
	}
}

// recording gives a WAV file of 8 kHz, or nothing.
func recording(path string) []int16 {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := wav.Parse(f)
	if err != nil || info.Format != wav.PCM16 || info.Rate != dsp.Rate || info.Channels != 1 {
		return nil
	}
	raw, err := io.ReadAll(io.LimitReader(f, info.DataBytes&^1))
	if err != nil {
		return nil
	}
	x := make([]int16, len(raw)/2)
	for i := range x {
		x[i] = int16(uint16(raw[2*i]) | uint16(raw[2*i+1])<<8)
	}
	return x
}

func TestRecordingsOfSpeechAndMusicEndNoCall(t *testing.T) {
	var hours float64
	n := 0
	b := answered(t, TrunkConfig{Country: "CN", MaxMS: 1e9})
	for _, root := range strings.Split(*sounds, ",") {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".wav") || strings.Contains(path, "beep") {
				return nil
			}
			if n++; !*full && n%6 != 0 {
				return nil
			}
			x := recording(path)
			hours += float64(len(x)) / dsp.Rate / 3600
			b.hear(b.line(x))
			if e, ok := b.end(); ok {
				t.Errorf("%s ended by %s", path, e.Call.EndedBy)
				b = answered(t, TrunkConfig{Country: "CN", MaxMS: 1e9})
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if n == 0 {
		t.Skip("no recordings in " + *sounds)
	}
	t.Logf("%.2f h of recordings", hours)
}
