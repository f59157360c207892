package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/driver/framelog"
)

type replayCmd struct {
	File    string `arg:"" type:"path"`
	Against string `type:"path" placeholder:"FILE"`
	All     bool
	Check   bool
	Country string `default:"CN" placeholder:"CC"`
}

// Run plays a frame log through today's detectors and state tables and says
// what they tell otherwise than it was told then.
func (c replayCmd) Run(s *session) error {
	if c.File == "-" {
		return usageError{s.refusal("replay-pipe")}
	}
	country, err := s.country(c.Country)
	if err != nil {
		return err
	}
	log, err := s.readLog(c.File)
	var pe *fs.PathError
	if err != nil && !errors.As(err, &pe) {
		return s.refusal("replay-log", "file", printable(c.File), "reason", err.Error())
	}
	if err != nil {
		return err
	}
	then, known := log.told, len(log.told)+len(log.setup) > 0 // where only the set-up is, nothing was told
	if c.Against != "" {
		if then, err = s.readTold(c.Against); err != nil {
			return err
		}
		known = true
	}
	now, err := log.play(s.ctx, country)
	if err != nil {
		return fmt.Errorf("replay %s: %w", c.File, err)
	}
	var rows []told
	if known {
		rows = compare(then, now, log.from, log.to)
	} else {
		for _, n := range now {
			rows = append(rows, told{Fact: n, Is: onlyNow})
		}
	}
	different := 0
	for _, r := range rows {
		if r.different() && known {
			different++
		}
	}
	if err := c.show(s, log, rows, known, different); err != nil {
		return err
	}
	if c.Check && different > 0 {
		return errors.New(s.t("cli.replay-differs", "count", strconv.Itoa(different)))
	}
	return nil
}

func (c replayCmd) show(s *session, log *frames, rows []told, known bool, different int) error {
	if s.cli.JSON {
		for i := range rows {
			if err := s.object(log.row(&rows[i])); err != nil {
				return err
			}
		}
		return nil
	}
	length := time.Duration(log.to-log.from) * time.Second / rate
	if err := s.say("%s", s.t("cli.replay-head", "file", printable(c.File), "board", printable(log.info.Model), "lines", strconv.Itoa(len(log.info.Lines)),
		"start", when(log.start), "duration", length.Round(time.Millisecond).String())); err != nil {
		return err
	}
	if log.torn {
		if err := s.say("%s", s.t("cli.replay-torn")); err != nil {
			return err
		}
	}
	if !known {
		if err := s.say("%s", s.t("cli.replay-unknown")); err != nil {
			return err
		}
	}
	t := s.table("at", "line", "fact", "then", "now")
	for i := range rows {
		r := &rows[i]
		if known && !c.All && !r.different() {
			continue
		}
		then, now := "", s.words(&r.Fact)
		switch r.Is {
		case onlyThen:
			then, now = now, "–"
		case onlyNow:
			if known {
				then = "–"
			}
		case changed:
			then = s.words(r.Then)
		case moved:
			then = s.t("cli.replay-at", "at", seconds(span(r.Then.Pos-log.from)))
		default:
			then = now
		}
		t.row(seconds(span(r.Fact.Pos-log.from)), strconv.Itoa(log.number(r.Fact.Line)), s.code("fact", r.Fact.Kind), then, now)
	}
	if err := s.list(t, "cli.replay-same"); err != nil || !known {
		return err
	}
	same, edge, up := 0, 0, 0
	for _, r := range rows {
		switch {
		case r.Is == asBefore || r.Is == moved && !r.different():
			same++
		case r.Is == atEdge:
			edge++
		case r.Is == wasUp:
			up++
		}
	}
	if err := s.say("%s", s.t("cli.replay-sum", "same", strconv.Itoa(same), "different", strconv.Itoa(different), "edge", strconv.Itoa(edge))); err != nil || up == 0 {
		return err
	}
	return s.say("%s", s.t("cli.replay-up", "count", strconv.Itoa(up)))
}

// A replayRow is one row of --json.
type replayRow struct {
	Is     string         `json:"is"`
	Number int            `json:"number"` // permanent, of the line
	Time   time.Time      `json:"time"`
	Fact   framelog.Note  `json:"fact"`
	Then   *framelog.Note `json:"then,omitempty"`
}

func (l *frames) row(r *told) replayRow {
	return replayRow{Is: r.Is, Number: l.number(r.Fact.Line), Fact: r.Fact, Then: r.Then,
		Time: l.start.Add(time.Duration(r.Fact.Pos-l.from) * time.Second / rate)}
}

// readTold reads what a replay has printed: what was told then.
func (s *session) readTold(name string) (all []framelog.Note, err error) {
	f, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var r replayRow
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Fact.Kind == "" {
			return nil, s.refusal("replay-against", "file", printable(name), "line", strconv.Itoa(n))
		}
		if r.Is != onlyThen { // what it told itself
			all = append(all, r.Fact)
		}
	}
	return all, lines.Err()
}

// frames is a frame log, read once.
type frames struct {
	name     string
	info     driver.Info
	start    time.Time
	from, to int64 // positions
	torn     bool
	setup    map[int]framelog.Note // by line
	told     []framelog.Note
}

// number is what people call a line: its permanent number where the log says it.
func (l *frames) number(line int) int {
	if n := l.setup[line].Number; n > 0 {
		return n
	}
	if line < len(l.info.Lines) {
		return l.info.Lines[line].Port
	}
	return line + 1
}

func (s *session) readLog(name string) (*frames, error) {
	f, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	rd, err := framelog.NewReader(f)
	if err != nil {
		return nil, err
	}
	l := &frames{name: name, info: rd.Info(), start: rd.Start(), setup: map[int]framelog.Note{}}
	rd.OnNote(func(n framelog.Note) {
		if n.Kind == framelog.NoteLine {
			l.setup[n.Line] = n
		} else if compared(n.Kind) {
			l.told = append(l.told, n)
		}
	})
	rx := driver.NewFrame(l.info)
	for n := 0; ; n++ {
		err := rd.Next(rx, nil)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if n == 0 {
			l.from = rx.Pos
		}
		l.to = rx.Pos + driver.Block
	}
	if l.to == l.from {
		return nil, errors.New("the log has no frames")
	}
	l.torn = rd.Torn()
	return l, nil
}

// play runs the log and returns what is told of its lines.
func (l *frames) play(ctx context.Context, country string) ([]framelog.Note, error) {
	f, err := os.Open(l.name)
	if err != nil {
		return nil, err
	}
	board, err := framelog.Play(f, framelog.PlayOptions{})
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	opened := false
	open := func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) {
		if opened {
			return nil, errors.New("the log has ended")
		}
		opened = true
		return board, nil
	}
	sys, err := channels.New(channels.Config{RingSeconds: 10, Plan: replayPlan{l, country}, Now: func() time.Time { return l.start },
		Boards: []channels.BoardConfig{{ID: "log", Driver: driver.Driver{Name: "framelog", Open: open}}}})
	if err != nil {
		_ = board.Close()
		return nil, err
	}
	feed := sys.Subscribe("replay", true)
	feed.Hold() // so that the board waits and nothing is lost
	defer feed.Close()
	defer sys.Close()
	if err := sys.Start(ctx); err != nil {
		return nil, err
	}
	var now []framelog.Note
	var evs []channels.Event
	for {
		select {
		case <-feed.Wake():
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		fed := map[int]int64{}
		for i := range l.info.Lines {
			if line, ok := sys.Line(i + 1); ok {
				fed[i+1] = line.Fed()
			}
		}
		var lost bool
		if evs, lost = feed.Drain(evs[:0]); lost {
			return nil, errors.New("more is told than can be kept up with")
		}
		for i := range evs {
			e := &evs[i]
			switch {
			case e.Kind == channels.BoardLost:
				return now, nil
			case e.Line != 0 && compared(string(e.Kind)) && e.Pos+l.from < l.to:
				now = append(now, l.note(e))
			}
		}
		for n, p := range fed {
			feed.Done(n, p)
		}
	}
}

// note is an event as a log keeps it.
func (l *frames) note(e *channels.Event) framelog.Note {
	return framelog.Note{Kind: string(e.Kind), Line: e.Line - 1, Pos: e.Pos + l.from, Known: e.Known + l.from, Side: e.Side, To: string(e.To),
		Value: e.Value, Text: e.Text, By: e.By, Direction: string(e.Direction), AnsweredBy: e.AnsweredBy, EndedBy: e.EndedBy,
		Caller: e.Caller, Called: e.Called, Name: e.Name, Missed: e.Missed}
}

// A replayPlan numbers the lines as they stand in the log.
type replayPlan struct {
	log     *frames
	country string
}

func (replayPlan) Spans(string, driver.Info) []channels.SpanConfig { return nil }

func (p replayPlan) Lines(_ string, info driver.Info) (all []channels.LineConfig, _ error) {
	for i, l := range info.Lines {
		c := channels.LineConfig{Number: i + 1, Port: l.Port, Country: p.country, Use: l.Use}
		if n, ok := p.log.setup[i]; ok {
			c.Own, c.Prefix = n.Own, n.Prefix
			if n.Country != "" {
				c.Country = n.Country
			}
			_ = json.Unmarshal(n.Learnt, &c.Learnt) // what it cannot read is learnt again
			_ = c.Use.UnmarshalText([]byte(n.Use))  // likewise
		}
		if c.Use == driver.Unused {
			c.Use = driver.Tap
			if l.Kind == driver.FXS {
				c.Use = driver.Station
			}
		}
		all = append(all, c)
	}
	return all, nil
}
