package console

import (
	"context"
	"math"
	"slices"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/channels"
)

// noBattery is what a connected line's voltage never stays below, in millivolts.
const noBattery = 3000

// setupLines says of every line whether it looks as a line should that is
// connected. It only looks: no line is seized for it.
func (s *Server) setupLines(ctx context.Context, _ *empty) (*body[api.Page[api.LineTest]], error) {
	boards := map[string]channels.BoardStatus{}
	for _, b := range s.cfg.Lines.Boards() {
		boards[b.ID] = b
	}
	out := &body[api.Page[api.LineTest]]{api.Page[api.LineTest]{Items: []api.LineTest{}}}
	all := s.cfg.Lines.Lines()
	for i := range all {
		if !who(ctx).scope.Allows(access.ViewLines, all[i].Number) {
			continue
		}
		out.Body.Items = append(out.Body.Items, testOf(&all[i], boards[all[i].Board], languageOf(ctx)))
	}
	out.Body.Total = int64(len(out.Body.Items))
	return out, nil
}

func testOf(l *channels.LineStatus, b channels.BoardStatus, lang string) api.LineTest {
	t := api.LineTest{Line: l.Number, Name: l.Name, Board: l.Board, Port: l.Port, State: string(l.State), HasVolts: l.HasVolts, Verdict: verdictOf(l, &b), Rang: moment(l.Rang)}
	if l.HasVolts {
		t.Millivolt, t.Low, t.High = l.MilliVolt, l.VoltsReached.Min, l.VoltsReached.Max
	}
	if len(l.LevelDBm0) > 0 {
		t.Level = levelOf(slices.Max(l.LevelDBm0))
	}
	t.Good = slices.Contains([]string{"ok", "unused", "waiting"}, t.Verdict)
	t.Text = text.Text(lang, "setup-line."+t.Verdict, nil)
	return t
}

// verdictOf looks at what stops a line first.
func verdictOf(l *channels.LineStatus, b *channels.BoardStatus) string {
	i := slices.IndexFunc(b.Spans, func(sp channels.SpanStatus) bool { return l.Span != 0 && sp.Number == l.Span })
	switch {
	case b.State != channels.BoardRunning:
		return "board"
	case l.State == channels.GoneState:
		return "gone"
	case l.Fault.Code != "":
		return "fault"
	case l.State == channels.UnusedState && l.Use == l.Asked:
		return "unused"
	case l.Reason != "":
		return "unfit"
	case i >= 0 && len(b.Spans[i].Alarms) > 0:
		return "no-sync"
	case i >= 0 && b.Spans[i].Silent:
		return "silent"
	case i >= 0 && b.Spans[i].LinkDown:
		return "link-down"
	case l.State == channels.NoBattery, l.HasVolts && l.Kind.String() == "fxo" && math.Abs(float64(l.MilliVolt)) < noBattery && l.State == channels.Unknown:
		return "no-battery"
	case l.Pos == 0:
		return "no-audio"
	case l.State == channels.Unknown:
		return "waiting"
	default:
		return "ok"
	}
}
