package voicemodem

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"
)

// TestModemThatWasResetIsSetUpAgain: one that has lost its voice mode, as by its
// power, refuses one call and takes the next.
func TestModemThatWasResetIsSetUpAgain(t *testing.T) {
	for name, refused := range map[string][]string{"off-hook": {"AT+VLS=1", "AT+VLS=0"}, "audio": {"AT+VTR", "AT+VRX"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				s := sit(t, f, nil)
				defer s.close()
				s.run(time.Second, nil)
				f.with(func() {
					for _, c := range refused {
						f.replies[c] = "ERROR"
					}
					f.mended = func(c string) {
						if c == "AT+FCLASS=8" {
							clear(f.replies)
						}
					}
				})
				s.command(driver.GoOffHook)
				s.run(2*time.Second, nil)
				s.want(driver.Refused, 1)
				s.events = nil
				s.command(driver.GoOffHook)
				s.run(2*time.Second, nil)
				s.want(driver.OffHook, 1)
				s.want(driver.Refused, 0)
				f.with(func() {
					if f.mode != 'b' {
						t.Errorf("audio flows by %q, not both ways", f.mode)
					}
				})
			})
		})
	}
}

// TestModemThatOnlyAnswersATIsReset: asking again helps nothing where the line is
// never given back.
func TestModemThatOnlyAnswersATIsReset(t *testing.T) {
	for _, reply := range []string{"ERROR", "-"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			s := talking(t, f, nil)
			defer s.close()
			f.with(func() {
				f.replies["AT+VLS=0"], f.replies["ATH"] = reply, reply
				f.mended = func(c string) {
					if c == "ATZ" {
						clear(f.replies)
					}
				}
			})
			s.command(driver.GoOnHook)
			s.run(time.Minute, nil)
			s.want(driver.OnHook, 1)
			if n := s.b.counts.rungs[rungReset].Load(); n != 1 || len(s.b.Faults(nil)) != 0 {
				t.Errorf("%q: reset %d times, %v", reply, n, s.b.Faults(nil))
			}
		})
	}
}

// TestModemThatCannotSendIsHeard: it is turned once, not for as long as something
// is to be sent.
func TestModemThatCannotSendIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.noVTR = true
		f.replies["AT+VTX"] = "ERROR"
		s := talking(t, f, nil)
		defer s.close()
		heard := 0
		s.run(10*time.Second, func() {
			for i := range s.tx.PCM {
				s.tx.PCM[i] = int16(8000 * (1 - 2*(i/4%2)))
			}
			if !slices.ContainsFunc(s.rx.Events, func(e driver.Event) bool { return e.Kind == driver.Lost || e.Kind == driver.Missed }) {
				heard++
			}
		})
		if heard < 450 {
			t.Errorf("%d blocks of 500 were heard", heard)
		}
	})
}

// TestKeysAreToldWhileTheModemSends: what it says of a key does not wait for the
// end of an announcement.
func TestKeysAreToldWhileTheModemSends(t *testing.T) {
	l := newLane()
	l.setFlow(flowListen, 0)
	l.received(make([]int16, 400))
	l.tell(driver.DigitBegin, '5', nil)
	l.setFlow(flowSend, 0)
	l.tell(driver.DigitEnd, '5', nil)
	b := &Board{lane: l, coding: codingALaw, shut: make(chan struct{}), dead: make(chan struct{}), timer: time.NewTimer(time.Hour), next: time.Now()}
	rx := driver.NewFrame(driver.Info{Lines: []driver.Line{{Law: driver.ALaw}}})
	if !b.receive(rx) {
		t.Fatal("the board is gone")
	}
	b.post(rx)
	var kinds []driver.EventKind
	for _, e := range rx.Events {
		kinds = append(kinds, e.Kind)
	}
	if want := []driver.EventKind{driver.Lost, driver.DigitBegin, driver.DigitEnd}; !slices.Equal(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}
}

// TestPositionsSurviveAudioThatEndsBetweenTwoBlocks: what lay there was forgotten,
// and what comes after it is told in its place.
func TestPositionsSurviveAudioThatEndsBetweenTwoBlocks(t *testing.T) {
	l := newLane()
	l.setFlow(flowBoth, 0)
	l.received(make([]int16, 1000))
	b := &Board{lane: l, coding: codingALaw, shut: make(chan struct{}), dead: make(chan struct{}), timer: time.NewTimer(time.Hour), next: time.Now()}
	rx := driver.NewFrame(driver.Info{Lines: []driver.Line{{Law: driver.ALaw}}})
	b.receive(rx)
	l.setFlow(flowNone, 0)
	l.setFlow(flowBoth, 0)
	l.received(make([]int16, driver.Block/2))
	l.tell(driver.Polarity, 1, nil)
	l.received(make([]int16, driver.Block))
	rx.Reset()
	b.receive(rx)
	b.post(rx)
	if len(rx.Events) != 1 || rx.Events[0].Kind != driver.Polarity || rx.Events[0].At != driver.Block/2 {
		t.Errorf("%v", rx.Events)
	}
}

// TestAllThatAModemLosesIsLost: however often it says so between two blocks.
func TestAllThatAModemLosesIsLost(t *testing.T) {
	l := newLane()
	l.missing(5, 0)
	l.setFlow(flowBoth, 0)
	for range 3 * gapsKept {
		l.missing(5, 0)
	}
	n := 0
	for _, g := range l.gaps[:l.nGaps] {
		n += g.n
	}
	if want := 3 * gapsKept * 5; n != want || l.rx.n != want || l.in != int64(want) {
		t.Errorf("%d of %d lost, %d lie there", n, want, l.rx.n)
	}
}

// TestTheHookIsToldHoweverMuchAModemSays: garbage has very many events in it.
func TestTheHookIsToldHoweverMuchAModemSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := talking(t, f, nil)
		defer s.close()
		s.command(driver.GoOnHook)
		s.run(time.Second, func() { f.bytes(strings.Repeat("\x10b\x10P\x10/\x105\x10~", 100)) })
		s.want(driver.OnHook, 1)
		s.command(driver.GoOffHook)
		s.run(time.Second, func() { f.bytes(strings.Repeat("\x10b\x10P\x10/\x105\x10~", 100)) })
		s.want(driver.OffHook, 1)
	})
}

// TestCallerOfACallThatIsAnsweredAtOnceIsToldBefore: the pause behind the lines
// about a caller is not waited for.
func TestCallerOfACallThatIsAnsweredAtOnceIsToldBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := sit(t, f, nil)
		defer s.close()
		s.run(time.Second, nil)
		f.bytes("\r\nRING\r\n\r\nNMBR=5551212\r\n")
		s.run(40*time.Millisecond, nil)
		s.command(driver.GoOffHook)
		s.run(time.Second, nil)
		var kinds []driver.EventKind
		for _, e := range s.events {
			if e.Kind == driver.Text || e.Kind == driver.OffHook {
				kinds = append(kinds, e.Kind)
			}
		}
		if !slices.Equal(kinds, []driver.EventKind{driver.Text, driver.OffHook}) {
			t.Errorf("%v", kinds)
		}
	})
}
