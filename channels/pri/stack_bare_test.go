package pri

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A bareEnd is a stack with a data link as its far end, which sends whatever
// messages a test wants; frames take no time.
type bareEnd struct {
	t     testing.TB
	s     *Stack
	far   *DataLink
	now   int64
	got   []string // messages of the stack
	evs   []StackEvent
	quiet bool // the far end's link does not answer
}

func newBareEnd(t testing.TB, c StackConfig) *bareEnd {
	e := &bareEnd{t: t, s: NewStack(c), far: NewDataLink(LinkConfig{Side: c.Side.Other()})}
	var lost LinkOut
	e.far.Start(&lost, e.now)
	e.take(func(o *StackOut) { e.s.Start(o, e.now) })
	e.carry(&lost)
	if !e.s.Up() {
		t.Fatal("no link")
	}
	if !c.NoRestart {
		e.send("08 02 80 00 4E 79 01 87") // RESTART ACKNOWLEDGE
	}
	e.got, e.evs = nil, nil
	return e
}

// take carries frames to and fro until none are left.
func (e *bareEnd) take(f func(*StackOut)) {
	var o StackOut
	f(&o)
	e.evs = append(e.evs, o.Events...)
	if e.quiet {
		return
	}
	for _, frame := range o.Frames {
		var lo LinkOut
		e.far.Frame(&lo, frame, e.now)
		for _, m := range lo.Messages {
			e.got = append(e.got, describe(e.t, m))
		}
		e.carry(&lo)
	}
}

func (e *bareEnd) carry(lo *LinkOut) {
	for _, frame := range lo.Frames {
		e.take(func(o *StackOut) { e.s.Frame(o, frame, e.now) })
	}
}

// send sends a message, in hexadecimal digits.
func (e *bareEnd) send(hex string) {
	e.t.Helper()
	var lo LinkOut
	if err := e.far.Send(&lo, bytesOf(e.t, hex), e.now); err != nil {
		e.t.Fatal(err)
	}
	e.carry(&lo)
}

// wait lets seconds go by.
func (e *bareEnd) wait(seconds float64) {
	for end := e.now + int64(seconds*rate); e.now < end; {
		e.now = max(e.now, min(end, e.s.Next(), e.far.Next()))
		e.take(func(o *StackOut) { e.s.Tick(o, e.now) })
		var lo LinkOut
		e.far.Tick(&lo, e.now)
		if !e.quiet {
			e.carry(&lo)
		}
	}
}

// describe writes a message as "STATUS 101 state 10", with the first octets of what
// it complains about.
func describe(t testing.TB, b []byte) string {
	m, err := ParseMessage(b)
	if err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	s := m.Type.String()
	m.Elements(func(e Element) {
		switch e.ID {
		case CauseElement:
			c, _ := ParseCause(e.Data)
			s += fmt.Sprint(" ", c.Value)
			if len(e.Data) > 2 {
				s += fmt.Sprintf(" about %x", e.Data[2:])
			}
		case CallStateElement:
			s += fmt.Sprint(" state ", e.Data[0])
		}
	})
	return s
}

// answers returns what the stack has sent since it was asked last.
func (e *bareEnd) answers() string {
	s := strings.Join(e.got, ", ")
	e.got = nil
	return s
}

func (e *bareEnd) want(answers string) {
	e.t.Helper()
	if got := e.answers(); got != answers {
		e.t.Errorf("it answered %q, not %q", got, answers)
	}
}

func (e *bareEnd) told() string {
	var all []string
	for _, ev := range e.evs {
		all = append(all, wordsOf(ev))
	}
	e.evs = nil
	return strings.Join(all, ", ")
}

func (e *bareEnd) wantTold(words string) {
	e.t.Helper()
	if got := e.told(); got != words {
		e.t.Errorf("told %q, not %q", got, words)
	}
}

// setup is SETUP of the far end with reference 1, in timeslot 1.
const setup = "08 02 00 01 05 04 03 80 90 A3 18 03 A9 83 81 70 05 81 38 38 38 38"

// reach brings a call into a state.
func (e *bareEnd) reach(s callState) {
	e.t.Helper()
	const ours = "08 02 80 01 " // what the far end says about a call of ours
	call := func() {
		e.take(func(o *StackOut) {
			if _, err := e.s.Setup(o, SetupOrder{Slot: 1, Called: "1"}, e.now); err != nil {
				e.t.Fatal(err)
			}
		})
	}
	wish := func(f func(*StackOut) error) {
		e.take(func(o *StackOut) {
			if err := f(o); err != nil {
				e.t.Fatal(err)
			}
		})
	}
	id := func() CallID { return e.s.legs[0].id }
	out, inc := e.s.out, e.s.in
	switch s {
	case out.present:
		call()
	case out.overlap:
		call()
		e.send(ours + "0D" + slot1)
	case out.proceeding:
		call()
		e.send(ours + "02" + slot1)
	case out.delivered:
		call()
		e.send(ours + "01" + slot1)
	case inc.present:
		e.send(setup + "A1")
	case inc.overlap:
		e.send(setup)
	case inc.proceeding:
		e.send(setup + "A1")
		wish(func(o *StackOut) error { return e.s.Proceed(o, id(), e.now) })
	case inc.delivered:
		e.send(setup + "A1")
		wish(func(o *StackOut) error { return e.s.Alert(o, id(), e.now) })
	case qConnectRequest:
		e.send(setup + "A1")
		wish(func(o *StackOut) error { return e.s.Connect(o, id(), e.now) })
	case qActive:
		call()
		e.send(ours + "07" + slot1)
	case qDisconnectRequest, qDisconnectIndicate:
		call()
		wish(func(o *StackOut) error { return e.s.Clear(o, id(), 16, e.now) })
	case qReleaseRequest:
		call()
		e.send(ours + "45" + normal)
	}
	if len(e.s.legs) != 1 || e.s.legs[0].state != s {
		e.t.Fatalf("state %d is not reached: %+v", s, e.s.legs)
	}
	e.got, e.evs = nil, nil
}

// statesOf are those a side's calls can be in.
func statesOf(side Side) (all []callState) {
	table := makeCallTable(side)
	for s := range callState(nCallState) {
		if s != qNull && table[s][gotComplete].do != nil {
			all = append(all, s)
		}
	}
	return all
}

// bodies are what each message needs.
var bodies = map[MessageType]string{Alerting: "", CallProceeding: "", Progress: "1E 02 81 88", Connect: "", SetupAck: "", ConnectAck: "",
	UserInformation: "", Hold: "", HoldAck: "", HoldReject: normal, Retrieve: "", RetrieveAck: "", RetrieveReject: normal,
	Disconnect: normal, Release: normal, ReleaseComplete: normal, Facility: "1C 01 91", Notify: "27 01 F9", StatusEnquiry: "",
	CongestionControl: "", Information: "", Status: ""}

// welcome are the messages that Q.931 clauses 5.1 to 5.5 and annex A have a use for in a
// state; and always so: clearing, STATUS, STATUS ENQUIRY, FACILITY, CONGESTION CONTROL.
func welcome(side Side, s callState) []MessageType {
	out, inc := side.sent(), side.got()
	answers := []MessageType{Alerting, Connect, Progress, CallProceeding}
	user := []MessageType{Notify, UserInformation, Information}
	switch s {
	case out.present:
		return append(answers, SetupAck, UserInformation)
	case out.overlap:
		return append(answers, user...)
	case out.proceeding:
		return append(user, Alerting, Connect, Progress)
	case out.delivered:
		return append(user, Connect, Progress)
	case inc.present:
		return []MessageType{Notify, UserInformation}
	case inc.overlap, inc.proceeding, inc.delivered:
		return user
	case qConnectRequest:
		return append(user, ConnectAck)
	case qActive:
		return append(user, ConnectAck, Progress, Hold, HoldAck, HoldReject, Retrieve, RetrieveAck, RetrieveReject)
	case qReleaseRequest:
		return []MessageType{Notify, Information}
	}
	return append(user, ConnectAck)
}

// Clause 5.8.4: what a state does not expect is answered with STATUS, and changes nothing.
func TestEveryUnexpectedMessageIsAnsweredWithStatus(t *testing.T) {
	for _, side := range bothSides {
		for _, state := range statesOf(side) {
			for m, body := range bodies {
				if slices.Contains([]MessageType{Disconnect, Release, ReleaseComplete, Status, StatusEnquiry, Facility, CongestionControl}, m) {
					continue
				}
				e := newBareEnd(t, StackConfig{Side: side, Overlap: true})
				e.reach(state)
				e.send(fmt.Sprintf("08 02 %s 01 %02X", e.flag(), uint8(m)) + body)
				got := e.answers()
				want := ""
				if !slices.Contains(welcome(side, state), m) {
					want = fmt.Sprintf("STATUS 101 about %02x state %d", uint8(m), state)
				}
				if unexpected := strings.HasPrefix(got, "STATUS 101"); unexpected != (want != "") || unexpected && (got != want || e.s.legs[0].state != state) {
					t.Errorf("%v in %s is answered with %q, not %q", m, state.name(side), got, want)
				}
			}
		}
	}
}

// flag is the octet with the flag of a message of the far end about the one call there is.
func (e *bareEnd) flag() string {
	if e.s.legs[0].ours {
		return "80"
	}
	return "00"
}

// Whatever the state, these have their answers: clauses 5.3, 5.8.3.2, 5.8.4, 5.8.10 and 5.8.11.
func TestClearingAndEnquiriesAreAnsweredInEveryState(t *testing.T) {
	for _, side := range bothSides {
		for _, state := range statesOf(side) {
			ending := state.phase() == ending
			for _, c := range []struct{ message, answer, after string }{
				{"45" + normal, "RELEASE 16", "19"},
				{"45", "RELEASE 96", "19"},
				{"45 08 01 80", "RELEASE 96", "19"}, // a cause that cannot be read
				{"4D" + normal, "RELEASE COMPLETE 16", "-"},
				{"4D", "RELEASE COMPLETE 96", "-"},
				{"5A" + normal, "", "-"},
				{"5A", "", "-"},
				{"75", fmt.Sprintf("STATUS 30 state %d", state), fmt.Sprint(uint8(state))},
				{"7D 08 02 80 9E 14 01 00", "", "-"}, // null
				{"7D 08 02 80 E5 14 01 13", "RELEASE 101", "19"},
				{"7D 08 02 80 E5", "", fmt.Sprint(uint8(state))}, // without a state
				{"77", fmt.Sprintf("STATUS 97 about 77 state %d", state), fmt.Sprint(uint8(state))},
				{"60 00 02 80 05", fmt.Sprintf("STATUS 97 about 60 state %d", state), fmt.Sprint(uint8(state))},
				{"05 04 03 80 90 A3", "", fmt.Sprint(uint8(state))}, // SETUP again
				{"6E", fmt.Sprintf("STATUS 96 about 27 state %d", state), fmt.Sprint(uint8(state))},
				{"62 0F 01 00", fmt.Sprintf("STATUS 96 about 0f state %d", state), fmt.Sprint(uint8(state))}, // must be understood
				{"62 55 01 00", fmt.Sprintf("STATUS 99 about 55 state %d", state), fmt.Sprint(uint8(state))},
				{"62 14 01 3C", fmt.Sprintf("STATUS 100 about 14 state %d", state), fmt.Sprint(uint8(state))},
			} {
				e := newBareEnd(t, StackConfig{Side: side, Overlap: true})
				e.reach(state)
				e.send("08 02 " + e.flag() + " 01 " + c.message)
				got, after := e.answers(), "-"
				if len(e.s.legs) > 0 {
					after = fmt.Sprint(uint8(e.s.legs[0].state))
				}
				want, wantAfter := c.answer, c.after
				switch {
				case ending && strings.Contains(want, " 96") && !strings.HasPrefix(want, "STATUS"):
					want = strings.Replace(want, "96", "31", 1) // it may lack a cause by now
				case ending && (want == "RELEASE 101" || strings.HasPrefix(want, "STATUS 99") || strings.HasPrefix(want, "STATUS 100")):
					want, wantAfter = "", fmt.Sprint(uint8(state))
				}
				if state == qReleaseRequest && c.message[:2] == "45" { // RELEASE is under way
					want, wantAfter = "", "19"
				}
				if state == qReleaseRequest && c.message[:2] == "4D" { // both at once
					want = ""
				}
				if got != want || after != wantAfter {
					t.Errorf("%s in %s: %q, then %s; not %q, %s", c.message, state.name(side), got, after, want, wantAfter)
				}
			}
		}
	}
}

// Clause 5.8.3: messages of no call.
func TestMessagesOfUnknownCallsAreAnswered(t *testing.T) {
	for _, c := range []struct{ message, answer string }{
		{"08 02 00 09 45" + normal, "RELEASE COMPLETE 81"},
		{"08 02 80 09 01", "RELEASE COMPLETE 81"},
		{"08 02 80 09 4D" + normal, "RELEASE COMPLETE 81"},
		{"08 02 80 09 5A" + normal, ""},
		{"08 02 00 09 75", "STATUS 30 state 0"},
		{"08 02 00 09 7D 08 02 80 9E 14 01 00", ""},
		{"08 02 00 09 7D 08 02 80 9E 14 01 0A", "RELEASE COMPLETE 101"},
		{"08 02 80 09 05 04 03 80 90 A3", ""},                             // SETUP about a call of ours
		{"08 02 00 09 05 18 03 A9 83 81", "RELEASE COMPLETE 96 about 04"}, // no bearer
		{"08 02 00 09 05 04 01 80 18 03 A9 83 81", "RELEASE COMPLETE 100 about 04"},
		{"08 02 00 09 05 04 04 88 C0 C6 E6 18 03 A9 83 81", "RELEASE COMPLETE 65"}, // packets
		{"08 02 00 09 05 04 03 80 90 A3 18 03 A9 83 90", "RELEASE COMPLETE 44"},    // the D-channel
		{"08 02 00 09 05 04 03 80 90 A3 18 01 A8", "RELEASE COMPLETE 34"},          // no channel
		{"08 02 00 09 05 04 03 80 90 A3 0F 01 00", "RELEASE COMPLETE 96 about 0f"},
		{"08 01 09 4D" + normal, "RELEASE COMPLETE 81"},  // a reference of one octet
		{"08 02 00 00 45", "STATUS 81 about 45 state 0"}, // the global reference
		{"08 02 00 00 46", "STATUS 96 about 79 state 0"}, // RESTART of what?
		{"08 02 00 00 46 79 01 80", "STATUS 96 about 18 state 0"},
		{"08 02 00 00 46 18 03 A9 83 85 79 01 80", "RESTART ACKNOWLEDGE"},
		{"08 00 62", ""}, {"08", ""}, {"41 02 00 09 05", ""}, {"08 05 00 09", ""},
		{"03 02 00 09 0F 01 01 C0", ""}, // SERVICE to one that does not know it
	} {
		e := newBareEnd(t, StackConfig{Side: User})
		e.send(c.message)
		if got := e.answers(); got != c.answer || len(e.s.legs) > 0 {
			t.Errorf("%s: %q, not %q", c.message, got, c.answer)
		}
	}
}

func TestAmericanSwitchesGetTheirServiceAnswered(t *testing.T) {
	for message, answer := range map[string]string{"03 02 00 09 0F 01 01 C0": "0302800907 0101c0", "43 02 80 09 07 01 01 C0": "430200090f 0101c0"} {
		e := newBareEnd(t, StackConfig{Side: User, Switch: "4ess", T1: true})
		var lo LinkOut
		_ = e.far.Send(&lo, bytesOf(t, message), e.now)
		var o StackOut
		e.s.Frame(&o, lo.Frames[0], e.now)
		found := false
		for _, f := range o.Frames {
			found = found || fmt.Sprintf("%x", f[4:]) == strings.ReplaceAll(answer, " ", "")
		}
		if !found {
			t.Errorf("%s: %x", message, o.Frames)
		}
	}
}

// Tables 9-1 and 9-2: what happens when nobody answers.
func TestEveryTimerEndsWhatItWaitsFor(t *testing.T) {
	for _, c := range []struct {
		side    Side
		state   callState
		seconds float64
		answers string
	}{
		{User, qInitiated, 9, "SETUP, RELEASE COMPLETE 102"},                        // T303 twice
		{Network, qPresent, 9, "SETUP, RELEASE COMPLETE 102"},                       //
		{User, qOverlapSending, 31, "DISCONNECT 102"},                               // T304
		{Network, qOverlapReceiving, 21, "DISCONNECT 102"},                          //
		{User, qOutgoingProceeding, 61, "DISCONNECT 102"},                           // T310
		{Network, qIncomingProceeding, 11, "DISCONNECT 102"},                        //
		{User, qDelivered, 181, "DISCONNECT 19"},                                    // T301
		{Network, qReceived, 181, "DISCONNECT 19"},                                  //
		{User, qOverlapReceiving, 16, "CALL PROCEEDING"},                            // T302, and no plan says that digits are missing
		{Network, qOverlapSending, 13, "CALL PROCEEDING"},                           //
		{User, qPresent, 3, "CALL PROCEEDING"},                                      // the owner is silent
		{User, qConnectRequest, 5, "DISCONNECT 102"},                                // T313
		{User, qDisconnectRequest, 39, "RELEASE 16, RELEASE 16, RESTART"},           // T305, T308 twice
		{Network, qDisconnectIndicate, 39, "RELEASE 16, RELEASE 16, RESTART"},       //
		{User, qReleaseRequest, 9, "RELEASE 16, RESTART"},                           // T308 twice
		{User, qReleaseRequest, 260, "RELEASE 16, RESTART, RESTART"},                // T316 twice
		{User, qReleaseRequest, 600 + 260, "RELEASE 16, RESTART, RESTART, RESTART"}, // later again
	} {
		e := newBareEnd(t, StackConfig{Side: c.side, Overlap: true})
		e.reach(c.state)
		e.wait(c.seconds)
		if got := e.answers(); got != c.answers {
			t.Errorf("%s: %q, not %q", c.state.name(c.side), got, c.answers)
		}
	}
}

func TestAChannelThatIsNeverReleasedIsRestartedOrGivenUp(t *testing.T) {
	e := newBareEnd(t, StackConfig{Side: User, Slots: []int{1}})
	e.reach(qReleaseRequest)
	e.wait(10)
	e.wantTold("")
	order := SetupOrder{Called: "1", Complete: true}
	if _, err := e.s.Setup(&StackOut{}, order, e.now); err == nil {
		t.Error("it was used again")
	}
	e.wait(260)
	e.wantTold("maintenance 1")
	if _, err := e.s.Setup(&StackOut{}, order, e.now); err == nil {
		t.Error("it was used again")
	}
	e.wait(600)
	e.send("08 02 80 00 4E 18 03 A9 83 81 79 01 80")
	e.wantTold("restarted 1, slot-free 1")
	e.take(func(o *StackOut) {
		if _, err := e.s.Setup(o, order, e.now); err != nil {
			t.Error(err)
		}
	})
}

// Clause 5.8.8 and 5.8.10: after a disturbance the two sides compare.
func TestAfterALinkResetCallsAreEnquiredAbout(t *testing.T) {
	for _, c := range []struct {
		state           callState
		answers, status string
		after           string
	}{
		{qOverlapSending, "DISCONNECT 41", "", "cleared 1 cleared-local 41"},
		{qActive, "STATUS ENQUIRY", "14 01 0A", ""},
		{qActive, "STATUS ENQUIRY", "14 01 00", "cleared 1 cleared-network 41, slot-free 1"},
		{qActive, "STATUS ENQUIRY", "14 01 07", "cleared 1 cleared-local 101"}, // CONNECT was lost
		{qDelivered, "STATUS ENQUIRY", "14 01 07", ""},
		{qInitiated, "", "", ""}, // T303 sees to it
		{qReleaseRequest, "", "", ""},
	} {
		e := newBareEnd(t, StackConfig{Side: User})
		e.reach(c.state)
		e.take(func(o *StackOut) { e.s.at(o, e.now); e.s.established() })
		e.want(c.answers)
		e.evs = e.evs[:0]
		if c.status != "" {
			e.send("08 02 80 01 7D 08 02 80 9E " + c.status)
		}
		if c.answers == "DISCONNECT 41" {
			continue
		}
		e.wantTold(c.after)
	}
	e := newBareEnd(t, StackConfig{Side: User})
	e.reach(qActive)
	e.take(func(o *StackOut) { e.s.at(o, e.now); e.s.established() })
	e.wait(13)
	e.want("STATUS ENQUIRY, STATUS ENQUIRY, STATUS ENQUIRY, RELEASE 41")
}

func TestAnAnswerInATimeslotThatCannotBeIsReleased(t *testing.T) {
	for _, slot := range []string{"18 03 A9 83 90", "18 03 A9 83 82"} { // the D-channel, one that is not ours
		e := newBareEnd(t, StackConfig{Side: User, Slots: []int{1}})
		e.reach(qInitiated)
		e.send("08 02 80 01 02" + slot)
		e.want("RELEASE 6")
		e.wantTold("cleared 1 cleared-local 6")
	}
}

func TestAnAnswerMayNameAnotherTimeslot(t *testing.T) {
	e := newBareEnd(t, StackConfig{Side: User})
	e.reach(qInitiated)
	e.send("08 02 80 01 02" + slot17)
	e.wantTold("moved 17, slot-free 1, proceeding 17")
}

func TestNamesThatComeLateAreTold(t *testing.T) {
	name := "1C 19 9F AA 06 80 01 00 82 01 00 8B 01 00 A1 0B 02 01 01 02 01 00 80 03 4C 69 20"
	e := newBareEnd(t, StackConfig{Side: User, Switch: "qsig"})
	e.reach(qPresent)
	e.send("08 02 00 01 62" + name)
	e.wantTold("notify 1 Li ")
	if c, ok := e.s.Call(1); !ok || c.Name != "Li " {
		t.Errorf("%+v", c)
	}
	e.send("08 02 00 01 6E 27 01 F9 28 02 41 42") // hold is notified, with a display
	if ev := e.evs[0]; ev.Kind != StackNotify || ev.Value != 0x79 || ev.Text != "AB" {
		t.Errorf("%+v", ev)
	}
}

func TestAFarEndThatKnowsNoRestartIsNotWaitedFor(t *testing.T) {
	e := newBareEnd(t, StackConfig{Side: User})
	e.take(func(o *StackOut) { e.s.Restart(o, 3, e.now) })
	e.want("RESTART")
	e.send("08 02 80 00 7D 08 03 80 E1 46 14 01 00")
	e.wantTold("restarted 3")
	e.take(func(o *StackOut) { e.s.Restart(o, 0, e.now) })
	e.wait(5) // nor is one that says nothing
	e.wantTold("maintenance")
	e.take(func(o *StackOut) {
		if _, err := e.s.Setup(o, SetupOrder{Called: "1", Complete: true}, e.now); err != nil {
			t.Error(err)
		}
	})
}

func TestALateConnectAcknowledgeIsSentAgain(t *testing.T) {
	e := newBareEnd(t, StackConfig{Side: Network})
	e.reach(qActive)
	e.send("08 02 80 01 7D 08 02 80 9E 14 01 08") // the far end waits for it
	e.want("CONNECT ACKNOWLEDGE")
}

// What SETUP asked for is not yet agreed: the far end may have put the call elsewhere.
func TestARestartLeavesACallWhoseTimeslotIsNotAgreedOn(t *testing.T) {
	e := newBareEnd(t, StackConfig{Side: User})
	e.reach(qInitiated)
	e.send("08 02 00 00 46 18 03 A9 83 81 79 01 80")
	e.want("RESTART ACKNOWLEDGE")
	e.send("08 02 80 01 02" + slot17)
	e.wantTold("moved, slot-free 1, restarted 1, moved 17, proceeding 17")
}
