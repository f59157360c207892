package channels

import (
	"context"
	"errors"
	"fmt"

	"vaad/channels/analog"
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
