package pri

import (
	"fmt"
	"testing"
)

// frame plays one LAPD frame, as hexadecimal octets.
func (l *link) frame(from Side, hex string) *link {
	l.pos += 800
	l.take(func(out []Event) []Event { return l.tap.Frame(out, from, bytesOf(l.t, hex), l.pos, l.pos) })
	return l
}

const begun = "call-begin 1 in 13912345678>8888"

func TestCallThatIsAnsweredWithoutAlertingIsAnswered(t *testing.T) {
	newLink(t).send(incoming+"u 0802 8001 07").want(begun, "answered 1")
}

func TestCallThatIsRefusedAtOnceIsTold(t *testing.T) {
	newLink(t).send(incoming+"u 0802 8001 5A 08 02 80 95").want(begun, "call-end 1 cleared-local 21 answered=false", "free 1")
}

func TestCallEndsWhereItsClearingSaysAndNotWithTheNoticeThatFollows(t *testing.T) {
	l := newLink(t).send(incoming + "u 0802 8001 07\nn 0802 0001 45 08 02 82 90 1E 02 82 88")
	for range 6 {
		l.wait(10).frame(User, "00 01 01 01")
	}
	l.want(begun, "answered 1", "call-end 1 cleared-network 16 answered=true") // the announcement still has the timeslot
	l.send("u 0802 8001 4D").want(begun, "answered 1", "call-end 1 cleared-network 16 answered=true", "free 1")
}

func TestSetupSentAgainIsTheSameCallButAnotherWithItsReferenceIsNot(t *testing.T) {
	newLink(t).send(incoming + incoming + "u 0802 8001 02\n" + incoming).want(begun)
	newLink(t).send(incoming+"u 0802 8001 01\nn 0802 0001 05"+bearer+slot1+"70 02 81 39").want(begun, "ringing 1",
		"call-end 1 superseded 0 answered=false", "free 1", "call-begin 1 in >9")
}

// Q.931 clause 5.7: both sides want one timeslot at the same moment.
func TestBothCallsOfAGlareAreFollowed(t *testing.T) {
	both := "u 0802 0004 05" + bearer + slot1 + "70 02 81 35\n" + incoming
	// The user's side yields: its call goes elsewhere.
	newLink(t).send(both+"u 0802 8001 02"+slot1+"\nn 0802 8004 02"+slot5+"\nn 0802 8004 07\nu 0802 8001 07").want(
		"call-begin 1 out >5", "call-end 1 superseded 0 answered=false", "free 1", begun, "call-begin 5 out >5", "answered 5", "answered 1")
	// The network's side yields: nothing becomes of its call.
	newLink(t).send(both+"u 0802 8001 5A 08 02 80 AC\nn 0802 8004 02"+slot1+"\nn 0802 8004 07").want("call-begin 1 out >5", "answered 1")
}

func TestHeldCallWhoseTimeslotIsTakenComesBackInAnother(t *testing.T) {
	newLink(t).send(incoming+`
		u 0802 8001 07
		u 0802 8001 24
		n 0802 0001 28
		u 0802 0002 05`+bearer+slot1+`70 02 81 35
		n 0802 8002 07
		u 0802 8001 31
		n 0802 0001 33`+slot5+`
		u 0802 0002 45`+normal+`
		u 0802 8001 45`+normal).want(begun, "answered 1", "held 1 1", "call-end 1 held 0 answered=true", "free 1",
		"call-begin 1 out >5", "answered 1", "call-begin 5 in 13912345678>8888", "answered 5",
		"call-end 1 cleared-local 16 answered=true", "call-end 5 cleared-local 16 answered=true")
}

func TestParkedCallEnds(t *testing.T) {
	l := newLink(t).send(incoming + "u 0802 8001 07\nu 0802 8001 25\nn 0802 0001 2D").want
	l(begun, "answered 1", "call-end 1 held 0 answered=true", "free 1")
}

// Q.931 clause 5.8.11.
func TestCallThatTheOtherSideDoesNotKnowHasEnded(t *testing.T) {
	newLink(t).send(incoming+"u 0802 8001 07\nn 0802 0001 75\nu 0802 8001 7D 08 02 80 9E 14 01 0A").want(begun, "answered 1")
	newLink(t).send(incoming+"u 0802 8001 07\nu 0802 8001 7D 08 02 80 D1 14 01 00\n"+incoming).want(begun, "answered 1",
		"call-end 1 cleared-local 81 answered=true", "free 1", begun)
}

func TestNameThatFollowsTheSetupIsToldUnlessTheCallerIsWithheld(t *testing.T) {
	name := "n 0802 0001 62 1C 0F 91 A1 0C 02 01 01 02 01 00 80 04 4C 69 20 33"
	newLink(t).send(incoming+name).want(begun, "numbers 1 in 13912345678>8888 name=Li 3")
	newLink(t).send("n 0802 0001 05" + bearer + slot1 + "6C 06 21 A3 31 33 39 30" + to8888 + "\n" + name).want("call-begin 1 in >8888 withheld")
}

// Q.931 annex H.
func TestSegmentedSetupTellsWhatItsFirstPartHas(t *testing.T) {
	newLink(t).send("n 0802 0001 60 00 02 81 05"+bearer+slot1+to8888+"\nn 0802 0001 60 00 02 00 05 7E 04 04 41 42 43\nu 0802 8001 07").want(
		"call-begin 1 in >8888", "answered 1")
}

func TestCallThatMayBeSpokenOrDataIsNoData(t *testing.T) {
	newLink(t).send("n 0802 0001 05 04 02 88 90" + bearer + slot1 + to8888).want("call-begin 1 in >8888")
}

func TestFramesOfOtherServicesDoNotDisturb(t *testing.T) {
	l := newLink(t).send(incoming)
	l.frame(Network, "FE FF 00 00 08 02 00 01 45").frame(Network, "FE FF 03 0F 12 34 01 FF").frame(Network, "42 01 02 00 08 02 00 01 45") // SAPI 63, 16
	l.send("u 0802 8001 07").frame(Network, "02 01 02 00 03 01 00 0F 01 01 02").want(begun, "answered 1")                                 // and maintenance
	if n := l.tap.Counts(); n.Lost != 0 || n.Repeated != 0 || n.Bad != 0 {
		t.Errorf("%+v", n)
	}
}

func TestSetupThatIsBroadcastIsTaken(t *testing.T) {
	newLink(t).frame(Network, "02 FF 03 0802 0001 05"+bearer+slot1+to8888).send("u 0802 8001 07").want("call-begin 1 in >8888", "answered 1")
}

func TestCallsGoOnAfterALongLossWhereverTheNumbersAre(t *testing.T) {
	for _, jump := range []uint8{1, 20, 64, 70, 100, 110} {
		l := newLink(t).send("n 0802 0002 62")
		l.ns[Network] += jump
		l.send(incoming)
		l.want(begun)
	}
}

func TestLinkThatOnlyAsksToBeMadeIsLost(t *testing.T) {
	l := newLink(t).send(incoming + "u 0802 8001 07")
	for range 100 {
		l.wait(1).frame(Network, "02 01 7F") // SABME, and nobody answers
	}
	l.want(begun, "answered 1", "call-end 1 link-lost 0 answered=true", "free 1", "link-down 0")
}

func TestCallWhoseClearingMayBeLostEndsWhenItsTimeslotIsIdle(t *testing.T) {
	idle := func(l *link) *link {
		l.take(func(out []Event) []Event { return l.tap.Idle(out, 1, l.pos) })
		return l
	}
	idle(newLink(t).send(incoming+"u 0802 8001 07")).want(begun, "answered 1")                            // two people may be silent for long
	idle(newLink(t).send(incoming+"u 0802 8001 07").frame(User, "00 01 01 04")).want(begun, "answered 1", // the user has what the tap has not
		"call-end 1 idle-code 0 answered=true", "free 1")
	l := newLink(t).send(incoming + "u 0802 8001 07")
	l.ns[Network]++
	idle(l.send("n 0802 0044 6E")).want(begun, "answered 1", "call-end 1 idle-code 0 answered=true", "free 1")
}

func TestCallsSetUpBeforeTheSidesWereKnownAreTurnedRound(t *testing.T) {
	l := newLink(t)
	say := func(from Side, ns uint8, hex string) { // each on the other's wire
		l.pos += 800
		l.take(func(out []Event) []Event {
			return l.tap.Frame(out, from.Other(), iframe(from, ns, bytesOf(t, hex)), l.pos, l.pos)
		})
	}
	say(Network, 0, "0802 0001 05"+bearer+slot1+from139+to8888)
	say(User, 0, "0802 8001 01")
	say(User, 1, "0802 8001 07")
	say(Network, 1, "0802 0001 0F")
	say(Network, 2, "0802 0001 6E")
	say(Network, 3, "0802 0001 6E")
	say(User, 2, "0802 8001 45"+normal)
	l.want("call-begin 1 out 13912345678>8888", "ringing 1", "answered 1", "numbers 1 in 13912345678>8888", "swapped 0",
		"call-end 1 cleared-local 16 answered=true")
}

func TestSidesThatAreRightAgainAreTold(t *testing.T) {
	l := newLink(t)
	for i := range 2 * sure {
		from := User
		if i >= sure {
			from = Network
		}
		l.frame(from, "02 01 7F")
	}
	var got []int64
	for _, e := range l.evs {
		if e.Kind == Swapped {
			got = append(got, e.Value)
		}
	}
	if fmt.Sprint(got) != "[1 0]" {
		t.Error(got)
	}
}

// A SETUP that asks for any timeslot, and whose answers are lost, never has one.
func TestCallsWithoutATimeslotDoNotFillTheTap(t *testing.T) {
	l := newLink(t)
	for ref := 1; ref < 3*maxCalls; ref++ {
		l.send(fmt.Sprintf("u 0802 %04x 05 %s 70 02 81 35\nn 0802 %04x 07", ref, bearer, ref|0x8000))
	}
	if n := len(l.tap.calls); n > maxCalls {
		t.Errorf("%d calls are kept", n)
	}
	l.send(incoming).want(begun)
}

func TestTimesOfATimeslotDoNotGoBack(t *testing.T) {
	l := newLink(t).send(incoming + "u 0802 8001 07\nu 0802 0002 05" + bearer + "18 03 A1 83 81 70 02 81 35\nu 0802 8001 4D\nn 0802 8002 02" + slot1)
	// an answer that was read before what it answers
	l.take(func(out []Event) []Event {
		return l.tap.Frame(out, Network, iframe(Network, l.ns[0], bytesOf(t, "0802 8002 07")), l.pos-100, l.pos)
	})
	l.want(begun, "answered 1", "call-end 1 cleared-local 0 answered=true", "free 1", "call-begin 1 out >5", "answered 1")
	at := int64(0)
	for _, e := range l.evs {
		if e.Slot != 0 && e.Pos < at {
			t.Errorf("%s at %d, after %d", show(e), e.Pos, at)
		}
		if e.Slot != 0 {
			at = e.Pos
		}
	}
}

func TestWhatWasToldOfACallDoesNotChange(t *testing.T) {
	l := newLink(t).send("u 0802 0002 05" + bearer + prefer3 + to8888 + "\nn 0802 8002 5A 08 02 82 91")
	for _, e := range l.evs {
		if e.Kind == CallBegin && (e.Call.EndedBy != "" || e.Call.Cause.Value != 0) {
			t.Errorf("%+v", *e.Call)
		}
	}
}

func TestCallThatIsUpIsToldAgainToWhoAsks(t *testing.T) {
	l := newLink(t).send(incoming + "u 0802 8001 07")
	l.got = nil
	for _, slot := range []int{1, 2} {
		l.take(func(out []Event) []Event { return l.tap.Current(out, slot, l.pos) })
	}
	l.want(begun, "answered 1")
}
