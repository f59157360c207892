package console

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"vaad/access"
	"vaad/recorder/export"
)

// A paced writer writes an answer that may go on for hours: each write has its
// own deadline instead of the whole answer.
type paced struct {
	http.ResponseWriter
	rc    *http.ResponseController
	flush bool // send every write at once
}

func newPaced(w http.ResponseWriter, flush bool) *paced {
	p := &paced{w, http.NewResponseController(w), flush}
	_ = p.rc.SetReadDeadline(time.Time{}) // where that is not supported there is no deadline either
	_ = p.rc.SetWriteDeadline(time.Now().Add(streamTimeout))
	return p
}

func (p *paced) Write(b []byte) (int, error) {
	_ = p.rc.SetWriteDeadline(time.Now().Add(streamTimeout))
	n, err := p.ResponseWriter.Write(b)
	if err == nil && p.flush {
		err = p.rc.Flush()
	}
	return n, err
}

// unhurried lets an answer take as long as it takes. Where deadlines cannot be
// moved there are none.
func unhurried(w http.ResponseWriter) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{})
	_ = rc.SetWriteDeadline(time.Time{})
}

// ending is a context that ends with the request, with Shutdown, and when the
// caller is no longer let in, or has lost what one of still asks for.
func (s *Server) ending(ctx context.Context, still ...func(access.Scope) bool) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	c := who(ctx)
	go func() {
		look := time.NewTicker(15 * time.Second)
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-s.quit:
				cancel()
				return
			case <-look.C:
				sc, ok := c.fresh()
				if !ok || slices.ContainsFunc(still, func(has func(access.Scope) bool) bool { return !has(sc) }) {
					cancel()
					return
				}
			}
		}
	}()
	return ctx, cancel
}

// ListenInput says what is to be heard.
type ListenInput struct {
	LineInput
	Format  string `query:"format" enum:"native,pcm16" default:"native" doc:"native: the line's own G.711; pcm16: 16-bit PCM, which every browser plays"`
	Seconds int    `query:"seconds" minimum:"0" maximum:"86400" doc:"End after so much audio; 0: never"`
}

// listen lets the caller hear the line as it is now.
func (s *Server) listen(ctx context.Context, in *ListenInput) (stream, error) {
	if _, err := s.onLine(ctx, access.Listen, in.Line); err != nil {
		return nil, err
	}
	if why := s.short(); why != "" {
		return nil, failLine("overloaded", in.Line, why)
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return nil, failLine("too-many", in.Line, "")
	}
	free := func() { <-s.slots }
	if err := s.audited(ctx, access.Entry{Verb: access.Listen, Line: in.Line, Result: "ok"}); err != nil {
		free()
		return nil, err
	}
	hear, stop := context.WithCancel(context.WithoutCancel(ctx))
	r, err := s.cfg.Recorder.Listen(hear, in.Line)
	if err == nil {
		r, err = export.Live(r, export.Format(in.Format), in.Seconds)
	}
	if err != nil {
		stop()
		free()
		return nil, s.lineProblem(ctx, "listen", in.Line, err)
	}
	return func(w http.ResponseWriter, req *http.Request) {
		defer free()
		defer stop()
		ctx, cancel := s.ending(req.Context(), func(sc access.Scope) bool { return sc.Allows(access.Listen, in.Line) })
		defer cancel()
		defer context.AfterFunc(ctx, stop)() // a reader that waits for audio is woken
		w.Header().Set("Content-Type", "audio/wav")
		w.WriteHeader(http.StatusOK)
		out := newPaced(w, true)
		if req.Method != http.MethodHead {
			_, _ = io.Copy(out, r) // it ends when the listener goes, or the line
		}
	}, nil
}

// FlightInput says how much of what just happened is wanted.
type FlightInput struct {
	LineInput
	Seconds int  `query:"seconds" minimum:"1" maximum:"60" default:"60" doc:"How much, back from now"`
	Board   bool `query:"board" doc:"All lines of the line's board, which needs the right on each of them"`
}

// flight saves what just happened on a line, as a file that the simulated
// board can play.
func (s *Server) flight(ctx context.Context, in *FlightInput) (stream, error) {
	st, err := s.onLine(ctx, access.SaveFlight, in.Line)
	if err != nil {
		return nil, err
	}
	if in.Board {
		for _, other := range s.cfg.Lines.Lines() {
			if other.Board != st.Board {
				continue
			}
			if c := who(ctx); !c.scope.Allows(access.SaveFlight, other.Number) {
				s.denied(ctx, access.SaveFlight, st.Board, in.Line)
				return nil, fail("forbidden", (&access.Denied{Actor: c.Name, Verb: access.SaveFlight}).Error())
			}
		}
	}
	if s.cfg.Flight == nil {
		return nil, failLine("not-available", in.Line, "")
	}
	entry := access.Entry{Verb: access.SaveFlight, Line: in.Line, Result: "ok"}
	if in.Board {
		entry.Object = st.Board
	}
	if err := s.audited(ctx, entry); err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		out := &lazy{w: w, start: func() io.Writer {
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Disposition", `attachment; filename="line-`+itoa(uint64(in.Line))+`-`+s.cfg.Now().UTC().Format("20060102T150405Z")+`.frames"`)
			return newPaced(w, false)
		}}
		err := s.cfg.Flight(r.Context(), in.Line, in.Seconds, in.Board, out)
		switch {
		case err != nil && out.to == nil: // nothing was sent yet
			writeErr(w, r, s.lineProblem(r.Context(), "flight", in.Line, err))
		case err != nil:
			s.cfg.Logger.Warn("console: a frame log was cut short", "line", in.Line, "error", err)
			panic(http.ErrAbortHandler) // so that the receiver knows that it is not whole
		case out.to == nil:
			writeProblem(w, r, failLine("no-flight", in.Line, ""))
		}
	}, nil
}

// lazy begins an answer with its first byte.
type lazy struct {
	w     http.ResponseWriter
	start func() io.Writer
	to    io.Writer
}

func (l *lazy) Write(p []byte) (int, error) {
	if l.to == nil {
		l.to = l.start()
	}
	return l.to.Write(p)
}
