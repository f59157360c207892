package console

import (
	"context"
	"math"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/channels"
	"vaad/recorder"
)

// round keeps what people can use: the rest is noise that changes all the time.
func round(v float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(v*p) / p
}

func moment(t time.Time) *api.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// quietest is the level below which a line counts as silent: A-law has nothing
// under −66 dBm0.
const quietest = -65

func levelOf(db float64) *api.Number {
	if math.IsNaN(db) || math.IsInf(db, 0) || db < quietest {
		return nil
	}
	v := round(db, 0)
	return &v
}

// allLines is every line as it is now, whoever asks; without a language faults
// and notes have no words.
func (s *Server) allLines(lang string) []api.Line { return s.linesOf(s.cfg.Lines.Lines(), lang) }

func (s *Server) linesOf(all []channels.LineStatus, lang string) []api.Line {
	marks := map[int]recorder.Active{}
	for _, a := range s.cfg.Recorder.Active() {
		marks[a.Line] = a
	}
	paused := s.paused()
	out := make([]api.Line, 0, len(all))
	for i := range all {
		l := lineOf(&all[i], s.cfg.Profile(all[i].Number), lang)
		if a, ok := marks[l.Line]; ok {
			l.Recording, l.RecordingID, l.RecordingSince = true, a.ID, moment(a.Since)
		}
		l.Paused = paused[l.Line]
		out = append(out, l)
	}
	return out
}

func lineOf(st *channels.LineStatus, p Profile, lang string) api.Line {
	l := api.Line{
		Line: st.Number, Board: st.Board, Port: st.Port, LocalPort: st.LocalPort, Name: st.Name, Group: p.Group,
		Kind: st.Kind.String(), Use: st.Use.String(), State: string(st.State), Since: moment(st.Since),
		Sides: []string{}, Caps: st.Caps.List(), Trigger: p.Trigger, TriggerNote: p.Note, Call: st.Call, Direction: string(st.Direction), Reason: st.Reason,
		Caller: st.Caller, Called: st.Called, CallerName: st.CallerName, Learnt: learntOf(st.Learnt),
		GainDB: st.GainDB, SentGainDB: st.SentGainDB, Fault: faultOf(st.Fault, lang), Notes: remarksOf(st.Notes, lang),
	}
	if st.HasVolts {
		v := round(float64(st.MilliVolt)/1000, 1)
		l.Volts = &v
	}
	if x := st.VoltsReached; !x.Since.IsZero() {
		l.VoltsReached = &api.VoltsReached{Min: round(float64(x.Min)/1000, 1), Max: round(float64(x.Max)/1000, 1), Since: x.Since}
	}
	for i, side := range st.Sides {
		l.Sides = append(l.Sides, side.Name)
		if i >= len(st.LevelDBm0) {
			continue
		}
		v := levelOf(st.LevelDBm0[i])
		if v == nil {
			continue
		}
		if len(st.Sides) > 1 {
			if l.Levels == nil {
				l.Levels = map[string]api.Number{}
			}
			l.Levels[side.Name] = *v
		}
		if l.LevelDBm0 == nil || *v > *l.LevelDBm0 {
			l.LevelDBm0 = v
		}
	}
	return l
}

// learntOf is what a line has learnt; nil: nothing yet.
func learntOf(k channels.Learnt) *api.Learnt {
	if k == (channels.Learnt{}) {
		return nil
	}
	volts := func(mv int32) float64 { return round(float64(mv)/1000, 1) }
	return &api.Learnt{IdleVolts: volts(k.IdleMV), OffHookVolts: volts(k.OffHookMV), RingGapMS: int(k.RingGapMS), CallerID: k.CallerID.String(),
		DialHz: int(k.DialHz), BusyHz: int(k.BusyHz), BusyOnMS: int(k.BusyOnMS), BusyOffMS: int(k.BusyOffMS)}
}

func (s *Server) allBoards(lang string) []api.Board {
	out := []api.Board{}
	for _, b := range s.cfg.Lines.Boards() {
		words, remedy := faultWords(lang, b.Reason)
		out = append(out, api.Board{
			ID: b.ID, Driver: b.Driver, Model: b.Model, Serial: b.Serial, Location: b.Location, State: string(b.State),
			Code: b.Reason, Text: words, Remedy: remedy, Reason: b.Detail, Virtual: b.Virtual, Simulated: b.Simulated, Lines: b.Lines, Since: moment(b.Since),
			Ticks: b.Ticks, Late: b.Late, Lost: b.Lost, Slips: b.Slips, Missed: b.Missed, Underrun: b.Underrun, DriftPPM: round(b.DriftPPM, 2), Priority: b.Priority,
			Spans: spansOf(b.Spans, lang),
		})
	}
	return out
}

// LineInput names a line.
type LineInput struct {
	Line int `path:"line" minimum:"1" maximum:"100000" doc:"Permanent number of the line"`
}

// onLine is the line, if the caller may do that on it. A line outside their
// scope does not exist for them.
func (s *Server) onLine(ctx context.Context, v access.Verb, n int) (channels.LineStatus, error) {
	c := who(ctx)
	for _, l := range s.cfg.Lines.Lines() {
		if l.Number != n {
			continue
		}
		if !c.scope.Allows(v, n) {
			s.denied(ctx, v, "", n)
			break
		}
		return l, nil
	}
	return channels.LineStatus{}, failLine("no-line", n, "")
}

// Spoken says in which language an answer is wanted.
type Spoken struct {
	Lang string `header:"Accept-Language" maxLength:"200" doc:"Language of the words: en or zh"`
}

func (s *Server) boards(_ context.Context, in *Spoken) (*body[api.Page[api.Board]], error) {
	return &body[api.Page[api.Board]]{api.Page[api.Board]{Items: s.allBoards(text.Match(in.Lang))}}, nil
}

func (s *Server) lines(ctx context.Context, in *Spoken) (*body[api.Page[api.Line]], error) {
	c := who(ctx)
	out := api.Page[api.Line]{Items: []api.Line{}}
	for _, l := range s.allLines(text.Match(in.Lang)) {
		if c.scope.Allows(access.ViewLines, l.Line) {
			out.Items = append(out.Items, l)
		}
	}
	return &body[api.Page[api.Line]]{out}, nil
}

// LineAsked names a line and a language.
type LineAsked struct {
	LineInput
	Spoken
}

func (s *Server) line(ctx context.Context, in *LineAsked) (*body[api.Line], error) {
	if _, err := s.onLine(ctx, access.ViewLines, in.Line); err != nil {
		return nil, err
	}
	for _, l := range s.allLines(text.Match(in.Lang)) {
		if l.Line == in.Line {
			return &body[api.Line]{l}, nil
		}
	}
	return nil, failLine("no-line", in.Line, "")
}

func (s *Server) start(ctx context.Context, in *LineInput) (*body[api.Started], error) {
	if _, err := s.onLine(ctx, access.StartStop, in.Line); err != nil {
		return nil, err
	}
	out := &body[api.Started]{api.Started{Line: in.Line}}
	e := access.Entry{Verb: access.StartStop, Line: in.Line, Detail: map[string]string{"act": "start"}}
	err := s.act(ctx, e, func(e *access.Entry) (err error) {
		out.Body.Recording, err = s.cfg.Recorder.Start(in.Line, who(ctx).Name)
		e.Object = out.Body.Recording
		return s.lineProblem(ctx, "start", in.Line, err)
	})
	return out, err
}

func (s *Server) stop(ctx context.Context, in *LineInput) (*body[api.Started], error) {
	if _, err := s.onLine(ctx, access.StartStop, in.Line); err != nil {
		return nil, err
	}
	out := &body[api.Started]{api.Started{Line: in.Line}}
	for _, a := range s.cfg.Recorder.Active() {
		if a.Line == in.Line {
			out.Body.Recording = a.ID
		}
	}
	e := access.Entry{Verb: access.StartStop, Object: out.Body.Recording, Line: in.Line, Detail: map[string]string{"act": "stop"}}
	err := s.act(ctx, e, func(*access.Entry) error {
		return s.lineProblem(ctx, "stop", in.Line, s.cfg.Recorder.Stop(in.Line, who(ctx).Name))
	})
	return out, err
}

// lineProblem is problem about a line.
func (s *Server) lineProblem(ctx context.Context, op string, line int, err error) error {
	if err == nil {
		return nil
	}
	out := s.problem(ctx, op, err)
	if p, ok := out.(*api.Problem); ok && line > 0 { //nolint:errorlint // made by us just now
		p.Line = line
	}
	return out
}
