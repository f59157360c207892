package console

import (
	"context"
	"errors"
	"strings"

	"vaad/access"
	"vaad/alarm"
	"vaad/api"
	"vaad/calls"
	"vaad/calls/prompt"
	"vaad/channels"
	"vaad/recorder"
	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/settings"
)

// problem turns a domain's error into what the API answers. What it does not
// know is an inner fault: it is logged with everything.
func (s *Server) problem(ctx context.Context, op string, err error) error {
	var p *api.Problem
	if errors.As(err, &p) {
		return p
	}
	var invalid *settings.Invalid
	if errors.As(err, &invalid) {
		p = fail("settings-invalid", "")
		for _, f := range invalid.Faults {
			p.Errors = append(p.Errors, faultSaid(languageOf(ctx), f))
		}
		return p
	}
	var meanwhile *settings.ConflictError
	if errors.As(err, &meanwhile) {
		return conflict(languageOf(ctx), meanwhile)
	}
	if p = failed(languageOf(ctx), err); p != nil {
		return p
	}
	var recording *prompt.RecordingError
	if errors.As(err, &recording) {
		return fail("bad-prompt", recording.Err.Error())
	}
	for _, known := range []struct {
		err  error
		code string
	}{
		{channels.ErrNoLine, "no-line"},
		{channels.ErrNoBoard, "no-board"},
		{channels.ErrNoSpan, "no-dchannel"},
		{channels.ErrNotUsed, "line-unused"},
		{channels.ErrGone, "line-gone"},
		{channels.ErrBusy, "busy"},
		{channels.ErrClosed, "closing"},
		{recorder.ErrNoLine, "no-line"},
		{recorder.ErrGone, "line-gone"},
		{recorder.ErrUnused, "line-unused"},
		{recorder.ErrOff, "recording-off"},
		{recorder.ErrIdle, "not-recording"},
		{recorder.ErrNotPaused, "not-paused"},
		{recorder.ErrNotKept, "pause-not-kept"},
		{recorder.ErrReason, "invalid"},
		{recorder.ErrStarting, "starting"},
		{recorder.ErrNotRunning, "closing"},
		{recorder.ErrNoSpace, "disk-full"},
		{recorder.ErrNoInodes, "disk-full"},
		{archive.ErrNotFound, "no-audio"},
		{archive.ErrClosed, "closing"},
		{settings.ErrFixed, "setting-fixed"},
		{settings.ErrNoVersion, "no-version"},
		{alarm.ErrNone, "no-alarm"},
		{index.ErrCursor, "cursor"},
		{calls.ErrCursor, "cursor"},
		{access.ErrDenied, "forbidden"},
		{prompt.ErrMissing, "no-prompt"},
		{prompt.ErrName, "no-prompt"},
		{prompt.ErrReadOnly, "not-available"},
		{context.DeadlineExceeded, "timeout"},
		{context.Canceled, "timeout"},
	} {
		if errors.Is(err, known.err) {
			return fail(known.code, strings.TrimPrefix(err.Error(), known.err.Error()+": ")) // the title says it already
		}
	}
	if code := exportFailure(err); code != "" {
		return fail(code, exportDetail(err))
	}
	if code := keepFailure(err); code != "" {
		return fail(code, err.Error())
	}
	if code := archive.Unreadable(err); code != "" {
		return fail(code, err.Error())
	}
	switch archive.Reason(err) {
	case "no-space":
		return fail("disk-full", err.Error())
	case "read-only":
		return fail("read-only", err.Error())
	case "io":
		return fail("disk-error", err.Error())
	}
	s.cfg.Logger.Error("console: a request failed", "operation", op, "error", err)
	return fail("internal", err.Error())
}
