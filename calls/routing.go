package calls

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vaad/channels"
)

// stationName is how a station is named that began something.
func stationName(l *leg) string {
	if l.Extension != "" {
		return "station " + l.Extension
	}
	return lineName(l)
}

func lineName(l *leg) string { return "line " + strconv.Itoa(l.Line) }

// wishing is a wish to be carried out.
func (s *Switch) wishing(w channels.Wish) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := s.cfg.Lines.Wish(ctx, w)
		return err
	}
}

// arrives: a call has come in on a trunk. An analog one may still say who calls,
// a digital one says when its number is whole.
func (s *Switch) arrives(l *leg, p *PBX) {
	if l.digital {
		return
	}
	wait := usual(p.CallerWait, callerWait)
	if l.Caller != "" || l.private || wait == 0 {
		s.incoming(l)
		return
	}
	l.waiting = s.after(wait, func() { s.incoming(l) })
}

// callerKnown: who calls on an analog trunk is known, or will not be.
func (s *Switch) callerKnown(l *leg, _ *channels.Event) {
	if !l.Ours && !l.digital {
		s.incoming(l)
	}
}

// numberWhole: a station has dialled a number, or one has come on a digital trunk.
func (s *Switch) numberWhole(l *leg, e *channels.Event) {
	if l.Ours || l.routed || !l.up() {
		return
	}
	if e != nil && e.Called != "" {
		l.Called = e.Called
		s.touch(l)
	}
	wrong := e != nil && e.Text == "wrong"
	switch {
	case wrong:
		s.release(l, 1)
	case l.Use == useTrunk:
		s.incoming(l)
	case l.Called != "" && l.out == nil && l.bridge == nil:
		l.routed = true
		s.place(l, l.Called)
	}
}

// incoming rings the stations for a call on a trunk.
func (s *Switch) incoming(l *leg) {
	if l.routed || !l.up() || l.bridge != nil || l.out != nil {
		return
	}
	l.routed = true
	stopTimer(l.waiting)
	p := s.pbx()
	ring, name, ok := p.incoming(l.Line, l.Called)
	switch {
	case !ok && l.digital && len(p.Incoming) > 0:
		s.failed(l, &Failure{Op: "call", Code: UnknownNumber, Text: "no station rings for the number " + l.Called})
		s.release(l, 1)
		return
	case len(ring) == 0:
		l.kept = true
		s.alert(l) // a network waits for that, if for nothing else
		l.waits = false
		return
	}
	if l.digital && l.Answered.IsZero() {
		s.wish(channels.Wish{ID: s.id(), Line: l.Line, Kind: channels.WishProceed}, nil) // the line may have told it by itself
	}
	d := &dial{from: l, by: lineName(l), stations: ring, patient: !l.digital && l.Answered.IsZero(),
		wish: channels.Wish{Caller: l.Caller, Name: strings.TrimSpace(name + " " + l.Name), Private: l.private, Ring: "outside"}}
	if f := s.start(d, 0); f != nil {
		s.failed(l, f)
		s.release(l, d.cause)
	}
}

// place calls a number for a leg: a station that dialled it, or a party passed on.
func (s *Switch) place(l *leg, number string) {
	d, f := s.plan(l, number)
	timeout := usual(s.pbx().RingFor, ringFor)
	if f == nil {
		if len(d.stations) == 0 {
			timeout = 0 // the network decides
		}
		f = s.start(d, timeout)
	}
	if f == nil {
		return
	}
	cause := 1
	if d != nil {
		cause = d.cause
	}
	s.failed(l, f)
	if l.second != nil {
		s.secondFailed(l, cause)
		return
	}
	s.release(l, cause)
}

// plan makes the dial that a number leads to.
func (s *Switch) plan(from *leg, number string) (*dial, *Failure) {
	p := s.pbx()
	to, ok := p.lead(number)
	if !ok {
		return nil, &Failure{Op: "call", Code: UnknownNumber, Text: "the number " + number + " leads nowhere"}
	}
	d := &dial{from: from, by: lineName(from)}
	if from.Use == useStation {
		d.by = stationName(from)
	}
	caller, name := from.party()
	own := p.byLine(from.Line)
	if to.inside {
		ring := "outside"
		if from.Use == useStation {
			ring, name = "inside", own.Name
		}
		d.stations = []int{to.station.Line}
		d.wish = channels.Wish{Caller: caller, Name: name, Private: from.private && from.Use == useTrunk, Ring: ring}
		return d, nil
	}
	if !dialable(to.number) {
		return nil, &Failure{Op: "call", Code: BadNumber, Text: "the number cannot be dialled"}
	}
	d.groups = slices.Clone(to.groups)
	d.wish = channels.Wish{Number: to.number}
	if from.Use == useStation {
		d.wish.Caller, d.wish.Private = own.Outside, own.Private
	}
	return d, nil
}

// answerLeg answers a leg that nobody has answered.
func (s *Switch) answerLeg(l *leg) {
	if l.answers || l.Ours || !l.Answered.IsZero() {
		return
	}
	l.answers = true
	s.enqueue(l.Line, act{skip: func() bool { return !l.up() }, do: s.wishing(channels.Wish{ID: s.id(), Line: l.Line, Kind: channels.WishAnswer}), done: s.orRelease(l, "answer")})
}

// orRelease releases a leg that cannot go on without what was wished.
func (s *Switch) orRelease(l *leg, op string) func(error) {
	return func(err error) {
		if err != nil && l.up() {
			s.failed(l, lineFailure(op, err))
			s.release(l, 41)
		}
	}
}

// free says whether a line can take a call.
func (s *Switch) free(st channels.LineStatus) bool {
	return st.State == channels.Idle && st.Call == "" && s.trying[st.Number] == nil && s.onLine(st.Number) == nil
}

// dead says whether a line can take no call, however long one waits for it to be free.
func dead(st channels.LineStatus) bool {
	return st.State == channels.GoneState || st.State == channels.NoBattery || st.State == channels.Unknown || st.State == channels.UnusedState
}

// noTrunk says what keeps trunks from taking a call.
func noTrunk(all []channels.LineStatus) *Failure {
	n := 0
	for i := range all {
		if dead(all[i]) {
			n++
		}
	}
	return &Failure{Code: NoTrunk, Text: fmt.Sprintf("%d in use, %d out of order", len(all)-n, n)}
}

// busy says why a station cannot be rung, with the cause for who wants it.
func (s *Switch) busy(line int) (int, *Failure) {
	st, ok := s.lines[line]
	switch {
	case !ok || st.Use.String() != useStation:
		return 3, &Failure{Op: "call", Code: NoSuchLine, Text: lineText(line) + " is no station"}
	case s.free(st):
		return 0, nil
	case dead(st):
		return 27, &Failure{Op: "call", Code: LineGone, Text: lineText(line) + " does not work"}
	}
	return 17, &Failure{Op: "call", Code: LineInUse, Text: lineText(line) + " is busy"}
}

func lineText(line int) string { return "line " + strconv.Itoa(line) }

// order is a group's trunks as they are to be tried.
func (s *Switch) order(g TrunkGroup) []int {
	lines := slices.Clone(g.Lines)
	switch g.Order {
	case "last":
		slices.Reverse(lines)
	case "rotate":
		if i := slices.Index(lines, s.last[g.Name]); i >= 0 {
			lines = append(slices.Clone(lines[i+1:]), lines[:i+1]...)
		}
	case "longest-idle":
		slices.SortStableFunc(lines, func(a, b int) int { return s.lines[a].Since.Compare(s.lines[b].Since) })
	}
	return lines
}

// allTrunks are all trunks there are, in order of their numbers.
func (s *Switch) allTrunks() (lines []int) {
	for n, st := range s.lines {
		if st.Use.String() == useTrunk {
			lines = append(lines, n)
		}
	}
	slices.Sort(lines)
	return lines
}

// sorted are all legs in order of their IDs, so that what happens does not depend on chance.
func (s *Switch) sorted() []*leg {
	all := make([]*leg, 0, len(s.legs))
	for _, l := range s.legs {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b *leg) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// note tells the journal.
func (s *Switch) note(call string, n Note) {
	if s.cfg.Notes != nil {
		s.cfg.Notes.Note(call, n)
	}
}
