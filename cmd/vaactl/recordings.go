package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/api"
	"vaad/api/text"
	"vaad/dsp/wav"
)

// A filter chooses recordings or calls.
type filter struct {
	Line        []lineArg `help:"Only these lines: numbers, or board/port." placeholder:"N"`
	Number      string    `help:"Only this caller or called number; * stands for any digits." placeholder:"PATTERN"`
	From        moment    `help:"Not before: 2026-11-22, 2026-11-22T08:30, with zone, or 90m, 24h, 7d ago." placeholder:"T"`
	To          moment    `help:"Before this moment." placeholder:"T"`
	MinDuration float64   `help:"Seconds it lasted at least." placeholder:"S"`
	Text        string    `help:"Words in notes, marks, names and numbers." placeholder:"WORDS"`
	Limit       *int      `help:"How many at most; 0 means all. Default: 100, and all with --json." placeholder:"N"`
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
	return fmt.Errorf("%q is no time: write 2026-11-22, 2026-11-22T08:30, or 24h for a day ago", s)
}

// forPeople is how many rows are shown when nothing was said.
const forPeople = 100

// each asks page by page and calls fn with every row.
func each[T any](s *session, f filter, ask func(api.Filter) (api.Page[T], error), fn func(T) error) error {
	af := api.Filter{Number: f.Number, From: f.From.Time, To: f.To.Time, MinDuration: f.MinDuration, Text: f.Text}
	for _, l := range f.Line {
		for _, one := range strings.Split(string(l), ",") {
			n, err := lineArg(one).number(s)
			if err != nil {
				return err
			}
			af.Lines = append(af.Lines, n)
		}
	}
	limit := forPeople
	switch {
	case f.Limit != nil:
		limit = *f.Limit
	case s.cli.JSON: // a program that asks for recordings wants them all
		limit = 0
	}
	if limit < 0 {
		return usagef("--limit %d: it cannot be negative", limit)
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

// recordingsCmd is a filter and everything else that recordings are found by.
type recordingsCmd struct {
	filter
	MaxDuration  float64  `help:"Seconds it lasted at most." placeholder:"S"`
	Caller       string   `help:"Only this caller; * stands for any digits, * alone for any that is known, - for not known." placeholder:"PATTERN"`
	Called       string   `help:"Only this called number, as --caller." placeholder:"PATTERN"`
	Name         string   `help:"Only lines or callers of this name; * stands for anything." placeholder:"PATTERN"`
	Board        []string `help:"Only of these boards." placeholder:"BOARD"`
	Side         []string `help:"Only with one of these sides: mixed, network, local." placeholder:"SIDE"`
	Direction    []string `help:"Only these: in, out, unknown." enum:"in,out,unknown" placeholder:"DIRECTION"`
	Trigger      []string `help:"Only started by these: manual, voltage, …" placeholder:"TRIGGER"`
	Codec        []string `help:"Only in these: g711a, g711u, pcm16, …" placeholder:"CODEC"`
	Outcome      []string `help:"Only of calls that ended like this: answered, missed, busy, …, unknown." placeholder:"OUTCOME"`
	Answered     string   `help:"Only of calls known to be answered, or not: yes, no." enum:",yes,no" default:"" placeholder:"YES"`
	AnsweredBy   []string `help:"Only where the answer was known by these: off-hook, reversal, …" placeholder:"CODE"`
	EndedBy      []string `help:"Only ended by these: on-hook, busy-tone, …" placeholder:"CODE"`
	State        []string `help:"Only these: open, sealed, recovered, trash, erased. Default: all but the last two." enum:"open,sealed,recovered,trash,erased" placeholder:"STATE"`
	Gaps         string   `help:"Only with audio lost, or without: yes, no." enum:",yes,no" default:"" placeholder:"YES"`
	Recovered    string   `help:"Only cut off by a crash, or not: yes, no." enum:",yes,no" default:"" placeholder:"YES"`
	Protected    string   `help:"Only protected, or not: yes, no." enum:",yes,no" default:"" placeholder:"YES"`
	Held         string   `help:"Only on legal hold, or not: yes, no." enum:",yes,no" default:"" placeholder:"YES"`
	Noted        string   `help:"Only with notes, or without: yes, no." enum:",yes,no" default:"" placeholder:"YES"`
	Marked       string   `help:"Only with marks, or without: yes, no." enum:",yes,no" default:"" placeholder:"YES"`
	Simulated    string   `help:"Only made on simulated boards, or not: yes, no." enum:",yes,no" default:"" placeholder:"YES"`
	Call         string   `help:"Only of this call." placeholder:"ID"`
	Conversation string   `help:"Only of this conversation." placeholder:"ID"`
	Actor        string   `help:"Only started by, or acted on by this user; * stands for anything." placeholder:"PATTERN"`
	Oldest       bool     `help:"Oldest first."`
}

// with completes a filter.
func (c *recordingsCmd) with(f api.Filter) api.RecordingFilter {
	out := api.RecordingFilter{Filter: f, MaxDuration: c.MaxDuration, Caller: c.Caller, Called: c.Called, Name: c.Name, Boards: c.Board,
		Sides: c.Side, Directions: c.Direction, Triggers: c.Trigger, Codecs: c.Codec, Outcomes: c.Outcome, Answered: c.Answered,
		AnsweredBy: c.AnsweredBy, EndedBy: c.EndedBy, States: c.State, Gaps: c.Gaps, Recovered: c.Recovered, Protected: c.Protected,
		Held: c.Held, Noted: c.Noted, Marked: c.Marked, Simulated: c.Simulated, Call: c.Call, Conversation: c.Conversation, Actor: c.Actor}
	if c.Oldest {
		out.Order = "oldest"
	}
	return out
}

func (c recordingsCmd) Run(s *session) error {
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
	return s.list(t, "page.no-recordings")
}

type callsCmd struct{ filter }

func (c callsCmd) Run(s *session) error {
	t := s.table("start", "line", "direction", "party", "duration", "answered", "ended", "outcome", "recordings", "why", "id")
	err := each(s, c.filter, func(f api.Filter) (api.Page[api.Call], error) { return s.client.Calls(s.ctx, f) },
		func(v api.Call) error {
			if s.cli.JSON {
				return s.object(v)
			}
			answered := s.code("answered-by", v.AnsweredBy)
			if v.Missed {
				answered = s.t("page.missed")
			}
			t.row(when(v.Start), strconv.Itoa(v.Line), s.code("direction", v.Direction), party(v.Direction, v.Caller, v.Called), long(v.Duration),
				answered, s.code("ended-by", v.EndedBy), s.code("outcome", v.Outcome), strconv.Itoa(len(v.Recordings)), s.codes("why", v.Why), v.ID)
			return nil
		})
	if err != nil || s.cli.JSON {
		return err
	}
	return s.list(t, "page.no-calls")
}

type showCmd struct {
	ID string `arg:"" help:"The recording."`
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
	add("size", size(r.Bytes))
	add("state", s.code("recording-state", r.State))
	for _, n := range r.Notes {
		add("notes", when(n.Time)+"  "+n.Actor+"  "+n.Text)
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	for _, e := range st.Items {
		if err := s.say("%s", s.entry(e)); err != nil {
			return err
		}
	}
	return nil
}

// entry is an entry of a story for people: seconds from the recording's start,
// what happened, and what else is known, as docs/formats/story.md names it.
func (s *session) entry(raw json.RawMessage) string {
	var known struct {
		At               *int64
		Kind, Code, Text string
	}
	var all map[string]any
	if json.Unmarshal(raw, &known) != nil || json.Unmarshal(raw, &all) != nil {
		return printable(string(raw))
	}
	at := ""
	if known.At != nil {
		at = strconv.FormatFloat(float64(*known.At)/8000, 'f', 2, 64) + " s"
	}
	switch known.Kind {
	case "line-state":
		known.Text = s.code("state", known.Text)
	case "direction":
		known.Text = s.code("direction", known.Text)
	case "end":
		known.Code = s.code("ended-by", known.Code)
	}
	group := "story"
	if _, ok := text.Lookup(text.English, group+"."+known.Kind); !ok {
		group = "fact"
	}
	parts := []string{fmt.Sprintf("%12s", at), s.code(group, known.Kind)}
	for _, more := range []string{known.Code, known.Text} {
		if more != "" {
			parts = append(parts, printable(more))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		switch k {
		case "time", "at", "kind", "code", "text":
		default:
			parts = append(parts, printable(fmt.Sprintf("%s=%v", k, all[k])))
		}
	}
	return strings.Join(parts, "  ")
}

type playCmd struct {
	ID   string `arg:"" help:"The recording."`
	Side string `help:"Which side: mixed, network or local." enum:",mixed,network,local" default:""`
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
		return usagef("aplay is not installed; send the audio to a player: vaactl play %s | PLAYER, or save it with: vaactl export %s -o FILE.wav", c.ID, c.ID)
	}
	_, err = s.client.Audio(s.ctx, c.ID, c.Side, "pcm16", to)
	return err
}

func terminal(f *os.File) bool {
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0
}

type exportCmd struct {
	ID     string `arg:"" help:"The recording."`
	Out    string `short:"o" required:"" help:"File to write; - is standard output." type:"path" placeholder:"FILE.wav"`
	Format string `help:"native: as recorded; pcm16: 16-bit PCM." enum:"native,pcm16" default:"native"`
}

func (c exportCmd) Run(s *session) error {
	return s.save(c.Out, false, func(w io.Writer) error {
		_, err := s.client.Export(s.ctx, c.ID, c.Format, w)
		return err
	})
}

type noteCmd struct {
	ID   string `arg:"" help:"The recording."`
	Text string `arg:"" help:"The note."`
}

func (c noteCmd) Run(s *session) error {
	n, err := s.client.Note(s.ctx, c.ID, c.Text)
	if err != nil || !s.cli.JSON {
		return err
	}
	return s.object(n)
}

type markCmd struct {
	ID   string  `arg:"" help:"The recording."`
	At   float64 `arg:"" help:"Seconds from its start."`
	Text string  `arg:"" optional:"" help:"Why."`
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
