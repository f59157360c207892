package console

import (
	"context"
	"io"
	"net/http"

	"vaad/access"
	"vaad/alarm"
	"vaad/api"
	"vaad/api/text"
	"vaad/channels"
)

// Support makes support bundles of what is known and what it finds on the machine. What it
// writes holds no secrets and no telephone numbers.
type Support func(ctx context.Context, known DoctorView, w io.Writer) (api.SupportContents, error)

// known is what the daemon knows of itself, in English.
func (s *Server) known() DoctorView {
	v := DoctorView{Boards: s.allBoards(text.English), Lines: s.allLines(text.English)}
	for _, a := range s.cfg.Alarms.Active() {
		v.Alarms = append(v.Alarms, alarmOf(a, text.English))
	}
	return v
}

// WholeVerifier says how verifying all recordings goes. It is run as the job verify.
type WholeVerifier func() api.WholeVerification

// system is the machine and the daemon.
func (s *Server) system(ctx context.Context, _ *empty) (*body[api.System], error) {
	if s.cfg.System == nil {
		return nil, fail("not-available", "")
	}
	out := s.cfg.System()
	out.Healthy = s.cfg.Lines.Healthy() == nil
	out.Process.Boot, out.Process.Started, out.Version = s.cfg.Lines.BootID(), s.cfg.Started.UTC(), s.cfg.Version
	for _, b := range s.cfg.Lines.Boards() {
		out.Boards++
		if b.State == channels.BoardRunning {
			out.BoardsUp++
		}
	}
	out.Restart = s.cfg.Restart != nil && who(ctx).scope.Everywhere(access.Maintain)
	jumps, err := s.jumps(ctx)
	if err != nil {
		return nil, err
	}
	for _, j := range jumps {
		out.Clock.Jumps += j.Count
	}
	if len(jumps) > 0 {
		out.Clock.LastJump, out.Clock.LastJumpMS = moment(jumps[0].Last), jumps[0].Args["ms"]
	}
	return &body[api.System]{out}, nil
}

// jumps are the times that the clock was set, by the history of alarms, newest first.
func (s *Server) jumps(ctx context.Context) (all []alarm.Alarm, err error) {
	for before := uint64(0); ; {
		rows, err := s.cfg.Alarms.History(before, 1000)
		if err != nil || ctx.Err() != nil {
			return all, err
		}
		for _, a := range rows {
			if a.Code == "clock-jump" {
				all = append(all, a)
			}
		}
		if len(rows) < 1000 {
			return all, nil
		}
		before = rows[len(rows)-1].ID
	}
}

// restart ends the daemon. Whoever runs it starts it again.
func (s *Server) restart(ctx context.Context, _ *empty) (*done, error) {
	if s.cfg.Restart == nil {
		return nil, fail("no-service", "")
	}
	if err := s.wholeBox(ctx, access.Maintain, "daemon"); err != nil {
		return nil, err
	}
	if err := s.audited(ctx, access.Entry{Verb: access.Maintain, Object: "daemon", Result: "ok", Detail: map[string]string{"what": "restart"}}); err != nil {
		return nil, err
	}
	s.cfg.Restart(who(ctx).Name)
	return nil, nil
}

// support says what a support bundle would hold: one is made, and thrown away.
func (s *Server) support(ctx context.Context, _ *empty) (*body[api.SupportContents], error) {
	if s.cfg.Support == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Maintain, "support bundle"); err != nil {
		return nil, err
	}
	c, err := s.cfg.Support(ctx, s.known(), io.Discard)
	if err != nil {
		return nil, err
	}
	return &body[api.SupportContents]{c}, nil
}

func (s *Server) supportBundle(ctx context.Context, _ *empty) (stream, error) {
	if s.cfg.Support == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Maintain, "support bundle"); err != nil {
		return nil, err
	}
	if err := s.audited(ctx, access.Entry{Verb: access.Maintain, Object: "support bundle", Result: "ok"}); err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/gzip")
		w.Header().Set("Content-Disposition", `attachment; filename="vaad-support-`+s.cfg.Now().UTC().Format("20060102T150405Z")+`.tar.gz"`)
		if r.Method == http.MethodHead {
			return
		}
		if _, err := s.cfg.Support(r.Context(), s.known(), newPaced(w, false)); err != nil {
			s.cfg.Logger.Warn("console: a support bundle was cut off", "error", err)
			panic(http.ErrAbortHandler) // so that the receiver knows that it is not whole
		}
	}, nil
}

// wholeVerification is what verifying all recordings has found. It is about every line.
func (s *Server) wholeVerification(ctx context.Context, _ *empty) (*body[api.WholeVerification], error) {
	if s.cfg.Verification == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.AuditRead, "verification"); err != nil {
		return nil, err
	}
	out := s.cfg.Verification()
	return &body[api.WholeVerification]{out}, nil
}
