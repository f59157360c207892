package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
)

// heartbeat keeps proxies and clients sure that the connection lives.
const heartbeat = 15 * time.Second

// EventsInput says from where a reader goes on.
type EventsInput struct {
	Last   string `header:"Last-Event-ID" maxLength:"80" doc:"ID of the last event that was received, as browsers send it when they come back"`
	After  string `query:"after" maxLength:"80" doc:"The same for who comes back with a new address; the header counts first"`
	Levels int    `query:"levels" minimum:"-1" maximum:"10" default:"-1" doc:"So many messages levels a second at most, 0 for none; lines then come only when something else of them changes. -1: no messages levels, and lines whenever a level or a voltage moves"`
}

// events is the live feed: first what was missed since Last-Event-ID, where it
// is still known, then a snapshot of every line, then facts and changed lines
// as they come.
func (s *Server) events(_ context.Context, in *EventsInput) (stream, error) {
	boot, seq := parseID(cmp.Or(in.Last, in.After))
	w, ok := s.hub.join(boot, seq, in.Levels)
	if !ok {
		return nil, fail("too-many", "")
	}
	return func(rw http.ResponseWriter, r *http.Request) {
		defer s.hub.leave(w)
		ctx, cancel := s.ending(r.Context())
		defer cancel()
		rw.Header().Set("Content-Type", "text/event-stream")
		rw.Header().Set("X-Accel-Buffering", "no")
		rw.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			s.watch(ctx, w, newPaced(rw, true))
		}
	}, nil
}

// watch sends until ctx ends or the reader is gone.
func (s *Server) watch(ctx context.Context, w *watcher, out *paced) {
	changes, forget := s.cfg.Alarms.Subscribe()
	defer forget()
	var devices <-chan struct{} // nil: never
	if s.cfg.USB != nil {
		var leave func()
		devices, leave = s.cfg.USB.Subscribe()
		defer leave()
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var buf bytes.Buffer
	buf.WriteString("retry: 2000\n\n")
	for {
		if buf.Len() > 0 {
			if _, err := out.Write(buf.Bytes()); err != nil {
				return
			}
		}
		buf.Reset()
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			buf.WriteString(": here\n\n")
		case <-changes:
			writeEvent(&buf, api.EventAlarms, "", []byte("{}"))
		case <-devices:
			writeEvent(&buf, api.EventUSB, "", []byte("{}"))
		case <-w.wake:
			sc, ok := who(ctx).fresh()
			if !ok {
				return
			}
			s.tell(&buf, w.take(), sc)
		}
	}
}

// tell writes what is new for a reader.
func (s *Server) tell(buf *bytes.Buffer, n news, sc access.Scope) {
	for i := range n.facts {
		if sc.Allows(access.ViewLines, n.facts[i].Line) {
			b, _ := json.Marshal(&n.facts[i]) // plain values only
			writeEvent(buf, api.EventFact, id(n.facts[i].Boot, n.facts[i].Seq), b)
		}
	}
	if n.resync != "" {
		b, _ := json.Marshal(api.Resync{Boot: s.hub.boot, Reason: n.resync})
		writeEvent(buf, api.EventResync, "", b)
		s.metrics.resyncs.Inc()
	}
	if n.snapshot {
		seq, b := s.hub.snapshot(sc, s.cfg.Now())
		writeEvent(buf, api.EventSnapshot, id(s.hub.boot, seq), b)
		return
	}
	var b bytes.Buffer
	if appendLines(&b, "", sc, n.lines) {
		writeEvent(buf, api.EventLines, "", b.Bytes())
	}
	if n.due {
		b.Reset()
		appendLines(&b, `"time":"`+s.cfg.Now().UTC().Format("2006-01-02T15:04:05.000Z")+`",`, sc, n.readings)
		writeEvent(buf, api.EventLevels, "", b.Bytes())
	}
}

// writeEvent appends one server-sent event (WHATWG HTML, "Server-sent
// events"). data is JSON and so holds no line break.
func writeEvent(b *bytes.Buffer, event, id string, data []byte) {
	if id != "" {
		fmt.Fprintf(b, "id: %s\n", id)
	}
	fmt.Fprintf(b, "event: %s\ndata: %s\n\n", event, data)
}

func id(boot string, seq uint64) string { return boot + "-" + itoa(seq) }

// parseID is the reverse of id; what is no such ID is nothing.
func parseID(s string) (boot string, seq uint64) {
	i := strings.LastIndexByte(s, '-')
	if i < 1 {
		return "", 0
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 64)
	if err != nil {
		return "", 0
	}
	return s[:i], n
}
