package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"vaad/api"
	"vaad/dsp/wav"
)

// A filter chooses recordings or calls.
type filter struct {
	Line        []lineArg `placeholder:"N"`
	Number      string    `placeholder:"PATTERN"`
	From        moment    `placeholder:"T"`
	To          moment    `placeholder:"T"`
	MinDuration float64   `placeholder:"S"`
	Text        string    `placeholder:"WORDS"`
	Limit       *int      `placeholder:"N"`
}

// A moment is a time as people write it, in the machine's zone unless it says
// otherwise.
type moment struct{ time.Time }

// UnmarshalText reads a date, a date and time, or how long ago.
func (m *moment) UnmarshalText(b []byte) error {
	s := string(b)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			m.Time = t
			return nil
		}
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil {
			m.Time = time.Now().Add(-time.Duration(n * float64(24*time.Hour)))
			return nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil {
		m.Time = time.Now().Add(-d.Abs())
		return nil
	}
	return fmt.Errorf("%q is no time", s) // what to write is told in the user's language
}

// forPeople is how many rows are shown when nothing was said.
const forPeople = 100

// wanted is the filter as the daemon takes it, without a limit.
func (f filter) wanted(s *session) (api.Filter, error) {
	af := api.Filter{Number: f.Number, From: f.From.Time, To: f.To.Time, MinDuration: f.MinDuration, Text: f.Text}
	for _, l := range f.Line {
		for _, one := range strings.Split(string(l), ",") {
			n, err := lineArg(one).number(s)
			if err != nil {
				return af, err
			}
			af.Lines = append(af.Lines, n)
		}
	}
	return af, nil
}

// each asks page by page and calls fn with every row.
func each[T any](s *session, f filter, ask func(api.Filter) (api.Page[T], error), fn func(T) error) error {
	af, err := f.wanted(s)
	if err != nil {
		return err
	}
	limit := forPeople
	switch {
	case f.Limit != nil:
		limit = *f.Limit
	case s.cli.JSON: // a program that asks for recordings wants them all
		limit = 0
	}
	if limit < 0 {
		return usageError{s.refusal("limit", "value", strconv.Itoa(limit))}
	}
	left := limit
	for {
		af.Limit = 1000
		if limit > 0 {
			af.Limit = min(af.Limit, left)
		}
		p, err := ask(af)
		if err != nil {
			return err
		}
		for _, row := range p.Items {
			if err := fn(row); err != nil {
				return err
			}
		}
		if p.Partial {
			tell(s.err, "vaactl:", s.t("cli.rebuilding"))
		}
		left -= len(p.Items)
		if af.After = p.Next; af.After == "" {
			return nil
		}
		if limit > 0 && left <= 0 {
			if f.Limit == nil {
				tell(s.err, "vaactl:", s.t("cli.more"))
			}
			return nil
		}
	}
}

// recordingFilter is a filter and everything else that recordings are found by.
type recordingFilter struct {
	filter
	Period       string   `placeholder:"WORDS"`
	Saved        string   `placeholder:"NAME"`
	MaxDuration  float64  `placeholder:"S"`
	Caller       string   `placeholder:"PATTERN"`
	Called       string   `placeholder:"PATTERN"`
	Name         string   `placeholder:"PATTERN"`
	Board        []string `placeholder:"BOARD"`
	Side         []string `placeholder:"SIDE"`
	Direction    []string `enum:"in,out,unknown" placeholder:"DIRECTION"`
	Trigger      []string `placeholder:"TRIGGER"`
	Codec        []string `placeholder:"CODEC"`
	Outcome      []string `placeholder:"OUTCOME"`
	Answered     string   `enum:",yes,no" default:"" placeholder:"YES"`
	AnsweredBy   []string `placeholder:"CODE"`
	EndedBy      []string `placeholder:"CODE"`
	State        []string `enum:"open,sealed,recovered,trash,erased" placeholder:"STATE"`
	Gaps         string   `enum:",yes,no" default:"" placeholder:"YES"`
	Recovered    string   `enum:",yes,no" default:"" placeholder:"YES"`
	Protected    string   `enum:",yes,no" default:"" placeholder:"YES"`
	Held         string   `enum:",yes,no" default:"" placeholder:"YES"`
	HeldFor      string   `placeholder:"CASE"`
	Class        []string `placeholder:"CLASS"`
	TrashedFrom  string   `placeholder:"DAY"`
	TrashedTo    string   `placeholder:"DAY"`
	Noted        string   `enum:",yes,no" default:"" placeholder:"YES"`
	Marked       string   `enum:",yes,no" default:"" placeholder:"YES"`
	Masked       string   `enum:",yes,no" default:"" placeholder:"YES"`
	Simulated    string   `enum:",yes,no" default:"" placeholder:"YES"`
	Call         string   `placeholder:"ID"`
	Conversation string   `placeholder:"ID"`
	Actor        string   `placeholder:"PATTERN"`
	Oldest       bool
}

// with completes a filter.
func (c *recordingFilter) with(f api.Filter) api.RecordingFilter {
	out := api.RecordingFilter{Filter: f, MaxDuration: c.MaxDuration, Caller: c.Caller, Called: c.Called, Name: c.Name, Boards: c.Board,
		Sides: c.Side, Directions: c.Direction, Triggers: c.Trigger, Codecs: c.Codec, Outcomes: c.Outcome, Answered: c.Answered,
		AnsweredBy: c.AnsweredBy, EndedBy: c.EndedBy, States: c.State, Gaps: c.Gaps, Recovered: c.Recovered, Protected: c.Protected,
		Held: c.Held, HeldFor: c.HeldFor, Classes: c.Class, TrashedFrom: c.TrashedFrom, TrashedTo: c.TrashedTo, Noted: c.Noted, Marked: c.Marked, Masked: c.Masked, Simulated: c.Simulated, Call: c.Call, Conversation: c.Conversation, Actor: c.Actor, Period: c.Period, Saved: c.Saved}
	if c.Oldest {
		out.Order = "oldest"
	}
	return out
}

// recordingsCmd lists what is found, or saves it as a table.
type recordingsCmd struct {
	recordingFilter
	tables
}

func (c recordingsCmd) Run(s *session) error {
	if done, err := c.save(s, &c.recordingFilter); done {
		return err
	}
	t := s.table("id", "start", "line", "direction", "party", "duration", "trigger", "state", "notes")
	err := each(s, c.filter, func(f api.Filter) (api.Page[api.Recording], error) { return s.client.Recordings(s.ctx, c.with(f)) },
		func(r api.Recording) error {
			if s.cli.JSON {
				return s.object(r)
			}
			var notes []string
			for _, n := range r.Notes {
				notes = append(notes, printable(n.Text))
			}
			t.row(r.ID, when(r.Start), strconv.Itoa(r.Line), s.code("direction", r.Direction), party(r.Direction, r.Caller, r.Called),
				long(r.Duration), s.code("trigger", r.Trigger), s.code("recording-state", r.State), strings.Join(notes, " · "))
			return nil
		})
	if err != nil || s.cli.JSON {
		return err
	}
	return s.list(t, "cli.no-recordings")
}

type callsCmd struct {
	filter
	CSV string `name:"csv" type:"path" placeholder:"FILE"`
}

// csv saves what is found as a table.
func (c callsCmd) csv(s *session) error {
	f, err := c.wanted(s)
	if err != nil {
		return err
	}
	if c.Limit != nil {
		f.Limit = *c.Limit
	}
	if f.Limit < 0 {
		return usageError{s.refusal("limit", "value", strconv.Itoa(f.Limit))}
	}
	return s.save(c.CSV, false, func(w io.Writer) error {
		_, err := s.client.CallsCSV(s.ctx, f, w)
		return err
	})
}

func (c callsCmd) Run(s *session) error {
	if c.CSV != "" {
		return c.csv(s)
	}
	t := s.table("start", "line", "direction", "party", "duration", "answered", "ended", "outcome", "recordings", "why", "id")
	err := each(s, c.filter, func(f api.Filter) (api.Page[api.Call], error) { return s.client.Calls(s.ctx, f) },
		func(v api.Call) error {
			if s.cli.JSON {
				return s.object(v)
			}
			answered := s.code("answered-by", v.AnsweredBy)
			if v.Missed {
				answered = s.t("cli.was-missed")
			}
			t.row(when(v.Start), strconv.Itoa(v.Line), s.code("direction", v.Direction), party(v.Direction, v.Caller, v.Called), long(v.Duration),
				answered, s.code("ended-by", v.EndedBy), s.code("outcome", v.Outcome), strconv.Itoa(len(v.Recordings)), s.whys(&v), v.ID)
			return nil
		})
	if err != nil || s.cli.JSON {
		return err
	}
	return s.list(t, "cli.no-calls")
}

type showCmd struct {
	ID string `arg:""`
}

func (c showCmd) Run(s *session) error {
	r, err := s.client.Recording(s.ctx, c.ID)
	if err != nil {
		return err
	}
	st, err := s.client.Story(s.ctx, c.ID)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(struct {
			api.Recording
			Story api.Story `json:"story"`
		}{r, st})
	}
	t := &table{head: []string{s.t("cli.id"), r.ID}}
	add := func(key, v string) {
		if v != "" {
			t.row(s.t("cli."+key), printable(v))
		}
	}
	add("start", when(r.Start))
	add("line", strings.TrimSpace(strconv.Itoa(r.Line)+" "+r.LineName))
	add("direction", s.code("direction", r.Direction))
	add("party", strings.TrimSpace(party(r.Direction, r.Caller, r.Called)+" "+r.CallerName))
	add("duration", long(r.Duration))
	add("trigger", s.code("trigger", r.Trigger))
	add("outcome", s.code("outcome", r.Outcome))
	add("answered", s.code("answered-by", r.AnsweredBy))
	add("ended", s.code("ended-by", r.EndedBy))
	add("codec", s.code("codec", r.Codec))
	stored := size(r.Bytes)
	if r.Encrypted {
		stored += ", " + s.t("cli.encrypted")
	}
	add("size", stored)
	add("state", s.code("recording-state", r.State))
	add("class", r.Class)
	if r.Protected {
		add("kept", s.t("cli.kept-protected"))
	}
	for _, c := range r.Holds {
		add("kept", s.t("cli.kept-held", "case", c))
	}
	if r.Trashed != nil {
		add("trashed", strings.TrimSpace(when(*r.Trashed)+"  "+r.TrashedBy))
	}
	for _, n := range r.Notes {
		add("notes", when(n.Time)+"  "+n.Actor+"  "+n.Text)
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	for _, line := range s.story(st.Items) {
		if err := s.say("%s", line); err != nil {
			return err
		}
	}
	return nil
}

type playCmd struct {
	ID   string `arg:""`
	Side string `enum:",mixed,network,local" default:""`
}

// Run plays with ALSA's aplay where it is installed; otherwise, and into a pipe,
// it writes the WAV to standard output.
func (c playCmd) Run(s *session) error {
	to := s.out
	aplay, err := exec.LookPath("aplay")
	if f, ok := s.out.(*os.File); ok && err == nil && terminal(f) {
		cmd := exec.CommandContext(s.ctx, aplay, "-q", "-")
		cmd.Stderr = s.err
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("start aplay: %w", err)
		}
		_, err = s.client.Audio(s.ctx, c.ID, c.Side, "pcm16", in)
		return errors.Join(err, in.Close(), cmd.Wait())
	} else if ok && terminal(f) {
		return s.usage("no-aplay", "id", c.ID)
	}
	_, err = s.client.Audio(s.ctx, c.ID, c.Side, "pcm16", to)
	return err
}

func terminal(f *os.File) bool {
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0
}

type noteCmd struct {
	ID   string `arg:""`
	Text string `arg:""`
}

func (c noteCmd) Run(s *session) error {
	n, err := s.client.Note(s.ctx, c.ID, c.Text)
	if err != nil || !s.cli.JSON {
		return err
	}
	return s.object(n)
}

type markCmd struct {
	ID   string  `arg:""`
	At   float64 `arg:""`
	Text string  `arg:"" optional:""`
}

func (c markCmd) Run(s *session) error {
	m, err := s.client.Mark(s.ctx, c.ID, c.At, c.Text)
	if err != nil || !s.cli.JSON {
		return err
	}
	return s.object(m)
}

type reindexCmd struct{}

func (reindexCmd) Run(s *session) error {
	r, err := s.client.Refresh(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(r)
	}
	return s.say("%s", s.t("cli.reindexed", "count", atLeast(r.AtLeast)+strconv.FormatInt(r.Recordings, 10), "seconds", strconv.FormatFloat(r.Seconds, 'f', 1, 64)))
}

// fixSizes puts the true sizes into the header of a stream that was saved: a
// live WAV says "to the end".
func fixSizes(f *os.File, live bool) error {
	if !live {
		return nil
	}
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	in, err := wav.ParseAt(f, fi.Size())
	if err != nil {
		return nil //nolint:nilerr // too short to be a WAV: it stays as it is
	}
	h := in.Spec.Header(in.DataBytes)
	if int64(len(h)) != in.DataOffset {
		return nil
	}
	if err := f.Truncate(in.DataOffset + in.DataBytes + int64(wav.Pad(in.DataBytes))); err != nil {
		return err
	}
	_, err = f.WriteAt(h, 0)
	return err
}
