package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/api"
)

// A lineArg names a line: by its number, or as board/port.
type lineArg string

// number is the permanent number of the line.
func (a lineArg) number(s *session) (int, error) {
	board, port, byPort := strings.Cut(string(a), "/")
	if !byPort {
		n, err := strconv.Atoi(string(a))
		if err != nil || n < 1 {
			return 0, s.usage("line", "value", strconv.Quote(string(a)))
		}
		return n, nil
	}
	p, err := strconv.Atoi(port)
	if err != nil || p < 1 {
		return 0, s.usage("port", "value", strconv.Quote(string(a)))
	}
	all, err := s.client.Lines(s.ctx)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(all, func(l api.Line) bool { return l.Board == board && l.Port == p })
	if i < 0 {
		return 0, s.refusal("no-port", "value", printable(string(a)))
	}
	return all[i].Line, nil
}

type statusCmd struct{}

func (statusCmd) Run(s *session) error {
	st, err := s.client.Status(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(st)
	}
	word := "cli.healthy"
	if !st.Healthy {
		word = "cli.unhealthy"
	}
	rows := [][2]string{
		{"cli.version", st.Version}, {"cli.health", s.t(word)}, {"cli.uptime", long(st.Uptime)},
		{"cli.lines", strconv.Itoa(st.Lines)}, {"cli.recording-now", strconv.Itoa(st.Recording)},
		{"cli.recordings", atLeast(st.AtLeast) + strconv.FormatInt(st.Recordings, 10)},
	}
	if st.Disk != nil {
		hours := strconv.FormatInt(st.Disk.Seconds/3600, 10)
		rows = append(rows, [2]string{"cli.free", s.t("cli.free-for", "bytes", size(st.Disk.FreeBytes), "hours", hours)})
	}
	if e := st.Evidence; e != nil {
		rows = append(rows, [2]string{"cli.evidence", s.t("cli.evidence-of", "signed", strconv.FormatInt(e.Signed, 10), "lines", strconv.FormatInt(e.Lines, 10), "key", e.Key)})
	}
	rows = append(rows, [2]string{"cli.alarms", strconv.Itoa(st.Alarms)}, [2]string{"cli.you", st.Actor.Name + " (" + s.codes("role", strings.Join(st.Actor.Roles, ",")) + ")"})
	if st.Simulated {
		rows = append(rows, [2]string{"cli.lines-are", s.t("cli.simulated")})
	}
	t := &table{}
	for _, r := range rows {
		t.row(s.t(r[0]), r[1])
	}
	t.head, t.rows = t.rows[0], t.rows[1:]
	return t.print(s.out)
}

func atLeast(yes bool) string {
	if yes {
		return "≥ "
	}
	return ""
}

type linesCmd struct {
	Line   lineArg `arg:"" optional:""`
	Watch  bool    `short:"w"`
	Learnt bool
}

func (c linesCmd) Run(s *session) error {
	if c.Line != "" {
		return c.one(s)
	}
	if c.Watch {
		return s.watch(c.Learnt)
	}
	all, err := s.client.Lines(s.ctx)
	if err != nil || s.cli.JSON {
		return errors.Join(err, objects(s, all))
	}
	t := s.lineTable()
	if c.Learnt {
		t = s.learntTable()
	}
	for i := range all {
		if c.Learnt {
			t.row(s.learntRow(&all[i])...)
			continue
		}
		t.row(s.lineRow(&all[i])...)
	}
	if err := t.print(s.out); err != nil || c.Learnt {
		return err
	}
	return s.faults(all)
}

// one shows one line.
func (c linesCmd) one(s *session) error {
	if c.Watch {
		return s.usage("watch-line", "value", string(c.Line))
	}
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	l, err := s.client.Line(s.ctx, n)
	switch {
	case err != nil:
		return err
	case s.cli.JSON:
		return s.object(l)
	case c.Learnt:
		t := s.learntTable()
		t.row(s.learntRow(&l)...)
		return t.print(s.out)
	}
	return s.details(&l)
}

func (s *session) learntTable() *table {
	return s.table("line", "port", "name", "idle", "off-hook", "ring-gap", "caller-id", "own-tones")
}

// learntRow is empty where nothing is learnt yet.
func (s *session) learntRow(l *api.Line) []string {
	k := l.Learnt
	if k == nil {
		k = &api.Learnt{}
	}
	some := func(v float64, decimals int, unit string) string {
		if v == 0 {
			return ""
		}
		return number(&v, decimals, unit)
	}
	var tones []string
	if k.DialHz > 0 {
		tones = append(tones, s.t("cli.own-dial", "hz", strconv.Itoa(k.DialHz)))
	}
	if k.BusyHz > 0 {
		tones = append(tones, s.t("cli.own-busy", "hz", strconv.Itoa(k.BusyHz), "on", strconv.Itoa(k.BusyOnMS), "off", strconv.Itoa(k.BusyOffMS)))
	}
	return []string{strconv.Itoa(l.Line), l.Board + "/" + strconv.Itoa(l.Port), printable(l.Name), some(k.IdleVolts, 1, " V"), some(k.OffHookVolts, 1, " V"),
		some(float64(k.RingGapMS)/1000, 1, " s"), s.code("format", k.CallerID), strings.Join(tones, ", ")}
}

func (s *session) lineTable() *table {
	return s.table("line", "port", "name", "use", "state", "since", "volts", "level", "recording")
}

func (s *session) lineRow(l *api.Line) []string {
	rec := s.code("trigger", l.Trigger)
	if l.Recording {
		rec = "● " + s.t("cli.is-recording")
	}
	if l.Paused != nil {
		rec = "‖ " + s.t("cli.is-paused")
	}
	state := s.code("state", l.State)
	if p := party(l.Direction, l.Caller, l.Called); l.Call != "" && p != "" {
		state += " " + p
	}
	return []string{strconv.Itoa(l.Line), l.Board + "/" + strconv.Itoa(l.Port), printable(l.Name), s.code("use", l.Use), state,
		whenP(l.Since), number(l.Volts, 1, " V"), number(l.LevelDBm0, 0, " dBm0"), rec}
}

// watch prints the live feed. Without --json: a line of text per fact, and per
// change of a line's state or recording; levels would only flicker by. With
// learnt: what is learnt about the lines instead, as it is.
func (s *session) watch(learnt bool) error {
	last, id := map[int]api.Line{}, ""
	for {
		err := s.client.Watch(s.ctx, id, func(m api.Message) error {
			if m.ID != "" {
				id = m.ID
			}
			if learnt && !s.cli.JSON {
				return s.watchedLearnt(m, last)
			}
			return s.watched(m, last)
		})
		if errors.Is(err, io.ErrUnexpectedEOF) && s.ctx.Err() == nil { // the daemon let go: come back where we were
			tell(s.err, "vaactl:", s.t("cli.reconnecting"))
			select {
			case <-s.ctx.Done():
				return nil
			case <-time.After(2 * time.Second):
				continue
			}
		}
		return err
	}
}

func (s *session) watched(m api.Message, last map[int]api.Line) error {
	if s.cli.JSON {
		return s.object(struct {
			Event string          `json:"event"`
			Data  json.RawMessage `json:"data"`
		}{m.Event, m.Data})
	}
	switch m.Event {
	case api.EventFact:
		var f api.Fact
		if err := json.Unmarshal(m.Data, &f); err != nil {
			return err
		}
		return s.say("%s", s.factText(&f))
	case api.EventSnapshot:
		var snap api.Snapshot
		if err := json.Unmarshal(m.Data, &snap); err != nil {
			return err
		}
		t := s.lineTable()
		for i := range snap.Lines {
			last[snap.Lines[i].Line] = snap.Lines[i]
			t.row(s.lineRow(&snap.Lines[i])...)
		}
		return t.print(s.out)
	case api.EventLines:
		var c api.Changed
		if err := json.Unmarshal(m.Data, &c); err != nil {
			return err
		}
		for _, l := range c.Lines {
			old := last[l.Line]
			last[l.Line] = l
			if old.Recording == l.Recording { // what else happened is told as a fact
				continue
			}
			word, id := "cli.is-recording", l.RecordingID
			if !l.Recording {
				word, id = "cli.recording-ended", old.RecordingID
			}
			if err := s.say("%s  %s  %s  %s", when(time.Now()), s.t(word), s.t("cli.line-n", "line", strconv.Itoa(l.Line)), id); err != nil {
				return err
			}
		}
	}
	return nil
}

// watchedLearnt prints what was learnt about every line, and then what changes of it.
func (s *session) watchedLearnt(m api.Message, last map[int]api.Line) error {
	var all struct{ Lines []api.Line } // of a snapshot, and of changes
	if m.Event != api.EventSnapshot && m.Event != api.EventLines {
		return nil
	}
	if err := json.Unmarshal(m.Data, &all); err != nil {
		return err
	}
	t := s.learntTable()
	for i := range all.Lines {
		l := &all.Lines[i]
		old := last[l.Line]
		last[l.Line] = *l
		row, before := s.learntRow(l), s.learntRow(&old)
		if m.Event == api.EventSnapshot {
			t.row(row...)
			continue
		}
		parts := []string{when(time.Now()), s.t("cli.line-n", "line", strconv.Itoa(l.Line))}
		for k := 3; k < len(row); k++ { // behind line, port and name
			if row[k] != before[k] {
				parts = append(parts, t.head[k]+" "+row[k])
			}
		}
		if len(parts) == 2 {
			continue
		}
		if err := s.say("%s", strings.Join(parts, "  ")); err != nil {
			return err
		}
	}
	if m.Event == api.EventSnapshot {
		return t.print(s.out)
	}
	return nil
}

func (s *session) factText(f *api.Fact) string {
	parts := []string{when(f.Time), s.code("fact", f.Kind)}
	if f.Line > 0 {
		parts = append(parts, s.t("cli.line-n", "line", strconv.Itoa(f.Line)))
	} else {
		parts = append(parts, f.Board)
	}
	add := func(group, c string) {
		if c != "" {
			parts = append(parts, s.code(group, c))
		}
	}
	if f.To != "" {
		parts = append(parts, s.code("state", f.From)+" → "+s.code("state", f.To))
	}
	add("direction", f.Direction)
	add("answered-by", f.AnsweredBy)
	add("ended-by", f.EndedBy)
	if f.Missed {
		parts = append(parts, s.t("cli.was-missed"))
	}
	if words := s.about(f.Kind, f.Text); words != "" {
		parts = append(parts, printable(words))
	}
	if slices.Contains([]string{"tone", "modem", "held", "parallel-pick-up", "progress"}, f.Kind) {
		parts = append(parts, s.t(map[bool]string{true: "cli.replay-on", false: "cli.replay-off"}[f.Value == 1]))
	}
	if f.Caller != "" || f.Called != "" {
		parts = append(parts, strings.TrimSpace(printable(f.Caller+" "+f.Name)+" → "+printable(f.Called)))
	}
	return strings.Join(parts, "  ")
}

type startCmd struct {
	Line lineArg `arg:""`
}

func (c startCmd) Run(s *session) error {
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	return s.started(s.client.Start(s.ctx, n))
}

type stopCmd struct {
	Line lineArg `arg:""`
}

func (c stopCmd) Run(s *session) error {
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	return s.started(s.client.Stop(s.ctx, n))
}

func (s *session) started(st api.Started, err error) error {
	if err != nil || s.cli.JSON {
		return errors.Join(err, onlyIf(err == nil, func() error { return s.object(st) }))
	}
	return s.say("%s", st.Recording)
}

func onlyIf(yes bool, do func() error) error {
	if yes {
		return do()
	}
	return nil
}

type listenCmd struct {
	Line    lineArg `arg:""`
	Out     string  `short:"o" required:"" type:"path" placeholder:"FILE"`
	Seconds int
}

func (c listenCmd) Run(s *session) error {
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	return s.save(c.Out, true, func(w io.Writer) error {
		_, err := s.client.Listen(s.ctx, n, c.Seconds, w)
		return err
	})
}

type flightCmd struct {
	Line    lineArg `arg:""`
	Out     string  `short:"o" required:"" type:"path" placeholder:"FILE"`
	Seconds int     `default:"60"`
	Board   bool
}

func (c flightCmd) Run(s *session) error {
	n, err := c.Line.number(s)
	if err != nil {
		return err
	}
	return s.save(c.Out, false, func(w io.Writer) error {
		_, err := s.client.Flight(s.ctx, n, c.Seconds, c.Board, w)
		return err
	})
}

// save writes a file by way of a temporary one beside it, so that a file that
// is there is whole. With partial, what came before an interruption is kept.
func (s *session) save(name string, partial bool, write func(io.Writer) error) error {
	if name == "-" {
		return write(s.out)
	}
	if fi, err := os.Stat(name); err == nil && !fi.Mode().IsRegular() { // a pipe, a terminal, /dev/null
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return notWritten(name, err)
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".vaactl-*")
	if err != nil {
		return notWritten(name, err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // it has its name by then, or is not wanted
	err = write(f)
	interrupted := err != nil && s.ctx.Err() != nil
	if partial && interrupted {
		err = nil
	}
	if err := errors.Join(err, fixSizes(f, partial), f.Chmod(0o644)); err != nil {
		return errors.Join(err, f.Close())
	}
	fi, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return notWritten(name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return notWritten(name, err)
	}
	if !s.cli.JSON {
		return nil
	}
	return s.object(saved{name, fi.Size()})
}

// saved is what --json tells of a file that was written.
type saved struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}
