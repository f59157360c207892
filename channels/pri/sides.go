package pri

// sides finds out whether the two directions are connected the other way round
// than the caller says.
type sides struct {
	contradict int // frames in a row that speak against what is believed
	swapped    bool
}

// turned takes a frame that came from a side, as the caller says, and reports
// whether it has just become certain that the directions are to be exchanged.
func (s *sides) turned(f *Frame, from Side) bool {
	is, known := f.Sender()
	if !known {
		return false
	}
	if (is == from) != s.swapped {
		s.contradict = 0
		return false
	}
	s.contradict++
	if s.contradict < sure {
		return false
	}
	s.swapped, s.contradict = !s.swapped, 0
	return true
}

// turnRound exchanges what was believed of the two sides: calls that were seen
// before it was certain were set up by the other one.
func (t *Tap) turnRound() {
	t.ways[0], t.ways[1] = t.ways[1], t.ways[0]
	all := t.all()
	clear(t.calls)
	for _, c := range all {
		c.origin, c.Incoming = c.origin.Other(), !c.Incoming
		t.calls[c.key] = c
		if c.settled && !c.ended {
			t.tell(Numbers, c, t.now)
		}
	}
	e := Event{Kind: Swapped}
	if t.sides.swapped {
		e.Value = 1
	}
	t.say(e)
}

// Swapped reports whether the directions were found the other way round.
func (t *Tap) Swapped() bool { return t.sides.swapped }
