package export

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vaad/dsp/adpcm"
	"vaad/dsp/codec"
	"vaad/dsp/g711"
	"vaad/dsp/gsm"
	"vaad/dsp/mix"
	"vaad/dsp/wav"
	"vaad/recorder/archive"

	"pgregory.net/rapid"
)

// speechlike is a tone that changes, in A-law or µ-law.
func speechlike(n int, law g711.Law, hz float64) []byte {
	b := make([]byte, n)
	for i := range b {
		v := 9000 * math.Sin(2*math.Pi*hz*float64(i)/8000) * (0.6 + 0.4*math.Sin(float64(i)/900))
		b[i] = g711.EncodeSample(int16(v), law)
	}
	return b
}

func newMaker(t *testing.T) *Maker {
	t.Helper()
	m, err := NewMaker(MakerConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func kind(t testing.TB, name string) Kind {
	t.Helper()
	k, ok := KindOf(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return k
}

// made is what Make makes, whole.
func made(t *testing.T, m *Maker, w Wish, audio ...*archive.Audio) ([]byte, *Made) {
	t.Helper()
	out, err := m.Make(t.Context(), w, audio...)
	if err != nil {
		t.Fatalf("%s: %v", w.Kind.Name, err)
	}
	b, err := io.ReadAll(out)
	if err = errors.Join(err, out.Close()); err != nil || int64(len(b)) != out.Size {
		t.Fatalf("%s: %d bytes of %d, %v", w.Kind.Name, len(b), out.Size, err)
	}
	return b, out
}

// samplesOf decodes what was made with the decoders of the house.
func samplesOf(t *testing.T, k Kind, b []byte) (pcm []int16, channels int) {
	t.Helper()
	switch {
	case k.Name == "vox" || k.Name == "vox-6k":
		return adpcm.NewVOXDecoder(adpcm.Dialogic).Decode(nil, b), 1
	case k.Name == "gsm-raw":
		return gsm.NewDecoder(gsm.Raw).Decode(nil, b), 1
	}
	in, err := wav.ParseAnyAt(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%s: %v", k.Name, err)
	}
	data := b[in.DataOffset : in.DataOffset+in.DataBytes]
	switch in.Format {
	case wav.ALaw:
		pcm = codec.Law(g711.ALaw).Decode(nil, data)
	case wav.MuLaw:
		pcm = codec.Law(g711.MuLaw).Decode(nil, data)
	case wav.IMA:
		d, err := adpcm.NewIMADecoder(in.Block)
		if err != nil {
			t.Fatal(err)
		}
		pcm = d.Decode(nil, data)[:in.Samples]
	case wav.GSM:
		pcm = gsm.NewDecoder(gsm.WAV49).Decode(nil, data)[:in.Samples]
	default:
		pcm = codec.Linear{}.Decode(nil, data)
	}
	return pcm, in.Channels
}

// noiseTo is the signal-to-noise ratio in dB.
func noiseTo(want, got []int16) float64 {
	var s, n float64
	for i := range want {
		d := float64(want[i]) - float64(got[i])
		s, n = s+float64(want[i])*float64(want[i]), n+d*d
	}
	if n == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(s/n)
}

// TestEveryFormatDecodesToTheSource makes every format of every part of one and
// two sides, and compares it with the source: exactly where it is lossless or what
// its codec makes of the source, and by its noise elsewhere.
func TestEveryFormatDecodesToTheSource(t *testing.T) {
	m := newMaker(t)
	left, right := speechlike(24_000, g711.ALaw, 440), speechlike(20_123, g711.ALaw, 700)
	open := record(t, archive.G711A, map[string][]byte{"network": left, "local": right}, "network", "local")
	l, r := codec.Law(g711.ALaw).Decode(nil, left), codec.Law(g711.ALaw).Decode(nil, right)
	r = append(r, make([]int16, len(l)-len(r))...) // padded exactly
	both := make([]int16, len(l))
	mix.Mix(both, l, r)
	least := map[string]float64{"ima": 18, "gsm": 4, "gsm-raw": 4, "vox": 15, "ulaw": 30}
	for _, k := range Kinds() {
		if k.program != "" || k.Name == Original || k.Name == FLAC || k.Name == "vox-6k" {
			continue
		}
		for _, part := range []Span{{}, {From: 8000}, {From: 161, To: 16_001}, {To: 1}} {
			to := int64(len(l))
			if part.To > 0 {
				to = part.To
			}
			for _, layout := range []Layout{Mixed, Stereo, Left, Right} {
				outs, err := k.Outputs(layout, []string{"network", "local"})
				var refused *RefusedError
				if layout == Stereo && !k.Stereo {
					if !errors.As(err, &refused) || refused.Code != "mono-only" {
						t.Errorf("%s %s: %v", k.Name, layout, err)
					}
					continue
				}
				if err != nil || len(outs) != 1 {
					t.Fatalf("%s %s: %v %v", k.Name, layout, outs, err)
				}
				b, got := made(t, m, Wish{k, outs[0].Mix, part}, open(outs[0].Sides...)...)
				pcm, channels := samplesOf(t, k, b)
				want := map[Layout][]int16{Mixed: both, Left: l, Right: r[:min(int64(len(right)), int64(len(r)))]}[layout]
				if layout == Stereo {
					want = nil
					for i := range l {
						want = append(want, l[i], r[i])
					}
				}
				ch := int64(channels)
				want = want[part.From*ch : min(to*ch, int64(len(want)))]
				if got.Channels != channels || got.Frames*ch != int64(len(want)) || len(pcm) < len(want) {
					t.Fatalf("%s %s %v: %d samples in %d channels, %+v; want %d", k.Name, layout, part, len(pcm), channels, got, len(want))
				}
				snr, floor := noiseTo(want, pcm), least[k.Name]
				if floor == 0 {
					floor = math.Inf(1)
				}
				switch {
				case k.Name == "alaw" && layout == Mixed:
					floor = 30 // sums are coded anew
				case layout == Stereo && (k.Name == "alaw" || k.Name == "native"):
					floor = 60 // the silence of A-law is no zero
				}
				if snr < floor && part.To != 1 {
					t.Errorf("%s %s %v: %.1f dB", k.Name, layout, part, snr)
				}
			}
		}
	}
}

// TestG711IsTakenOverBitForBit has the one code that decoding and coding again
// would change: negative zero of µ-law.
func TestG711IsTakenOverBitForBit(t *testing.T) {
	data := append(noise(5000, 9), 0x7F, 0xFF, 0x7F)
	open := record(t, archive.G711U, map[string][]byte{"mixed": data}, "mixed")
	for _, part := range []Span{{}, {From: 7, To: 4999}, {From: 5001}} {
		for _, name := range []string{"native", "ulaw"} {
			b, _ := made(t, newMaker(t), Wish{Kind: kind(t, name), Part: part}, open("mixed")...)
			in, err := wav.ParseAt(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			want := data[part.From:]
			if part.To > 0 {
				want = data[part.From:part.To]
			}
			if !bytes.Equal(b[in.DataOffset:in.DataOffset+in.DataBytes], want) {
				t.Errorf("%s %v: other bytes", name, part)
			}
		}
	}
}

func TestOriginalIsTheStoredFile(t *testing.T) {
	open := record(t, archive.IMA, map[string][]byte{"network": imaBlocks(5, 1), "local": imaBlocks(6, 2)}, "network", "local")
	k := kind(t, Original)
	outs, err := k.Outputs(Auto, []string{"network", "local"})
	if err != nil || len(outs) != 2 {
		t.Fatal(outs, err)
	}
	for _, o := range outs {
		a := open(o.Sides...)
		want, err := io.ReadAll(a[0])
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := made(t, newMaker(t), Wish{Kind: k}, a...); !bytes.Equal(b, want) {
			t.Errorf("%s: other bytes", o.Side)
		}
	}
	if _, err := newMaker(t).Make(t.Context(), Wish{Kind: k, Part: Span{To: 10}}, open("local")...); err == nil {
		t.Error("a part of the original is given")
	}
}

// TestFLACIsLossless makes FLAC of any length and compares every sample.
func TestFLACIsLossless(t *testing.T) {
	m := newMaker(t)
	const all = 10_000
	open := record(t, archive.G711A, map[string][]byte{"network": noise(all, 1), "local": speechlike(all, g711.ALaw, 300)}, "network", "local")
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(4080, 4120), rapid.IntRange(8180, 8220)).Draw(rt, "samples")
		from := rapid.IntRange(0, all-n).Draw(rt, "from")
		b, _ := made(t, m, Wish{Kind: kind(t, FLAC), Part: Span{From: int64(from), To: int64(from + n)}}, open("network", "local")...)
		f := filepath.Join(t.TempDir(), "a.flac")
		if err := os.WriteFile(f, b, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if _, frames, err := decodeFLAC(t.Context(), in); err != nil || frames != int64(n) {
			t.Fatalf("%d of %d samples, %v", frames, n, err)
		}
	})
}

// ran runs a peer, or skips the test with the reason.
func ran(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: its package would be an independent decoder", name)
	}
	cmd := exec.Command(path, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, errs.String())
	}
	return out
}

// TestIndependentProgramsReadWhatIsMade lets programs that nobody here wrote
// decode each format, and compares what they make of it with the source.
func TestIndependentProgramsReadWhatIsMade(t *testing.T) {
	m := newMaker(t)
	left, right := speechlike(40_001, g711.MuLaw, 440), speechlike(40_001, g711.MuLaw, 620)
	open := record(t, archive.G711U, map[string][]byte{"network": left, "local": right}, "network", "local")
	l, r := codec.Law(g711.MuLaw).Decode(nil, left), codec.Law(g711.MuLaw).Decode(nil, right)
	var want []int16
	for i := range l {
		want = append(want, l[i], r[i])
	}
	for _, c := range []struct {
		kind  string
		sides []string
		peer  string
		args  func(file string) []string
		least float64
	}{
		{FLAC, []string{"network", "local"}, "flac", func(f string) []string {
			return []string{"-d", "-s", "-c", "--force-raw-format", "--endian=little", "--sign=signed", f}
		}, math.Inf(1)},
		{FLAC, []string{"network"}, "sox", func(f string) []string { return []string{f, "-D", "-t", "raw", "-b", "16", "-e", "signed", "-"} }, math.Inf(1)},
		{"pcm16", []string{"network", "local"}, "sox", func(f string) []string { return []string{f, "-D", "-t", "raw", "-b", "16", "-e", "signed", "-"} }, math.Inf(1)},
		{"ulaw", []string{"network", "local"}, "sox", func(f string) []string { return []string{f, "-D", "-t", "raw", "-b", "16", "-e", "signed", "-"} }, 60},
		{"alaw", []string{"network"}, "sox", func(f string) []string { return []string{f, "-D", "-t", "raw", "-b", "16", "-e", "signed", "-"} }, 30},
		{"ima", []string{"network"}, "sox", func(f string) []string { return []string{f, "-D", "-t", "raw", "-b", "16", "-e", "signed", "-"} }, 18},
		{"gsm", []string{"network"}, "sox", func(f string) []string { return []string{f, "-D", "-t", "raw", "-b", "16", "-e", "signed", "-"} }, 4},
		{"gsm-raw", []string{"network"}, "sox", func(f string) []string { return []string{f, "-D", "-t", "raw", "-b", "16", "-e", "signed", "-"} }, 4},
		{"ima", []string{"local"}, "ffmpeg", func(f string) []string {
			return []string{"-nostdin", "-loglevel", "error", "-i", f, "-f", "s16le", "-"}
		}, 18},
	} {
		t.Run(c.kind+"/"+c.peer, func(t *testing.T) {
			b, _ := made(t, m, Wish{Kind: kind(t, c.kind)}, open(c.sides...)...)
			f := filepath.Join(t.TempDir(), "a"+kind(t, c.kind).Ext)
			if err := os.WriteFile(f, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if c.peer == "flac" {
				ran(t, "flac", "-t", "-s", f)
			}
			got := codec.Linear{}.Decode(nil, ran(t, c.peer, c.args(f)...))
			w := want
			if len(c.sides) == 1 {
				w = map[string][]int16{"network": l, "local": r}[c.sides[0]]
			}
			if len(got) < len(w) {
				t.Fatalf("%d samples of %d", len(got), len(w))
			}
			if snr := noiseTo(w, got); snr < c.least {
				t.Errorf("%.1f dB, want %.1f", snr, c.least)
			}
		})
	}
}

// TestProgramsEncodeWhereTheyAreInstalled makes MP3 and Opus and has them decoded
// by a program that did not make them.
func TestProgramsEncodeWhereTheyAreInstalled(t *testing.T) {
	data := speechlike(80_000, g711.ALaw, 440)
	open := record(t, archive.G711A, map[string][]byte{"network": data, "local": data}, "network", "local")
	for _, with := range []string{"lame", "opusenc", "ffmpeg"} {
		if _, err := exec.LookPath(with); err != nil {
			t.Logf("%s is not installed", with)
			continue
		}
		m, err := NewMaker(MakerConfig{Dir: t.TempDir(), LookPath: func(name string) (string, error) {
			if name != with {
				return "", exec.ErrNotFound
			}
			return exec.LookPath(name)
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range m.Formats(t.Context()) {
			if i.program == "" || !i.Available {
				continue
			}
			b, out := made(t, m, Wish{Kind: i.Kind}, open("network", "local")...)
			f := filepath.Join(t.TempDir(), "a"+i.Ext)
			if err := os.WriteFile(f, b, 0o600); err != nil {
				t.Fatal(err)
			}
			pcm := ran(t, "ffmpeg", "-nostdin", "-loglevel", "error", "-i", f, "-ar", "8000", "-f", "s16le", "-")
			if n := len(pcm) / 2 / out.Channels; out.Channels != 2 || n < 79_000 || n > 83_000 {
				t.Errorf("%s by %s: %d samples in %d channels, want about 80000 in 2", i.Name, with, n, out.Channels)
			}
		}
	}
}

func TestAProgramThatFailsIsToldAndLeavesNothing(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	for name, script := range map[string]string{"fails": "#!/bin/sh\ncat >/dev/null\necho no room >&2\nexit 3\n", "lies": "#!/bin/sh\ncat >/dev/null\necho hello\n",
		"stops": "#!/bin/sh\nexit 0\n"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	open := record(t, archive.G711A, map[string][]byte{"mixed": noise(400_000, 1)}, "mixed")
	for name, says := range map[string]string{"fails": "no room", "lies": "is no mp3", "stops": "stops"} {
		m, err := NewMaker(MakerConfig{Dir: dir, LookPath: func(n string) (string, error) {
			if n == "lame" {
				return filepath.Join(bin, name), nil
			}
			return "", exec.ErrNotFound
		}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Make(t.Context(), Wish{Kind: kind(t, MP3)}, open("mixed")...); err == nil || name != "stops" && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m, err := NewMaker(MakerConfig{Dir: dir, LookPath: func(string) (string, error) { return "", exec.ErrNotFound }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Make(t.Context(), Wish{Kind: kind(t, Opus)}, open("mixed")...); !errors.Is(err, ErrNoProgram) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{"vox", FLAC} {
		if _, err := m.Make(ctx, Wish{Kind: kind(t, name)}, open("mixed")...); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestVOXAtSixThousandIsAsLong: 6000 samples stand for 8000.
func TestVOXAtSixThousandIsAsLong(t *testing.T) {
	open := record(t, archive.G711A, map[string][]byte{"mixed": speechlike(80_000, g711.ALaw, 440)}, "mixed")
	b, _ := made(t, newMaker(t), Wish{Kind: kind(t, "vox-6k")}, open("mixed")...)
	if len(b) != 30_000 {
		t.Errorf("%d bytes for ten seconds, want 30000", len(b))
	}
	f := filepath.Join(t.TempDir(), "a.vox")
	if err := os.WriteFile(f, b, 0o600); err != nil {
		t.Fatal(err)
	}
	got := codec.Linear{}.Decode(nil, ran(t, "sox", "-r", "6000", "-t", "vox", f, "-D", "-t", "raw", "-b", "16", "-e", "signed", "-"))
	crossings := 0
	for i := 1; i < len(got); i++ {
		if got[i-1] < 0 && got[i] >= 0 {
			crossings++
		}
	}
	if len(got) != 60_000 || crossings < 4380 || crossings > 4420 {
		t.Errorf("%d samples with %d periods; want 60000 with 4400", len(got), crossings)
	}
}
