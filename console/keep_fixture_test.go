package console

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/keep"
	"vaad/settings"
)

// fakeKeep does acts in a real archive, and knows what the test tells it.
type fakeKeep struct {
	f      *fixture
	policy keep.Policy
	plan   keep.Plan
	groups map[string][]int

	mu       sync.Mutex
	requests map[string]keep.Request
	trusted  int
}

const requestOne = "01KREQ00000000000000000001"

func newFakeKeep(f *fixture) *fakeKeep {
	return &fakeKeep{f: f, policy: keep.Policy{Default: "standard", Classes: []keep.Class{{Name: "long", Days: 3650, TrashDays: 30}, {Name: "standard", Forever: true}}},
		groups: map[string][]int{"front": {1}},
		requests: map[string]keep.Request{requestOne: {ID: requestOne, Kind: keep.AskForget, By: "another", At: begun, State: keep.Asked, Until: begun.Add(keep.RequestLife),
			Proof: &keep.Proof{V: 1, Actor: "another"}}}}
}

func (k *fakeKeep) Do(ctx context.Context, o keep.Order) (out []keep.Outcome, err error) {
	for _, id := range o.IDs {
		line, err := k.f.archive.Act(ctx, archive.Act{ID: id, Kind: o.Kind, Actor: o.Actor, Value: o.Value})
		out = append(out, keep.Outcome{ID: id, Line: line, Err: err})
	}
	return out, nil
}

func (k *fakeKeep) Erase(ctx context.Context, s keep.Subject, actor, reason string) ([]keep.Outcome, error) {
	return k.Do(ctx, keep.Order{Kind: archive.ActErase, IDs: s.IDs, Actor: actor, Value: reason})
}

func (k *fakeKeep) Plan(_ context.Context, at time.Time) (keep.Plan, error) {
	p := k.plan
	p.At = at
	return p, nil
}

func (k *fakeKeep) PlanBy(ctx context.Context, p keep.Policy, at time.Time) (keep.Plan, error) {
	plan, err := k.Plan(ctx, at)
	plan.Unknown.Count = len(p.Classes)
	return plan, err
}

func (k *fakeKeep) Forecast(context.Context) (keep.Forecast, error) {
	return keep.Forecast{PerDay: 1000, Known: 3, Days: 12, Full: begun, Gross: -1}, nil
}

func (k *fakeKeep) Unsaved(_ context.Context, d time.Duration) (keep.Unsaved, error) {
	return keep.Unsaved{Within: d, Lost: keep.Totals{Count: 2}}, nil
}

func (k *fakeKeep) Status() keep.Status {
	return keep.Status{Last: keep.Report{Begin: begun, End: begun, Trashed: keep.Totals{Count: 4}}, Disk: keep.DiskState{Fullness: keep.Roomy, Reserve: 7, When: keep.FullStop}}
}

func (k *fakeKeep) Tidy(context.Context) (keep.TidyReport, error) {
	return keep.TidyReport{Begin: begun, End: begun, Found: map[archive.FindingKind]int{archive.FoundStray: 1}, First: []archive.Finding{{Kind: archive.FoundStray, Name: "x"}}, Left: 1}, nil
}

func (k *fakeKeep) TrustClock() error { k.trusted++; return nil }

func (k *fakeKeep) Policy() keep.Policy { return k.policy }

func (k *fakeKeep) Groups() map[string][]int { return k.groups }

func (k *fakeKeep) PolicyBy(given json.RawMessage) (p keep.Policy, err error) {
	if err = json.Unmarshal(given, &p); err != nil {
		err = &settings.Invalid{Faults: []settings.Fault{{Path: "settings", Text: err.Error()}}}
	}
	return p, err
}

func (k *fakeKeep) RunNow(context.Context, string) (keep.Report, error) {
	return keep.Report{Begin: begun, End: begun, Erased: keep.Totals{Count: 1}}, nil
}

func (k *fakeKeep) Schedule() (string, time.Time) { return "daily 03:30", begun.Add(time.Hour) }

func (k *fakeKeep) OldestUnsaved() (time.Time, bool) { return begun, true }

func (k *fakeKeep) Ask(kind keep.RequestKind, what keep.Subject, by, reason string) (keep.Request, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := keep.Request{ID: fmt.Sprintf("01KREQ%020d", len(k.requests)+1), Kind: kind, What: what, By: by, Reason: reason, At: begun, State: keep.Asked, Until: begun}
	k.requests[r.ID] = r
	return r, nil
}

func (k *fakeKeep) decide(id, by string, state keep.RequestState) (keep.Request, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, ok := k.requests[id]
	switch {
	case !ok:
		return r, keep.ErrNoRequest
	case state == keep.Done && k.policy.Second && r.By == by:
		return r, keep.ErrSameActor
	case state == keep.Done && r.State != keep.Asked && id != requestOne:
		return r, keep.ErrWrongState
	}
	r.State, r.Approver = state, by
	k.requests[id] = r
	return r, nil
}

func (k *fakeKeep) Approve(ctx context.Context, id, by string) (keep.Request, error) {
	r, err := k.decide(id, by, keep.Done)
	if err == nil {
		_, err = k.Erase(ctx, r.What, r.By, r.Reason)
	}
	return r, err
}

func (k *fakeKeep) Refuse(id, by, _ string) (keep.Request, error) {
	return k.decide(id, by, keep.Refusal)
}

func (k *fakeKeep) Withdraw(id, by string) (keep.Request, error) {
	return k.decide(id, by, keep.Withdrawn)
}

func (k *fakeKeep) List() (all []keep.Request, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.requests {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b keep.Request) int { return b.At.Compare(a.At) })
	return all, nil
}

func (k *fakeKeep) Get(id string) (keep.Request, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, ok := k.requests[id]
	if !ok {
		return r, keep.ErrNoRequest
	}
	return r, nil
}

// fakeUndos keeps what undoes acts in memory.
type fakeUndos struct{ all map[string]Undo }

func (u *fakeUndos) Put(token string, one Undo) error { u.all[token] = one; return nil }

func (u *fakeUndos) Get(token string) (Undo, bool, error) {
	one, ok := u.all[token]
	return one, ok, nil
}

// keepCallOf is callOf of routes about keeping.
func keepCallOf(f *fixture, rt route, path, rec string) (string, any) {
	path = strings.ReplaceAll(path, "{request}", requestOne)
	one, many := strings.HasPrefix(rt.ID, "recording-"), strings.HasPrefix(rt.ID, "recordings-")
	switch {
	case rt.ID == "recording-erase": // one that nothing else needs
		return strings.ReplaceAll(path, rec, f.record(1, 80, "mixed").ID), api.Act{Force: true}
	case rt.ID == "recording-hold":
		return path, api.Act{Case: "24/117"}
	case rt.ID == "recordings-hold":
		return path, api.BulkAct{IDs: []string{rec}, Act: api.Act{Case: "24/117"}}
	case many:
		return path, api.BulkAct{IDs: []string{rec}}
	case one:
		return path, api.Act{}
	case rt.ID == "erasure-ask":
		return path, api.NewErasure{Number: "13800138000"}
	}
	return path, map[string]any{}
}
