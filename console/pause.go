package console

import (
	"context"
	"strconv"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/recorder"
)

// PauseLineInput is how recording of a line is to be paused.
type PauseLineInput struct {
	LineInput
	Body *api.PauseRecording
}

// PauseLegInput is the same of the line of a leg.
type PauseLegInput struct {
	LegInput
	Body *api.PauseRecording
}

// PauseRecordingInput is the same of the line of a recording that is being made.
type PauseRecordingInput struct {
	RecordingInput
	Body *api.PauseRecording
}

func (s *Server) pause(ctx context.Context, in *PauseLineInput) (*body[api.Pause], error) {
	if _, err := s.onLine(ctx, access.Pause, in.Line); err != nil {
		return nil, err
	}
	return s.pauseLine(ctx, in.Line, "", in.Body)
}

func (s *Server) resume(ctx context.Context, in *LineInput) (*body[api.Pause], error) {
	if _, err := s.onLine(ctx, access.Pause, in.Line); err != nil {
		return nil, err
	}
	return s.resumeLine(ctx, in.Line, "")
}

func (s *Server) pauseLeg(ctx context.Context, in *PauseLegInput) (*body[api.Pause], error) {
	l, err := s.findLeg(ctx, access.Pause, in.Leg)
	if err != nil {
		return nil, err
	}
	return s.pauseLine(ctx, l.Line, l.ID, in.Body)
}

func (s *Server) resumeLeg(ctx context.Context, in *LegInput) (*body[api.Pause], error) {
	l, err := s.findLeg(ctx, access.Pause, in.Leg)
	if err != nil {
		return nil, err
	}
	return s.resumeLine(ctx, l.Line, l.ID)
}

func (s *Server) pauseRecording(ctx context.Context, in *PauseRecordingInput) (*body[api.Pause], error) {
	line, err := s.being(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.pauseLine(ctx, line, in.ID, in.Body)
}

func (s *Server) resumeRecording(ctx context.Context, in *RecordingInput) (*body[api.Pause], error) {
	line, err := s.being(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.resumeLine(ctx, line, in.ID)
}

// being is the line of a recording that is being made.
func (s *Server) being(ctx context.Context, id string) (int, error) {
	row, err := s.find(ctx, access.Pause, id)
	if err != nil {
		return 0, err
	}
	for _, a := range s.cfg.Recorder.Active() {
		if a.ID == row.ID {
			return a.Line, nil
		}
	}
	return 0, failLine("not-recording", row.Line, id)
}

func (s *Server) pauseLine(ctx context.Context, line int, object string, in *api.PauseRecording) (*body[api.Pause], error) {
	if in == nil {
		in = &api.PauseRecording{}
	}
	wish := recorder.PauseWish{Reason: in.Reason, Actor: who(ctx).Name, For: time.Duration(in.ForS) * time.Second, Back: -1}
	if in.BackMS != nil {
		wish.Back = time.Duration(*in.BackMS) * time.Millisecond
	}
	out := &body[api.Pause]{}
	e := access.Entry{Verb: access.Pause, Object: object, Line: line, Detail: map[string]string{"act": "pause"}}
	err := s.act(ctx, e, func(e *access.Entry) error {
		p, err := s.cfg.Recorder.Pause(line, wish)
		out.Body = pauseOf(&p)
		if p.ID != "" {
			e.Detail = merge(merge(merge(e.Detail, "reason", p.Reason), "id", p.ID), "seconds", strconv.Itoa(int(p.Until.Sub(p.Since).Seconds())))
		}
		return s.lineProblem(ctx, "pause", line, err)
	})
	return out, err
}

func (s *Server) resumeLine(ctx context.Context, line int, object string) (*body[api.Pause], error) {
	out := &body[api.Pause]{}
	e := access.Entry{Verb: access.Pause, Object: object, Line: line, Detail: map[string]string{"act": "resume"}}
	err := s.act(ctx, e, func(e *access.Entry) error {
		p, err := s.cfg.Recorder.Resume(line, who(ctx).Name)
		out.Body = pauseOf(&p)
		if p.ID != "" {
			e.Detail = merge(e.Detail, "id", p.ID)
		}
		return s.lineProblem(ctx, "resume", line, err)
	})
	return out, err
}

func pauseOf(p *recorder.Pause) api.Pause {
	return api.Pause{ID: p.ID, Line: p.Line, Since: p.Since.UTC(), Until: p.Until.UTC(), Reason: p.Reason, Actor: p.Actor, By: p.By,
		Recording: p.Recording, Call: p.Call}
}

// paused is the lines on which recording is paused now.
func (s *Server) paused() map[int]*api.Pause {
	all := map[int]*api.Pause{}
	for _, p := range s.cfg.Recorder.Paused() {
		one := pauseOf(&p)
		all[p.Line] = &one
	}
	return all
}
