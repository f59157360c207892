package emulator_test

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/voicemodem"
)

// opened is a modem as vaad opens it.
func opened(t *testing.T, device string) driver.Board {
	t.Helper()
	raw, err := json.Marshal(map[string]string{"device": device})
	if err != nil {
		t.Fatal(err)
	}
	b, err := voicemodem.Driver(voicemodem.WithLogger(slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})))).
		Open(t.Context(), driver.Candidate{}, driver.Config{ID: "m1", Options: raw})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// session exchanges frames with a board and remembers what came.
type session struct {
	t      *testing.T
	b      driver.Board
	tx, rx *driver.Frame
	events []string
	heard  []int16
}

func newSession(t *testing.T, b driver.Board) *session {
	return &session{t: t, b: b, tx: driver.NewFrame(b.Info()), rx: driver.NewFrame(b.Info())}
}

// frames exchanges so many; the error that ended it, if one did.
func (s *session) frames(n int, speak func(pcm []int16)) error {
	for range n {
		if speak != nil {
			speak(s.tx.LinePCM(0))
		}
		err := s.b.Exchange(s.tx, s.rx)
		s.tx.Reset()
		clear(s.tx.LinePCM(0))
		if err != nil {
			return err
		}
		for _, e := range s.rx.Events {
			s.events = append(s.events, e.Kind.String()+" "+string(e.Data))
		}
		s.heard = append(s.heard, s.rx.LinePCM(0)...)
	}
	return nil
}

// until exchanges frames until something has come to pass: on a busy machine many frames are one moment.
func (s *session) until(what string, is func() bool, speak func(pcm []int16)) {
	s.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !is(); {
		if time.Now().After(end) {
			s.t.Fatalf("it did not come to pass: %s; events %q", what, s.events)
		}
		s.must(s.frames(1, speak))
	}
}

func (s *session) saw(kind driver.EventKind) bool {
	return slices.ContainsFunc(s.events, func(e string) bool { return strings.HasPrefix(e, kind.String()) })
}

func (s *session) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// answer takes a call that rings; what was heard so far is forgotten.
func (s *session) answer(r *rig) {
	s.t.Helper()
	r.event("ring")
	s.until("it rings", func() bool { return s.saw(driver.RingBegin) }, nil)
	r.event("ring-end")
	s.until("the ring is over", func() bool { return s.saw(driver.RingEnd) }, nil)
	s.tx.Command(driver.GoOffHook, 0, 0, 0, nil)
	s.until("the modem is off-hook", func() bool { return s.saw(driver.OffHook) && r.offHook() }, nil)
	s.heard = nil
	r.do(func() { r.heard = nil })
}

func TestEmulatedModemIsAnsweredAndTalksBothWays(t *testing.T) {
	if testing.Short() {
		t.Skip("it ticks in real time")
	}
	for _, chip := range []string{"cx93001", "usr5637", "softmodem", "v253", "halfduplex"} {
		t.Run(chip, func(t *testing.T) {
			r := newRig(t, chip, 0)
			s := newSession(t, opened(t, r.pty(t)))
			s.must(s.frames(10, nil))
			s.answer(r)
			// How much, on a busy machine, the tests in virtual time say.
			s.until("the board hears the far end", func() bool {
				r.do(func() {
					if len(r.says) == 0 {
						r.says = sine(1800, 1000)
					}
				})
				return len(s.heard) > driver.Rate/2 && seconds(s.heard[len(s.heard)-driver.Rate/2:], 1800) > 0
			}, nil)
			if chip != "halfduplex" { // it listens while somebody talks there
				var spoken []int16
				s.until("the far end hears the board", func() bool {
					pcm := r.all()
					return len(pcm) > driver.Rate/2 && seconds(pcm[len(pcm)-driver.Rate/2:], 1000) > 0
				}, func(pcm []int16) {
					if len(spoken) == 0 {
						spoken = sine(1000, 600)
					}
					spoken = spoken[copy(pcm, spoken):]
				})
			}
			s.tx.Command(driver.GoOnHook, 0, 0, 0, nil)
			s.until("the line is released", func() bool { return s.saw(driver.OnHook) && !r.offHook() }, nil)
		})
	}
}
