package console

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/calls/learn"
)

// Learner learns lines by calls: [learn.Learner].
type Learner interface {
	Start(o learn.Order, actor string) (learn.Job, error)
	Job(line int) (learn.Job, error)
	Cancel(line int) error
}

// LearnInput asks for a run.
type LearnInput struct {
	LineInput
	Body api.LearnLine
}

// learner is who learns, for a line that the caller may see to.
func (s *Server) learner(ctx context.Context, v access.Verb, line int) (Learner, error) {
	if _, err := s.onLine(ctx, v, line); err != nil {
		return nil, err
	}
	if s.cfg.Learner == nil {
		return nil, failLine("not-available", line, "")
	}
	return s.cfg.Learner, nil
}

func (s *Server) learn(ctx context.Context, in *LearnInput) (*body[api.Learning], error) {
	l, err := s.learner(ctx, access.SettingsWrite, in.Line)
	if err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.SettingsWrite, Line: in.Line, Object: "learn", Detail: map[string]string{"act": "learn", "busy": in.Body.Busy,
		"call": in.Body.Call, "wait_call": strconv.FormatBool(in.Body.WaitCall)}}
	var j learn.Job
	err = s.act(ctx, e, func(*access.Entry) (err error) {
		j, err = l.Start(learn.Order{Line: in.Line, Busy: in.Body.Busy, Call: in.Body.Call, Incoming: in.Body.WaitCall}, who(ctx).Name)
		return learnProblem(in.Line, err)
	})
	if err != nil {
		return nil, err
	}
	return &body[api.Learning]{learningOf(&j)}, nil
}

func (s *Server) learning(ctx context.Context, in *LineInput) (*body[api.Learning], error) {
	l, err := s.learner(ctx, access.SettingsRead, in.Line)
	if err != nil {
		return nil, err
	}
	j, err := l.Job(in.Line)
	if err != nil {
		return nil, learnProblem(in.Line, err)
	}
	return &body[api.Learning]{learningOf(&j)}, nil
}

func (s *Server) cancelLearn(ctx context.Context, in *LineInput) (*done, error) {
	l, err := s.learner(ctx, access.SettingsWrite, in.Line)
	if err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.SettingsWrite, Line: in.Line, Object: "learn", Detail: map[string]string{"act": "cancel-learn"}}
	return &done{}, s.act(ctx, e, func(*access.Entry) error { return learnProblem(in.Line, l.Cancel(in.Line)) })
}

// learnProblem is what a Learner's refusal is answered with.
func learnProblem(line int, err error) error {
	for _, known := range []struct {
		err  error
		code string
	}{
		{learn.ErrTap, "learn-tap"},
		{learn.ErrNoTrunk, "learn-no-trunk"},
		{learn.ErrRunning, "learning"},
		{learn.ErrNone, "not-learnt"},
		{learn.ErrInUse, "line-in-use"},
		{learn.ErrNumber, "bad-number"},
		{learn.ErrNotRunning, "closing"},
	} {
		if errors.Is(err, known.err) {
			return failLine(known.code, line, "")
		}
	}
	return err
}

func learningOf(j *learn.Job) api.Learning {
	out := api.Learning{ID: j.ID, Line: j.Order.Line, By: j.Actor, Begun: j.Begun.UTC(), Ended: moment(j.Ended), State: j.State.String(), Why: j.Why,
		Steps: []api.LearnStep{}, Measured: []api.LearnItem{}}
	for _, s := range j.Steps {
		out.Steps = append(out.Steps, api.LearnStep{Code: s.Code, Begin: s.Begin.UTC(), End: moment(s.End), Limit: round(s.Limit.Seconds(), 1), Of: s.Of})
	}
	for i := range j.Items {
		out.Measured = append(out.Measured, measuredOf(&j.Items[i]))
	}
	p := &j.Profile
	out.Profile = api.LearnProfile{Country: p.Country, RingGapMS: p.RingGapMS, IdleMV: p.IdleMV, OffHookMV: p.OffHookMV, CallerID: p.CallerID, DialHz: p.DialHz,
		BusyHz: p.BusyHz, BusyOnMS: p.BusyOnMS, BusyOffMS: p.BusyOffMS, AnswerSignal: p.Answer, ReleaseSigns: strings.Join(p.Releases, ",")}
	return out
}

func measuredOf(i *learn.Item) api.LearnItem {
	out := api.LearnItem{Code: i.Code, Why: i.Why, Sure: i.Sure, Text: i.Text, Parts: partsOf(i.Parts)}
	if i.Why != "" {
		return out
	}
	switch i.Code {
	case "volts-idle", "volts-off-hook", "dial-delay", "ring-delay", "release-sign", "ring", "ring-reversal":
		v := round(i.Value, 2)
		out.Value = &v
	}
	if t := i.Tone; t != nil {
		out.Tone = &api.LearnTone{Hz: []api.Number{}, Levels: []api.Number{}, DBm0: round(t.DBm0, 1), Steady: t.Steady, Parts: partsOf(t.Parts), Cycles: t.Cycles, SNR: round(t.SNR, 0)}
		for _, s := range t.Sines {
			out.Tone.Hz, out.Tone.Levels = append(out.Tone.Hz, round(s.Hz, 1)), append(out.Tone.Levels, round(s.DBm0, 1))
		}
	}
	if n := i.Noise; n != nil {
		out.Noise = &api.LearnNoise{DBm0: round(n.DBm0, 1), DBm0p: round(n.DBm0p, 1), DC: round(n.DC, 0), MainsHz: round(n.MainsHz, 2), Seconds: round(n.Seconds, 1)}
		if n.MainsHz > 0 {
			v := round(n.HumDBm0, 1)
			out.Noise.HumDBm0 = &v
			for _, l := range n.HumLines {
				out.Noise.HumLines = append(out.Noise.HumLines, round(l, 1))
			}
		}
	}
	if f := i.Fit; f != nil {
		out.Fit = &api.LearnFit{Country: f.Country, Tone: f.Tone, HzOff: round(f.HzOff, 1), DBOff: round(f.DBOff, 1), Others: f.Others}
	}
	return out
}

func partsOf(all []learn.Part) (out []api.LearnPart) {
	for _, p := range all {
		out = append(out, api.LearnPart{OnMS: round(p.OnMS, 0), OffMS: round(p.OffMS, 0), OnSpread: round(p.OnSpread, 1), OffSpread: round(p.OffSpread, 1)})
	}
	return out
}
