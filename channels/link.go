package channels

import (
	"bytes"
	"slices"

	"vaad/channels/pri"
	"vaad/driver"
)

// linkTicks is how often links are told that time goes by: each 200 ms.
const linkTicks = 10

// A link is the two receive-only spans of one tapped primary rate interface.
type link struct {
	tap   *pri.Tap
	spans [2]int          // index into Info.Spans, by pri.Side
	slots [2][32]*lineRun // lines by the side that their port hears: mostly the network's
	buf   []pri.Event
	wait  [2]linkQueue // by pri.Side
	stats *linkStats
}

// tapped lists the pairs of tapped spans that have a D-channel each.
func tapped(info driver.Info) [][2]int {
	return slices.DeleteFunc(info.Taps(), func(p [2]int) bool {
		return info.Spans[p[0]].DChannel == 0 || info.Spans[p[1]].DChannel == 0
	})
}

func links(info driver.Info) (all []*link) {
	for _, p := range tapped(info) {
		all = append(all, &link{tap: pri.NewTap(), spans: p, buf: make([]pri.Event, 0, 16)})
	}
	return all
}

// Followed reports whether a line of a board, by its index, is a timeslot of a
// tapped link whose D-channel tells of its calls.
func Followed(info driver.Info, line int) bool {
	span := spanOf(info, line)
	return span >= 0 && slices.ContainsFunc(tapped(info), func(p [2]int) bool { return p[0] == span || p[1] == span })
}

// hearsUser reports whether a line lies on a span that hears what the user's side of a trunk sends.
func hearsUser(info driver.Info, line int) bool {
	span := spanOf(info, line)
	return span >= 0 && slices.ContainsFunc(info.Taps(), func(p [2]int) bool { return p[pri.User] == span })
}

// digital returns the table of a line if it is a timeslot of a tapped link.
func (r *lineRun) digital() *digitalTable {
	t, _ := r.table.(*digitalTable)
	return t
}

// wire says which lines the timeslots of a link are. Those that are new are told
// what they have not heard.
func (l *loop) wire(k *link) {
	old := k.slots
	k.slots = [2][32]*lineRun{}
	for _, r := range l.runs {
		if r.digital() == nil || r.view.info.Timeslot >= len(k.slots[0]) {
			continue
		}
		for side, span := range k.spans {
			if spanOf(l.info, r.view.rx) == span {
				k.slots[side][r.view.info.Timeslot] = r
			}
		}
	}
	for side := range k.slots {
		for slot, r := range k.slots[side] {
			if r == nil || old[side][slot] != nil && old[side][slot].table == r.table {
				continue
			}
			r.digital().least = l.next
			r.digital().linkIs(&l.out, k.tap.Up(), l.next)
			k.buf = k.tap.Current(k.buf[:0], slot, l.next)
			for i := range k.buf {
				r.digital().link(&l.out, &k.buf[i])
			}
		}
	}
}

// lines calls f for every line of a link.
func (k *link) lines(f func(*digitalTable)) {
	for side := range k.slots {
		for _, r := range k.slots[side] {
			if r != nil {
				f(r.digital())
			}
		}
	}
}

// linked keeps a D-channel message for the link of its span until all of the
// block are there.
func (l *loop) linked(span int, frame []byte, at int64) {
	for _, k := range l.links {
		for side, s := range k.spans {
			if s == span {
				k.wait[side].push(frame, at)
			}
		}
	}
}

// follow hands messages to the links in the order in which they were sent: by
// their time, but an answer after what it answers, as the two spans of a link
// are read one after the other. What is answered may come a block later.
func (l *loop) follow(end int64) {
	for _, k := range l.links {
		for {
			side, ok := k.first(end)
			if !ok {
				break
			}
			f := k.wait[side].pop()
			k.buf = k.tap.Frame(k.buf[:0], side, f.frame, f.at, end)
			l.pass(k)
		}
		if l.ticks%linkTicks == 0 {
			k.buf = k.tap.Tick(k.buf[:0], end)
			l.pass(k)
			k.stats.show(k.tap)
		}
	}
}

// linkPatience is how long an answer waits for what it answers: it may have been lost.
const linkPatience = 3 * driver.Block

// first says whose message comes next, if it need not wait.
func (k *link) first(end int64) (s pri.Side, ok bool) {
	network, user := k.wait[pri.Network].head(), k.wait[pri.User].head()
	switch {
	case network == nil && user == nil:
		return s, false
	case network == nil || user != nil && user.at < network.at:
		s = pri.User
	}
	if f := k.wait[s].head(); k.tap.Answers(s, f.frame) {
		if k.wait[s.Other()].head() != nil {
			return s.Other(), true
		}
		return s, end-f.at > linkPatience
	}
	return s, true
}

// keepPlaces is how many places that are done with a queue has at most.
const keepPlaces = 64

// A linkQueue holds messages of one direction. Their places are used again.
type linkQueue struct {
	all  []linkFrame
	next int
}

type linkFrame struct {
	frame []byte
	at    int64
}

func (q *linkQueue) push(frame []byte, at int64) {
	if q.next == len(q.all) || q.next >= keepPlaces { // what waits is moved to the front, its places with it
		for i := q.next; i < len(q.all); i++ {
			q.all[i-q.next], q.all[i] = q.all[i], q.all[i-q.next]
		}
		q.all, q.next = q.all[:len(q.all)-q.next], 0
	}
	if len(q.all) < cap(q.all) {
		q.all = q.all[:len(q.all)+1]
	} else {
		q.all = append(q.all, linkFrame{})
	}
	f := &q.all[len(q.all)-1]
	f.frame, f.at = append(f.frame[:0], frame...), at
}

func (q *linkQueue) head() *linkFrame {
	if q.next == len(q.all) {
		return nil
	}
	return &q.all[q.next]
}

func (q *linkQueue) pop() *linkFrame {
	q.next++
	return &q.all[q.next-1]
}

// pass hands what a link has found out to the tables of its timeslots.
func (l *loop) pass(k *link) {
	for i := range k.buf {
		e := &k.buf[i]
		switch {
		case e.Slot > 0 && e.Slot < len(k.slots[0]):
			for side := range k.slots {
				if r := k.slots[side][e.Slot]; r != nil {
					r.digital().link(&l.out, e)
				}
			}
		case e.Kind == pri.LinkUp, e.Kind == pri.LinkDown:
			k.lines(func(d *digitalTable) { d.linkIs(&l.out, e.Kind == pri.LinkUp, e.Known) })
		case e.Kind == pri.Restarted:
			k.lines(func(d *digitalTable) { d.link(&l.out, e) })
		case e.Kind == pri.SlotFree: // of a call that was up before we listened
			k.cleared(&l.out, e)
		case e.Kind == pri.Swapped:
			l.spans[k.spans[pri.Network]].swapped.Store(e.Value != 0)
			l.out.emit(Event{Pos: e.Pos, Known: e.Known, Kind: SidesSwapped, Value: e.Value, Text: l.spans[k.spans[pri.Network]].said[0]})
		}
	}
}

// idle tells a line's link that its timeslot has been idle for long.
func (l *loop) idle(r *lineRun, end int64) {
	for _, k := range l.links {
		for side := range k.slots {
			if slot := r.view.info.Timeslot; slot < len(k.slots[side]) && k.slots[side][slot] == r {
				k.buf = k.tap.Idle(k.buf[:0], slot, end)
				l.pass(k)
			}
		}
	}
}

// cleared ends the call that was found by voice, if no other timeslot can be
// meant: the message does not say where it was. Else the idle code will end it.
func (k *link) cleared(out *emitter, e *pri.Event) {
	var only *digitalTable
	several := false
	k.lines(func(d *digitalTable) {
		switch {
		case d.up && !d.found, !d.found && e.Known-d.since >= quietCode:
		case only != nil:
			several = true
		default:
			only = d
		}
	})
	if only != nil && only.found && !several {
		only.call.Cause = e.Call.Cause
		only.over(out, e.Call.EndedBy, e.Pos, e.Known)
	}
}

// still reports whether all sides of a line carry one unchanging code: what an
// exchange fills an idle timeslot with.
func (l *loop) still(r *lineRun) bool {
	for i := range r.view.sides {
		code := l.rx.LineCode(r.view.src[i])
		if !bytes.Equal(code[1:], code[:len(code)-1]) {
			return false
		}
	}
	return true
}
