package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/console/logs"
)

// LogInput chooses lines of the daemon's log.
type LogInput struct {
	Level  string   `query:"level" enum:"debug,info,warn,error" default:"info" doc:"This and what is graver"`
	Text   string   `query:"text" maxLength:"200" doc:"Words in text and particulars"`
	From   api.Time `query:"from" doc:"Not before this moment"`
	To     api.Time `query:"to" doc:"Before this moment"`
	Limit  int      `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"Lines of one page"`
	Before uint64   `query:"before" doc:"Only lines with a smaller number: the page after this one"`
	After  uint64   `query:"after" doc:"Only lines with a greater number, those that follow it"`
}

func (in *LogInput) filter() logs.Filter {
	return logs.Filter{Level: logLevel(in.Level), Text: in.Text, From: in.From, To: in.To, Limit: in.Limit, Before: in.Before, After: in.After}
}

func logLevel(s string) slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(s)) // the API takes only names that there are
	return l
}

// levelName is the name of a level, or of the one below it.
func levelName(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warn"
	case l >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}

func logOf(l *logs.Line) api.LogLine {
	out := api.LogLine{Seq: l.Seq, Time: l.Time, Level: levelName(l.Level), Text: l.Text, Earlier: l.Earlier}
	for _, a := range l.Attrs {
		out.Attrs = append(out.Attrs, api.LogAttr{Key: a.Key, Value: a.Value})
	}
	return out
}

// logLines lists the last lines of the log. They are about every line.
func (s *Server) logLines(ctx context.Context, in *LogInput) (*body[api.Page[api.LogLine]], error) {
	if s.cfg.Logs == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Maintain, "logs"); err != nil {
		return nil, err
	}
	f := in.filter()
	f.Limit++
	lines := s.cfg.Logs.Find(f)
	out := api.Page[api.LogLine]{Items: []api.LogLine{}}
	if len(lines) > in.Limit {
		if in.After > 0 { // the ones that follow it most closely
			lines = lines[1:]
			out.Next = itoa(lines[0].Seq)
		} else {
			lines = lines[:in.Limit]
			out.Next = itoa(lines[in.Limit-1].Seq)
		}
	}
	for i := range lines {
		out.Items = append(out.Items, logOf(&lines[i]))
	}
	return &body[api.Page[api.LogLine]]{out}, nil
}

// LiveLogInput chooses the lines that are sent as they come.
type LiveLogInput struct {
	Level string `query:"level" enum:"debug,info,warn,error" default:"info" doc:"This and what is graver"`
	Text  string `query:"text" maxLength:"200" doc:"Words in text and particulars"`
	After uint64 `query:"after" doc:"First those with a greater number that are still known"`
	Last  string `header:"Last-Event-ID" maxLength:"20" doc:"The same, as browsers send it when they come back"`
}

// liveBatch is how many lines are sent at once.
const liveBatch = 500

// liveLog sends new lines as they come.
func (s *Server) liveLog(ctx context.Context, in *LiveLogInput) (stream, error) {
	if s.cfg.Logs == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Maintain, "logs"); err != nil {
		return nil, err
	}
	select {
	case s.tails <- struct{}{}:
	default:
		return nil, fail("too-many", "")
	}
	last, err := strconv.ParseUint(in.Last, 10, 64)
	if err != nil {
		last = cmp.Or(in.After, s.cfg.Logs.Last())
	}
	f := logs.Filter{Level: logLevel(in.Level), Text: in.Text, Limit: liveBatch}
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() { <-s.tails }()
		ctx, cancel := s.ending(r.Context(), func(sc access.Scope) bool { return sc.Everywhere(access.Maintain) })
		defer cancel()
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no")
		w.WriteHeader(http.StatusOK)
		if r.Method != http.MethodHead {
			s.tail(ctx, newPaced(w, true), f, last)
		}
	}, nil
}

// tail sends lines behind last until ctx ends or the reader is gone.
func (s *Server) tail(ctx context.Context, out *paced, f logs.Filter, last uint64) {
	news, forget := s.cfg.Logs.Subscribe()
	defer forget()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var buf bytes.Buffer
	buf.WriteString("retry: 2000\n\n")
	for {
		f.After = last
		upTo := s.cfg.Logs.Last()
		lines := s.cfg.Logs.Find(f)
		for _, l := range slices.Backward(lines) {
			if l.Seq > last {
				b, _ := json.Marshal(logOf(&l)) // plain values only
				writeEvent(&buf, "log", itoa(l.Seq), b)
			}
		}
		if len(lines) > 0 {
			last = max(last, lines[0].Seq) // which may have come behind upTo
		}
		if len(lines) < f.Limit {
			last = max(last, upTo) // what lies between is not wanted
		}
		if buf.Len() > 0 {
			if _, err := out.Write(buf.Bytes()); err != nil {
				return
			}
		}
		buf.Reset()
		if len(lines) == f.Limit {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			buf.WriteString(": here\n\n")
		case <-news:
		}
	}
}
