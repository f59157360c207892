package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
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
	Last string `header:"Last-Event-ID" maxLength:"80" doc:"ID of the last event that was received, as browsers send it when they come back"`
}

// events is the live feed: first what was missed since Last-Event-ID, where it
// is still known, then a snapshot of every line, then facts and changed lines
// as they come.
func (s *Server) events(_ context.Context, in *EventsInput) (stream, error) {
	boot, seq := parseID(in.Last)
	w, ok := s.hub.join(boot, seq)
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
		case <-w.wake:
			sc, ok := who(ctx).fresh()
			if !ok {
				return
			}
			facts, lines, snapshot, resync := w.take()
			for i := range facts {
				if facts[i].Line == 0 || sc.Allows(access.ViewLines, facts[i].Line) {
					b, _ := json.Marshal(&facts[i]) // plain values only
					writeEvent(&buf, api.EventFact, id(facts[i].Boot, facts[i].Seq), b)
				}
			}
			if resync != "" {
				b, _ := json.Marshal(api.Resync{Boot: s.hub.boot, Reason: resync})
				writeEvent(&buf, api.EventResync, "", b)
				s.metrics.resyncs.Inc()
			}
			if snapshot {
				seq, b := s.hub.snapshot(sc, s.cfg.Now())
				writeEvent(&buf, api.EventSnapshot, id(s.hub.boot, seq), b)
				continue
			}
			var seen []int
			for n := range lines {
				if sc.Allows(access.ViewLines, n) {
					seen = append(seen, n)
				}
			}
			if len(seen) == 0 {
				continue
			}
			slices.Sort(seen)
			var b bytes.Buffer
			b.WriteString(`{"lines":[`)
			for i, n := range seen {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(lines[n])
			}
			b.WriteString("]}")
			writeEvent(&buf, api.EventLines, "", b.Bytes())
		}
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
