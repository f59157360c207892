package channels

import (
	"context"
	"fmt"

	"vaad/channels/elastic"
)

// Join puts a line into a mix, where it must be in a call if it has signalling.
// One that was given up with its context may come true all the same: Joined says so.
func (s *System) Join(ctx context.Context, j Joining) (Accepted, error) {
	line, ok := s.Line(j.Line)
	if !ok {
		return Accepted{}, fmt.Errorf("join: line %d: %w", j.Line, ErrNoLine)
	}
	if j.Mix == "" || j.Role >= nRole {
		return Accepted{}, refuse(j.Line, "join", "bad-mix", "the mix has no name, or the role is none")
	}
	type outcome struct {
		done Accepted
		err  error
	}
	came := make(chan outcome, 1)
	go func() { // to its end, which the loops make, so that nothing is left behind
		done, err := s.join(context.WithoutCancel(ctx), line, &j)
		came <- outcome{done, err}
	}()
	select {
	case o := <-came:
		return o.done, o.err
	case <-ctx.Done():
		return Accepted{}, ctx.Err()
	}
}

func (s *System) join(ctx context.Context, line *Line, j *Joining) (done Accepted, err error) {
	at := s.homes.begin(j.Mix, line.board)
	defer func() {
		if err != nil || !j.fresh { // else the feed counts it
			s.homes.end(j.Mix)
		}
	}()
	it := item{id: j.ID, join: j}
	if at == line.board {
		return s.order(ctx, j.Line, it)
	}
	if at.info().Virtual || line.board.info().Virtual {
		return Accepted{}, refuse(j.Line, "join", "virtual-clock", "boards with clocks of their own making cannot exchange audio")
	}
	it.port = &port{up: elastic.New(), down: elastic.New()}
	if _, err = at.current().ask(ctx, item{line: line, join: j, port: it.port, far: true}); err != nil {
		return Accepted{}, fmt.Errorf("join: board %s: %w", at.cfg.ID, err)
	}
	if done, err = s.order(ctx, j.Line, it); err != nil {
		it.port.closed.Store(true)
	}
	return done, err
}

// Leave takes a line out of its mix. One that is in none is left as it is.
func (s *System) Leave(ctx context.Context, line int, id string) (Accepted, error) {
	return s.order(ctx, line, item{id: id, leave: true})
}

// join puts a line of this board into a mix of this board, or ties it to one of
// another by a port.
func (l *loop) join(r *lineRun, it *item) {
	v, j := r.speech, it.join
	if v.joined != j.Mix {
		l.leave(r, "")
		j.fresh = true
	}
	l.part(v) // it stays in the mix, in another role
	v.joined = j.Mix
	if it.port != nil {
		v.port = it.port
	} else {
		v.mix = l.mixOf(j.Mix)
		v.member = &member{line: r.line.number, run: r, role: j.Role, to: j.To}
		v.mix.members = append(v.mix.members, v.member)
	}
	if j.fresh {
		l.out.emit(Event{Line: r.line.number, Pos: l.next, Known: l.next, Kind: Joined, Text: j.Mix, Request: it.id})
	}
}

// joinFar makes a place in a mix of this board for a line of another.
func (l *loop) joinFar(it *item) error {
	if !l.opened {
		return ErrGone
	}
	x := l.mixOf(it.join.Mix)
	x.members = append(x.members, &member{line: it.join.Line, port: it.port, role: it.join.Role, to: it.join.To})
	return nil
}
