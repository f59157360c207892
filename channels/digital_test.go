package channels

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"vaad/driver"
	"vaad/driver/sim/voice"
	"vaad/dsp/g711"
)

// linkInfo describes two receive-only E1 spans of one link.
func linkInfo() driver.Info {
	info := driver.Info{Driver: "fake", Model: "Fake"}
	for span := 1; span <= 2; span++ {
		info.Spans = append(info.Spans, driver.Span{Number: span, Channels: 31, DChannel: 16, Tap: true})
		for slot := 1; slot <= 31; slot++ {
			if slot != 16 {
				info.Lines = append(info.Lines, driver.Line{Port: (span-1)*31 + slot, Kind: driver.BChan, Law: driver.ALaw, Span: span, Timeslot: slot})
			}
		}
	}
	return info
}

// linkPairs makes line N of timeslot N, its local side on the second span.
func linkPairs(_ string, info driver.Info) (all []LineConfig, err error) {
	for _, l := range info.Lines {
		if l.Span == 1 {
			all = append(all, LineConfig{Number: l.Timeslot, Port: l.Port, LocalPort: 31 + l.Timeslot, Use: driver.Tap})
		}
	}
	return all, nil
}

// A wire is a board whose D-channels say what a script says, and whose timeslot
// 1 carries voice or the idle code.
type wire struct {
	script map[int]string // by tick: "n 0802…" or "u 0802…", LAPD is added; "x 0802…": the network's on the user's wire; "skip n": a frame is lost
	talk   func(tick int) bool
	noise  bool    // in timeslot 2
	local  []int16 // what the user's side sends in timeslot 1, from tick 100 on
	ns     [2]byte
}

func (w *wire) board(t *testing.T) *fakeBoard {
	var speech []int16
	for len(speech) < 10*driver.Rate {
		speech = append(speech, voice.Usual().Phrase(uint64(len(speech)), 12)...)
	}
	return newFake(linkInfo(), func(n int, _, rx *driver.Frame) error {
		for i := range rx.Code {
			rx.Code[i] = driver.ALaw.Silence()
		}
		if w.talk != nil && w.talk(n) {
			for i := 0; i < 31; i += 30 { // timeslot 1 of both
				at := n * driver.Block % (len(speech) - driver.Block)
				g711.Encode(rx.LineCode(i), speech[at:at+driver.Block], g711.ALaw)
			}
		}
		if at := (n - 100) * driver.Block; n >= 100 && at+driver.Block <= len(w.local) {
			g711.Encode(rx.LineCode(30), w.local[at:at+driver.Block], g711.ALaw)
		}
		if w.noise {
			rx.LineCode(1)[n%driver.Block] = 0x55
		}
		g711.Decode(rx.PCM, rx.Code, g711.ALaw)
		if s, ok := w.script[n]; ok {
			who, message, _ := strings.Cut(s, " ")
			span, address := 0, byte(2)
			switch who {
			case "u":
				span, address = 1, 0
			case "x": // the network's, on the user's wire
				span = 1
			case "skip":
				w.ns[strings.Index("nu", message)]++
				return nil
			}
			b, err := hex.DecodeString(strings.ReplaceAll(message, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			rx.Event(driver.DChannel, span, 8, 0, append([]byte{address, 1, w.ns[span] << 1, 0}, b...))
			w.ns[span]++
		}
		return nil
	})
}

func (w *wire) play(t *testing.T, n int) (told []string, evs []Event) {
	f := w.board(t)
	s, l := stepper(t, f, Config{Plan: planFunc(linkPairs)})
	r := s.Subscribe("test", true)
	ticks(t, s, l, n)
	evs, _ = r.Drain(nil)
	known := int64(0)
	for _, e := range evs {
		if e.Known < known || e.Pos > e.Known {
			t.Errorf("%+v is told after something that was known at %d", e, known)
		}
		known = e.Known
		switch e.Kind {
		case LineState:
			if e.From != UnusedState && e.Line <= 5 && e.To != Unknown && !(e.From == Unknown && e.To == Idle) {
				told = append(told, fmt.Sprintf("%d %s", e.Line, e.To))
			}
		case CallBegin, Numbers:
			told = append(told, fmt.Sprintf("%d %s %s %s>%s %s", e.Line, e.Kind, e.Direction, e.Caller, e.Called, e.Facts.CallerBy))
		case CallAnswered:
			told = append(told, fmt.Sprintf("%d %s %s", e.Line, e.Kind, e.AnsweredBy))
		case CallEnd:
			told = append(told, fmt.Sprintf("%d %s %s %d %s missed=%v", e.Line, e.Kind, e.EndedBy, e.Value, e.Facts.Outcome, e.Missed))
		case Key:
			told = append(told, fmt.Sprintf("%d key %s", e.Line, e.Text))
		case SidesSwapped:
			told = append(told, "swapped "+e.Text)
		}
	}
	return told, evs
}

func TestCallOnATappedLinkIsToldOnTheLineOfItsTimeslot(t *testing.T) {
	w := &wire{script: map[int]string{
		10:  "n 0802 0001 05 04038090A3 1803A98383 6C0D2183 3133393132333435363738 700581 38383838",
		20:  "u 0802 8001 01 1803A98383",
		100: "u 0802 8001 07",
		300: "n 0802 0001 45 08028090",
		310: "u 0802 8001 4D",
		320: "n 0802 0001 5A",
	}}
	told, evs := w.play(t, 400)
	want := []string{"3 call-begin in 13912345678>8888 q931", "3 ringing", "3 talking", "3 call-answered connect",
		"3 call-end cleared-network 16 answered missed=false", "3 abandoned", "3 idle"}
	if !slices.Equal(told, want) {
		t.Errorf("told:\n  %s\nwant:\n  %s", strings.Join(told, "\n  "), strings.Join(want, "\n  "))
	}
	if b := find(evs, CallBegin); len(b) != 1 || b[0].Pos != 10*driver.Block+8 || b[0].Call == "" {
		t.Errorf("%+v", b)
	}
}

func TestOutgoingCallThatIsBusyIsToldWithItsCause(t *testing.T) {
	w := &wire{script: map[int]string{
		10: "u 0802 0002 05 04038090A3 1803A18382 7003813031",
		12: "n 0802 8002 0D 1803A98382",
		14: "u 0802 0002 7B 70038130 A1",
		15: "u 0802 0002 7B 700281 38 A1",
		30: "n 0802 8002 45 08028291",
		31: "u 0802 0002 4D",
		32: "n 0802 8002 5A",
	}}
	told, _ := w.play(t, 60)
	want := []string{"2 call-begin out >01 ", "2 dialling", "2 numbers out >010 ", "2 numbers out >0108 ", "2 call-end cleared-network 17 busy missed=false",
		"2 abandoned", "2 idle"}
	if !slices.Equal(told, want) {
		t.Errorf("told:\n  %s\nwant:\n  %s", strings.Join(told, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestCallThatWasUpBeforeIsFoundByVoiceAndEndsWithTheIdleCode(t *testing.T) {
	w := &wire{talk: func(n int) bool { return n > 100 && n < 600 }}
	told, _ := w.play(t, 1000)
	want := []string{"1 call-begin unknown > ", "1 talking", "1 call-answered unknown", "1 call-end idle-code 0 unknown missed=false", "1 idle"}
	if !slices.Equal(told, want) {
		t.Errorf("told:\n  %s\nwant:\n  %s", strings.Join(told, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestCallThatWasUpBeforeEndsWithItsClearingWhereItIsTheOnlyOne(t *testing.T) {
	w := &wire{talk: func(int) bool { return true }, script: map[int]string{
		5:   "n 0802 7001 62", // the link speaks
		400: "u 0802 7001 45 08028090",
	}}
	told, _ := w.play(t, 402)
	want := []string{"1 call-begin unknown > ", "1 talking", "1 call-answered unknown", "1 call-end cleared-local 16 unknown missed=false", "1 idle"}
	if !slices.Equal(told, want) {
		t.Errorf("told:\n  %s\nwant:\n  %s", strings.Join(told, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestTimeslotsOfALinkThatSpeaksAreIdleWhereNobodyDoes(t *testing.T) {
	w := &wire{script: map[int]string{5: "n 0802 0000 46"}}
	f := w.board(t)
	s, l := stepper(t, f, Config{Plan: planFunc(linkPairs)})
	ticks(t, s, l, 400)
	for _, st := range s.Lines() {
		if st.State != Idle {
			t.Errorf("line %d is %s", st.Number, st.State)
		}
	}
	w.script[450] = "n 0802 0003 05 1803A98381" // and the board goes amid a call
	ticks(t, s, l, 100)
	r := s.Subscribe("gone", true)
	for _, run := range l.runs {
		run.gone(&l.out, l.next)
	}
	s.feed.round()
	evs, _ := r.Drain(nil)
	if e := find(evs, CallEnd); len(e) != 1 || e[0].Line != 1 || e[0].EndedBy != "board-gone" {
		t.Errorf("%+v", e)
	}
}

func TestSettingsThatChangeLeaveATappedCallUp(t *testing.T) {
	w := &wire{script: map[int]string{10: "n 0802 0001 05 1803A98381"}}
	s, l := stepper(t, w.board(t), Config{Plan: planFunc(linkPairs)})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 20)
	line := mustLine(t, s, 1)
	run, err := prepare(l.info, line, LineConfig{Number: 1, Port: 1, LocalPort: 32, Use: driver.Tap, Name: "new"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.replace(l.find(line), run); err != nil {
		t.Fatal(err)
	}
	ticks(t, s, l, 20)
	evs, _ := r.Drain(nil)
	if len(find(evs, CallEnd)) != 0 || line.Status().State != Ringing {
		t.Errorf("%+v, state %s", find(evs, CallEnd), line.Status().State)
	}
}
