package channels

import (
	"sync/atomic"

	"vaad/driver"
)

// A BlankKind is one of the reasons for which a line's audio may be kept out of
// its rings. Each begins and ends by itself.
type BlankKind int

// The kinds, as Event.By says them.
const (
	ByPause BlankKind = iota // a person or a program wants it: "pause"
	ByRule                   // calls like this one leave no audio: "rule"
	blankKinds
)

// ByKeys is Event.By where the tones of keys were kept out.
const ByKeys = "keys"

func (k BlankKind) String() string {
	if k == ByPause {
		return "pause"
	}
	return "rule"
}

// A Blank keeps the audio of all sides of a line out of its rings: silence stands
// there. Parties and detectors hear the line as before.
type Blank struct {
	ID   string // comes back in Event.Request
	From int64  // first position that is silence, also where the ring has audio already
	Why  string // comes back in Event.Text

	seen atomic.Bool // the rings have it
}

// Blank begins to keep the audio of a line out of its rings, instead of what stands there.
// Whoever reads the rings from the moment at which it returns finds silence from
// b.From on; the rings themselves are silenced by the board's next frame, which tells
// so by a [Masked] event. A blank that is replaced before it was told has no such event:
// the new one begins where it would have. A line that is not known yet begins blanked.
func (s *System) Blank(line int, k BlankKind, b *Blank) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lines[line]; l != nil {
		was := l.blanks[k].Load()
		if was != nil && was.ID == b.ID {
			return
		}
		if was != nil && !was.seen.Load() && was.From < b.From {
			b = &Blank{ID: b.ID, From: was.From, Why: b.Why}
		}
		l.blanks[k].Store(b)
		return
	}
	if s.blanked == nil {
		s.blanked = map[int][blankKinds]*Blank{}
	}
	set := s.blanked[line]
	set[k] = b
	s.blanked[line] = set
}

// Unblank ends the blank of that ID; where another one stands, it does nothing. Audio
// comes back with the board's next frame. So a blank must not be taken away before it
// was told.
func (s *System) Unblank(line int, k BlankKind, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lines[line]; l != nil {
		if b := l.blanks[k].Load(); b != nil && b.ID == id {
			l.blanks[k].Store(nil)
		}
		return
	}
	if set := s.blanked[line]; set[k] != nil && set[k].ID == id {
		set[k] = nil
		s.blanked[line] = set
	}
}

// blank gives a new line what it begins with. s.mu is held.
func (s *System) blank(l *Line) {
	for k, b := range s.blanked[l.number] {
		l.blanks[k].Store(b)
	}
	delete(s.blanked, l.number)
}

// renew forgets what was wanted of a line before its number went away.
func (l *Line) renew() {
	for k := range l.blanks {
		l.blanks[k].Store(nil)
	}
	l.beep.Store(nil)
}

// inherit begins a line paused whose number was so on another board; was may be nil.
// What a rule kept out was that board's call. Before Fed it has nothing that is new.
func (l *Line) inherit(was *Line) {
	if was == nil {
		return
	}
	if b := was.blanks[ByPause].Load(); b != nil {
		l.blanks[ByPause].Store(&Blank{ID: b.ID, From: l.Fed(), Why: b.Why})
	}
}

// veil takes in what of the line is to be kept out of its rings from pos on, and says
// whether it is.
func (l *loop) veil(r *lineRun, pos int64) (silent bool) {
	line := r.line
	for k := range line.blanks {
		want := line.blanks[k].Load()
		if len(r.view.sides) == 0 { // it is not used: there is nothing to keep out
			want = nil
		}
		if was := line.veiled[k]; was != want {
			if was != nil {
				line.veiledTo = pos
				l.out.emit(Event{Line: line.number, Pos: line.veiledAt[k], Known: pos, Kind: Masked, By: BlankKind(k).String(), Text: was.Why,
					Request: was.ID, Value: pos - line.veiledAt[k]})
			}
			if want != nil {
				l.silence(r, k, want, pos)
			}
			line.veiled[k] = want
		}
		silent = silent || want != nil
	}
	return silent
}

// silence makes what the rings have from b.From on silence.
func (l *loop) silence(r *lineRun, k int, b *Blank, pos int64) {
	from := min(max(b.From, 0), pos)
	if len(r.view.sides) > 0 {
		from = max(from, min(r.view.rings[0].oldest(pos), pos))
	}
	for i := range r.view.sides {
		r.view.rings[i].fill(from, pos, r.view.sides[i].Law.Silence())
	}
	r.line.veiledAt[k] = from
	b.seen.Store(true)
	l.out.emit(Event{Line: r.line.number, Pos: from, Known: pos, Kind: Masked, By: BlankKind(k).String(), Text: b.Why, Request: b.ID})
}

// hide makes what was read of a side silence where it is to be.
func (l *Line) hide(dst []byte, pos int64, law driver.Law) {
	for k := range l.blanks {
		b := l.blanks[k].Load()
		if b == nil {
			continue
		}
		for i := max(b.From-pos, 0); i < int64(len(dst)); i++ {
			dst[i] = law.Silence()
		}
	}
}

// Digit is the key that an event of a digit or a key tells of, also where Text must not
// say it. It is for what keys control; it must not be shown or kept.
func (e *Event) Digit() string {
	if e.digit != "" {
		return e.digit
	}
	return e.Text
}
