package console

import (
	"context"
	"strconv"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/index"
)

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// session tells the caller who they are.
func (s *Server) session(ctx context.Context, _ *empty) (*body[api.Actor], error) {
	return &body[api.Actor]{s.apiActor(who(ctx))}, nil
}

// status is the daemon at a glance, cut to what the caller may know.
func (s *Server) status(ctx context.Context, in *Spoken) (*body[api.Status], error) {
	c := who(ctx)
	now := s.cfg.Now().UTC()
	st := api.Status{
		Product: "vaad", Site: s.cfg.Site().Name, Zone: s.cfg.Site().Zone, Version: s.cfg.Version, Boot: s.cfg.Lines.BootID(), Started: s.cfg.Started.UTC(), Now: now,
		Uptime: round(now.Sub(s.cfg.Started).Seconds(), 1), Healthy: s.cfg.Lines.Healthy() == nil,
		States: map[string]int{}, Boards: s.allBoards(text.Match(in.Lang)), Actor: s.apiActor(c),
	}
	for _, b := range st.Boards {
		st.Simulated = st.Simulated || b.Simulated
	}
	for _, l := range s.allLines("") {
		if !c.scope.Allows(access.ViewLines, l.Line) {
			continue
		}
		st.Lines++
		st.States[l.State]++
		if l.Recording {
			st.Recording++
		}
	}
	if c.scope.May(access.SearchRecords) {
		p, err := s.cfg.Index.Query(ctx, index.Filter{Lines: scopeLines(c.scope, access.SearchRecords), Limit: 1})
		if err != nil {
			return nil, err
		}
		st.Recordings, st.AtLeast = int64(p.Count), p.AtLeast
	}
	if sp, err := s.cfg.Archive.Space(); err == nil { // a disk that does not answer has its alarm
		st.Disk = &api.Disk{FreeBytes: sp.FreeBytes, FreeInodes: sp.FreeInodes, Seconds: sp.FreeBytes / 8000}
	}
	if s.cfg.Evidence != nil {
		st.Evidence = s.cfg.Evidence()
	}
	if c.scope.May(access.AlarmRead) {
		for _, a := range s.cfg.Alarms.Active() {
			if !c.seesAlarm(access.AlarmRead, a) {
				continue
			}
			st.Alarms++
			if st.Severity == "" { // critical ones come first
				st.Severity = string(a.Severity)
			}
		}
	}
	return &body[api.Status]{st}, nil
}

// scopeLines are the lines of a verb as domains take them: nil is every line.
func scopeLines(sc access.Scope, v access.Verb) []int {
	if sc.Everywhere(v) {
		return nil
	}
	return append([]int{}, sc.Numbers(v)...)
}
