package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
)

// settingUp is the tag of routes of the first run.
const settingUp = "First run"

// Progress is how far the first run is.
type Progress struct {
	Steps    map[string]string `json:"steps"` // done or skipped
	Finished time.Time         `json:"finished"`
}

// A DiskTest is what writing to the disk of recordings has shown.
type DiskTest struct {
	Err   error
	Bytes int64
	Took  time.Duration
	Syncs []time.Duration
}

// SetUp is what cmd/vaad knows for the first run.
type SetUp interface {
	Progress() (Progress, error)
	Mark(func(*Progress)) (Progress, error)
	Found() api.Setup // what was found; without steps
	TestDisk(context.Context) DiskTest
	Link() api.SetupLink
}

// setupSteps is every step, in order.
func setupSteps() []string {
	return []string{"administrator", "site", "network", "lines", "storage", "backup", "report"}
}

// setupRoutes are the routes of the first run. Most of what it sets goes through
// settings, network and backups.
func setupRoutes() []route {
	const get, post, put = http.MethodGet, http.MethodPost, http.MethodPut
	return []route{
		{"setup", get, "/setup", access.SettingsRead, settingUp, "How far the first run is, and what was found", with((*Server).setup)},
		{"setup-link", get, "/setup/link", access.Users, settingUp, "The link that the first run begins with; through the local socket only", with((*Server).setupLink)},
		{"setup-administrator", post, "/setup/administrator", access.Users, settingUp, "Make the first administrator's account, and go on as it; the link is dead then", with((*Server).setupAdministrator)},
		{"setup-step", put, "/setup/steps/{step}", access.SettingsWrite, settingUp, "Say what became of a step", with((*Server).setupStep)},
		{"setup-lines", get, "/setup/lines", access.ViewLines, settingUp, "What every line shows just now", with((*Server).setupLines)},
		{"setup-disk", post, "/setup/disk", access.SettingsWrite, settingUp, "Write to the disk of recordings, and make it last", with((*Server).setupDisk)},
		{"setup-finish", post, "/setup/finish", access.SettingsWrite, settingUp, "Say that all is done", with((*Server).setupFinish)},
	}
}

func (s *Server) setupFor(ctx context.Context, v access.Verb) (SetUp, error) {
	if s.cfg.SetUp == nil {
		return nil, fail("not-available", "")
	}
	return s.cfg.SetUp, s.wholeBox(ctx, v, "setup")
}

func (s *Server) setup(ctx context.Context, _ *empty) (*body[api.Setup], error) {
	u, err := s.setupFor(ctx, access.SettingsRead)
	if err != nil {
		return nil, err
	}
	p, err := u.Progress()
	if err != nil {
		return nil, err
	}
	return s.setupState(u, p), nil
}

func (s *Server) setupState(u SetUp, p Progress) *body[api.Setup] {
	out := u.Found()
	out.Open, out.Now, out.Steps = !s.cfg.Access.HasAdministrator(), s.cfg.Now().UTC(), []api.SetupStep{}
	if !p.Finished.IsZero() {
		t := p.Finished.UTC()
		out.Finished = &t
	}
	if sp, err := s.cfg.Archive.Space(); err == nil { // a disk that does not answer has its alarm
		out.Free, out.Total = sp.FreeBytes, sp.TotalBytes
	}
	if s.cfg.Backups != nil {
		out.BackupTargets = len(s.cfg.Backups.Targets())
	}
	for _, id := range setupSteps() {
		state := p.Steps[id]
		if id == "administrator" && !out.Open {
			state = "done"
		}
		if state == "" {
			state = "todo"
		}
		out.Steps = append(out.Steps, api.SetupStep{ID: id, State: state})
	}
	return &body[api.Setup]{out}
}

func (s *Server) setupLink(ctx context.Context, _ *empty) (*body[api.SetupLink], error) {
	u, err := s.setupFor(ctx, access.Users)
	if err != nil {
		return nil, err
	}
	if who(ctx).Kind != access.Local {
		return nil, fail("local-only", "")
	}
	out := u.Link()
	out.Open = !s.cfg.Access.HasAdministrator()
	return &body[api.SetupLink]{out}, nil
}

// AdministratorInput is the first account.
type AdministratorInput struct{ Body api.NewAdministrator }

// setupAdministrator makes the first account, and lets who has made it go on as it.
func (s *Server) setupAdministrator(ctx context.Context, in *AdministratorInput) (*entered, error) {
	u, err := s.setupFor(ctx, access.Users)
	if err != nil {
		return nil, err
	}
	s.firstly.Lock() // one of those who come together is the first
	defer s.firstly.Unlock()
	if s.cfg.Access.HasAdministrator() {
		return nil, fail("already-set-up", "")
	}
	n := access.NewUser{Name: in.Body.Name, Display: in.Body.Display, Language: in.Body.Language, Enabled: true, Grants: []access.Grant{{Role: access.Administrator}}}
	if err := s.overUsers(ctx, quote(n.Name), n.Grants); err != nil {
		return nil, err
	}
	var made access.User
	e := access.Entry{Verb: access.Users, Object: n.Name, Detail: map[string]string{"act": "new", "grants": grantWords(n.Grants)}}
	err = s.act(ctx, e, func(*access.Entry) (err error) {
		made, err = s.cfg.Access.CreateUser(ctx, n, in.Body.Password)
		return err
	})
	if err != nil {
		return nil, said(ctx, err)
	}
	if _, err := u.Mark(func(p *Progress) { p.Steps["administrator"] = "done" }); err != nil {
		return nil, err
	}
	v := visitOf(ctx)
	secret, err := s.cfg.Access.OpenFor(made.ID, v.Origin)
	if err != nil {
		return nil, said(ctx, err)
	}
	now, _ := s.cfg.Access.Session(secret)
	c := s.newCaller(now.Actor, nil)
	c.session, c.must = now.Session, now.Must
	return &entered{v.cookieOf(secret), s.apiActor(c)}, nil
}

// StepInput says what became of a step.
type StepInput struct {
	Step string `path:"step" enum:"administrator,site,network,lines,storage,backup,report" doc:"Which one"`
	Body api.MarkStep
}

func (s *Server) setupStep(ctx context.Context, in *StepInput) (*body[api.Setup], error) {
	return s.setupMark(ctx, map[string]string{"act": "step", "step": in.Step, "state": in.Body.State}, func(p *Progress) {
		if in.Body.State == "todo" {
			delete(p.Steps, in.Step)
			return
		}
		p.Steps[in.Step] = in.Body.State
	})
}

func (s *Server) setupFinish(ctx context.Context, _ *empty) (*body[api.Setup], error) {
	return s.setupMark(ctx, map[string]string{"act": "finish"}, func(p *Progress) {
		p.Steps["report"], p.Finished = "done", s.cfg.Now().UTC()
	})
}

func (s *Server) setupMark(ctx context.Context, detail map[string]string, change func(*Progress)) (*body[api.Setup], error) {
	u, err := s.setupFor(ctx, access.SettingsWrite)
	if err != nil {
		return nil, err
	}
	var p Progress
	err = s.act(ctx, access.Entry{Verb: access.SettingsWrite, Object: "setup", Detail: detail}, func(*access.Entry) (err error) {
		p, err = u.Mark(change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.setupState(u, p), nil
}

// slowSync is what one sync may take on a disk that records many lines.
const slowSync = 500 * time.Millisecond

func (s *Server) setupDisk(ctx context.Context, _ *empty) (*body[api.DiskTest], error) {
	u, err := s.setupFor(ctx, access.SettingsWrite)
	if err != nil {
		return nil, err
	}
	t := u.TestDisk(ctx)
	out := api.DiskTest{Verdict: "ok", Folder: u.Found().Folder, Bytes: t.Bytes, Syncs: len(t.Syncs)}
	if len(t.Syncs) > 0 && t.Took > 0 {
		slices.Sort(t.Syncs)
		worst := t.Syncs[len(t.Syncs)-1]
		out.Median, out.Worst = round(t.Syncs[len(t.Syncs)/2].Seconds()*1000, 1), round(worst.Seconds()*1000, 1)
		out.Rate = round(float64(t.Bytes)/t.Took.Seconds(), 0)
		if worst > slowSync {
			out.Verdict = "slow"
		}
	}
	if t.Err != nil {
		out.Verdict, out.Detail = "failed", t.Err.Error()
	}
	out.OK, out.Text = out.Verdict == "ok", text.Text(languageOf(ctx), "disk-test."+out.Verdict, nil)
	return &body[api.DiskTest]{out}, nil
}
