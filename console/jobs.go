package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/schedule"
)

// Jobs runs what is done from time to time: [schedule.Runner].
type Jobs interface {
	Jobs() []schedule.Status
	Job(name string) (schedule.Status, bool)
	Ask(name, by string) error
	Cancel(name string) error
}

// backing is the tag of routes about jobs and backups. Their answers may take long.
const backing = "Backups"

// jobRoutes are the routes about what the daemon does from time to time.
func jobRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{"jobs", get, "/jobs", access.Status, backing, "What the daemon does from time to time, and what became of it", with((*Server).jobs)},
		{"job-run", post, "/jobs/{name}/run", access.Keep, backing, "Have a job run now; the answer does not wait for its end", with((*Server).runJob)},
		{"job-cancel", post, "/jobs/{name}/cancel", access.Keep, backing, "Stop a job that runs", with((*Server).cancelJob)},
	}
}

// JobInput names a job.
type JobInput struct {
	Name string `path:"name" maxLength:"64" doc:"Name of the job"`
}

func (s *Server) jobs(ctx context.Context, _ *empty) (*body[api.Page[api.Job]], error) {
	if s.cfg.Jobs == nil {
		return nil, fail("not-available", "")
	}
	out := &body[api.Page[api.Job]]{api.Page[api.Job]{Items: []api.Job{}}}
	for _, j := range s.cfg.Jobs.Jobs() {
		out.Body.Items = append(out.Body.Items, jobOf(languageOf(ctx), j))
	}
	return out, nil
}

func (s *Server) runJob(ctx context.Context, in *JobInput) (*body[api.Job], error) {
	return s.onJob(ctx, in.Name, "run", func() error { return s.cfg.Jobs.Ask(in.Name, who(ctx).Name) })
}

func (s *Server) cancelJob(ctx context.Context, in *JobInput) (*body[api.Job], error) {
	return s.onJob(ctx, in.Name, "cancel", func() error { return s.cfg.Jobs.Cancel(in.Name) })
}

// onJob does something to a job, audited, and answers with what the job is at then.
func (s *Server) onJob(ctx context.Context, name, what string, do func() error) (*body[api.Job], error) {
	if s.cfg.Jobs == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Keep, "job "+name); err != nil {
		return nil, err
	}
	err := s.act(ctx, access.Entry{Verb: access.Keep, Object: "job " + name, Detail: map[string]string{"what": what}},
		func(*access.Entry) error { return do() })
	if err != nil {
		return nil, jobFailure(err)
	}
	j, ok := s.cfg.Jobs.Job(name)
	if !ok {
		return nil, fail("no-job", "")
	}
	return &body[api.Job]{jobOf(languageOf(ctx), j)}, nil
}

func jobFailure(err error) error {
	switch {
	case errors.Is(err, schedule.ErrUnknown):
		return fail("no-job", "")
	case errors.Is(err, schedule.ErrRunning):
		return fail("job-running", "")
	case errors.Is(err, schedule.ErrIdle):
		return fail("job-idle", "")
	}
	return err
}

// jobOf is a job as the API shows it.
func jobOf(lang string, j schedule.Status) api.Job {
	out := api.Job{Name: j.Name, Title: jobTitle(lang, j.Name), Schedule: j.Schedule, Next: momentOf(j.Next), Running: j.Running, Waiting: j.Waiting, LastOK: momentOf(j.Last.LastOK)}
	if j.Fault != nil {
		out.Fault = j.Fault.Error()
	}
	l := j.Last
	if l.Began.IsZero() {
		return out
	}
	out.Last = &api.JobRun{Began: l.Began, Seconds: round(l.Took, 3), Result: l.Result, Error: l.Error, Why: l.Why, By: l.By, Due: momentOf(l.Due), Values: l.Report.Values}
	if l.Report.Code != "" {
		out.Last.Report = text.Text(lang, "job-report."+l.Report.Code, l.Report.Values)
	}
	return out
}

// jobTitle is what a job does: job.NAME, or of "backup.nas" job.backup with that name.
func jobTitle(lang, name string) string {
	if words, ok := text.Lookup(lang, "job."+name); ok {
		return words
	}
	kind, of, _ := strings.Cut(name, ".")
	return text.Text(lang, "job."+kind, text.Args{"name": of})
}

// momentOf is a time for JSON: nil where there is none.
func momentOf(t api.Time) *api.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
