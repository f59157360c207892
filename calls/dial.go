package calls

import (
	"slices"
	"time"

	"vaad/channels"
)

const (
	beginWithin = 10 * time.Second       // a line that took a call begins it
	askAgain    = 2 * time.Second        // until stations that were busy are tried again
	recallFor   = 3 * time.Minute        // a station rings that long for who it left held
	recallAgain = 500 * time.Millisecond // … that was put down just now
	releaseSoon = 10 * time.Second       // a trunk that was released is free
)

// then says what happens when somebody answers.
type then uint8

const (
	thenBridge    then = iota // with who it is for; nobody: the leg is kept
	thenSupervise             // into the bridge of a leg
)

// dial is calls that are being made to reach somebody: stations that ring
// together, or trunks that are tried one after the other.
type dial struct {
	from     *leg // for whom, and who hears how it goes; nil: nobody
	by       string
	then     then
	target   *leg // thenSupervise
	role     Role // thenSupervise
	stations []int
	patient  bool // stations that were busy are tried again
	recall   bool // from was left held by the station that rings
	leave    bool // from stays up if nobody is reached
	back     int  // the station's line that passed from on; 0: none
	groups   []string
	group    string // that of trunks
	trunks   []int  // still to be tried
	anyTrunk bool
	tried    map[int]bool
	refused  []channels.LineStatus // trunks that could not be taken
	wish     channels.Wish

	legs     []*leg
	attempts []*attempt
	cause    int // of the last that failed
	failure  *Failure
	deadline *time.Timer
	again    *time.Timer
	begun    func(*leg, *Failure) // told once, of the first leg or that there is none
	over     bool
}

// start begins a dial: on lines that are free. It says why it could not.
func (s *Switch) start(d *dial, timeout time.Duration) *Failure {
	d.tried = map[int]bool{}
	if d.from != nil {
		if d.from.out != nil {
			s.cancel(d.from.out)
		}
		d.from.out = d
	}
	s.dials[d] = true
	if timeout > 0 {
		d.deadline = s.after(timeout, func() {
			d.cause, d.failure = 19, &Failure{Op: "call", Code: NotAnswered, Text: "the call was not answered in time"}
			s.fail(d)
		})
	}
	s.refresh()
	if len(d.stations) > 0 {
		s.ring(d)
	} else {
		s.hunt(d)
	}
	if len(d.attempts) == 0 && !d.patient {
		f := d.failure
		s.finish(d)
		return f
	}
	return nil
}

// ring calls the stations of a dial that are free and not called yet.
func (s *Switch) ring(d *dial) {
	for _, line := range d.stations {
		if slices.ContainsFunc(d.legs, func(l *leg) bool { return l.Line == line }) || slices.ContainsFunc(d.attempts, func(a *attempt) bool { return a.line == line }) {
			continue
		}
		if d.from != nil && d.from.Line == line {
			d.cause, d.failure = 17, &Failure{Op: "call", Code: LineInUse, Text: "a station cannot call itself"}
			continue
		}
		if cause, f := s.busy(line); f != nil {
			d.cause, d.failure = cause, f
			continue
		}
		w := d.wish
		w.Line = line
		s.attempt(d, w, "")
	}
	if d.patient && !d.over {
		stopTimer(d.again)
		wait := askAgain
		if d.recall {
			wait = recallAgain
		}
		d.again = s.after(wait, func() {
			s.refresh()
			s.ring(d)
		})
	}
}

// hunt takes the next free trunk of a dial's groups.
func (s *Switch) hunt(d *dial) bool {
	for {
		for len(d.trunks) > 0 {
			line := d.trunks[0]
			d.trunks = d.trunks[1:]
			if d.tried[line] {
				continue
			}
			st, known := s.lines[line]
			if !known || st.Use.String() != useTrunk {
				continue
			}
			if !s.free(st) {
				d.refused = append(d.refused, st)
				continue
			}
			d.tried[line] = true
			if d.group != "" {
				s.last[d.group] = line
			}
			w := d.wish
			w.Line = line
			if g, ok := s.groupOf(d.group); ok {
				w.Prefix = g.Prefix
				if w.Caller == "" && !w.Private {
					w.Caller = g.Caller
				}
			}
			s.attempt(d, w, d.group)
			return true
		}
		if len(d.groups) == 0 && !d.anyTrunk {
			break
		}
		if d.anyTrunk {
			d.anyTrunk, d.trunks = false, s.allTrunks()
			continue
		}
		d.group, d.groups = d.groups[0], d.groups[1:]
		if g, ok := s.groupOf(d.group); ok {
			d.trunks = s.order(g)
		} else {
			d.failure = &Failure{Op: "call", Code: NoGroup, Text: "there is no trunk group " + d.group}
			d.cause = 34
		}
	}
	if d.failure == nil {
		d.cause, d.failure = 34, noTrunk(d.refused)
	}
	return false
}

func (s *Switch) groupOf(name string) (TrunkGroup, bool) {
	p := s.pbx()
	return p.group(name)
}

// goOn tries what is left of a dial of which a call has failed.
func (s *Switch) goOn(d *dial) {
	if d.over || len(d.legs)+len(d.attempts) > 0 {
		return
	}
	if len(d.stations) == 0 {
		s.refresh()
		if s.hunt(d) {
			return
		}
	}
	if d.patient && d.from.up() {
		return // it is tried again
	}
	s.fail(d)
}

// fail ends a dial that reached nobody, and tells whom it was for.
func (s *Switch) fail(d *dial) {
	if d.over {
		return
	}
	f := d.failure
	if f == nil {
		f = &Failure{Op: "call", Code: NotAnswered, Text: "the call ended before it was answered"}
	}
	from := d.from
	if d.begun == nil {
		s.failed(from, f)
	}
	if d.begun != nil {
		d.begun(nil, f)
		d.begun = nil
	}
	s.finish(d)
	if from == nil || !from.up() {
		return
	}
	switch {
	case from.second != nil:
		s.secondFailed(from, d.cause)
	case d.leave:
		from.kept = true
		s.hush(from)
	case d.back != 0:
		s.recallTo(d.back, from, d.by)
	case d.then == thenBridge:
		s.refuse(from, d.cause)
	}
}

// refuse ends a leg that reaches nobody. What rings on an analog trunk cannot be
// refused: it rings on, to be answered by an operation.
func (s *Switch) refuse(l *leg, cause int) {
	if l.State == LegRinging && l.Use == useTrunk && !l.digital && !l.answers {
		l.kept = true
		return
	}
	s.release(l, cause)
}

// cancel ends a dial that nobody wants any more.
func (s *Switch) cancel(d *dial) {
	if d.begun != nil {
		d.begun(nil, &Failure{Op: "call", Code: LegEnded, Text: "the call was given up before it began"})
		d.begun = nil
	}
	s.finish(d)
}

// finish lets go of all that a dial has under way.
func (s *Switch) finish(d *dial) {
	if d.over {
		return
	}
	d.over = true
	delete(s.dials, d)
	stopTimer(d.deadline)
	stopTimer(d.again)
	for _, a := range d.attempts {
		a.off = true // its call is released when it begins
	}
	if d.from != nil && d.from.out == d {
		d.from.out, d.from.waits = nil, false
	}
	for _, l := range slices.Clone(d.legs) {
		l.dial, l.For = nil, ""
		s.touch(l)
		if d.from != nil { // its early sound
			s.apart(d.from, l)
		}
		s.release(l, 16)
	}
	d.legs = nil
}
