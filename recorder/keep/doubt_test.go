package keep_test

import (
	"sync"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

func TestARecordingMadeWhileTheClockWasBehindIsNotOld(t *testing.T) {
	p := twoClasses()
	p.Classes = append(p.Classes, keep.Class{Name: "few", Count: 1, Action: keep.ToErase})
	p.Quotas = []keep.Quota{{Group: "sales", Lines: []int{7}, Count: 1}}
	p.Disk = keep.Disk{When: keep.FullDelete, Unbacked: true, Reserve: 10000}
	r := newRig(t, ramDir(t), p)
	defer func() { r.stop() }()
	look := func() {
		t.Helper()
		_, err := r.e.Watch(ctx)
		r.must(err)
	}
	waits := r.record(nil)
	look()
	const back = 400 * days
	r.synced = false
	r.pass(-back) // the daemon starts, its clock is a year behind
	fresh := r.record(nil)
	few := ids(2, func(int) string { return r.record(class("few")) })
	look()
	sales := ids(3, func(int) string { r.pass(30 * time.Minute); look(); return r.record(on(7)) })
	r.must(r.do(archive.ActTrash, "", waits))
	if at := r.row(waits).Trashed; at.Before(t0) {
		t.Errorf("put into the trash while the clock was behind: %v", at)
	}
	r.stop()
	r.start()
	r.pass(time.Minute)
	look()

	r.pass(back)
	r.synced = true
	plan, err := r.e.Plan(ctx, r.Now())
	r.must(err)
	if len(plan.Parts) != 0 {
		t.Errorf("it would take %+v", plan.Parts)
	}
	r.run()
	all := append(append(few, sales...), fresh)
	r.is(index.StateSealed, all...)
	r.is(index.StateTrash, waits)
	r.free = 500
	for range 3 {
		look()
	}
	r.is(index.StateSealed, all...)
	r.free = 0

	r.policy.Classes, r.policy.Quotas = twoClasses().Classes, nil // a plan that only counts
	old := r.record(func(s *archive.Start) { s.Begin = t0.Add(-back - 20*days) })
	if plan, err = r.e.Plan(ctx, r.Now()); err != nil || len(plan.Items) != 1 || plan.Parts[0].Count != 1 {
		t.Errorf("it would take %+v, %v", plan, err)
	}
	r.run()
	r.is(index.StateTrash, old)
}

// slowMemory does something before it keeps the first run that it is given.
type slowMemory struct {
	mu     sync.Mutex
	state  keep.State
	before func()
}

func (m *slowMemory) Load() (keep.State, error) { return keep.State{}, nil }

func (m *slowMemory) Save(s keep.State) error {
	m.mu.Lock()
	before := m.before
	if m.before = nil; s.LastRun.IsZero() {
		m.before, before = before, nil
	}
	m.mu.Unlock()
	if before != nil {
		before()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = s
	return nil
}

func TestWhatIsRememberedIsNeverOlderThanWhatIsKnown(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	m, done := &slowMemory{}, make(chan error, 1)
	e, err := keep.New(keep.Config{Index: r.ix, Archive: spaced{r.a, r}, Policy: func() keep.Policy { return r.policy }, Memory: m, Now: r.Now})
	r.must(err)
	m.before = func() { // a run keeps its report, and a person says meanwhile that the clock is right
		r.pass(10 * time.Minute)
		said := make(chan error)
		go func() { said <- e.TrustClock() }()
		select {
		case err := <-said:
			done <- err
		case <-time.After(100 * time.Millisecond): // it waits for the run's
			go func() { done <- <-said }()
		}
	}
	_, err = e.Run(ctx)
	r.must(err)
	r.must(<-done)
	if m.state.LastRun.IsZero() || !m.state.Seen.Equal(r.Now()) {
		t.Errorf("remembered is %+v at %v", m.state, r.Now())
	}
}

func TestWhatAPersonSaysOfTheClockEndsTheDoubt(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	r.run()
	r.synced = false
	r.pass(-400 * days) // it was ahead before
	r.run()
	id := r.record(nil)
	r.must(r.e.TrustClock())
	for range 11 {
		r.pass(days)
		r.run()
	}
	r.is(index.StateTrash, id)
}
