package console

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"vaad/access"
	"vaad/alarm"
	"vaad/api"
	"vaad/api/text"
	"vaad/channels"
)

// BoardInput names a board.
type BoardInput struct {
	Board string `path:"board" maxLength:"32" doc:"Name of the board"`
	Spoken
}

// board is one board with what it counts, and its ports.
func (s *Server) board(ctx context.Context, in *BoardInput) (*body[api.BoardDetail], error) {
	all := s.allBoards(text.Match(in.Lang))
	i := slices.IndexFunc(all, func(b api.Board) bool { return b.ID == in.Board })
	if i < 0 {
		return nil, fail("no-board", strconv.Quote(in.Board))
	}
	out := api.BoardDetail{Board: all[i], Counters: s.counters.of(in.Board), Ports: s.portsOf(ctx, in.Board), Lately: s.spanEvents(in.Board)}
	return &body[api.BoardDetail]{out}, nil
}

// portsOf are the ports of a board, each with the line that it is.
func (s *Server) portsOf(ctx context.Context, board string) []api.BoardPort {
	sc := who(ctx).scope
	out := []api.BoardPort{}
	for _, l := range s.cfg.Lines.Lines() {
		if l.Board != board || !sc.Allows(access.ViewLines, l.Number) {
			continue
		}
		p := api.BoardPort{Port: l.Port, Line: l.Number, Name: l.Name, Use: l.Use.String(), Kind: l.Kind.String(), Side: "both",
			Span: l.Span, Slot: l.Timeslot, State: string(l.State)}
		if len(l.Sides) > 1 || isSide(l, "network") {
			p.Side = "network"
		}
		out = append(out, p)
		if l.LocalPort > 0 {
			p.Port, p.Side, p.Span = l.LocalPort, "local", 0
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b api.BoardPort) int { return a.Port - b.Port })
	return out
}

// isSide says whether all that a line hears is one side.
func isSide(l channels.LineStatus, name string) bool {
	return len(l.Sides) == 1 && l.Sides[0].Name == name
}

// maxLately is how many alarms of spans are looked through.
const maxLately = 500

// spanEvents are the alarms of a board's spans that began or ended, newest first,
// out of the history of alarms.
func (s *Server) spanEvents(board string) []api.SpanEvent {
	out := []api.SpanEvent{}
	active := s.cfg.Alarms.Active()
	past, err := s.cfg.Alarms.History(0, maxLately)
	if err != nil {
		past = nil // it has its alarm
	}
	for _, a := range slices.Concat(active, past) {
		if a.Code != "span-alarm" || a.Args["board"] != board {
			continue
		}
		span, err := strconv.Atoi(a.Args["span"])
		if err != nil {
			continue
		}
		out = append(out, api.SpanEvent{Time: a.First.UTC(), Span: span, Alarms: alarmCodes(a)})
		if !a.Ended.IsZero() {
			out = append(out, api.SpanEvent{Time: a.Ended.UTC(), Span: span, Alarms: []string{}})
		}
	}
	slices.SortStableFunc(out, func(a, b api.SpanEvent) int { return b.Time.Compare(a.Time) })
	return slices.CompactFunc(out, func(a, b api.SpanEvent) bool {
		return a.Time.Equal(b.Time) && a.Span == b.Span && len(a.Alarms) == len(b.Alarms)
	})
}

func alarmCodes(a alarm.Alarm) []string {
	return slices.DeleteFunc(strings.Split(a.Args["alarms"], ","), func(c string) bool { return c == "" })
}
