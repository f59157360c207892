package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"vaad/access"
	"vaad/channels"
)

// PcapInput says which D-channel is to be captured, and for how long.
type PcapInput struct {
	Board   string `path:"board" maxLength:"32"`
	Span    int    `path:"span" minimum:"1" maximum:"64"`
	Seconds int    `query:"seconds" minimum:"0" maximum:"86400" doc:"End after so long; 0: never"`
}

// pcap captures what comes on a D-channel from now on, numbers included: who may
// have it holds the right on each line of the board.
func (s *Server) pcap(ctx context.Context, in *PcapInput) (stream, error) {
	known := false
	for _, b := range s.cfg.Lines.Boards() {
		known = known || b.ID == in.Board
	}
	if !known {
		return nil, fail("no-board", strconv.Quote(in.Board))
	}
	c, lines := who(ctx), 0
	forbid := func(line int) (stream, error) {
		s.denied(ctx, access.SaveFlight, in.Board, line)
		return nil, fail("forbidden", (&access.Denied{Actor: c.Name, Verb: access.SaveFlight}).Error())
	}
	for _, l := range s.cfg.Lines.Lines() {
		if l.Board != in.Board {
			continue
		}
		if lines++; !c.scope.Allows(access.SaveFlight, l.Number) {
			return forbid(l.Number)
		}
	}
	if lines == 0 && !c.scope.Everywhere(access.SaveFlight) { // calls of lines that have no number yet
		return forbid(0)
	}
	if s.cfg.Pcap == nil {
		return nil, fail("not-available", "")
	}
	select {
	case s.slots <- struct{}{}:
	default:
		return nil, fail("too-many", "")
	}
	err := s.audited(ctx, access.Entry{Verb: access.SaveFlight, Object: in.Board, Detail: map[string]string{"span": strconv.Itoa(in.Span)}, Result: "ok"})
	if err != nil {
		<-s.slots
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() { <-s.slots }()
		ctx, cancel := s.ending(r.Context())
		defer cancel()
		if in.Seconds > 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(in.Seconds)*time.Second)
			defer cancel()
		}
		out := &lazy{w: w, start: func() io.Writer {
			w.Header().Set("Content-Type", "application/vnd.tcpdump.pcap")
			w.Header().Set("Content-Disposition", `attachment; filename="`+in.Board+`-span-`+strconv.Itoa(in.Span)+`.pcap"`)
			return newPaced(w, true)
		}}
		err := s.cfg.Pcap(ctx, in.Board, in.Span, out)
		switch {
		case out.to != nil: // it ends when the reader goes, or time is up
		case errors.Is(err, channels.ErrNoSpan):
			writeProblem(w, r, fail("no-dchannel", strconv.Itoa(in.Span)))
		case err != nil:
			writeErr(w, r, s.problem(ctx, "pcap", err))
		}
	}, nil
}
