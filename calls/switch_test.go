package calls

import (
	"strings"
	"testing"
	"time"

	"vaad/channels"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestAStationCallsAStation(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "8002")
		h.at(station1, "alerting ringback")
		h.at(station2, "ringing")
		if w := h.x.last[station2]; w.Caller != "8001" || w.Name != "Ann" || w.Ring != "inside" {
			t.Errorf("8002 is told %+v", w)
		}
		if l := h.leg(station2); l.State != LegRinging || l.For != h.leg(station1).ID || l.By != "station 8001" {
			t.Errorf("%+v", l)
		}
		h.x.lift(station2)
		h.talks("1+2")
		a, b := h.leg(station1), h.leg(station2)
		if a.State != LegTalking || b.State != LegTalking || a.Bridge == "" || a.Bridge != b.Bridge || a.Conversation != a.ID || b.Conversation != a.ID {
			t.Errorf("%+v %+v", a, b)
		}
		if n := h.notes[b.ID]; n.Conversation != a.ID || n.By != "station 8001" {
			t.Errorf("noted %+v", n)
		}
		h.x.down(station2)
		h.at(station1, "abandoned cause 16")
		h.x.down(station1)
		h.quiet()
	})
}

func TestWhoCannotBeReachedIsSaidByItsCause(t *testing.T) {
	for _, c := range []struct {
		name, number string
		before       func(*house)
		want         string
	}{
		{"busy", "8002", func(h *house) { h.x.lift(station2) }, "abandoned cause 17"},
		{"itself", "8001", nil, "abandoned cause 17"},
		{"no such number", "8009", nil, "abandoned cause 1"},
		{"no station on that line", "8003", func(h *house) { h.pbx.Stations[2].Line = trunk1 }, "abandoned cause 3"},
		{"out of order", "8002", func(h *house) { h.x.lines[station2].State = channels.NoBattery }, "abandoned cause 27"},
		{"no trunk", "9123", func(h *house) { h.pbx.Incoming = nil; h.x.call(trunk1, "1", ""); h.x.call(trunk2, "2", "") }, "abandoned cause 34"},
		{"no group", "9123", func(h *house) { h.pbx.Groups = nil }, "abandoned cause 34"},
		{"the line refuses", "8002", func(h *house) { h.x.fail[station2] = channels.ErrGone }, "abandoned cause 34"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				if c.before != nil {
					c.before(h)
				}
				h.x.dial(station1, c.number)
				h.at(station1, c.want)
			})
		})
	}
}

func TestNobodyAnswersAndTheCallerIsToldSo(t *testing.T) {
	inHouse(t, func(h *house) {
		h.pbx.RingFor = 30 * time.Second
		h.x.dial(station1, "8002")
		h.sleep(29 * time.Second)
		h.at(station2, "ringing")
		h.sleep(2 * time.Second)
		h.at(station2, "idle")
		h.at(station1, "abandoned cause 19")
	})
}

func TestTheCallerGivesUpAndTheStationStopsRinging(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "8002")
		h.x.down(station1)
		h.at(station2, "idle")
		h.quiet()
	})
}

func TestAStationDialsOutAndHearsTheTrunkAtOnce(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.slow = true
		h.x.dial(station3, "95551234")
		if w := h.x.last[trunk1]; w.Number != "5551234" || w.Caller != "5551003" {
			t.Errorf("dialled %+v", w)
		}
		h.talks("")
		h.x.on(trunk1, func(p *port) { h.x.state(p, channels.Proceeding) })
		h.talks("11+3")
		if l := h.leg(station3); l.State != LegDialling || !l.Answered.IsZero() {
			t.Errorf("%+v", l)
		}
		h.x.alerts(trunk1)
		if l := h.leg(trunk1); l.State != LegAlerting || l.Group != "analog" || l.By != "station 8003" {
			t.Errorf("%+v", l)
		}
		h.x.answers(trunk1)
		h.talks("11+3")
		if l := h.leg(station3); l.State != LegTalking {
			t.Errorf("%+v", l)
		}
		h.x.down(station3)
		h.at(trunk1, "idle")
		h.quiet()
	})
}

func TestADigitalTrunkIsHeardFromAlertingOn(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "02012345")
		if w := h.x.last[pri1]; w.Number != "02012345" || w.Caller != "5552000" {
			t.Errorf("dialled %+v", w)
		}
		h.talks("")
		h.x.alerts(pri1)
		h.talks("1+21")
		h.at(station1, "dialling")
		h.x.answers(pri1)
		h.x.down(pri1)
		h.at(station1, "abandoned cause 16")
	})
}

func TestADigitalTrunkThatSaysNothingLeavesTheRingbackToUs(t *testing.T) {
	for _, to := range []int{station1, pri2} {
		inHouse(t, func(h *house) {
			h.x.silent = true
			if to == station1 {
				h.x.dial(station1, "02012345")
			} else {
				h.pbx.Incoming = nil
				h.x.call(pri2, "138", "5558000")
				if _, err := h.Call(h.ctx, "me", CallRequest{Line: pri1, Number: "1", For: h.leg(pri2).ID}); err != nil {
					t.Fatal(err)
				}
			}
			h.x.alerts(pri1)
			want := map[int]string{station1: "1(ringback)+21", pri2: "21+22(ringback)"}[to]
			h.talks(want)
			h.x.on(pri1, func(p *port) { h.x.emit(p, channels.Event{Kind: channels.Progress, Value: 1}) })
			h.talks(strings.Replace(want, "(ringback)", "", 1))
			h.x.answers(pri1)
			if l := h.leg(to); l.State != LegTalking {
				t.Errorf("%+v", l)
			}
		})
	}
}

func TestAGuessedAnswerMayBecomeCertain(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "91")
		h.x.on(trunk1, func(p *port) { h.x.answered(p, "voice-guess") })
		was := h.leg(trunk1).Answered
		h.sleep(time.Second)
		h.x.on(trunk1, func(p *port) { p.answer = false; h.x.answered(p, "reversal") })
		if l := h.leg(trunk1); l.AnsweredBy != "reversal" || l.Answered != was {
			t.Errorf("%+v", l)
		}
	})
}

func TestTheNextTrunkIsTakenAfterOneThatFails(t *testing.T) {
	for _, c := range []struct {
		name, number string
		trunk, next  int
		fails        func(*house)
	}{
		{"refused", "91", trunk1, trunk2, func(h *house) { h.x.fail[trunk1] = wishErr(channels.Wish{}, "busy") }},
		{"in use", "91", trunk1, trunk2, func(h *house) { h.x.call(trunk1, "", "") }},
		{"no dial tone", "91", trunk1, trunk2, nil},
		{"no channel", "01", pri1, pri2, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				h.x.slow = true
				if c.fails != nil {
					c.fails(h)
				}
				h.x.dial(station3, c.number)
				if c.fails == nil {
					h.x.refuses(c.trunk, 44)
				}
				h.at(c.next, "dialling")
				h.at(station3, "dialling")
				h.x.refuses(c.next, 17)
				if c.next == pri2 {
					h.at(station3, "abandoned cause 17")
				}
			})
		})
	}
}

func TestWhatTheFarEndSaysIsNotTriedOnAnotherTrunk(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "91")
		h.talks("1+11")
		h.x.refuses(trunk1, 17)
		h.at(trunk2, "idle")
		h.at(station1, "abandoned cause 17")
		h.x.down(station1)
		h.quiet()
	})
}

func TestGlareGivesTheCallerToTheStationsAndTheStationAnotherTrunk(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.slow = true
		h.x.dial(station3, "91")
		h.x.on(trunk1, func(p *port) { // as a trunk's table does it
			request := p.request
			x := h.x
			x.end(p, "glare", 0)
			x.begin(p, channels.Incoming, request, "138", "")
			x.state(p, channels.Talking)
			x.answered(p, "off-hook")
		})
		h.at(trunk2, "dialling")
		h.at(station1, "ringing")
		h.at(trunk1, "talking ringback")
		h.x.lift(station1)
		h.talks("1+11")
		if l := h.leg(trunk1); l.Ours || l.Caller != "138" {
			t.Errorf("%+v", l)
		}
	})
}

func TestACallThatMovesToAnotherTimeslotStaysTheSame(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "02012345")
		h.x.alerts(pri1)
		was := h.leg(pri1)
		h.x.on(pri1, func(p *port) {
			x, to := h.x, h.x.lines[pri2]
			x.end(p, "moved", 0)
			x.state(p, channels.Idle)
			x.begin(to, channels.Outgoing, p.request, p.Caller, p.Called)
			x.state(to, channels.Proceeding)
		})
		h.talks("1+22")
		if l := h.leg(pri2); l.ID == was.ID || l.By != was.By || l.Bridge != was.Bridge || l.State != LegAlerting {
			t.Errorf("%+v", l)
		}
		h.x.answers(pri2)
		h.x.down(station1)
		h.quiet()
	})
}

func TestTrunksAreTakenInTheOrderOfTheirGroup(t *testing.T) {
	for order, want := range map[string][2]int{"": {trunk1, trunk1}, "first": {trunk1, trunk1}, "last": {trunk2, trunk2}, "rotate": {trunk1, trunk2}, "longest-idle": {trunk1, trunk2}} {
		t.Run(order, func(t *testing.T) {
			inHouse(t, func(h *house) {
				h.pbx.Groups[0].Order = order
				for _, n := range want {
					h.sleep(time.Second)
					h.x.dial(station1, "91")
					if h.leg(n).ID == "" {
						t.Errorf("line %d was not taken", n)
					}
					h.x.down(station1)
				}
			})
		})
	}
}

func TestACallComesInAndTheFirstStationThatAnswersHasIt(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.call(trunk1, "13800138000", "")
		h.at(station1, "ringing")
		h.at(station2, "ringing")
		h.at(trunk1, "ringing")
		if w := h.x.last[station2]; w.Caller != "13800138000" || w.Ring != "outside" {
			t.Errorf("8002 is told %+v", w)
		}
		h.x.lift(station2)
		h.at(station1, "idle")
		h.talks("11+2")
		if l := h.leg(trunk1); l.State != LegTalking || l.By != "" {
			t.Errorf("%+v", l)
		}
		h.x.down(trunk1)
		h.x.down(station2)
		h.quiet()
	})
}

func TestStationsWaitForTheCallerIDOfAnAnalogTrunk(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.call(trunk1, "", "")
		h.at(station1, "idle")
		h.sleep(callerWait + time.Millisecond)
		h.at(station1, "ringing")
		h.x.down(trunk1)
		h.at(station1, "idle")

		h.x.call(trunk2, "", "")
		h.x.on(trunk2, func(p *port) { h.x.emit(p, channels.Event{Kind: channels.CallerFailed, Text: "damaged"}) })
		h.at(station1, "ringing")
	})
}

func TestAStationThatGetsFreeJoinsTheRinging(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.lift(station1)
		h.x.lift(station2)
		h.x.call(trunk1, "1", "")
		h.at(trunk1, "ringing")
		h.x.down(station1)
		h.sleep(askAgain)
		h.at(station1, "ringing")
		h.sleep(time.Hour)
		h.at(station1, "ringing")
		h.x.down(trunk1)
		h.at(station1, "idle")
	})
}

func TestADigitalCallFindsItsExtension(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.call(pri1, "138", "5558002")
		h.at(station2, "ringing")
		h.at(pri1, "ringing ringback")
		h.x.lift(station2)
		h.talks("2+21")
		h.x.down(station2)
		h.at(pri1, "idle")

		h.x.call(pri2, "138", "5559999")
		h.at(pri2, "idle")
		h.x.lift(station1)
		h.x.call(pri2, "138", "5558001")
		h.at(pri2, "idle")
	})
}

func TestBothHangUp(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "8002")
		h.x.lift(station2)
		h.x.mu.Lock()
		for _, n := range []int{station1, station2} {
			p := h.x.lines[n]
			p.off = false
			h.x.end(p, "on-hook", 16)
			h.x.state(p, channels.Idle)
		}
		h.x.mu.Unlock()
		h.sleep(time.Minute)
		h.quiet()
	})
}

func TestABoardThatIsPulledEndsItsCallsAndThoseOfTheOthers(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "91")
		h.x.answers(trunk1)
		h.x.pulled("fxo")
		h.at(station1, "abandoned cause 16")
		h.x.down(station1)
		h.quiet()
	})
}

func TestABoardThatHangsHoldsUpItsOwnLinesOnly(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "91")
		h.x.answers(trunk1)
		hang := make(chan struct{})
		h.x.mu.Lock()
		h.x.hang["fxo"] = hang
		h.x.mu.Unlock()
		h.x.down(station1)
		h.at(trunk1, "talking")
		h.x.dial(station1, "8002")
		h.x.lift(station2)
		h.talks("1+2, 11")
		h.x.mu.Lock()
		delete(h.x.hang, "fxo")
		h.x.mu.Unlock()
		close(hang)
		h.sleep(time.Minute)
		h.at(trunk1, "idle")
	})
}

func TestAQueueThatIsFullForAMomentLosesNothing(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.waits[channels.WishCall], h.x.waits[channels.WishAnswer] = 3, 3
		h.x.call(trunk1, "1", "")
		h.sleep(time.Second)
		h.x.waits[channels.WishRelease] = 1000
		h.x.lift(station1)
		h.sleep(time.Second)
		h.talks("1+11")
		h.x.down(station1)
		h.sleep(3 * time.Minute)
		h.x.mu.Lock()
		h.x.waits[channels.WishRelease] = 0
		h.x.mu.Unlock()
		h.sleep(time.Minute)
		h.quiet()
	})
}

func TestLostEventsAreFoundOutFromTheLines(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "8002")
		h.x.lift(station2)
		h.x.dial(station3, "91")
		h.x.mute = true
		h.x.down(station2)       // its end is lost
		h.x.answers(trunk1)      // its answer too
		h.x.call(trunk2, "", "") // and this begin
		h.x.mute = false
		h.x.feed.put(channels.Event{Kind: channels.Overflow, Text: "switch"})
		h.sleep(callerWait + time.Second)
		h.at(station1, "abandoned cause 16")
		h.talks("11+3")
		if l := h.leg(trunk1); l.State != LegTalking {
			t.Errorf("%+v", l)
		}
		h.at(station2, "ringing")
	})
}

func TestCallsThatAreUpWhenItStartsAreShown(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.dial(station1, "8002")
		h.x.lift(station2)
		h.stop()
		h.run()
		if a, b := h.leg(station1), h.leg(station2); a.State != LegTalking || b.State != LegTalking || a.Bridge != "" || a.Extension != "8001" {
			t.Errorf("%+v %+v", a, b)
		}
		h.sleep(time.Hour)
		h.talks("1+2") // the lines go on by themselves
		h.must(h.Hangup(h.ctx, "me", h.leg(station1).ID, 0))
		h.x.down(station2)
		h.x.down(station1)
		h.quiet()
	})
}

func TestACallThatBeginsTooLateIsReleased(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.mute = true
		if _, err := h.Call(h.ctx, "me", CallRequest{Line: trunk1, Number: "1"}); code(err) != NoReaction {
			t.Errorf("%v", err)
		}
		h.x.mute = false
		request := h.x.last[trunk1].ID
		h.x.on(trunk1, func(p *port) { h.x.begin(p, channels.Outgoing, request, "", "1") })
		h.at(trunk1, "idle")
		h.quiet()
	})
}

func TestACallThatAnotherProgramBeganIsLeftAlone(t *testing.T) {
	inHouse(t, func(h *house) {
		for _, n := range []int{trunk1, station1} {
			if _, err := h.x.Wish(h.ctx, channels.Wish{ID: "theirs", Line: n, Kind: channels.WishCall, Number: "1"}); err != nil {
				t.Fatal(err)
			}
		}
		h.sleep(time.Hour)
		h.at(trunk1, "proceeding")
		h.at(station1, "ringing")
		if l := h.leg(trunk1); !l.Ours || l.State != LegDialling {
			t.Errorf("%+v", l)
		}
	})
}

func TestACallThatCannotBeAnsweredLetsTheStationGo(t *testing.T) {
	inHouse(t, func(h *house) {
		w := h.Watch()
		defer w.Close()
		h.x.call(pri1, "138", "5558001")
		h.x.on(pri1, func(*port) { h.x.fail[pri1] = wishErr(channels.Wish{}, "cannot") })
		h.x.lift(station1)
		h.at(station1, "abandoned cause 16")
		var told *Failure
		for len(w.C()) > 0 {
			if c := <-w.C(); c.Kind == Failed && told == nil {
				told = c.Failure
			}
		}
		if told == nil || told.Op != "answer" || told.Code != LineRefused {
			t.Errorf("%v", told)
		}
		h.x.on(pri1, func(*port) { delete(h.x.fail, pri1) })
		h.sleep(time.Minute)
		h.at(pri1, "idle")
	})
}

func TestALineThatCannotBeMixedIsReleased(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(false)
		a, b := h.leg(station1).ID, h.leg(trunk1).ID
		h.must(h.Unbridge(h.ctx, "me", a))
		h.x.on(trunk1, func(*port) { h.x.fail[trunk1] = &channels.WishError{Code: "virtual-clock", Text: "?"} })
		if _, err := h.Bridge(h.ctx, "me", a, b); err != nil {
			t.Error(err)
		}
		h.sleep(time.Second)
		h.at(station1, "abandoned cause 16")
		h.x.on(trunk1, func(*port) { delete(h.x.fail, trunk1) })
		h.sleep(time.Minute)
		h.at(trunk1, "idle")
	})
}

func TestANumberThatCannotBeIsRefused(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.lift(station1)
		h.x.on(station1, func(p *port) { h.x.emit(p, channels.Event{Kind: channels.NumberComplete, Called: "7", Text: "wrong"}) })
		h.at(station1, "abandoned cause 1")
		h.x.lift(station2)
		h.x.on(station2, func(p *port) { h.x.emit(p, channels.Event{Kind: channels.NumberComplete, Text: "timeout"}) })
		h.at(station2, "off-hook-out") // nothing was dialled: its line says so by itself
	})
}

func TestTheFiguresSayWhatIsUp(t *testing.T) {
	inHouse(t, func(h *house) {
		h.talking(true)
		if n, b := testutil.ToFloat64(h.metrics.legs.WithLabelValues("talking")), testutil.ToFloat64(h.metrics.bridges); n != 2 || b != 1 {
			t.Errorf("%v talk in %v bridges", n, b)
		}
		_ = h.Answer(h.ctx, "me", "x")
		if n := testutil.ToFloat64(h.metrics.failed.WithLabelValues(NoLeg)); n != 1 {
			t.Errorf("%v failures", n)
		}
		h.x.down(station1)
		h.x.down(station2)
		for _, st := range LegStates() {
			if n := testutil.ToFloat64(h.metrics.legs.WithLabelValues(string(st))); n != 0 {
				t.Errorf("%v %s", n, st)
			}
		}
	})
	reg := prometheus.NewRegistry()
	newSwitchMetrics(reg)
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}
