package pri

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A link carries messages of both sides to a tap, 100 ms apart.
type link struct {
	t   testing.TB
	tap *Tap
	ns  [2]uint8
	pos int64
	got []string
	evs []Event
}

func newLink(t testing.TB) *link { return &link{t: t, tap: NewTap()} }

// iframe makes the I frame in which a side sends layer 3.
func iframe(from Side, ns uint8, info []byte) []byte {
	address := byte(0x00)
	if from == Network {
		address = 0x02
	}
	return append([]byte{address, 0x01, ns << 1, 0}, info...)
}

// send plays lines such as "n 0802 0001 05…": the side (n, u) and layer 3.
func (l *link) send(script string) *link {
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		who, hex, _ := strings.Cut(strings.TrimSpace(line), " ")
		hex, _, _ = strings.Cut(hex, "//")
		from := Network
		if who == "u" {
			from = User
		}
		l.pos += 800
		l.take(func(out []Event) []Event {
			return l.tap.Frame(out, from, iframe(from, l.ns[from], bytesOf(l.t, strings.TrimSpace(hex))), l.pos, l.pos)
		})
		l.ns[from] = (l.ns[from] + 1) & 127
	}
	return l
}

func (l *link) take(f func([]Event) []Event) {
	for _, e := range f(nil) {
		l.evs = append(l.evs, e)
		l.got = append(l.got, show(e))
		if e.Known != l.pos || e.Pos > e.Known {
			l.t.Errorf("%s: happened at %d, known at %d, now %d", show(e), e.Pos, e.Known, l.pos)
		}
	}
}

// wait lets time go by.
func (l *link) wait(seconds int) *link {
	l.pos += int64(seconds) * rate
	l.take(func(out []Event) []Event { return l.tap.Tick(out, l.pos) })
	return l
}

func show(e Event) string {
	s := fmt.Sprintf("%v %d", e.Kind, e.Slot)
	c := e.Call
	switch e.Kind {
	case CallBegin, Numbers:
		way := "out"
		if c.Incoming {
			way = "in"
		}
		s += fmt.Sprintf(" %s %s>%s", way, c.Caller, c.Called)
		for mark, on := range map[string]bool{" withheld": c.Withheld, " data": c.Data} {
			if on {
				s += mark
			}
		}
		if c.Name != "" {
			s += " name=" + c.Name
		}
		if c.Redirected != "" {
			s += " for=" + c.Redirected
		}
		if c.Connected != "" {
			s += " by=" + c.Connected
		}
	case CallEnd:
		s += fmt.Sprintf(" %s %d answered=%v", c.EndedBy, c.Cause.Value, c.Answered > 0)
	case Key:
		s += " " + e.Text
	case CallHeld:
		s += fmt.Sprint(" ", e.Value)
	}
	return s
}

func (l *link) want(lines ...string) {
	l.t.Helper()
	if got := slices.DeleteFunc(slices.Clone(l.got), func(s string) bool { return s == "link-up 0" }); !slices.Equal(got, lines) {
		l.t.Errorf("told:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(lines, "\n  "))
	}
}

// Elements of the scripts below.
const (
	bearer   = "04 03 80 90 A3"
	slot1    = "18 03 A9 83 81"
	slot17   = "18 03 A9 83 91"
	prefer3  = "18 03 A1 83 83"
	slot5    = "18 03 A9 83 85"
	from139  = "6C 0D 21 83 31 33 39 31 32 33 34 35 36 37 38"
	to8888   = "70 05 81 38 38 38 38"
	normal   = "08 02 80 90"
	incoming = "n 0802 0001 05" + bearer + slot1 + from139 + to8888 + "\n"
)

func TestIncomingCallIsFollowedFromSetupToRelease(t *testing.T) {
	newLink(t).send(incoming+`
		u 0802 8001 02`+slot1+`
		u 0802 8001 01
		u 0802 8001 07
		n 0802 0001 0F
		u 0802 8001 45`+normal+`
		n 0802 0001 4D
		u 0802 8001 5A`).want(
		"call-begin 1 in 13912345678>8888", "ringing 1", "answered 1", "call-end 1 cleared-local 16 answered=true", "free 1")
}

func TestOverlapSendingMakesOneNumber(t *testing.T) {
	newLink(t).send(`
		u 0802 0007 05`+bearer+`6C 02 81 39 70 03 81 30 31
		n 0802 8007 0D`+slot17+`
		u 0802 0007 7B 70 02 81 30
		u 0802 0007 7B 70 03 81 38 36 A1
		n 0802 8007 02
		n 0802 8007 03 1E 02 82 88
		n 0802 8007 07
		u 0802 0007 0F
		u 0802 0007 7B 2C 02 31 23
		n 0802 8007 45 08 02 82 91
		u 0802 0007 4D
		n 0802 8007 5A`).want(
		"call-begin 17 out 9>01", "numbers 17 out 9>010", "numbers 17 out 9>01086", "answered 17", "key 17 1#",
		"call-end 17 cleared-network 17 answered=true", "free 17")
}

func TestPreferredTimeslotCountsWhenTheOtherSideTakesIt(t *testing.T) {
	setup := "u 0802 0002 05" + bearer + prefer3 + to8888 + "\n"
	newLink(t).send(setup + "n 0802 8002 02").want("call-begin 3 out >8888")
	newLink(t).send(setup + "n 0802 8002 02" + slot5).want("call-begin 5 out >8888")
	newLink(t).send(setup+"n 0802 8002 07").want("call-begin 3 out >8888", "answered 3")
	newLink(t).send(setup+"n 0802 8002 5A 08 02 82 91").want("call-begin 3 out >8888", "call-end 3 cleared-network 17 answered=false", "free 3")
	newLink(t).send(setup).want() // nobody has answered yet
}

func TestCallMovesWithItsTimeslot(t *testing.T) {
	newLink(t).send(incoming+`
		u 0802 8001 01
		u 0802 8001 07`+slot5).want("call-begin 1 in 13912345678>8888", "ringing 1",
		"call-end 1 moved 0 answered=false", "free 1", "call-begin 5 in 13912345678>8888", "ringing 5", "answered 5")
}

func TestNumbersThatAreNotToBeToldAreNot(t *testing.T) {
	newLink(t).send("n 0802 0001 05" + bearer + slot1 + "6C 06 21 A3 31 33 39 30 28 02 4C 69" + to8888).
		want("call-begin 1 in >8888 withheld")
}

func TestPartiesBesideCallerAndCalledAreTold(t *testing.T) {
	newLink(t).send("n 0802 0001 05 04 02 88 90"+slot1+from139+to8888+"74 05 01 00 8F 35 36 28 03 41 42 43"+`
		u 0802 8001 07 4C 04 01 83 37 37`).want("call-begin 1 in 13912345678>8888 data name=ABC for=56",
		"numbers 1 in 13912345678>8888 data name=ABC for=56 by=77", "answered 1")
}

func TestRepeatedFramesAreTakenOnce(t *testing.T) {
	l := newLink(t).send(incoming)
	l.ns = [2]uint8{}
	l.send(incoming)
	l.want("call-begin 1 in 13912345678>8888")
	if n := l.tap.Counts(); n.Repeated != 1 || n.Lost != 0 {
		t.Errorf("%+v", n)
	}
	l.ns[Network] += 3 // three are missing
	l.send("n 0802 0001 45" + normal)
	if n := l.tap.Counts(); n.Lost != 3 {
		t.Errorf("%+v", n)
	}
	l.want("call-begin 1 in 13912345678>8888", "call-end 1 cleared-network 16 answered=false")
}

func TestAnswerIsKnownByWhatItAcknowledges(t *testing.T) {
	l := newLink(t).send(incoming) // N(S) 0 of the network
	for hex, want := range map[string]bool{
		"00 01 00 02": false, // acknowledges N(S) 0, which has come
		"00 01 00 04": true,  // and 1, which has not
		"00 01 01 04": true,  // RR
		"00 01 00 00": false, // old
		"00 01 7F":    false,
		"00":          false,
	} {
		if got := l.tap.Answers(User, bytesOf(t, hex)); got != want {
			t.Errorf("%s: %v, want %v", hex, got, want)
		}
	}
}

func TestReferencesOfBothSidesAreKeptApart(t *testing.T) {
	newLink(t).send(incoming+`
		u 0802 0001 05`+bearer+slot5+to8888+`
		n 0802 8001 07
		u 0802 8001 07
		n 0802 8001 45`+normal).want("call-begin 1 in 13912345678>8888", "call-begin 5 out >8888", "answered 5", "answered 1",
		"call-end 5 cleared-network 16 answered=true")
}

func TestRestartClearsTheTimeslotsItNames(t *testing.T) {
	both := incoming + "u 0802 0001 05" + bearer + slot5 + to8888 + "\n"
	began := []string{"call-begin 1 in 13912345678>8888", "call-begin 5 out >8888"}
	newLink(t).send(both + "n 0802 0000 46" + slot5 + "79 01 80").want(append(began, "call-end 5 channel-restart 0 answered=false", "free 5", "restarted 5")...)
	newLink(t).send(both + "n 0802 0000 46 79 01 87").want(append(began, "call-end 1 channel-restart 0 answered=false", "free 1",
		"call-end 5 channel-restart 0 answered=false", "free 5", "restarted 0")...)
	newLink(t).send(both + "n 0802 0000 46 79 01 80").want(began...) // it names none
}

func TestTimeslotTakenAnewEndsTheCallWhoseEndWasNotSeen(t *testing.T) {
	newLink(t).send(incoming+"n 0802 0009 05"+bearer+slot1+to8888).want("call-begin 1 in 13912345678>8888",
		"call-end 1 superseded 0 answered=false", "free 1", "call-begin 1 in >8888")
	newLink(t).send(incoming+"u 0802 8001 07\n"+incoming).want("call-begin 1 in 13912345678>8888", "answered 1",
		"call-end 1 superseded 0 answered=true", "free 1", "call-begin 1 in 13912345678>8888")
}

func TestHeldCallIsTold(t *testing.T) {
	newLink(t).send(incoming+"u 0802 8001 07\nu 0802 8001 24\nn 0802 0001 28\nu 0802 8001 31\nn 0802 0001 33"+slot1).want(
		"call-begin 1 in 13912345678>8888", "answered 1", "held 1 1", "held 1 0")
}

func TestClearingOfACallThatWasNotSeenIsToldOnce(t *testing.T) {
	newLink(t).send("u 0802 8044 45" + normal + "\nn 0802 0044 4D").want("free 0")
}

func TestCallsOutliveALinkThatIsMadeAnewButNotOneThatIsGone(t *testing.T) {
	l := newLink(t).send(incoming + "u 0802 8001 07")
	for _, f := range []string{"02 01 7F", "02 01 73"} {
		l.pos += 800
		l.take(func(out []Event) []Event { return l.tap.Frame(out, Network, bytesOf(t, f), l.pos, l.pos) })
	}
	l.ns = [2]uint8{}
	l.wait(60).send("n 0802 0001 62").wait(91)
	l.want("call-begin 1 in 13912345678>8888", "answered 1", "call-end 1 link-lost 0 answered=true", "free 1", "link-down 0")
}

func TestCallThatNeverAnswersAndNeverEndsIsForgotten(t *testing.T) {
	l := newLink(t).send(incoming)
	for range 190 {
		l.wait(10).take(func(out []Event) []Event { return l.tap.Frame(out, User, bytesOf(t, "00 01 01 01"), l.pos, l.pos) })
	}
	l.want("call-begin 1 in 13912345678>8888", "call-end 1 link-lost 0 answered=false", "free 1")
}

func TestSwappedCablesAreFoundOut(t *testing.T) {
	l := newLink(t)
	for range sure {
		l.pos += 800
		l.take(func(out []Event) []Event { return l.tap.Frame(out, User, bytesOf(t, "02 01 7F"), l.pos, l.pos) })
	}
	l.pos += 800 // a SETUP of the network, on the wire called the user's
	l.take(func(out []Event) []Event {
		return l.tap.Frame(out, User, iframe(Network, 0, bytesOf(t, "0802 0001 05"+bearer+slot1+to8888)), l.pos, l.pos)
	})
	l.want("swapped 0", "call-begin 1 in >8888")
	if !l.tap.Swapped() {
		t.Error("Swapped says no")
	}
}

// Whatever the link says, every call that begins ends once, no timeslot has two
// calls, and times do not go back.
func TestEveryCallThatBeginsEndsOnce(t *testing.T) {
	types := []MessageType{Setup, SetupAck, CallProceeding, Alerting, Connect, Information, Disconnect, Release, ReleaseComplete, HoldAck, RetrieveAck, Restart, Status, SuspendAck, Facility, Segment}
	channels := []string{"", slot1, slot5, prefer3, slot17, "18 01 A3", "14 01 00", slot1 + "70 02 81 35"}
	rapid.Check(t, func(rt *rapid.T) {
		tap, ns := NewTap(), [2]uint8{}
		on, last := map[int]bool{}, map[int]int64{}
		pos := int64(0)
		check := func(evs []Event) {
			for _, e := range evs {
				if e.Pos > e.Known || e.Pos < last[e.Slot] {
					rt.Fatalf("%v of timeslot %d at %d, known at %d, after %d", e.Kind, e.Slot, e.Pos, e.Known, last[e.Slot])
				}
				last[e.Slot] = e.Pos
				switch e.Kind {
				case CallBegin:
					if on[e.Slot] {
						rt.Fatalf("two calls in timeslot %d", e.Slot)
					}
					on[e.Slot] = true
				case CallEnd:
					if !on[e.Slot] {
						rt.Fatalf("a call ends in timeslot %d where none is", e.Slot)
					}
					on[e.Slot] = false
				case CallAnswered, CallRinging, Numbers:
					if !on[e.Slot] {
						rt.Fatalf("%v in timeslot %d where no call is", e.Kind, e.Slot)
					}
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "messages") {
			pos += int64(rapid.IntRange(1, 20*rate).Draw(rt, "later"))
			check(tap.Tick(nil, pos))
			from := Side(rapid.IntRange(0, 1).Draw(rt, "from"))
			mt := rapid.SampledFrom(types).Draw(rt, "type")
			ref := rapid.IntRange(1, 3).Draw(rt, "ref")
			if mt == Restart {
				ref = 0
			}
			if rapid.Bool().Draw(rt, "flag") && mt != Setup && mt != Restart {
				ref |= 0x8000
			}
			info := append([]byte{8, 2, byte(ref >> 8), byte(ref), byte(mt)}, bytesOf(t, rapid.SampledFrom(channels).Draw(rt, "channel"))...)
			check(tap.Frame(nil, from, iframe(from, ns[from], info), pos, pos))
			ns[from] = (ns[from] + 1 + uint8(rapid.IntRange(0, 1).Draw(rt, "lost"))) & 127
			check(tap.Idle(nil, rapid.IntRange(1, 31).Draw(rt, "idle"), pos))
		}
		check(tap.Gone(nil, pos))
		for slot, up := range on {
			if up {
				rt.Fatalf("the call in timeslot %d never ended", slot)
			}
		}
	})
}

func FuzzTap(f *testing.F) {
	f.Add([]byte{0, 0x02, 0x01, 0, 0, 8, 2, 0, 1, 5, 0x18, 3, 0xA9, 0x83, 0x81}, false)
	f.Add([]byte{0x00, 0x01, 0x7F}, true)
	f.Fuzz(func(t *testing.T, b []byte, user bool) {
		tap := NewTap()
		from := Network
		if user {
			from = User
		}
		for pos := int64(1); len(b) > 0; pos += 1000 {
			n := min(int(b[0])+1, len(b))
			for _, e := range tap.Frame(nil, from, b[:n], pos, pos) {
				if e.Slot < 0 || e.Slot > 31 || len(e.Text) > maxDigits {
					t.Errorf("%+v", e)
				}
			}
			b, from = b[n:], from.Other()
		}
		tap.Gone(nil, 1<<40)
	})
}
