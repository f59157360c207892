package main

import (
	"cmp"
	"context"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"vaad/api"
	"vaad/channels"
	"vaad/console"
	"vaad/doctor"
)

// doctor looks at the machine as far as the daemon's user sees it, one look at a
// time. A look that hangs (a driver of the machine may) is left behind and does not
// keep others waiting: they are told that it goes on.
func (d *running) doctor(ctx context.Context, known console.DoctorView) ([]console.DoctorFinding, error) {
	select {
	case d.looking <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	found := make(chan []doctor.Finding, 1)
	go func() {
		defer func() { <-d.looking }()
		found <- doctor.Check(d.view(known))
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case all := <-found:
		var out []console.DoctorFinding
		for _, f := range all {
			out = append(out, console.DoctorFinding{Code: f.Code, Severity: string(f.Severity), Args: f.Args})
		}
		return out, nil
	}
}

// view is what the doctor looks at, with what we know ourselves.
func (d *running) view(known console.DoctorView) doctor.View {
	v := doctor.Local("/")
	v.Recordings = filepath.Join(d.cfg.Root, "recordings")
	v.User = "vaad"
	if u, err := user.Current(); err == nil {
		v.User = u.Username
	}
	v.Country = strings.ToLower(cmp.Or(d.sec.site.Get(d.doc).Country, "cn"))
	v.Daemon = ailing(known)
	v.Daemon.Strays = d.strays(known.Boards)
	return v
}

// strays are settings of boards and spans that are not there.
func (d *running) strays(known []api.Board) []doctor.Stray {
	set, err := d.doc.Get("")
	if err != nil {
		return nil // what is stored was valid JSON when it was read
	}
	var boards []doctor.Board
	for _, b := range known {
		one := doctor.Board{ID: b.ID, Runs: b.State == string(channels.BoardRunning)}
		for _, s := range b.Spans {
			one.Spans = append(one.Spans, s.Span)
		}
		boards = append(boards, one)
	}
	return doctor.Strays(set, boards)
}

// ailing is what the doctor is told of the daemon: what does not work, each once.
func ailing(known console.DoctorView) *doctor.Daemon {
	out := &doctor.Daemon{Version: version}
	down, faulty := map[string]bool{}, map[int]bool{}
	for _, b := range known.Boards {
		out.Cards = out.Cards || b.Driver == "dahdi" && b.State == string(channels.BoardRunning)
		if b.State == string(channels.BoardFailed) || b.State == string(channels.BoardGone) {
			down[b.ID] = true
			out.Boards = append(out.Boards, doctor.BoardState{Board: b.ID, Reason: cmp.Or(b.Text, b.Reason, b.State), Remedy: b.Remedy})
		}
		for _, s := range b.Spans {
			if s.Tap {
				out.Taps = append(out.Taps, doctor.TapSpan{Serial: b.Serial, Location: b.Location, Span: s.Span})
			}
		}
	}
	for _, l := range known.Lines {
		if f := l.Fault; f != nil {
			faulty[l.Line] = true
			out.Lines = append(out.Lines, doctor.LineState{Line: strconv.Itoa(l.Line), Reason: cmp.Or(f.Text, f.Detail, f.Code), Remedy: f.Remedy})
		}
	}
	for _, a := range known.Alarms {
		if strings.HasPrefix(a.Code, "board-") && down[a.Subject] || a.Code == "line-fault" && faulty[a.Line] || a.Code == "clock-unsynchronised" {
			continue // it is told already
		}
		out.Alarms = append(out.Alarms, doctor.AlarmState{Text: a.Text, Remedy: a.Remedy, Critical: a.Severity == "critical"})
	}
	return out
}
