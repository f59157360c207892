package ears

import (
	"slices"
	"syscall"
	"testing"

	"vaad/dsp/callerid"
	"vaad/dsp/modemtone"
	"vaad/dsp/progress"
	"vaad/dsp/pulse"
	"vaad/dsp/tone"
	"vaad/dsp/vad"
)

// A source gives samples until it has no more.
type source interface{ Fill([]int16) int }

// all is what a source plays.
func all(t testing.TB, s source, most int) []int16 {
	t.Helper()
	b := make([]int16, most)
	return b[:s.Fill(b)]
}

func silence(ms int) []int16 { return make([]int16, 8*ms) }

func keys(t testing.TB, digits string) []int16 {
	t.Helper()
	c, err := tone.DTMF(digits, -12, 70, 70)
	if err != nil {
		t.Fatal(err)
	}
	return all(t, tone.New(c), 8000*20)
}

func fsk(t testing.TB, c callerid.Coding, number string) []int16 {
	t.Helper()
	m, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte(number)})
	if err != nil {
		t.Fatal(err)
	}
	return all(t, callerid.NewSource(c, m, callerid.OnHook(), -15), 8000*3)
}

// hear plays samples from a position on in blocks of n and keeps what is found.
func hear(e *Ears, want Senses, samples []int16, pos int64, n int) (found []Finding) {
	for len(samples) > 0 {
		m := min(n, len(samples))
		at := len(found)
		found = e.Hear(found, want, samples[:m], pos)
		for i := range found[at:] {
			if f := &found[at+i]; f.Message != nil {
				kept := *f.Message
				f.Message = &kept
			}
		}
		samples, pos = samples[m:], pos+int64(m)
	}
	return found
}

// scene is a little of everything a line carries.
func scene(t testing.TB) []int16 {
	cn, _ := tone.Country("CN")
	return slices.Concat(silence(500), fsk(t, callerid.Bell, "02131234567"), silence(700), keys(t, "A13800138000C"), silence(700),
		all(t, tone.New(cn.Busy), 8000*5), silence(1500))
}

func TestEveryFindingHasThePositionOfTheBoard(t *testing.T) {
	const start = 8000 * 3600 * 24 * 90 // a daemon that has run for three months
	s := scene(t)
	zero, late := hear(New("CN"), Everything, s, 0, 160), hear(New("CN"), Everything, s, start, 160)
	if len(zero) == 0 || len(zero) != len(late) {
		t.Fatalf("%d findings from position 0, %d from %d", len(zero), len(late), start)
	}
	for i := range zero {
		a, b := zero[i], late[i]
		if a.Kind != b.Kind || a.Key != b.Key || a.At+start-b.At > 80 || b.At-a.At-start > 80 {
			t.Errorf("%+v and %+v", a, b)
		}
	}
}

func TestSceneIsHeardAsItWasPlayed(t *testing.T) {
	var pressed string
	var callers []string
	var tones []progress.Tone
	for _, f := range hear(New("CN"), Everything, scene(t), 0, 160) {
		switch f.Kind {
		case Key:
			pressed += string(f.Key)
		case Message:
			n, _ := f.Message.Caller()
			callers = append(callers, n+" "+f.Message.Coding.String())
		case ToneBegin:
			tones = append(tones, f.Tone)
			if !f.Shape.Country || f.Shape.Hz[0] < 445 || f.Shape.Hz[0] > 455 || f.Shape.OnMS < 330 || f.Shape.OnMS > 370 {
				t.Errorf("busy tone of 450 Hz, 350/350 ms: %+v", f.Shape)
			}
		case VoiceBegin:
			t.Errorf("voice at %d ms", f.At/8)
		}
	}
	if pressed != "A13800138000C" {
		t.Errorf("keys %q", pressed)
	}
	if want := []string{"02131234567 bell202", "13800138000 dtmf"}; !slices.Equal(callers, want) {
		t.Errorf("callers %q, want %q", callers, want)
	}
	if !slices.Equal(tones, []progress.Tone{progress.Busy}) {
		t.Errorf("tones %v", tones)
	}
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	s := scene(t)
	story := func(n int) (all []Finding) {
		for _, f := range hear(New("CN"), Everything, s, 0, n) {
			f.Message = nil
			all = append(all, f)
		}
		slices.SortStableFunc(all, func(a, b Finding) int { return int(a.At - b.At) })
		return all
	}
	want := story(160)
	for _, n := range []int{37, 80, 1000} {
		if got := story(n); !slices.Equal(got, want) {
			t.Errorf("blocks of %d: %+v\nwant %+v", n, got, want)
		}
	}
}

func TestSenseThatRestsEndsWhatItHeard(t *testing.T) {
	cn, _ := tone.Country("CN")
	e := New("CN")
	busy := all(t, tone.New(cn.Busy), 8000*5)
	cycles := func(f Finding) bool { return f.Kind == ToneAgain }
	found := slices.DeleteFunc(hear(e, Everything, busy, 0, 160), cycles)
	if len(found) != 1 || found[0].Kind != ToneBegin {
		t.Fatalf("%+v", found)
	}
	found = e.Hear(found[:0], Messages, silence(20), int64(len(busy)))
	if len(found) != 1 || found[0].Kind != ToneEnd || found[0].Tone != progress.Busy {
		t.Fatalf("after it rests: %+v", found)
	}
	again := int64(len(busy)) + 8000*100
	if found = slices.DeleteFunc(hear(e, Everything, busy, again, 160), cycles); len(found) != 1 || found[0].At < again-80 {
		t.Errorf("a hundred seconds later: %+v", found)
	}
}

func TestLostBlocksMoveNothing(t *testing.T) {
	e := New("CN")
	s := keys(t, "123456")
	found := hear(e, Keys, s[:4480], 0, 160) // four of them
	found = append(found, hear(e, Keys, s[6720:], 6720, 160)...)
	got := ""
	for _, f := range found {
		got += string(f.Key)
		if want := int64(f.Key-'1') * 1120; f.At < want-40 || f.At > want+40 || f.Length < 500 || f.Length > 620 {
			t.Errorf("key %c at %d, %d samples; want %d, 560", f.Key, f.At, f.Length, want)
		}
	}
	if got != "1234" {
		t.Errorf("keys %q", got)
	}
}

func TestPulsesAreHeardOnlyWhenAskedFor(t *testing.T) {
	src, err := pulse.NewSource("4711", pulse.Usual())
	if err != nil {
		t.Fatal(err)
	}
	s := slices.Concat(silence(1000), all(t, src, 8000*20), silence(1000))
	if found := hear(New("CN"), Everything, s, 0, 160); slices.ContainsFunc(found, func(f Finding) bool { return f.Kind == Pulse || f.Kind == Key }) {
		t.Errorf("%+v", found)
	}
	got := ""
	for _, f := range hear(New("CN"), Everything|Pulses, s, 0, 160) {
		if f.Kind == Pulse {
			got += string(f.Key)
			if f.Sure <= 0 || f.Sure > 100 {
				t.Errorf("%c is %d %% sure", f.Key, f.Sure)
			}
		}
	}
	if got != "4711" {
		t.Errorf("dialled %q", got)
	}
}

func TestListeningAllocatesNothing(t *testing.T) {
	e := New("CN")
	s := slices.Concat(scene(t), scene(t))
	found := make([]Finding, 0, 32)
	pos := int64(0)
	if n := testing.AllocsPerRun(len(s)/160-10, func() {
		found = e.Hear(found[:0], Everything|Pulses, s[pos:pos+160], pos)
		pos += 160
	}); n != 0 {
		t.Errorf("%v allocations per block", n)
	}
}

// The recorder's voice trigger relies on it.
func TestVoiceIsKnownSoonEnough(t *testing.T) {
	if vad.Latency > 8*270 {
		t.Errorf("voice is known after %d ms", vad.Latency/8)
	}
}

// cpu is the processor time that this process has used, ns: other work on the
// machine does not count.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func BenchmarkHear(b *testing.B) {
	noise := make([]int16, 8000)
	x := uint32(1)
	for i := range noise {
		x = x*1664525 + 1013904223
		noise[i] = int16(x>>16) / 32
	}
	for _, s := range []Senses{Messages | Keys, Everything, Everything | Pulses} {
		b.Run(s.String(), func(b *testing.B) {
			const lines = 128 // as many as miss the caches like a real board
			var es [lines]*Ears
			for i := range es {
				es[i] = New("CN")
			}
			found := make([]Finding, 0, 32)
			pos := int64(0)
			b.ReportAllocs()
			began := cpu(b)
			for b.Loop() {
				at := pos % 7840
				for _, e := range es {
					found = e.Hear(found[:0], s, noise[at:at+160], pos)
				}
				pos += 160
			}
			b.ReportMetric(float64(cpu(b)-began)/float64(b.N)/20e6*100, "%core/128lines")
		})
	}
}

func TestModemIsToldWhenItIsCertain(t *testing.T) {
	s := slices.Concat(silence(1000), all(t, modemtone.NewSource(modemtone.ANSam, -15), 8*3300), silence(500),
		all(t, modemtone.NewSource(modemtone.CNG, -15), 8*520), silence(6000)) // one burst of CNG is none
	found := hear(New("CN"), Everything, s, 0, 160)
	var got []Finding
	for _, f := range found {
		if f.Kind == ModemBegin || f.Kind == ModemEnd {
			got = append(got, f)
		}
		if f.Kind == VoiceBegin {
			t.Errorf("voice: %+v", f)
		}
	}
	if len(got) != 2 || got[0].Modem != modemtone.ANSam || got[0].At < 7800 || got[0].At > 8200 || got[1].Kind != ModemEnd || got[1].At < 34000 || got[1].At > 34800 {
		t.Errorf("%+v", got)
	}
}
