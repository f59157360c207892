package console

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/channels"

	"github.com/coder/websocket"
)

const (
	liveEvery  = 60 * time.Millisecond // audio is looked for; what is there goes as one frame
	liveRights = 2 * time.Second       // rights are looked at
	liveBeat   = 15 * time.Second      // without audio the other end is asked whether it is there
	liveMost   = 4000                  // samples of a side in one frame
	liveLate   = 16000                 // samples; who is further behind goes on with what is now
)

// Audio is what a line carries, as its ring has it: [channels.Line].
type Audio interface {
	Sides() []channels.Side
	Read(dst []byte, side int, pos int64) (int, error)
	Fed() int64
}

// live lets the caller hear the sides of a line apart, and see them: a WebSocket
// of one text message, then binary frames (api.LiveHead).
func (s *Server) live(ctx context.Context, in *LineInput) (stream, error) {
	if _, err := s.onLine(ctx, access.Listen, in.Line); err != nil {
		return nil, err
	}
	if s.cfg.Live == nil {
		return nil, failLine("not-available", in.Line, "")
	}
	line, ok := s.cfg.Live(in.Line)
	if !ok {
		return nil, failLine("no-line", in.Line, "")
	}
	if len(line.Sides()) == 0 {
		return nil, failLine("line-unused", in.Line, "")
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if p := handshake(r); p != nil {
			writeProblem(w, r, p)
			return
		}
		if why := s.short(); why != "" {
			writeProblem(w, r, failLine("overloaded", in.Line, why))
			return
		}
		select {
		case s.slots <- struct{}{}:
		default:
			writeProblem(w, r, failLine("too-many", in.Line, ""))
			return
		}
		defer func() { <-s.slots }()
		if err := s.audited(r.Context(), access.Entry{Verb: access.Listen, Line: in.Line, Result: "ok"}); err != nil {
			writeErr(w, r, err)
			return
		}
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
		if err != nil {
			return // it has answered
		}
		defer func() { _ = conn.CloseNow() }()
		conn.SetReadLimit(512) // nothing is said to us
		s.metrics.listeners.Inc()
		defer s.metrics.listeners.Dec()
		ctx, cancel := s.ending(r.Context())
		defer cancel()
		there := conn.CloseRead(context.WithoutCancel(r.Context())) // ends with the connection; ctx before, so that the end can be said
		code, why := s.sendLive(ctx, there, conn, line, in.Line)
		_ = conn.Close(code, why) // the other end may be gone
	}, nil
}

// handshake says what is wrong with the request for a WebSocket: nothing is
// audited, and no place taken, for one that cannot become one.
func handshake(r *http.Request) *api.Problem {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || r.Header.Get("Sec-WebSocket-Key") == "" {
		return fail("not-websocket", "")
	}
	if o := r.Header.Get("Origin"); o != "" {
		if u, err := url.Parse(o); err != nil || !strings.EqualFold(u.Host, r.Host) {
			return fail("forbidden-origin", "sent by "+quote(o))
		}
	}
	return nil
}

// sendLive sends until the other end goes, the caller may no more, or the line is another.
func (s *Server) sendLive(ctx, there context.Context, conn *websocket.Conn, line Audio, number int) (websocket.StatusCode, string) {
	sides := line.Sides()
	head := api.LiveHead{Line: number, Rate: 8000, Law: sides[0].Law.String(), Pos: line.Fed()}
	for _, side := range sides {
		head.Sides = append(head.Sides, side.Name)
	}
	hello, _ := json.Marshal(head) // plain values only
	if sendFrame(there, conn, websocket.MessageText, hello) != nil {
		return websocket.StatusGoingAway, ""
	}
	audio, rights, beat := time.NewTicker(liveEvery), time.NewTicker(liveRights), time.NewTicker(liveBeat)
	defer audio.Stop()
	defer rights.Stop()
	defer beat.Stop()
	frame := make([]byte, api.LiveHeader+len(sides)*liveMost)
	pos, spoke := head.Pos, true
	for {
		select {
		case <-ctx.Done():
			return websocket.StatusGoingAway, ""
		case <-there.Done():
			return websocket.StatusGoingAway, ""
		case <-rights.C:
			if sc, ok := who(ctx).fresh(); !ok || !sc.Allows(access.Listen, number) {
				return api.LiveNoRight, "no right"
			}
		case <-beat.C:
			if !spoke {
				soon, cancel := context.WithTimeout(there, streamTimeout)
				err := conn.Ping(soon)
				cancel()
				if err != nil {
					return websocket.StatusGoingAway, ""
				}
			}
			spoke = false
		case <-audio.C:
			if now := line.Sides(); !slices.Equal(now, sides) {
				return api.LiveOther, "the line has changed"
			}
			n, err := liveFrame(frame, line, len(sides), &pos)
			switch {
			case err != nil:
				return api.LiveOther, "the line has changed"
			case n == 0:
				continue
			}
			spoke = true
			if sendFrame(there, conn, websocket.MessageBinary, frame[:n]) != nil {
				return websocket.StatusGoingAway, ""
			}
		}
	}
}

// sendFrame has a deadline of its own: who does not read is let go.
func sendFrame(ctx context.Context, conn *websocket.Conn, kind websocket.MessageType, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	return conn.Write(ctx, kind, b)
}

// liveFrame fills a frame with what there is from pos on, and moves pos. 0: nothing yet.
// Nothing waits for a slow reader: what it misses it sees by the position.
func liveFrame(frame []byte, line Audio, sides int, pos *int64) (int, error) {
	if fed := line.Fed(); fed-*pos > liveLate {
		*pos = fed - liveMost/2
	}
	n := liveMost
	for i := range sides {
		got, err := line.Read(frame[api.LiveHeader+i*liveMost:][:n], i, *pos)
		var over *channels.ErrOverrun
		switch {
		case errors.As(err, &over):
			*pos = max(line.Fed(), over.Oldest)
			return 0, nil
		case err != nil:
			return 0, err
		}
		n = min(n, got)
	}
	if n == 0 {
		return 0, nil
	}
	for i := 1; i < sides; i++ { // one side behind the other
		copy(frame[api.LiveHeader+i*n:], frame[api.LiveHeader+i*liveMost:][:n])
	}
	frame[0], frame[1] = api.LiveVersion, byte(sides)
	binary.LittleEndian.PutUint16(frame[2:], uint16(n))
	binary.LittleEndian.PutUint64(frame[4:], uint64(*pos))
	*pos += int64(n)
	return api.LiveHeader + sides*n, nil
}
