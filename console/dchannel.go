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
	Past    int    `query:"past" minimum:"0" maximum:"604800" doc:"Begin with what is kept of the last so many seconds"`
	Live    string `query:"live" enum:"yes,no" default:"yes" doc:"no: only what is kept, and end"`
}

// A PcapWish says what is to be captured.
type PcapWish struct {
	Board string
	Span  int
	Past  time.Duration // begin with what is kept of that time
	Live  bool          // go on until the context ends
}

// pcap captures what comes on a D-channel from now on, after what was kept of the
// past if that is asked for, numbers included: who may have it holds the right on
// each line of the board.
func (s *Server) pcap(ctx context.Context, in *PcapInput) (stream, error) {
	if err := s.mayTrace(ctx, in.Board); err != nil {
		return nil, err
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
		ctx, cancel := s.ending(r.Context(), func(sc access.Scope) bool { return s.traceless(sc, in.Board) < 0 })
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
		err := s.cfg.Pcap(ctx, PcapWish{Board: in.Board, Span: in.Span, Past: time.Duration(in.Past) * time.Second, Live: in.Live != "no"}, out)
		switch {
		case out.to != nil: // it ends when the reader goes, or time is up
		case errors.Is(err, channels.ErrNoSpan):
			writeProblem(w, r, fail("no-dchannel", strconv.Itoa(in.Span)))
		case err != nil:
			writeErr(w, r, s.problem(ctx, "pcap", err))
		}
	}, nil
}
