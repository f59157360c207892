package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"vaad/api"
	"vaad/api/text"
	"vaad/doctor"
)

type doctorCmd struct {
	Bundle     string `type:"path" placeholder:"FILE.tar.gz"`
	Country    string `placeholder:"CC"`
	Tap        []int  `placeholder:"SPANS"`
	User       string `default:"vaad"`
	Recordings string `type:"path" placeholder:"DIR"`
	RootFS     string `name:"root-fs" default:"/" type:"path" hidden:""`
}

// patience is how long the daemon and the system's log are waited for.
const patience = 10 * time.Second

// Run looks at the machine and prints what was found, the worst first.
func (c doctorCmd) Run(s *session) error {
	v := doctor.Local(c.RootFS)
	v.User, v.Taps, v.Recordings = c.User, c.Tap, c.Recordings
	if v.Recordings == "" {
		v.Recordings = filepath.Join(cmp.Or(s.cli.Root, "/var/lib/vaad"), "recordings")
	}
	asked := ask(s)
	v.Daemon = asked.daemon
	v.Country = strings.ToLower(cmp.Or(c.Country, asked.country, "cn"))
	found := doctor.Check(v)
	if err := s.findings(found); err != nil {
		return err
	}
	if c.Bundle != "" {
		if err := c.bundle(s, v, found, asked.documents); err != nil {
			return err
		}
	}
	if doctor.Worst(found).Worse(doctor.Note) {
		return errors.New(s.t("cli.doctor-found"))
	}
	return nil
}

// findings prints them, grouped by how bad they are.
func (s *session) findings(found []doctor.Finding) error {
	if s.cli.JSON {
		for _, f := range found {
			row := struct {
				doctor.Finding
				Text   string `json:"text"`
				Means  string `json:"means,omitempty"`
				Remedy string `json:"remedy,omitempty"`
			}{f, s.found(f, ""), s.found(f, ".means"), s.found(f, ".remedy")}
			if err := s.object(row); err != nil {
				return err
			}
		}
		return nil
	}
	count := map[doctor.Severity]int{}
	for i, f := range found {
		count[f.Severity]++
		var lines []string
		if i == 0 || found[i-1].Severity != f.Severity {
			if i > 0 {
				lines = append(lines, "")
			}
			lines = append(lines, s.t("cli.doctor."+string(f.Severity)))
		}
		lines = append(lines, "  "+s.found(f, "")+"  ["+f.Code+"]")
		if f.Severity != doctor.OK {
			lines = append(lines, "    "+s.t("cli.doctor-means", "text", s.found(f, ".means")), "    "+s.t("cli.doctor-remedy", "text", s.found(f, ".remedy")))
		}
		if err := s.say("%s", strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	return s.say("\n%s", s.t("cli.doctor-sum", "faults", strconv.Itoa(count[doctor.Fault]), "warnings", strconv.Itoa(count[doctor.Warning]),
		"notes", strconv.Itoa(count[doctor.Note]), "good", strconv.Itoa(count[doctor.OK])))
}

// found is one of a finding's texts, "" where it has none.
func (s *session) found(f doctor.Finding, part string) string {
	if _, ok := text.Lookup(s.lang, "doctor."+f.Code+part); !ok {
		return ""
	}
	args := text.Args{}
	for k, v := range f.Args {
		args[k] = printable(v)
	}
	return strings.TrimSpace(text.Text(s.lang, "doctor."+f.Code+part, args))
}

// answers are what the daemon said, and as documents for the bundle.
type answers struct {
	daemon    *doctor.Daemon
	country   string
	documents []doctor.Document
}

// keep makes a document of an answer.
func keep[T any](a *answers, name string, v T, err error) T {
	d := doctor.Document{Name: "daemon/" + name + ".json", Err: err}
	if err == nil {
		d.Data, d.Err = json.Marshal(v)
	}
	a.documents = append(a.documents, d)
	return v
}

// ask asks the daemon, if it can be reached, what it says of itself.
func ask(s *session) answers {
	ctx, stop := context.WithTimeout(s.ctx, patience)
	defer stop()
	var a answers
	a.daemon = &doctor.Daemon{}
	st, err := s.client.Status(ctx)
	keep(&a, "status", st, err)
	if err != nil {
		a.daemon.Where, a.daemon.Unreachable = "vaad", err.Error()
		var connect *api.ConnectError
		if errors.As(err, &connect) {
			a.daemon.Where, a.daemon.Unreachable = connect.Where, connect.Err.Error()
			var errno syscall.Errno
			if errors.As(connect.Err, &errno) { // without the path again
				a.daemon.Unreachable = errno.Error()
			}
		}
		return a
	}
	a.daemon.Version = st.Version
	boards, noBoards := s.client.Boards(ctx)
	told, there := map[string]bool{}, []doctor.Board{}
	for _, b := range keep(&a, "boards", boards, noBoards) {
		one := doctor.Board{ID: b.ID, Runs: b.State == "running"}
		a.daemon.Cards = a.daemon.Cards || b.Driver == "dahdi" && b.State == "running"
		if told[b.ID] = b.State == "failed" || b.State == "gone"; told[b.ID] {
			a.daemon.Boards = append(a.daemon.Boards, doctor.BoardState{Board: b.ID, Reason: words(b.Text, b.Reason, b.State), Remedy: b.Remedy})
		}
		for _, span := range b.Spans {
			one.Spans = append(one.Spans, span.Span)
			if span.Tap {
				a.daemon.Taps = append(a.daemon.Taps, doctor.TapSpan{Serial: b.Serial, Location: b.Location, Span: span.Span})
			}
		}
		there = append(there, one)
	}
	lines, err := s.client.Lines(ctx)
	faulty := map[int]bool{}
	for _, l := range keep(&a, "lines", lines, err) {
		if l.Fault != nil {
			faulty[l.Line] = true
			a.daemon.Lines = append(a.daemon.Lines, doctor.LineState{Line: strconv.Itoa(l.Line), Reason: words(l.Fault.Text, l.Fault.Detail, l.Fault.Code), Remedy: l.Fault.Remedy})
		}
	}
	alarms, err := s.client.Alarms(ctx, false)
	for _, x := range keep(&a, "alarms", alarms, err) {
		if strings.HasPrefix(x.Code, "board-") && told[x.Subject] || x.Code == "line-fault" && faulty[x.Line] || x.Code == "clock-unsynchronised" {
			continue // it is told already
		}
		a.daemon.Alarms = append(a.daemon.Alarms, doctor.AlarmState{Text: x.Text, Remedy: x.Remedy, Critical: x.Severity == "critical"})
	}
	set, err := s.client.Settings(ctx)
	a.country = country(keep(&a, "settings", set, err).Settings)
	if noBoards == nil {
		a.daemon.Strays = doctor.Strays(set.Settings, there)
	}
	return a
}

// words are what is said first, with what is said beside it.
func words(first string, more ...string) string {
	more = slices.DeleteFunc(more, func(s string) bool { return s == "" })
	switch {
	case first == "" && len(more) > 0:
		return more[0]
	case len(more) > 0:
		return first + " (" + more[0] + ")"
	}
	return first
}

// country is the site's, "" where it is not known.
func country(settings json.RawMessage) string {
	var doc struct {
		Site struct {
			Country string `json:"country"`
		} `json:"site"`
	}
	if json.Unmarshal(settings, &doc) != nil {
		return ""
	}
	return doc.Site.Country
}

// bundle writes the support bundle into a file that must not be there yet.
func (c doctorCmd) bundle(s *session, v doctor.View, found []doctor.Finding, docs []doctor.Document) (err error) {
	f, err := os.OpenFile(c.Bundle, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return s.refusal("doctor-exists", "file", c.Bundle)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil { // half a bundle is none
			err = errors.Join(err, os.Remove(c.Bundle))
		}
	}()
	if c.RootFS == "/" {
		docs = append(docs, journal(s.ctx, "log/vaad.txt", "-u", "vaad", "-n", "5000"), journal(s.ctx, "log/kernel.txt", "-k", "-n", "3000"))
	}
	m, err := doctor.Bundle(f, v, version, found, docs, time.Now())
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	st, err := os.Stat(c.Bundle)
	if err != nil {
		return err
	}
	out := s.out
	if s.cli.JSON { // there, every line is a finding
		out = s.err
	}
	_, err = fmt.Fprintln(out, s.t("cli.doctor-bundle", "file", c.Bundle, "count", strconv.Itoa(len(m.Files)+1), "bytes", strconv.FormatInt(st.Size(), 10), "masked", strconv.Itoa(m.Masked)))
	return err
}

// journal is the end of a log of the system, if this system keeps one and shows
// it to us.
func journal(ctx context.Context, name string, args ...string) doctor.Document {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "journalctl", append(args, "--no-pager", "-o", "short-iso")...)
	cmd.Stderr, cmd.WaitDelay = &errs, time.Second
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("journalctl: %w %s", err, bytes.TrimSpace(errs.Bytes()))
	}
	return doctor.Document{Name: name, Data: out, Err: err}
}
