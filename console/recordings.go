package console

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// FilterInput chooses calls.
type FilterInput struct{ api.Filter }

// SearchInput chooses recordings.
type SearchInput struct{ api.RecordingFilter }

// linesOf are the lines of a filter that the verb may be done on; nil is every line.
func linesOf(sc access.Scope, v access.Verb, wanted []int) []int {
	if len(wanted) == 0 {
		return scopeLines(sc, v)
	}
	out := []int{}
	for _, n := range wanted {
		if sc.Allows(v, n) && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func seconds(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }

// filter is what the index is asked for: only lines that the caller may do that on.
func (in *SearchInput) filter(sc access.Scope, v access.Verb) index.Filter {
	is := func(v string) *bool {
		yes := v == "yes"
		if v == "" {
			return nil
		}
		return &yes
	}
	if len(in.States) == 0 && (in.TrashedFrom != "" || in.TrashedTo != "") {
		in.States = []string{index.StateTrash}
	}
	return index.Filter{
		TrashedFrom: archive.Day(in.TrashedFrom), TrashedTo: archive.Day(in.TrashedTo),
		Lines: linesOf(sc, v, in.Lines), From: in.From, To: in.To, MinDuration: seconds(in.MinDuration), MaxDuration: seconds(in.MaxDuration),
		Number: in.Number, Caller: in.Caller, Called: in.Called, Name: in.Name, Boards: in.Boards, Sides: in.Sides,
		Directions: in.Directions, Triggers: in.Triggers, Codecs: in.Codecs, Outcomes: in.Outcomes, AnsweredBy: in.AnsweredBy,
		EndedBy: in.EndedBy, States: in.States, Answered: is(in.Answered), Gaps: is(in.Gaps), Recovered: is(in.Recovered),
		Protected: is(in.Protected), Held: is(in.Held), Case: in.HeldFor, Classes: in.Classes, Noted: is(in.Noted), Marked: is(in.Marked), Masked: is(in.Masked), Simulated: is(in.Simulated),
		Call: in.Call, Conversation: in.Conversation, Actor: in.Actor, Text: in.Text,
		Oldest: in.Order == "oldest", Limit: in.Limit, Cursor: in.After,
	}
}

// recordings searches.
func (s *Server) recordings(ctx context.Context, in *SearchInput) (*body[api.Page[api.Recording]], error) {
	if err := s.checkSearch(ctx, access.SearchRecords, &in.RecordingFilter); err != nil {
		return nil, err
	}
	p, err := s.cfg.Index.Query(ctx, in.filter(who(ctx).scope, access.SearchRecords))
	if err != nil {
		return nil, err
	}
	out := api.Page[api.Recording]{Items: []api.Recording{}, Next: p.Next, Total: int64(p.Count), AtLeast: p.AtLeast, Partial: p.Rebuilding}
	for i := range p.Rows {
		out.Items = append(out.Items, s.shown(&p.Rows[i]))
	}
	return &body[api.Page[api.Recording]]{out}, nil
}

func recordingOf(r *index.Row) api.Recording {
	out := api.Recording{
		ID: r.ID, Line: r.Line, LineName: r.LineName, Board: r.Board, Start: r.Start.UTC(), End: moment(r.End),
		Duration: round(r.Duration().Seconds(), 3), Direction: r.Direction, Caller: r.Caller, CallerName: r.CallerName, Called: r.Called, Trigger: r.Trigger,
		Codec: r.Codec, Sides: append([]string{}, r.Sides...), Bytes: r.Bytes, State: r.State, Outcome: r.Outcome, AnsweredBy: r.AnsweredBy, EndedBy: r.EndedBy, Reason: r.Reason,
		Call: r.Call, Conversation: r.Conversation, Previous: r.Previous, Next: r.Next, Notes: []api.Note{}, Protected: r.Protected,
		Held: r.Held, Holds: r.Holds, Class: r.Class, Trashed: moment(r.Trashed), TrashedBy: r.TrashedBy, Forgotten: r.Forgotten,
		Masked: round(float64(r.Masked)/8000, 3), Simulated: r.Simulated, Recovered: r.Recovered, Gaps: r.Gaps, LostSamples: r.LostSamples, Actors: r.Actors, SHA256: r.SHA256,
	}
	for _, n := range r.Notes {
		out.Notes = append(out.Notes, api.Note{Time: n.Time, Actor: n.Actor, Text: n.Text})
	}
	for _, m := range r.Marks {
		out.Marks = append(out.Marks, api.Mark{Time: m.Time, Actor: m.Actor, At: round(float64(m.At)/8000, 3), Text: m.Text})
	}
	return out
}

// shown is a recording with what only its files tell.
func (s *Server) shown(r *index.Row) api.Recording {
	out := recordingOf(r)
	if r.State != index.StateOpen && r.State != index.StateErased {
		out.Encrypted = s.cfg.Archive.HasEncrypted(r.Day, r.ID, r.Sides)
	}
	return out
}

// RecordingInput names a recording.
type RecordingInput struct {
	ID string `path:"id" pattern:"^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$" patternDescription:"ID of a recording" doc:"ID of the recording (ULID)"`
}

// find is the recording, if the caller may do that on its line.
func (s *Server) find(ctx context.Context, v access.Verb, id string) (index.Row, error) {
	row, ok, err := s.cfg.Index.Get(id)
	if err != nil {
		return row, err
	}
	if ok && !who(ctx).scope.Allows(v, row.Line) {
		s.denied(ctx, v, id, row.Line)
		ok = false
	}
	if !ok {
		return row, fail("no-recording", id)
	}
	return row, nil
}

func (s *Server) recording(ctx context.Context, in *RecordingInput) (*body[api.Recording], error) {
	row, err := s.find(ctx, access.SearchRecords, in.ID)
	if err != nil {
		return nil, err
	}
	return &body[api.Recording]{s.shown(&row)}, nil
}

// story is what happened during a recording, as its story file tells it.
func (s *Server) story(ctx context.Context, in *RecordingInput) (*body[api.Story], error) {
	row, err := s.find(ctx, access.SearchRecords, in.ID)
	if err != nil {
		return nil, err
	}
	st, err := s.cfg.Archive.Story(row.Day, row.ID)
	if err != nil {
		return nil, err
	}
	out := api.Story{ID: row.ID, Complete: st.Ended, Damaged: st.Damaged, Items: []json.RawMessage{}}
	if out.Start, err = json.Marshal(st.Start); err != nil {
		return nil, err
	}
	for _, e := range st.Entries {
		b, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, b)
	}
	return &body[api.Story]{out}, nil
}

// NoteInput is a note on a recording.
type NoteInput struct {
	RecordingInput
	Body api.NewNote
}

func (s *Server) note(ctx context.Context, in *NoteInput) (*body[api.Note], error) {
	row, err := s.find(ctx, access.Note, in.ID)
	if err != nil {
		return nil, err
	}
	c := who(ctx)
	line, err := s.journal(ctx, row, archive.Act{Kind: archive.ActNote, Value: in.Body.Text})
	if err != nil {
		return nil, err
	}
	return &body[api.Note]{api.Note{Time: line.Time.UTC(), Actor: c.Name, Text: in.Body.Text}}, nil
}

// MarkInput is a mark on a recording.
type MarkInput struct {
	RecordingInput
	Body api.NewMark
}

func (s *Server) mark(ctx context.Context, in *MarkInput) (*body[api.Mark], error) {
	row, err := s.find(ctx, access.Note, in.ID)
	if err != nil {
		return nil, err
	}
	at := int64(in.Body.At * 8000)
	if row.State != index.StateOpen && at > row.Samples {
		p := fail("invalid", "")
		p.Errors = []api.ProblemError{{Location: "body.at_s", Message: text.Text(languageOf(ctx), "invalid.behind-end", nil), Value: in.Body.At}}
		return nil, p
	}
	c := who(ctx)
	line, err := s.journal(ctx, row, archive.Act{Kind: archive.ActMark, At: at, Value: in.Body.Text})
	if err != nil {
		return nil, err
	}
	return &body[api.Mark]{api.Mark{Time: line.Time.UTC(), Actor: c.Name, At: in.Body.At, Text: in.Body.Text}}, nil
}

// journal does something to a recording, in its day's journal and in the audit log.
func (s *Server) journal(ctx context.Context, row index.Row, a archive.Act) (line archive.JournalLine, err error) {
	if row.State == index.StateErased {
		return line, fail("erased", row.ID)
	}
	a.ID, a.Day, a.Actor, a.Time = row.ID, row.Day, who(ctx).Name, s.cfg.Now()
	e := access.Entry{Verb: access.Note, Object: row.ID, Line: row.Line, Detail: map[string]string{"act": a.Kind, "text": a.Value}}
	err = s.act(ctx, e, func(*access.Entry) error {
		line, err = s.cfg.Archive.Act(ctx, a)
		return err
	})
	return line, err
}
