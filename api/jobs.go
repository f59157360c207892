package api

import (
	"context"
	"net/http"
	"net/url"
)

// A Job is something that the daemon does from time to time.
type Job struct {
	Name     string  `json:"name" doc:"Its name, as retention or backup.nas"`
	Title    string  `json:"title" doc:"What it does, in the caller's language"`
	Schedule string  `json:"schedule" doc:"When it runs by itself, as settings say: words, or five fields of cron; never: only when asked"`
	Fault    string  `json:"fault,omitempty" doc:"What is wrong with the schedule: the job runs only when asked (English)"`
	Next     *Time   `json:"next,omitempty" doc:"When it is due next"`
	Running  bool    `json:"running" doc:"It runs now"`
	Waiting  bool    `json:"waiting" doc:"It waits for another job to end"`
	LastOK   *Time   `json:"last_ok,omitempty" doc:"When a run last ended well"`
	Last     *JobRun `json:"last,omitempty" doc:"The run under way, or the last one"`
}

// A JobRun is one run of a job.
type JobRun struct {
	Began   Time              `json:"began" doc:"When it began"`
	Seconds float64           `json:"seconds" doc:"How long it took; 0 while it runs"`
	Result  string            `json:"result" enum:"running,ok,failed,timeout,cancelled,cut-off" doc:"What became of it"`
	Error   string            `json:"error,omitempty" doc:"Why it did not end well (English)"`
	Why     string            `json:"why" enum:"due,missed,again,asked,retry" doc:"Why it ran: it was due, it had been missed, it was cut off before, somebody asked, it had failed"`
	By      string            `json:"by,omitempty" doc:"Who asked"`
	Due     *Time             `json:"due,omitempty" doc:"When it was due"`
	Report  string            `json:"report,omitempty" doc:"What it did, in the caller's language"`
	Values  map[string]string `json:"values,omitempty" doc:"The figures of the report"`
}

// Jobs lists what the daemon does from time to time.
func (c *Client) Jobs(ctx context.Context) ([]Job, error) {
	p, err := ask[Page[Job]](ctx, c, http.MethodGet, "/jobs", nil, nil)
	return p.Items, err
}

// RunJob has a job run now. It does not wait for its end.
func (c *Client) RunJob(ctx context.Context, name string) (Job, error) {
	return ask[Job](ctx, c, http.MethodPost, "/jobs/"+url.PathEscape(name)+"/run", nil, nil)
}

// CancelJob stops a run.
func (c *Client) CancelJob(ctx context.Context, name string) (Job, error) {
	return ask[Job](ctx, c, http.MethodPost, "/jobs/"+url.PathEscape(name)+"/cancel", nil, nil)
}
