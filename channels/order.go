package channels

import (
	"context"
	"errors"
	"fmt"

	"vaad/channels/analog"
	"vaad/channels/elastic"
	"vaad/driver"
	"vaad/dsp/gain"
	"vaad/dsp/tone"
)

// Wish asks a line for something in terms of calls, and waits until its table
// has taken or refused it. What comes of it are events.
func (s *System) Wish(ctx context.Context, w Wish) (Accepted, error) {
	return s.order(ctx, w.Line, item{id: w.ID, wish: &w})
}

// Play lets a line hear something. A line that has signalling must be in a call.
func (s *System) Play(ctx context.Context, p Play) (Accepted, error) {
	if err := p.check(); err != nil {
		return Accepted{}, err
	}
	return s.order(ctx, p.Line, item{id: p.ID, play: &p})
}

// Quiet stops what is played to a line and what waits to be played.
func (s *System) Quiet(ctx context.Context, line int) error {
	_, err := s.order(ctx, line, item{quiet: true})
	return err
}

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

// ConfigureSpans lets the spans of a board behave as its plan says now. Signalling
// that changes ends its calls and begins anew. A board that does not run asks the
// plan when it opens.
func (s *System) ConfigureSpans(ctx context.Context, boardID string) error {
	for _, b := range s.boards {
		if b.cfg.ID != boardID {
			continue
		}
		loop := b.current()
		if loop == nil {
			return nil
		}
		_, err := loop.ask(ctx, item{replan: true, plans: s.cfg.Plan.Spans(b.cfg.ID, loop.info)})
		return err
	}
	return ErrNoBoard
}

func (s *System) order(ctx context.Context, n int, it item) (Accepted, error) {
	line, ok := s.Line(n)
	if !ok {
		return Accepted{}, fmt.Errorf("line %d: %w", n, ErrNoLine)
	}
	it.line = line
	pos, err := line.board.current().ask(ctx, it)
	if err != nil {
		return Accepted{}, fmt.Errorf("line %d: %w", n, err)
	}
	return Accepted{Pos: pos, Time: line.Time(pos)}, nil
}

// More is a mistake.
const (
	maxAudio   = 256        // things in one Play
	maxAudioMS = 86_400_000 // of one of them: a day
)

func (p *Play) check() error {
	bad := func(text string) error { return refuse(p.Line, "play", "bad-audio", text) }
	switch {
	case len(p.Audio) == 0 || len(p.Audio) > maxAudio:
		return bad(fmt.Sprintf("%d things to be played; 1…%d can be", len(p.Audio), maxAudio))
	case !(p.GainDB >= gain.MinDB && p.GainDB <= gain.MaxDB):
		return bad(fmt.Sprintf("a gain of %v dB; −60…60 dB are possible", p.GainDB))
	}
	for i := range p.Audio {
		a := &p.Audio[i]
		if a.MS < 0 || a.MS > maxAudioMS {
			return bad(fmt.Sprintf("%d ms; 0 (for ever)…%d are possible", a.MS, maxAudioMS))
		}
		if a.Keys != "" {
			if _, err := tone.DTMF(a.Keys, tone.DTMFLevel, keyOn, keyOff); err != nil {
				return refuse(p.Line, "play", "bad-keys", err.Error())
			}
		}
	}
	return nil
}

func refuse(line int, what, code, text string) error {
	return &WishError{Line: line, Wish: what, Code: code, Text: text}
}

// obey carries out what is not a plain command. l.next is when.
func (l *loop) obey(r *lineRun, it *item) error {
	switch {
	case it.far:
		return l.joinFar(it)
	case it.replan:
		if l.plans = it.plans; l.opened {
			l.restack()
		}
		return nil
	}
	if r == nil {
		return ErrGone
	}
	n := r.line.number
	switch {
	case r.view.use == driver.Tap:
		return &driver.LineError{Op: it.name(), Board: l.b.cfg.ID, Line: r.view.cfg.Port, Err: driver.ErrTap}
	case r.view.use == driver.Unused:
		return ErrNotUsed
	case !l.opened:
		return ErrGone
	case it.wish != nil:
		return l.grant(r, it.wish)
	case r.speech == nil:
		return refuse(n, it.name(), "cannot", "the line's hardware cannot send")
	case it.quiet:
		r.speech.play.stop("stopped")
		l.played(r)
		return nil
	case it.leave:
		l.leave(r, it.id)
		return nil
	}
	if t, ok := r.table.(active); ok && !t.busy() {
		return refuse(n, it.name(), "no-call", "the line is in no call")
	}
	if it.play != nil {
		full := r.speech.play.take(*it.play)
		l.played(r)
		if full {
			return refuse(n, "play", "busy", fmt.Sprintf("%d things wait to be played already", maxPlays))
		}
		return nil
	}
	l.join(r, it)
	return nil
}

func (it *item) name() string {
	switch {
	case it.wish != nil:
		return it.wish.Kind.String()
	case it.play != nil:
		return "play"
	case it.quiet:
		return "quiet"
	case it.leave:
		return "leave"
	}
	return "join"
}

// grant hands a wish to the line's table.
func (l *loop) grant(r *lineRun, w *Wish) error {
	t, ok := r.table.(active)
	if !ok {
		return refuse(r.line.number, w.Kind.String(), "cannot", "the line has no signalling that is known here")
	}
	err := t.wish(&l.out, w)
	l.perform(r, t, w.ID)
	l.tidy()
	var no *analog.Refusal
	if errors.As(err, &no) {
		return refuse(r.line.number, w.Kind.String(), no.Code, no.Text)
	}
	return err
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
