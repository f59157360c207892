//go:build lab

package dahdi_test

import (
	"errors"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/dahdi/labtest"
)

func isFault(err error, code string) bool {
	var f *driver.FaultError
	return errors.As(err, &f) && f.Code == code
}

// fault checks that opening fails with that code and a text for people.
func fault(t *testing.T, options, code string) {
	t.Helper()
	b, err := tryOpen(options)
	if err == nil {
		_ = b.Close()
		t.Errorf("opens, want %s", code)
		return
	}
	if !isFault(err, code) {
		t.Errorf("fails with %v, want %s", err, code)
	}
	t.Logf("%-20s %v", code, err)
}

func TestLabWhyABoardDoesNotOpen(t *testing.T) {
	a, b := spans(t, "b", 2, labtest.Clear, labtest.Clear, labtest.ALaw)
	fault(t, `{"device": "no such card"}`, "dahdi-not-found")
	fault(t, `{}`, "dahdi-ambiguous")
	owners := []*labtest.Channel{far(t, a, 1), far(t, a, 2)}
	fault(t, device(``, a), "dahdi-busy")
	for _, c := range owners {
		must(t, c.Close())
	}
	must(t, a.Unassign())
	fault(t, device(``, a), "dahdi-no-driver")
	must(t, a.Assign())
	fault(t, device(``, a), "dahdi-unconfigured")
	configure(t, a, 1, 2, labtest.Clear, labtest.ALaw)
	s := open(t, device(``, a))
	s.run(100 * time.Millisecond)
	_ = b
}

// TestLabASpanWithoutItsFarEndRecovers: a span of dahdi_dynamic has no clock of
// its own: without the far end it has an alarm, and audio ends. (Cards that go
// on in alarm: TestLabASpansAlarmsAndCountersAreTold.)
func TestLabASpanWithoutItsFarEndRecovers(t *testing.T) {
	a := span(t, "b:0", 2)
	peer, err := labtest.Create("b:1", 2)
	must(t, err)
	t.Cleanup(func() { must(t, labtest.Within(3*time.Second, peer.Destroy)) })
	configure(t, a, 1, 2, labtest.Clear, labtest.ALaw)
	configure(t, peer, 1, 2, labtest.Clear, labtest.ALaw)
	for range 2 {
		s := open(t, device(`, "use": "trunk"`, a))
		heardFrom(s, peer, 1)
		must(t, peer.Destroy())
		began := time.Now()
		err = s.try()
		for err == nil && time.Since(began) < 5*time.Second {
			err = s.try()
		}
		if !isFault(err, "dahdi-stopped") {
			t.Errorf("without its far end: %v", err)
		}
		t.Logf("known after %v: %v", time.Since(began).Round(time.Millisecond), err)
		must(t, s.b.Close())
		fault(t, device(`, "use": "trunk"`, a), "dahdi-stopped")
		peer, err = labtest.Create("b:1", 2)
		must(t, err)
		configure(t, peer, 1, 2, labtest.Clear, labtest.ALaw)
	}
	s := open(t, device(`, "use": "trunk"`, a))
	heardFrom(s, peer, 1)
}

// heardFrom checks that what channel n of a peer sends is heard on line n-1.
func heardFrom(s *session, peer labtest.Span, n int) {
	s.t.Helper()
	c, err := labtest.Open(peer.Channel(n), false)
	must(s.t, err)
	defer func() { must(s.t, c.Close()) }()
	s.listen[n-1], s.heard[n-1] = true, nil
	talk, err := labtest.Talk([]*labtest.Channel{c}, 4, 1, 50, labtest.Patterns(n))
	must(s.t, err)
	s.run(1500 * time.Millisecond)
	if _, err := talk.Wait(); err != nil {
		s.t.Error(err)
	}
	if runs := labtest.Runs(s.heard[n-1]); len(runs) != 1 || runs[0].Blocks() != 50 || runs[0].Line != n {
		s.t.Errorf("line %d: heard %v", n-1, runs)
	}
	s.listen[n-1] = false
}

func TestLabARemovedCardIsGoneAndComesBack(t *testing.T) {
	a, b := spans(t, "b", 3, labtest.Clear, labtest.Clear, labtest.ALaw)
	for range 2 {
		s := open(t, device(`, "use": "trunk"`, a))
		s.run(200 * time.Millisecond)
		must(t, a.Unassign())
		began := time.Now()
		for s.try() == nil && time.Since(began) < 3*time.Second {
		}
		err := s.try()
		if !errors.Is(err, driver.ErrGone) || !isFault(err, "dahdi-removed") {
			t.Errorf("after the card was removed: %v", err)
		}
		t.Logf("known after %v: %v", time.Since(began).Round(time.Millisecond), err)
		must(t, s.b.Close())
		must(t, labtest.Within(3*time.Second, a.Assign))
		configure(t, a, 1, 3, labtest.Clear, labtest.ALaw)
		s = open(t, device(`, "use": "trunk"`, a))
		heardFrom(s, b, 2)
		must(t, s.b.Close())
	}
}

func TestLabALineOfAnotherProgramJoinsWhenItIsFree(t *testing.T) {
	a, b := spans(t, "b", 3, labtest.Clear, labtest.Clear, labtest.ALaw)
	other := far(t, a, 2)
	s := open(t, device(`, "use": "trunk"`, a))
	if len(s.in.Lines) != 3 {
		t.Fatalf("%+v", s.in.Lines)
	}
	s.run(time.Second)
	faults := s.b.(driver.Faulter).Faults(nil)
	if len(faults) != 1 || faults[0].Line != 1 || faults[0].Code != "dahdi-busy" {
		t.Errorf("faults: %+v", faults)
	}
	heardFrom(s, b, 1)
	heardFrom(s, b, 3)
	s.forget()
	must(t, other.Close())
	if e := s.expect(driver.ChannelAlarm, 1, 10*time.Second); e.Value != 0 {
		t.Errorf("%v, want 0", e)
	}
	if f := s.b.(driver.Faulter).Faults(nil); len(f) != 0 {
		t.Errorf("faults: %+v", f)
	}
	heardFrom(s, b, 2)
	for _, e := range s.said {
		if e.Line != 1 && (e.Kind == driver.Lost || e.Kind == driver.Missed) {
			t.Errorf("the other lines are disturbed: %v", e)
		}
	}
}

func TestLabACardWhoseInterruptsEndIsSaidToHaveStopped(t *testing.T) {
	cards(t, "fxo2")
	fxo := card(t, 1, 1, labtest.FXSKewl, labtest.ALaw)
	s := open(t, device(``, fxo))
	s.run(200 * time.Millisecond)
	tell(t, "stall 1 5000")
	began := time.Now()
	err := s.try()
	for err == nil && time.Since(began) < 4*time.Second {
		err = s.try()
	}
	if !isFault(err, "dahdi-stopped") {
		t.Errorf("after the interrupts ended: %v", err)
	}
	t.Logf("known after %v: %v", time.Since(began).Round(time.Millisecond), err)
	must(t, s.b.Close())
	sleep(t, 1, 5200)
	s = open(t, device(``, fxo))
	s.run(500 * time.Millisecond)
}

func TestLabATestCardPulledOutComesBack(t *testing.T) {
	cards(t, "fxo3")
	card(t, 1, 1, labtest.FXSKewl, labtest.ALaw)
	for range 2 {
		tell(t, "pattern 1:* seq")
		s := open(t, `{"device": "fakecard-1"}`)
		s.run(200 * time.Millisecond)
		tell(t, "remove 1")
		began := time.Now()
		err := s.try()
		for err == nil && time.Since(began) < 3*time.Second {
			err = s.try()
		}
		if !isFault(err, "dahdi-removed") || !errors.Is(err, driver.ErrGone) {
			t.Errorf("pulled out: %v", err)
		}
		must(t, s.b.Close())
		if _, err := tryOpen(`{"device": "fakecard-1"}`); !isFault(err, "dahdi-not-found") && !isFault(err, "dahdi-no-card") {
			t.Errorf("a card that is not there: %v", err)
		}
		tell(t, "return 1")
		fault(t, `{"device": "fakecard-1"}`, "dahdi-unconfigured")
		card(t, 1, 1, labtest.FXSKewl, labtest.ALaw)
		s = open(t, `{"device": "fakecard-1"}`)
		s.hear()
		s.run(300 * time.Millisecond)
		s.one()
		must(t, s.b.Close())
	}
}
