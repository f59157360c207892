package redecode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"vaad/dsp/callerid"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

// file is samples as a WAV in A-law.
func file(pcm []int16) []byte {
	code := make([]byte, len(pcm))
	g711.Encode(code, pcm, g711.ALaw)
	return append(wav.Header(wav.ALaw, int64(len(code))), code...)
}

type source interface{ Fill([]int16) int }

func all(s source, most int) []int16 {
	b := make([]int16, most)
	return b[:s.Fill(b)]
}

func silent(ms int) []int16 { return make([]int16, 8*ms) }

func keys(t *testing.T, digits string) []int16 {
	t.Helper()
	c, err := tone.DTMF(digits, -12, 70, 70)
	if err != nil {
		t.Fatal(err)
	}
	return all(tone.New(c), 8000*20)
}

func sent(t *testing.T, number string) []int16 {
	t.Helper()
	m, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte(number)})
	if err != nil {
		t.Fatal(err)
	}
	return all(callerid.NewSource(callerid.Bell, m, callerid.OnHook(), -15), 8000*3)
}

// said is what facts say, in the order of time.
func said(facts []Fact) (out []string) {
	for _, f := range facts {
		s := f.Kind
		if f.Text != "" {
			s += " " + f.Text
		}
		if f.By != "" {
			s += " " + f.By
		}
		out = append(out, s)
	}
	return out
}

func TestWhatAnIndependentSenderMadeIsHeard(t *testing.T) {
	b, err := os.ReadFile("testdata/spandsp.wav")
	if err != nil {
		t.Fatal(err)
	}
	s := From("CN", nil, 0)
	facts, n, err := s.Hear(t.Context(), Side{"mixed", bytes.NewReader(b)})
	if err != nil || n < 8000*5 {
		t.Fatalf("%d samples: %v", n, err)
	}
	want := []string{"caller-id 02131234567 bell202", "key 1", "key 4", "key 7", "key #", "modem ans"}
	if got := said(facts); !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
	for i := range facts {
		if f := &facts[i]; f.At < 0 || f.end() > n || f.Length <= 0 {
			t.Errorf("%+v lies outside the %d samples", *f, n)
		}
	}
}

func TestARecordingOfOurOwnIsComparedWithItsStory(t *testing.T) {
	cn, _ := tone.Country("CN")
	pcm := slices.Concat(silent(500), sent(t, "02131234567"), silent(1000))
	offHook := int64(len(pcm))
	pcm = append(pcm, silent(500)...)
	firstKey := int64(len(pcm))
	pcm = slices.Concat(pcm, keys(t, "12"), silent(800))
	busy := int64(len(pcm))
	pcm = slices.Concat(pcm, all(tone.New(cn.Busy), 8000*5), silent(1500))
	story := []archive.Entry{
		{At: -4000, Kind: "ring-begin"}, {At: -100, Kind: "ring-end"},
		{At: -3000, Kind: "digit", Text: "9", Value: 560, Code: "dtmf"}, // before the first sample
		{At: 9000, Kind: "numbers", Code: "bell202"}, {At: 9000, Kind: archive.EntryCaller, Text: "02131234567"},
		{At: offHook, Kind: "off-hook"},
		{At: firstKey, Kind: "key", Text: hidden, Value: 560},
		{At: firstKey + 8000, Kind: "key", Text: "5", Value: 560}, // nobody pressed it
		{At: busy + 10, Kind: "tone", Text: "busy", Value: 1},
	}
	n := int64(len(pcm))
	s := From("CN", story, n)
	now, _, err := s.Hear(t.Context(), Side{"mixed", bytes.NewReader(file(pcm))})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range Compare(Told(nil, story, n), now, func(f *Fact) bool { return s.Heard(f, n) }) {
		got[strings.TrimSpace(r.Fact.Kind+" "+r.Fact.Text)] = r.Is
	}
	want := map[string]string{"caller-id 02131234567": Same, "key 1": Same, "key 2": New, "key 5": Gone, "key 9": Unheard, "tone busy": Same}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestWhatWasLeftOutIsUnheardAndMovesNothing(t *testing.T) {
	pcm := slices.Concat(silent(500), keys(t, "1234"), silent(500))
	story := []archive.Entry{{At: 4000, Kind: archive.EntryMasked, Value: 1120, Code: "keys"}, {At: 4000, Kind: "key", Text: "1", Value: 560}}
	clear(pcm[4000:5120])
	s := From("CN", story, int64(len(pcm)))
	now, n, err := s.Hear(t.Context(), Side{"mixed", bytes.NewReader(file(pcm))})
	if err != nil {
		t.Fatal(err)
	}
	if got := said(now); !slices.Equal(got, []string{"key 2", "key 3", "key 4"}) || now[0].At < 5000 || now[0].At > 5240 {
		t.Errorf("heard %q, the first at %d", got, now[0].At)
	}
	rows := Compare(Told(nil, story, n), now, func(f *Fact) bool { return s.Heard(f, n) })
	if rows[0].Is != Unheard {
		t.Errorf("the key that was left out is %+v", rows[0])
	}
}

func TestVoiceInOtherPiecesIsTheSame(t *testing.T) {
	then := []Fact{{Kind: Voice, At: 8000, Length: 4000}, {Kind: Voice, At: 13000, Length: 9000}, {Kind: Voice, At: 80000, Length: 8000}}
	now := []Fact{{Kind: Voice, At: 7000, Length: 15500, Side: "mixed"}, {Kind: Voice, At: 160000, Length: 8000}}
	is := map[int64]string{}
	for _, r := range Compare(then, now, func(*Fact) bool { return true }) {
		is[r.Fact.At] = r.Is
	}
	want := map[int64]string{7000: Same, 13000: Same, 80000: Gone, 160000: New} // the first piece is the one that begins nearest
	if fmt.Sprint(is) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", is, want)
	}
}

func TestAnIdleLineIsListenedToForLittle(t *testing.T) {
	cn, _ := tone.Country("CN")
	pcm := slices.Concat(silent(200), all(tone.New(cn.Busy), 8000*5), silent(1000))
	story := []archive.Entry{{At: int64(len(pcm)) - 100, Kind: "off-hook"}}
	s := From("CN", story, int64(len(pcm)))
	if now, _, err := s.Hear(t.Context(), Side{"mixed", bytes.NewReader(file(pcm))}); err != nil || len(now) != 0 {
		t.Errorf("%q, %v: a line that is on-hook has no busy tone", said(now), err)
	}
}

func TestWhatIsNoAudioIsRefused(t *testing.T) {
	s := From("", nil, 0)
	stereo := wav.Spec{Format: wav.PCM16, Rate: 8000, Channels: 2}
	for _, b := range [][]byte{nil, []byte("RIFF"), stereo.Header(0)} {
		if _, _, err := s.Hear(t.Context(), Side{"mixed", bytes.NewReader(b)}); !errors.Is(err, ErrAudio) {
			t.Errorf("%q: %v, want ErrAudio", b, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Hear(ctx, Side{"mixed", bytes.NewReader(file(silent(1000)))}); !errors.Is(err, context.Canceled) {
		t.Errorf("after it was given up: %v", err)
	}
}

// Whatever stands in files, nothing panics and no fact lies outside the audio.
func FuzzHear(f *testing.F) {
	f.Add(file(silent(100)), int64(100), int64(50), "masked")
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVE"), int64(-1), int64(1<<62), "off-hook")
	f.Fuzz(func(t *testing.T, b []byte, at, value int64, kind string) {
		if len(b) > 64<<10 {
			return
		}
		story := []archive.Entry{{At: at, Kind: kind, Value: value, Text: "1"}, {At: at / 2, Kind: "tone", Text: "busy", Value: value & 1}, {At: value, Kind: "ring-begin"}, {At: at, Kind: "ring-end"}}
		s := From("CN", story, int64(len(b)))
		now, n, err := s.Hear(t.Context(), Side{"mixed", bytes.NewReader(b)})
		if err != nil {
			return
		}
		for i := range now {
			if x := &now[i]; x.At < 0 || x.At > n || x.Length < 0 || x.end() > n {
				t.Errorf("%+v lies outside the %d samples", *x, n)
			}
		}
		Compare(Told(nil, story, n), now, func(f *Fact) bool { return s.Heard(f, n) })
	})
}
