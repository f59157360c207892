package route

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vaad/alarm"
	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// fakeWay notes what it is given.
type fakeWay struct {
	mu    sync.Mutex
	got   []Message
	at    []time.Time
	fail  error
	tries int
	hang  bool
	late  bool // a message arrives just as the router ends
}

func (w *fakeWay) Kind() string { return "fake" }

func (w *fakeWay) Send(ctx context.Context, m Message) error {
	w.mu.Lock()
	w.tries++
	hang, late := w.hang, w.late
	w.mu.Unlock()
	if late {
		<-ctx.Done()
	}
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return w.fail
	}
	w.got, w.at = append(w.got, m), append(w.at, time.Now())
	return nil
}

func (w *fakeWay) set(err error) { w.mu.Lock(); w.fail = err; w.mu.Unlock() }

// arrived is what was delivered so far, and when. Waiting in the bubble orders nothing that comes later behind what was read: hence copies.
func (w *fakeWay) arrived() ([]Message, []time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.got), slices.Clone(w.at)
}

func (w *fakeWay) tried() int { w.mu.Lock(); defer w.mu.Unlock(); return w.tries }

// said is what arrived, in short.
func (w *fakeWay) said() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.got {
		s := m.Kind
		for _, a := range m.Alarms {
			s += " " + a.Code + "/" + a.Subject + "/" + a.State
		}
		if m.More > 0 {
			s += fmt.Sprint(" +", m.More)
		}
		all = append(all, s)
	}
	return all
}

// world is a router with its alarms over a file, in a bubble of time.
type world struct {
	*testing.T
	path   string
	mu     sync.Mutex
	routes []Route
	db     *store.DB
	alarms *alarm.Manager
	r      *Router
	reg    *prometheus.Registry
	stop   func()
}

func (w *world) start() {
	w.Helper()
	var err error
	if w.db, _, err = store.Open(w.path, store.Options{}); err != nil {
		w.Fatal(err)
	}
	if w.alarms, err = alarm.New(alarm.Config{DB: w.db}); err != nil {
		w.Fatal(err)
	}
	w.reg = prometheus.NewRegistry()
	w.r, err = New(Config{DB: w.db, Alarms: w.alarms, Routes: w.now, Registerer: w.reg,
		Words: func(a alarm.Alarm) Words {
			words := Words{Text: "text of " + a.Code, Remedy: "do", Line: 3}
			if strings.HasPrefix(a.Code, "line-") {
				words.Group = "front"
			}
			return words
		}, Box: func() Box { return Box{Name: "box", ID: "1f", Version: "1"} }})
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = w.r.Run(ctx) })
	synctest.Wait()
	w.stop = func() {
		cancel()
		wg.Wait()
		if err := errors.Join(w.alarms.Close(), w.db.Close()); err != nil {
			w.Error(err)
		}
	}
}

func in(t *testing.T, routes []Route, do func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, path: filepath.Join(t.TempDir(), "state.db"), routes: routes}
		w.start()
		defer func() { w.stop() }()
		do(w)
	})
}

// now are the routes as a setting has them; set changes them.
func (w *world) now() []Route { w.mu.Lock(); defer w.mu.Unlock(); return w.routes }

func (w *world) set(routes []Route) { w.mu.Lock(); w.routes = routes; w.mu.Unlock() }

func (w *world) sleep(d time.Duration) { time.Sleep(d); synctest.Wait() }

func (w *world) want(way *fakeWay, want ...string) {
	w.Helper()
	synctest.Wait()
	if got := way.said(); !slices.Equal(got, want) {
		w.Errorf("told %q, want %q", got, want)
	}
}

func TestConditionsAreToldWhenTheyLast(t *testing.T) {
	way := &fakeWay{}
	in(t, []Route{{Name: "a", Way: way, Delay: 2 * time.Minute, Ended: true}}, func(w *world) {
		w.alarms.Raise("disk-low", "/rec", nil)
		w.alarms.Raise("disk-slow", "/rec", nil)
		w.sleep(119 * time.Second)
		w.want(way)
		w.alarms.Clear("disk-slow", "/rec")
		w.sleep(2 * time.Second)
		w.want(way, "raised disk-low//rec/active")
		got, at := way.arrived()
		if m := got[0]; m.Alarms[0].Text != "text of disk-low" || m.V != 1 || m.Box.Name != "box" || len(m.ID) < 20 || at[0].Sub(m.Alarms[0].First) != 2*time.Minute {
			w.Errorf("%+v at %v", m, at[0])
		}
		w.alarms.Clear("disk-low", "/rec")
		w.want(way, "raised disk-low//rec/active", "ended disk-low//rec/ended")
		w.alarms.Raise("clock-jump", "", nil) // it happened: there is nothing to wait for
		w.want(way, "raised disk-low//rec/active", "ended disk-low//rec/ended", "raised clock-jump//active")
	})
}

func TestAlarmsAreRepeatedUntilSomebodySaysSo(t *testing.T) {
	way := &fakeWay{}
	in(t, []Route{{Name: "a", Way: way, Repeat: time.Hour}}, func(w *world) {
		w.alarms.Raise("disk-full", "/rec", nil)
		w.sleep(2*time.Hour + time.Second)
		w.want(way, "raised disk-full//rec/active", "repeated disk-full//rec/active", "repeated disk-full//rec/active")
		if err := w.alarms.Ack(w.alarms.Active()[0].ID, "ann", ""); err != nil {
			w.Fatal(err)
		}
		w.sleep(5 * time.Hour)
		if n := len(way.said()); n != 3 {
			w.Errorf("%d messages", n)
		}
	})
}

func TestWarningsWaitThroughQuietHours(t *testing.T) {
	way := &fakeWay{}
	// The bubble begins at midnight UTC.
	in(t, []Route{{Name: "a", Way: way, Quiet: Quiet{From: 22 * 60, To: 7 * 60, Zone: time.UTC}}}, func(w *world) {
		w.alarms.Raise("disk-low", "/rec", nil)
		w.alarms.Raise("line-no-battery", "4", nil)
		w.alarms.Raise("disk-full", "/rec", nil)
		w.want(way, "raised disk-full//rec/active")
		w.alarms.Clear("line-no-battery", "4")
		w.sleep(7*time.Hour - time.Minute)
		w.want(way, "raised disk-full//rec/active")
		w.sleep(2 * time.Minute)
		w.want(way, "raised disk-full//rec/active", "raised disk-low//rec/active")
	})
}

func TestRoutesChoose(t *testing.T) {
	critical, lines, codes, front := &fakeWay{}, &fakeWay{}, &fakeWay{}, &fakeWay{}
	in(t, []Route{{Name: "a", Way: critical, Severities: []alarm.Severity{alarm.Critical}}, {Name: "b", Way: lines, Subjects: []string{"4"}},
		{Name: "c", Way: codes, Codes: []string{"disk-*"}}, {Name: "d", Way: front, Groups: []string{"front"}}}, func(w *world) {
		w.alarms.Raise("line-no-battery", "4", nil)
		w.alarms.Raise("disk-full", "/rec", nil)
		w.want(critical, "raised disk-full//rec/active")
		w.want(lines, "raised line-no-battery/4/active")
		w.want(codes, "raised disk-full//rec/active")
		w.want(front, "raised line-no-battery/4/active")
	})
}

func TestFloodIsToldInOneMessage(t *testing.T) {
	way := &fakeWay{}
	in(t, []Route{{Name: "a", Way: way, Ended: true, Flood: 3}}, func(w *world) {
		for n := range 70 {
			w.alarms.Raise("line-fault", fmt.Sprint(n+1), nil)
		}
		synctest.Wait()
		first := len(way.said())
		w.sleep(FloodTime + time.Minute)
		alarms := 0
		got, _ := way.arrived()
		for _, m := range got {
			alarms += len(m.Alarms) + m.More
			if len(m.Alarms) > maxTold {
				w.Errorf("%d alarms in a message", len(m.Alarms))
			}
		}
		if len(got) > 5 || first > 4 || alarms != 70 {
			w.Errorf("%d messages (%d at once) tell %d alarms", len(got), first, alarms)
		}
		for n := range 70 {
			w.alarms.Clear("line-fault", fmt.Sprint(n+1))
		}
		w.sleep(2 * FloodTime)
		if n := len(way.said()); n > 12 {
			w.Errorf("%d messages", n)
		}
	})
}

func TestMessagesSurviveRestartsAndFailures(t *testing.T) {
	way := &fakeWay{fail: errors.New("no route to host")}
	in(t, []Route{{Name: "a", Way: way, Ended: true}}, func(w *world) {
		w.alarms.Raise("recorder-gap", "2", nil)
		w.alarms.Raise("disk-full", "/rec", nil)
		w.sleep(20 * time.Second)
		w.stop()
		w.start()
		w.alarms.Raise("disk-full", "/rec", nil) // whoever watches it raises it again
		w.sleep(time.Minute)
		if s := w.r.States(); s[0].Waiting != 2 || s[0].Error != "no route to host" || way.tried() < 3 {
			w.Errorf("%+v after %d tries", s, way.tried())
		}
		way.set(nil)
		w.sleep(20 * time.Minute)
		got := way.said()
		slices.Sort(got)
		if !slices.Equal(got, []string{"raised disk-full//rec/active", "raised recorder-gap/2/active"}) {
			w.Errorf("%q", got)
		}
		w.stop()
		w.start()
		w.alarms.Raise("disk-full", "/rec", nil)
		w.sleep(time.Hour)
		if n := len(way.said()); n != 2 {
			w.Errorf("told again after a restart: %q", way.said())
		}
		w.stop()
		w.start() // this time it is not raised again
		w.sleep(time.Hour)
		if got := way.said(); len(got) != 3 || got[2] != "ended disk-full//rec/ended" {
			w.Errorf("%q", got)
		}
	})
}

func TestRouteThatFailsIsAnAlarmThatItDoesNotTellItself(t *testing.T) {
	dead, other := &fakeWay{fail: errors.New("refused")}, &fakeWay{}
	in(t, []Route{{Name: "dead", Way: dead}, {Name: "other", Way: other}}, func(w *world) {
		w.alarms.Raise("disk-full", "/rec", nil)
		w.sleep(2 * time.Minute)
		w.want(other, "raised disk-full//rec/active", "raised alarm-route-failed/dead/active")
		dead.set(nil)
		w.sleep(20 * time.Minute)
		w.want(dead, "raised disk-full//rec/active")
		if len(w.alarms.Active()) != 1 {
			w.Errorf("%+v", w.alarms.Active())
		}
		if n := testutil.ToFloat64(w.r.metrics.messages.WithLabelValues("dead", "delivered")); n != 1 {
			w.Errorf("%v delivered", n)
		}
	})
}

func TestTwoDeadRoutesMakeNoLoop(t *testing.T) {
	a, b := &fakeWay{fail: errors.New("refused")}, &fakeWay{fail: errors.New("refused")}
	in(t, []Route{{Name: "a", Way: a}, {Name: "b", Way: b}}, func(w *world) {
		w.alarms.Raise("disk-full", "/rec", nil)
		w.sleep(24 * time.Hour)
		for _, s := range w.r.States() {
			if s.Waiting != 2 {
				w.Errorf("%+v", s)
			}
		}
		w.sleep(4 * 24 * time.Hour)
		for _, s := range w.r.States() {
			if s.Waiting != 0 || s.Dropped != 2 {
				w.Errorf("after days: %+v", s)
			}
		}
	})
}

func TestSlowRouteHoldsNobodyUp(t *testing.T) {
	slow, other := &fakeWay{hang: true}, &fakeWay{}
	in(t, []Route{{Name: "a", Way: slow}, {Name: "b", Way: other}}, func(w *world) {
		w.alarms.Raise("disk-full", "/rec", nil)
		w.alarms.Raise("disk-low", "/rec", nil)
		w.want(other, "raised disk-full//rec/active", "raised disk-low//rec/active")
	})
}

func TestRouteThatIsRemovedIsForgotten(t *testing.T) {
	way := &fakeWay{fail: errors.New("refused")}
	in(t, []Route{{Name: "a", Way: way}}, func(w *world) {
		w.alarms.Raise("disk-full", "/rec", nil)
		w.sleep(2 * time.Minute)
		w.set(nil)
		w.sleep(time.Minute)
		if len(w.r.States()) != 0 || len(w.alarms.Active()) != 1 {
			w.Errorf("%+v %+v", w.r.States(), w.alarms.Active())
		}
		rows := 0
		if err := w.db.View(func(tx *store.Tx) error {
			return remembered().Range(tx, "", "", func(string, jsonValue) bool { rows++; return true })
		}); err != nil || rows != 1 { // the cursor
			w.Errorf("%d rows, %v", rows, err)
		}
		if err := w.r.Test(context.Background(), "a"); !errors.Is(err, ErrNone) {
			w.Error(err)
		}
	})
}

func TestNewRouterTellsOnlyWhatStands(t *testing.T) {
	way := &fakeWay{}
	in(t, nil, func(w *world) {
		w.stop()
		if err := func() error { // a box that had alarms before there were routes
			db, _, err := store.Open(w.path, store.Options{})
			if err != nil {
				return err
			}
			m, err := alarm.New(alarm.Config{DB: db})
			if err != nil {
				return err
			}
			m.Raise("disk-low", "/old", nil)
			m.Clear("disk-low", "/old")
			m.Raise("clock-jump", "", nil)
			return errors.Join(m.Close(), db.Update(func(tx *store.Tx) error { return remembered().Delete(tx, cursorKey) }), db.Close())
		}(); err != nil {
			w.Fatal(err)
		}
		w.routes = []Route{{Name: "a", Way: way}}
		w.start()
		w.want(way, "raised clock-jump//active")
	})
}

type jsonValue = json.RawMessage

func TestAKillWhileAlarmsAreTakenLosesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		way := &fakeWay{}
		w := &world{T: t, path: filepath.Join(t.TempDir(), "state.db"), routes: []Route{{Name: "a", Way: way}}}
		w.start()
		defer func() { w.stop() }()
		w.alarms.Raise("first", "", nil)
		w.want(way, "raised first//active")
		var left map[string]change // what the disk would have if the daemon were killed while it looks
		w.r.cfg.Words = func(alarm.Alarm) Words {
			w.r.disk.mu.Lock()
			defer w.r.disk.mu.Unlock()
			if left == nil {
				left = maps.Clone(w.r.disk.dirty)
			}
			return Words{}
		}
		w.alarms.Raise("second", "", nil)
		w.want(way, "raised first//active", "raised second//active")
		if _, ahead := left[cursorKey]; ahead || left == nil {
			t.Error("an alarm counts as looked at before anybody is to be told of it")
		}
	})
}

func TestWhatArrivesAsTheRouterEndsIsNotSentAgain(t *testing.T) {
	ways := []*fakeWay{}
	var routes []Route
	for i := range 100 {
		ways = append(ways, &fakeWay{late: true})
		routes = append(routes, Route{Name: fmt.Sprint("r", i), Way: ways[i]})
	}
	in(t, routes, func(w *world) {
		w.alarms.Raise("recorder-gap", "2", nil)
		synctest.Wait()
		w.stop()
		for _, way := range ways {
			way.mu.Lock()
			way.late = false
			way.mu.Unlock()
		}
		w.start()
		w.sleep(time.Hour)
		for i, way := range ways {
			if got := way.said(); len(got) != 1 || way.tried() != 1 {
				w.Fatalf("route %d: %q in %d tries", i, got, way.tried())
			}
		}
	})
}

func TestTheEndOfTheRouterIsNoFailureOfARoute(t *testing.T) {
	way := &fakeWay{hang: true}
	in(t, []Route{{Name: "a", Way: way}}, func(w *world) {
		w.alarms.Raise("recorder-gap", "2", nil)
		for range 2 * failAfter {
			synctest.Wait()
			w.stop()
			w.start()
		}
		if s := w.r.States()[0]; s.Error != "" || !s.Failed.IsZero() || s.Waiting != 1 || len(w.alarms.Active()) != 1 {
			w.Errorf("%+v, %d alarms", s, len(w.alarms.Active()))
		}
	})
}
