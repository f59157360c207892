package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"
)

// memory keeps records as a disk would: what was saved is what another life loads.
type memory struct {
	mu    sync.Mutex
	rows  map[string][]byte
	fails error
}

func (m *memory) Load() (map[string]Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]Record{}
	for name, b := range m.rows {
		var r Record
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, err
		}
		all[name] = r
	}
	return all, nil
}

func (m *memory) Save(name string, r Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil {
		return m.fails
	}
	if m.rows == nil {
		m.rows = map[string][]byte{}
	}
	b, err := json.Marshal(r)
	m.rows[name] = b
	return err
}

// box is a machine with a clock that can be set, and a daemon that can be started and ended.
type box struct {
	t     testing.TB
	mem   memory
	off   atomic.Int64 // ns of the wall clock against the bubble's
	zone  *time.Location
	jobs  map[string]Job
	runs  []Outcome // that ended, in order
	began []Outcome // that began, the moment they did
	mu    sync.Mutex
	r     *Runner
	stop  func()
	cfg   Config
}

func (b *box) now() time.Time        { return time.Now().Add(time.Duration(b.off.Load())) }
func (b *box) set(wall time.Time)    { b.off.Store(int64(time.Until(wall))) }
func (b *box) job(name, text string) { b.add(Job{Name: name, Schedule: func() string { return text }}) }

// add registers a job; one without anything to run is done at once.
func (b *box) add(j Job) {
	run := j.Run
	j.Run = func(ctx context.Context, t Trigger) (Report, error) {
		b.mu.Lock()
		b.began = append(b.began, Outcome{Job: j.Name, Trigger: t, Began: b.now()})
		b.mu.Unlock()
		if run == nil {
			return Report{}, nil
		}
		return run(ctx, t)
	}
	if b.jobs == nil {
		b.jobs = map[string]Job{}
	}
	b.jobs[j.Name] = j
}

func (b *box) start() {
	b.t.Helper()
	cfg := b.cfg
	cfg.Memory, cfg.Now = &b.mem, b.now
	if b.zone != nil {
		cfg.Zone = func() *time.Location { return b.zone }
	}
	cfg.Ended = func(o Outcome) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.runs = append(b.runs, o)
	}
	r, err := New(cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(b.jobs)) {
		if err := r.Set(b.jobs[name]); err != nil {
			b.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil {
			b.t.Error(err)
		}
	}()
	b.r, b.stop = r, func() { cancel(); <-done }
	synctest.Wait()
}

// kill ends the daemon as a power cut does: nothing is written any more.
func (b *box) kill() {
	kept := maps.Clone(b.mem.rows)
	b.stop()
	b.mem.rows = kept
}

func (b *box) pass(d time.Duration) { time.Sleep(d); synctest.Wait() }

func (b *box) status(name string) Status {
	b.t.Helper()
	s, ok := b.r.Job(name)
	if !ok {
		b.t.Fatalf("there is no job %s", name)
	}
	return s
}

// whys are why a job ran, in order.
func (b *box) whys(name string) (all []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.began {
		if o.Job == name {
			all = append(all, o.Trigger.Why)
		}
	}
	return all
}

// ran are the runs that began so far.
func (b *box) ran() []Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.began)
}

func day(y int, m time.Month, d, h, min int) time.Time {
	return time.Date(y, m, d, h, min, 0, 0, time.UTC)
}

// TestTwoYearsOfJobsRunExactlyWhenDue lives through 2027 and 2028 in four time zones: the
// daemon is ended and started at random moments, and what came meanwhile is made up once.
func TestTwoYearsOfJobsRunExactlyWhenDue(t *testing.T) {
	if testing.Short() {
		t.Skip("two years in four time zones")
	}
	for _, name := range zones {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := zone(t, name)
			from, to := day(2027, 1, 1, 0, 0), day(2029, 1, 1, 0, 0)
			due := map[string][]time.Time{}
			for i, p := range plains() {
				all := slices.Clone(walks()[name][i])
				due[p.text] = slices.DeleteFunc(all, func(d time.Time) bool { return !d.After(from) || d.After(to) })
			}
			rnd := rand.New(rand.NewPCG(2027, uint64(len(name))))
			synctest.Test(t, func(t *testing.T) {
				b := &box{t: t, zone: z}
				b.set(from)
				names := map[string]string{}
				for i, p := range plains() {
					if p.hourly && name != "Australia/Lord_Howe" {
						continue // tens of thousands of runs: in the zone that is the oddest
					}
					names["job"+digits(i)] = p.text
					b.job("job"+digits(i), p.text)
				}
				want := map[string][]string{}
				at := from
				for at.Before(to) {
					b.start()
					on := min(time.Duration(rnd.Int64N(int64(60*24*time.Hour))), to.Sub(at))
					until := at.Add(on)
					b.pass(on)
					for _, text := range names {
						var missed time.Time
						for _, d := range due[text] {
							switch {
							case !d.After(at): // while it was off; those that ran before are no more in the list
								missed = d
							case !d.After(until):
								if !missed.IsZero() {
									want[text], missed = append(want[text], missed.UTC().String()), time.Time{}
								}
								want[text] = append(want[text], d.UTC().String())
							}
						}
						if !missed.IsZero() {
							want[text] = append(want[text], missed.UTC().String())
						}
						due[text] = slices.DeleteFunc(due[text], func(d time.Time) bool { return !d.After(until) })
					}
					if rnd.IntN(2) == 0 {
						b.kill()
					} else {
						b.stop()
					}
					off := time.Duration(rnd.Int64N(int64(4 * 24 * time.Hour)))
					b.pass(off)
					at = until.Add(off)
				}
				got := map[string][]string{}
				for _, o := range b.ran() {
					text := names[o.Job]
					got[text] = append(got[text], o.Trigger.Due.UTC().String())
					if late := o.Began.Sub(o.Trigger.Due); o.Trigger.Why == Due && (late < 0 || late > punctual) {
						t.Errorf("%s: ran %v after it was due", text, late)
					}
				}
				for _, text := range names {
					if !slices.Equal(got[text], want[text]) {
						t.Errorf("%s: %d runs, must be %d", text, len(got[text]), len(want[text]))
						for i := range min(len(got[text]), len(want[text])) {
							if got[text][i] != want[text][i] {
								t.Fatalf("run %d was for %s, must be for %s", i, got[text][i], want[text][i])
							}
						}
					}
				}
			})
		})
	}
}

func TestAMissedRunIsMadeUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, zone: time.UTC}
		b.set(day(2027, 1, 1, 0, 0))
		b.job("nightly", "daily 02:30")
		b.add(Job{Name: "graceful", Schedule: func() string { return "daily 02:30" }, Grace: time.Hour})
		b.start()
		b.pass(time.Hour)
		if got := b.whys("nightly"); len(got) != 0 {
			t.Fatalf("a new job ran before it was due: %v", got)
		}
		b.stop()
		b.pass(20*24*time.Hour + 4*time.Hour) // 05:00
		b.start()
		b.pass(time.Minute)
		if got := b.whys("nightly"); !slices.Equal(got, []string{Missed}) {
			t.Errorf("twenty nights were made up by %v", got)
		}
		if got := b.whys("graceful"); len(got) != 0 {
			t.Errorf("a run was made up that was missed by more than its grace: %v", got)
		}
		if next := b.status("graceful").Next; !next.Equal(day(2027, 1, 22, 2, 30)) {
			t.Errorf("next at %v", next)
		}
		b.stop()
		b.start()
		b.pass(20 * time.Hour)
		b.stop()
		if got := b.whys("nightly"); len(got) != 1 {
			t.Errorf("it was made up again: %v", got)
		}
	})
}

func TestAClockSetFarAheadAndBackRunsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, zone: time.UTC, cfg: Config{Hold: 5 * time.Minute}}
		var jumps []time.Duration
		b.cfg.Jumped = func(by time.Duration) { jumps = append(jumps, by.Round(time.Second)) }
		b.set(day(2027, 5, 1, 1, 0))
		b.job("quarterly", "every 15m")
		b.job("nightly", "daily 02:30")
		b.start()
		defer func() { b.stop() }()
		b.pass(2 * time.Hour)
		if got := b.whys("nightly"); !slices.Equal(got, []string{Due}) {
			t.Fatalf("in two hours: %v", got)
		}
		// Ten years ahead for a minute: jobs wait, for it may be set back.
		before := len(b.ran())
		b.off.Add(int64(10 * 365 * 24 * time.Hour))
		b.pass(time.Minute)
		b.off.Add(-int64(10 * 365 * 24 * time.Hour))
		b.pass(4 * time.Minute)
		if len(b.ran()) != before {
			t.Errorf("jobs ran by a clock that was just set: %v", b.ran()[before:])
		}
		if !slices.Equal(jumps, []time.Duration{10 * 365 * 24 * time.Hour, -10 * 365 * 24 * time.Hour}) {
			t.Errorf("jumps noticed: %v", jumps)
		}
		b.pass(time.Hour)
		// An hour back: what ran is not run again.
		before = len(b.ran())
		b.off.Add(-int64(time.Hour))
		b.pass(time.Hour + time.Minute)
		if len(b.ran()) != before {
			t.Errorf("an hour came twice, and %d jobs ran in it", len(b.ran())-before)
		}
		// A year ahead, to stay: one run of each, not a year of them.
		before = len(b.ran())
		b.off.Add(int64(365 * 24 * time.Hour))
		b.pass(8 * time.Minute)
		if got := b.ran()[before:]; len(got) != 2 || got[0].Trigger.Why != Missed || got[1].Trigger.Why != Missed {
			t.Errorf("a year ahead: %v", got)
		}
		// And back after all: the nights have their runs.
		b.off.Add(-int64(365 * 24 * time.Hour))
		b.pass(24 * time.Hour)
		if next := b.status("nightly").Next; next.Sub(b.now()) > 24*time.Hour {
			t.Errorf("a clock that was wrong holds the job up until %v; it is %v", next, b.now())
		}
		seen := map[string]bool{}
		for _, o := range b.ran() {
			k := o.Job + o.Trigger.Due.String()
			if seen[k] {
				t.Errorf("%s ran twice for %v", o.Job, o.Trigger.Due)
			}
			seen[k] = true
		}
	})
}

func TestARunThatWasCutOffIsDoneAgainButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, zone: time.UTC}
		b.set(day(2027, 1, 1, 2, 0))
		b.add(Job{Name: "long", Schedule: func() string { return "daily 02:30" }, Run: func(ctx context.Context, _ Trigger) (Report, error) {
			<-ctx.Done()
			return Report{}, ctx.Err()
		}})
		b.start()
		b.pass(time.Hour)
		if s := b.status("long"); !s.Running || s.Last.Result != Running {
			t.Fatalf("it does not run: %+v", s)
		}
		for i := range 5 {
			if i%2 == 0 {
				b.kill()
			} else {
				b.stop()
			}
			b.start()
			b.pass(time.Minute)
		}
		b.stop()
		if got := b.whys("long"); !slices.Equal(got, []string{Due, Again, Again}) {
			t.Errorf("runs: %v", got)
		}
	})
}

func TestJobsOfAClassWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, zone: time.UTC}
		b.set(day(2027, 1, 1, 0, 0))
		busy, most := 0, 0
		for _, name := range []string{"a", "b", "c"} {
			b.add(Job{Name: name, Schedule: func() string { return "every 1h" }, Class: "disk", Run: func(context.Context, Trigger) (Report, error) {
				b.mu.Lock()
				busy++
				most = max(most, busy)
				b.mu.Unlock()
				time.Sleep(10 * time.Minute)
				b.mu.Lock()
				busy--
				b.mu.Unlock()
				return Report{}, nil
			}})
		}
		b.start()
		b.pass(time.Hour + 5*time.Minute)
		if !b.status("a").Running || !b.status("b").Waiting || !b.status("c").Waiting {
			t.Errorf("not one runs and two wait: %+v", b.r.Jobs())
		}
		if err := b.r.Ask("a", "ann"); !errors.Is(err, ErrRunning) {
			t.Errorf("asked for what runs: %v", err)
		}
		b.pass(24 * time.Hour)
		b.stop()
		if most != 1 || len(b.whys("c")) != 24 {
			t.Errorf("%d at once; the last ran %d times", most, len(b.whys("c")))
		}
	})
}

func TestDueTimesThatComeDuringARunArePassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, zone: time.UTC}
		b.set(day(2027, 1, 1, 0, 0))
		b.add(Job{Name: "slow", Schedule: func() string { return "every 15m" }, Run: func(context.Context, Trigger) (Report, error) {
			time.Sleep(40 * time.Minute)
			return Report{}, nil
		}})
		b.start()
		b.pass(4 * time.Hour)
		b.off.Add(-int64(4 * time.Hour)) // what was passed over does not come again either
		b.pass(3 * time.Hour)
		b.stop()
		var at []string
		for _, o := range b.ran() {
			at = append(at, o.Trigger.Due.Format("15:04"))
		}
		if got := strings.Join(at, " "); got != "00:15 01:00 01:45 02:30 03:15 04:00" {
			t.Errorf("runs for %s", got)
		}
	})
}

func TestAskedCancelledTimedOutAndPanickingRunsSayWhatTheyWere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		b := &box{t: t, zone: time.UTC, cfg: Config{Registerer: reg}}
		b.set(day(2027, 1, 1, 0, 0))
		never := func() string { return "" }
		wait := func(ctx context.Context, _ Trigger) (Report, error) { <-ctx.Done(); return Report{}, ctx.Err() }
		b.add(Job{Name: "waits", Schedule: never, Run: wait})
		b.add(Job{Name: "times-out", Schedule: never, Run: wait, Timeout: time.Minute})
		b.add(Job{Name: "panics", Schedule: never, Run: func(context.Context, Trigger) (Report, error) { panic("oh") }})
		b.add(Job{Name: "reports", Schedule: never, Run: func(context.Context, Trigger) (Report, error) {
			return Report{Code: "done", Values: map[string]string{"files": "7"}}, nil
		}})
		b.start()
		for name := range b.jobs {
			if err := b.r.Ask(name, "ann"); err != nil {
				t.Fatal(err)
			}
		}
		b.pass(2 * time.Minute)
		if err := b.r.Cancel("waits"); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Second)
		if err := b.r.Cancel("waits"); !errors.Is(err, ErrIdle) {
			t.Errorf("cancelled what does not run: %v", err)
		}
		if err := b.r.Ask("nothing", ""); !errors.Is(err, ErrUnknown) {
			t.Errorf("asked for what is not: %v", err)
		}
		for name, want := range map[string]string{"waits": Cancelled, "times-out": TimedOut, "panics": Failed, "reports": OK} {
			s := b.status(name)
			if s.Last.Result != want || s.Last.By != "ann" || s.Last.Why != Asked || !s.Next.IsZero() {
				t.Errorf("%s: %+v", name, s)
			}
			if n := testutil.ToFloat64(b.r.metrics.runs.WithLabelValues(name, want)); n != 1 {
				t.Errorf("%s: %v runs counted", name, n)
			}
		}
		if s := b.status("reports"); s.Last.Report.Values["files"] != "7" || s.Last.LastOK.IsZero() {
			t.Errorf("report: %+v", s.Last)
		}
		b.stop()
		if lint, err := testutil.GatherAndLint(reg); err != nil || len(lint) > 0 {
			t.Errorf("metrics: %v %v", lint, err)
		}
	})
}

func TestWhatFailedIsTriedAgainSoonUntilItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, zone: time.UTC}
		b.set(day(2027, 1, 1, 2, 0))
		fails := 3
		run := func(context.Context, Trigger) (Report, error) {
			if fails--; fails >= 0 {
				return Report{}, errors.New("the disk is not plugged in")
			}
			return Report{}, nil
		}
		b.add(Job{Name: "backup", Schedule: func() string { return "daily 02:30" }, Retry: 30 * time.Minute, Run: run})
		b.add(Job{Name: "asked-only", Schedule: func() string { return "never" }, Retry: 30 * time.Minute, Run: func(context.Context, Trigger) (Report, error) {
			return Report{}, errors.New("no")
		}})
		b.start()
		if err := b.r.Ask("asked-only", "ann"); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Hour + 10*time.Minute) // 03:10, the second try has failed
		b.stop()
		b.start()
		b.pass(22 * time.Hour)
		if got := b.whys("backup"); !slices.Equal(got, []string{Due, Retry, Retry, Retry}) {
			t.Errorf("runs: %v", got)
		}
		if got := b.whys("asked-only"); !slices.Equal(got, []string{Asked}) {
			t.Errorf("what has no schedule is tried again: %v", got)
		}
		b.stop()
	})
}

func TestJobsFollowSettingsAsTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, zone: time.UTC}
		b.set(day(2027, 1, 1, 3, 0))
		var text atomic.Value
		text.Store("daily 02:30")
		b.add(Job{Name: "nightly", Schedule: func() string { return text.Load().(string) }})
		b.start()
		b.pass(time.Minute)
		text.Store("daily 02:00") // has passed today, by a schedule that was not in force
		b.pass(time.Minute)
		if s := b.status("nightly"); len(b.ran()) != 0 || !s.Next.Equal(day(2027, 1, 2, 2, 0)) {
			t.Errorf("after a change: %d runs, %+v", len(b.ran()), s)
		}
		text.Store("rubbish")
		b.r.Wake()
		synctest.Wait()
		if s := b.status("nightly"); s.Fault == nil || !s.Next.IsZero() {
			t.Errorf("a faulty schedule: %+v", s)
		}
		text.Store("every 1h")
		b.pass(time.Hour)
		if len(b.ran()) != 1 {
			t.Errorf("%d runs", len(b.ran()))
		}
		b.r.Remove("nightly")
		b.pass(3 * time.Hour)
		if len(b.ran()) != 1 || len(b.r.Jobs()) != 0 {
			t.Errorf("a job that was taken out ran: %v", b.ran())
		}
		b.stop()
	})
}

// A time of day that has passed in the new zone is not made up, and one that is yet to come
// there is the next, although the job has run today.
func TestJobsFollowAnotherTimeZoneAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at atomic.Pointer[time.Location]
		move := func(name string) { at.Store(zone(t, name)) }
		move("Asia/Shanghai")
		b := &box{t: t, cfg: Config{Zone: at.Load}}
		b.set(day(2027, 1, 1, 3, 0)) // 11:00 there
		b.job("noon", "daily 12:00")
		b.start()
		b.pass(30 * time.Minute)
		next := func(what string, runs int, want time.Time) {
			t.Helper()
			if s := b.status("noon"); len(b.ran()) != runs || !s.Next.Equal(want) {
				t.Errorf("%s: %d runs, next %v; want %d and %v", what, len(b.ran()), s.Next, runs, want)
			}
		}
		next("at first", 0, day(2027, 1, 1, 4, 0))
		move("Europe/Berlin") // 04:30
		b.r.Wake()
		synctest.Wait()
		next("in Berlin", 0, day(2027, 1, 1, 11, 0))
		b.pass(2 * time.Hour)
		next("after noon in Shanghai", 0, day(2027, 1, 1, 11, 0))
		b.pass(6 * time.Hour)
		next("after noon in Berlin", 1, day(2027, 1, 2, 11, 0))
		move("America/New_York") // 06:30
		b.r.Wake()
		synctest.Wait()
		next("in New York", 1, day(2027, 1, 1, 17, 0))
		move("Asia/Shanghai") // 19:30
		b.pass(time.Minute)   // nobody says so: it looks by itself
		next("in Shanghai again", 1, day(2027, 1, 2, 4, 0))
		b.stop()
	})
}

func TestJobsRunAlthoughNothingCanBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{t: t, zone: time.UTC}
		b.set(day(2027, 1, 1, 0, 0))
		b.job("tidy", "every 1h")
		b.mem.fails = errors.New("no space left on device")
		b.start()
		b.pass(5*time.Hour + time.Minute)
		b.stop()
		if len(b.ran()) != 5 {
			t.Errorf("%d runs in five hours", len(b.ran()))
		}
	})
}

// TestNoDueTimeIsRunTwiceWhateverTheClockDoes plays a box whose clock is set at random, by
// less than a week backwards, and whose power fails.
func TestNoDueTimeIsRunTwiceWhateverTheClockDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom([]string{"every 15m", "daily 02:30", "weekly sun 03:00", "0 */6 * * *"}).Draw(rt, "schedule")
		steps := rapid.IntRange(1, 15).Draw(rt, "steps")
		synctest.Test(t, func(t *testing.T) {
			b := &box{t: t, zone: zone(t, "Europe/Berlin"), cfg: Config{Hold: 5 * time.Minute}}
			b.set(day(2027, 3, 20, 0, 0))
			b.job("job", text)
			b.start()
			highest := b.now()
			for range steps {
				before := len(b.ran())
				switch rapid.IntRange(0, 3).Draw(rt, "step") {
				case 0:
					b.pass(time.Duration(rapid.Int64Range(0, int64(30*time.Hour)).Draw(rt, "pass")))
				case 1:
					b.off.Add(int64(time.Duration(rapid.Int64Range(0, int64(400*24*time.Hour)).Draw(rt, "ahead"))))
					b.pass(10 * time.Minute)
					if n := len(b.ran()) - before; n > 2 {
						rt.Fatalf("the clock was set ahead, and the job ran %d times within ten minutes", n)
					}
				case 2: // less than a week behind what was ever reached, so that it is remembered
					back := rapid.Int64Range(0, int64(6*24*time.Hour)).Draw(rt, "back")
					if wall := highest.Add(-time.Duration(back)); wall.Before(b.now()) {
						b.set(wall)
					}
					b.pass(10 * time.Minute)
				case 3:
					b.kill()
					b.pass(time.Duration(rapid.Int64Range(0, int64(72*time.Hour)).Draw(rt, "off")))
					b.start()
					b.pass(10 * time.Minute)
				}
				if now := b.now(); now.After(highest) {
					highest = now
				}
			}
			b.stop()
			seen := map[int64]bool{}
			for _, o := range b.ran() {
				if seen[o.Trigger.Due.Unix()] {
					rt.Fatalf("it ran twice for %v", o.Trigger.Due)
				}
				seen[o.Trigger.Due.Unix()] = true
				if o.Trigger.Due.After(o.Began) {
					rt.Fatalf("it ran at %v for %v, which had not come", o.Began, o.Trigger.Due)
				}
			}
		})
	})
}
