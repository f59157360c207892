package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"vaad/access"
	"vaad/api/text"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// keeping is the tag of routes about how long recordings are kept. Their answers may
// take long.
const keeping = "Keeping"

// Keep decides how long recordings are kept: [keep.Engine], with a [keep.Desk] and the
// settings behind it.
type Keep interface {
	Do(context.Context, keep.Order) ([]keep.Outcome, error)
	Erase(ctx context.Context, s keep.Subject, actor, reason string) ([]keep.Outcome, error)
	Plan(ctx context.Context, at time.Time) (keep.Plan, error)
	Forecast(context.Context) (keep.Forecast, error)
	Unsaved(ctx context.Context, within time.Duration) (keep.Unsaved, error)
	Status() keep.Status
	Tidy(context.Context) (keep.TidyReport, error)
	TrustClock() error

	Policy() keep.Policy
	Groups() map[string][]int                                                   // lines by line group
	PolicyBy(sections json.RawMessage) (keep.Policy, error)                     // that in force, with these sections of settings in the place of theirs
	PlanBy(ctx context.Context, p keep.Policy, at time.Time) (keep.Plan, error) // of another policy than the one in force
	RunNow(ctx context.Context, by string) (keep.Report, error)                 // waits for it
	Schedule() (text string, next time.Time)                                    // when it runs by itself; zero: never
	OldestUnsaved() (begin time.Time, ok bool)                                  // of what is not backed up; !ok: all is, or there is no backup

	Ask(kind keep.RequestKind, what keep.Subject, by, reason string) (keep.Request, error)
	Approve(ctx context.Context, id, by string) (keep.Request, error) // and does it; where no second person is needed, by may be who asked
	Refuse(id, by, why string) (keep.Request, error)
	Withdraw(id, by string) (keep.Request, error)
	List() ([]keep.Request, error)
	Get(id string) (keep.Request, error)
}

// keepRoutes are the routes about how long recordings are kept.
func keepRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return append(keepActRoutes(), []route{
		{"storage", get, "/storage", access.Status, keeping, "What recordings take, and when there will be no room left", with((*Server).storage)},
		{"retention", get, "/retention", access.Status, keeping, "How retention is", with((*Server).retention)},
		{"retention-preview", post, "/retention/preview", access.Keep, keeping, "What retention would delete, by the settings in force or by others", with((*Server).retentionPreview)},
		{"retention-run", post, "/retention/run", access.Keep, keeping, "Do now what is due", with((*Server).retentionRun)},
		{"retention-trust-clock", post, "/retention/trust-clock", access.Keep, keeping, "Say that the clock was looked at and is right: what it held off goes on", with((*Server).trustClock)},
		{"tidy", post, "/tidy", access.Keep, keeping, "Walk through all folders, repair what can be repaired, tell of the rest", with((*Server).tidy)},

		{"approvals", get, "/approvals", access.Erase, keeping, "Requests of what cannot be undone, newest first", with((*Server).approvals)},
		{"approval", get, "/approvals/{request}", access.Erase, keeping, "One of them", with((*Server).approval)},
		{"approve", post, "/approvals/{request}/approve", access.Erase, keeping, "Approve a request, which is done then", decide("approve")},
		{"refuse", post, "/approvals/{request}/refuse", access.Erase, keeping, "Refuse a request", decide("refuse")},
		{"withdraw", post, "/approvals/{request}/withdraw", access.Erase, keeping, "Take one's own request back", decide("withdraw")},

		{"erasures", get, "/erasures", access.Erase, keeping, "Requests to erase a person's data, newest first", with((*Server).erasures)},
		{"erasure-ask", post, "/erasures", access.Erase, keeping, "What there is of a person, and a request to erase it", with((*Server).askErasure)},
		{"erasure-proof", get, "/erasures/{request}/proof", access.Erase, keeping, "The proof that a person's data was erased", withStream((*Server).erasureProof, "application/json")},
	}...)
}

// wholeBox refuses callers who are limited to some lines what is about all of them.
func (s *Server) wholeBox(ctx context.Context, v access.Verb, object string) error {
	if who(ctx).scope.Everywhere(v) {
		return nil
	}
	s.denied(ctx, v, object, 0)
	return fail("forbidden", "it is about every line, also those outside your groups")
}

// keepFailure is the problem that an error of keeping is answered with; "" = none of these.
func keepFailure(err error) string {
	for _, known := range []struct {
		err  error
		code string
	}{
		{keep.ErrProtected, "protected"},
		{keep.ErrHeld, "held"},
		{keep.ErrOpen, "being-recorded"},
		{keep.ErrErased, "erased"},
		{keep.ErrNotTrash, "not-in-trash"},
		{keep.ErrNotNow, "busy"},
		{keep.ErrNotFound, "no-recording"},
		{keep.ErrNoRequest, "no-request"},
		{keep.ErrSameActor, "same-actor"},
		{keep.ErrSecond, "same-actor"},
		{keep.ErrNotAsker, "not-asker"},
		{keep.ErrWrongState, "decided"},
	} {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return ""
}

// keepWords puts what the alarms of keeping tell into words.
func keepWords(lang, code string, args text.Args) {
	if code != keep.AlarmClock && code != keep.AlarmNearFull && code != keep.AlarmDeletes && code != keep.AlarmNothing {
		return
	}
	for name, group := range map[string]string{"reason": "held-off", "when": "when-full"} {
		if args[name] != "" {
			args[name] = text.Code(lang, group, args[name])
		}
	}
	for _, name := range []string{"free", "reserve"} {
		if n, err := strconv.ParseInt(args[name], 10, 64); err == nil {
			args[name] = strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " GB"
		}
	}
}

// totals counts all recordings that match.
func (s *Server) totals(ctx context.Context, f index.Filter) (t keep.Totals, oldest string, err error) {
	days, err := s.cfg.Index.Daily(ctx, f)
	for _, d := range days {
		if oldest == "" {
			oldest = string(d.Day)
		}
		t.Count += d.Count
		t.Bytes += d.Bytes
	}
	return t, oldest, err
}
