package main

import (
	"errors"
	"strconv"
	"strings"

	"vaad/api"
)

type boardsCmd struct{}

func (boardsCmd) Run(s *session) error {
	all, err := s.client.Boards(s.ctx)
	if err != nil || s.cli.JSON {
		return errors.Join(err, objects(s, all))
	}
	t := s.table("board", "driver", "model", "state", "lines", "lost", "drift", "reason")
	spans := s.table("board", "span", "channels", "dchannel", "clock", "alarms")
	for i := range all {
		b := &all[i]
		t.row(b.ID, b.Driver, printable(b.Model), s.code("board", b.State), strconv.Itoa(b.Lines), strconv.FormatUint(b.Lost, 10),
			strconv.FormatFloat(b.DriftPPM, 'f', 1, 64)+" ppm", printable(orElse(b.Text, b.Reason)))
		for j := range b.Spans {
			spans.row(s.spanRow(b.ID, &b.Spans[j])...)
		}
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	if len(spans.rows) > 0 {
		if err := errors.Join(s.say(""), spans.print(s.out)); err != nil {
			return err
		}
	}
	for i := range all {
		b := &all[i]
		if err := s.trouble(b.ID, b.Text, b.Reason, b.Remedy); err != nil {
			return err
		}
		for _, sp := range b.Spans {
			name := b.ID + " " + s.t("cli.span-n", "span", strconv.Itoa(sp.Span))
			if err := s.trouble(name, sp.Text, "", sp.Remedy); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) spanRow(board string, sp *api.Span) []string {
	d := ""
	if sp.DChannel != 0 {
		word := "cli.dchannel-down"
		if sp.DChannelUp {
			word = "cli.dchannel-up"
		}
		d = s.t(word, "slot", strconv.Itoa(sp.DChannel))
	}
	clock := ""
	if sp.SyncSource != 0 {
		clock = s.t("cli.span-n", "span", strconv.Itoa(sp.SyncSource))
	}
	return []string{board, strconv.Itoa(sp.Span), strconv.Itoa(sp.Channels), d, clock, printable(orElse(sp.Text, strings.Join(sp.Alarms, ", ")))}
}

// trouble says of something that does not work why, and what to do; nothing
// where there is nothing to say.
func (s *session) trouble(what, text, detail, remedy string) error {
	if text == "" && detail == "" {
		return nil
	}
	lines := []string{"", what + ": " + printable(orElse(text, detail))}
	if text != "" && detail != "" {
		lines = append(lines, "  "+printable(detail))
	}
	if remedy != "" {
		lines = append(lines, "  → "+printable(remedy))
	}
	return s.say("%s", strings.Join(lines, "\n"))
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// faults says which lines of a list do not work.
func (s *session) faults(all []api.Line) error {
	for i := range all {
		if f := all[i].Fault; f != nil {
			if err := s.trouble(s.t("cli.line-n", "line", strconv.Itoa(all[i].Line)), orElse(f.Text, f.Code), f.Detail, f.Remedy); err != nil {
				return err
			}
		}
	}
	return nil
}

// details shows one line: how it is, what its port can do, what is wrong with it.
func (s *session) details(l *api.Line) error {
	t := &table{head: []string{s.t("cli.line"), strconv.Itoa(l.Line)}}
	row := func(key, value string) {
		if value != "" {
			t.row(s.t(key), value)
		}
	}
	row("cli.name", printable(l.Name))
	row("cli.board", l.Board)
	port := strconv.Itoa(l.Port)
	if l.LocalPort != 0 {
		port += " + " + strconv.Itoa(l.LocalPort)
	}
	row("cli.port", port+", "+s.code("kind", l.Kind))
	row("cli.use", s.code("use", l.Use))
	row("cli.state", s.code("state", l.State))
	row("cli.since", whenP(l.Since))
	row("cli.volts", number(l.Volts, 1, " V"))
	row("cli.level", number(l.LevelDBm0, 0, " dBm0"))
	row("cli.trigger", s.code("trigger", l.Trigger))
	row("cli.recording", l.RecordingID)
	row("cli.side", s.codes("side", strings.Join(l.Sides, ",")))
	row("cli.can", s.codes("cap", strings.Join(l.Caps, ",")))
	if l.Call != "" {
		row("cli.call", strings.TrimSpace(s.code("direction", l.Direction)+" "+party(l.Direction, l.Caller, l.Called)))
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	if l.Reason != "" {
		if err := s.trouble(s.t("cli.unfit"), l.Reason, "", ""); err != nil {
			return err
		}
	}
	if l.Fault != nil {
		if err := s.faults([]api.Line{*l}); err != nil {
			return err
		}
	}
	for _, n := range l.Notes {
		if err := s.trouble(s.t("cli.note-of-line"), orElse(n.Text, n.Code), "", n.Remedy); err != nil {
			return err
		}
	}
	return nil
}

// alarmed is the text of an alarm among facts, "span 2: red, blue", in words.
func (s *session) alarmed(code string) string {
	span, list, _ := strings.Cut(code, ": ")
	n, ok := strings.CutPrefix(span, "span ")
	if !ok {
		return code
	}
	out := s.t("cli.span-n", "span", n)
	if list != "" {
		out += ": " + s.codes("span-alarm", strings.ReplaceAll(list, " ", ""))
	}
	return out
}
