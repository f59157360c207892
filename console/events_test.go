package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/channels"
)

// A reader watches the live feed through a real connection.
type reader struct {
	t    *testing.T
	msgs chan api.Message
	stop func()
}

func (f *fixture) watch(last string) *reader {
	f.t.Helper()
	base := f.serveTCP()
	c, err := api.New(api.Options{Server: base, Token: f.cfg.Access.NewToken()})
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(f.t.Context())
	r := &reader{t: f.t, msgs: make(chan api.Message, 10000), stop: cancel}
	go func() {
		defer close(r.msgs)
		if err := c.Watch(ctx, last, func(m api.Message) error { r.msgs <- m; return nil }); !errors.Is(err, context.Canceled) {
			r.msgs <- api.Message{Event: "end"}
		}
	}()
	f.t.Cleanup(cancel)
	return r
}

// next is the next message of one of these kinds.
func (r *reader) next(kinds ...string) api.Message {
	r.t.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	for {
		select {
		case m, ok := <-r.msgs:
			if !ok {
				r.t.Fatalf("the feed ended; waited for %v", kinds)
			}
			for _, k := range kinds {
				if m.Event == k {
					return m
				}
			}
		case <-late.C:
			r.t.Fatalf("no %v within a minute", kinds)
		}
	}
}

func data[T any](t *testing.T, m api.Message) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(m.Data, &v); err != nil {
		t.Fatalf("%s: %v: %s", m.Event, err, m.Data)
	}
	return v
}

func fact(seq uint64, line int) channels.Event {
	return channels.Event{Seq: seq, Board: "sim", Line: line, Time: begun, Kind: channels.RingBegin}
}

func TestWatcherSeesSnapshotThenEveryFactInOrder(t *testing.T) {
	f := newFixture(t)
	r := f.watch("")
	s := data[api.Snapshot](t, r.next(api.EventSnapshot))
	if len(s.Lines) != 3 || s.Boot != "01BOOT" || s.Lines[0].State != "idle" || *s.Lines[0].Volts != -48.1 {
		t.Fatalf("snapshot %+v", s)
	}
	for i := range uint64(300) {
		f.lines.feed.send(fact(i+1, 1+int(i)%3))
	}
	for want := uint64(1); want <= 300; want++ {
		m := r.next(api.EventFact, api.EventResync)
		if m.Event == api.EventResync {
			t.Fatal("resync with a reader who keeps up")
		}
		if got := data[api.Fact](t, m); got.Seq != want || m.ID != fmt.Sprintf("01BOOT-%d", want) {
			t.Fatalf("fact %d (%s), want %d", got.Seq, m.ID, want)
		}
	}
}

func TestChangedLinesAreTold(t *testing.T) {
	f := newFixture(t)
	r := f.watch("")
	r.next(api.EventSnapshot)
	r.next(api.EventLines) // the first look tells all
	f.lines.set(2, func(l *channels.LineStatus) { l.State, l.LevelDBm0 = channels.Talking, []float64{-12.3} })
	for {
		c := data[api.Changed](t, r.next(api.EventLines))
		if len(c.Lines) == 1 && c.Lines[0].Line == 2 && c.Lines[0].State == "talking" && *c.Lines[0].LevelDBm0 == -12 {
			break
		}
	}
	if _, err := f.rec.Start(3, "x"); err != nil {
		t.Fatal(err)
	}
	for {
		c := data[api.Changed](t, r.next(api.EventLines))
		if len(c.Lines) == 1 && c.Lines[0].Line == 3 && c.Lines[0].Recording && c.Lines[0].RecordingID != "" {
			return
		}
	}
}

func TestWatcherWhoComesBackMissesNothing(t *testing.T) {
	f := newFixture(t)
	r := f.watch("")
	r.next(api.EventSnapshot)
	f.lines.feed.send(fact(1, 1), fact(2, 1), fact(3, 1))
	r.next(api.EventFact)
	last := r.next(api.EventFact).ID
	r.stop()
	f.lines.feed.send(fact(4, 1))
	again := f.watch(last)
	seen := false // the snapshot comes behind what was missed; fact 4 may be news by then
	for want := uint64(3); want <= 4 || !seen; {
		switch m := again.next(api.EventFact, api.EventResync, api.EventSnapshot); m.Event {
		case api.EventSnapshot:
			if s := data[api.Snapshot](t, m); s.Seq < 3 || want < 4 {
				t.Errorf("the snapshot is of fact %d and comes before fact %d", s.Seq, want)
			}
			seen = true
		default:
			if got := data[api.Fact](t, m); got.Seq != want {
				t.Fatalf("%s, fact %d, want %d", m.Event, got.Seq, want)
			}
			want++
		}
	}
}

func TestWatcherWhoComesBackTooLateIsTold(t *testing.T) {
	f := newFixture(t)
	r := f.watch("")
	r.next(api.EventSnapshot)
	for i := uint64(1); i <= recentFacts+50; i++ {
		f.lines.feed.send(fact(i, 1))
		if i%100 != 0 && i != recentFacts+50 {
			continue
		}
		for data[api.Fact](t, r.next(api.EventFact)).Seq < i { // a reader who keeps up
		}
	}
	for last, reason := range map[string]string{"01BOOT-3": "forgotten", "01OTHER-1000": "restart"} {
		again := f.watch(last)
		if got := data[api.Resync](t, again.next(api.EventResync, api.EventFact)); got.Reason != reason {
			t.Errorf("%s: %+v, want %s", last, got, reason)
		}
		again.next(api.EventSnapshot)
		again.stop()
	}
	for _, nonsense := range []string{"x", "-5", "01BOOT-", "01BOOT-x"} {
		again := f.watch(nonsense)
		again.next(api.EventSnapshot)
		again.stop()
	}
}

func TestWatcherWhoFallsBehindIsTold(t *testing.T) {
	f := newFixture(t)
	w, ok := f.hub.join("", 0, wholeLines)
	if !ok {
		t.Fatal("no place")
	}
	defer f.hub.leave(w)
	w.take()
	var evs []channels.Event
	for i := range uint64(queueFacts + 10) {
		evs = append(evs, fact(i+1, 1))
	}
	f.hub.facts(evs, false)
	n := w.take()
	if len(n.facts) != 0 || !n.snapshot || n.resync != "slow" {
		t.Errorf("%d facts, snapshot %t, resync %q", len(n.facts), n.snapshot, n.resync)
	}
	f.hub.facts([]channels.Event{fact(9999, 1)}, false)
	if n = w.take(); len(n.facts) != 1 || n.resync != "" {
		t.Errorf("afterwards: %d facts, resync %q", len(n.facts), n.resync)
	}
	f.hub.facts([]channels.Event{{Kind: channels.Resync}}, false)
	if n = w.take(); !n.snapshot || n.resync != "slow" {
		t.Error("a gap in the feed itself is not told")
	}
	if _, ok := f.hub.join("01BOOT", 9998, wholeLines); !ok || len(f.hub.recent) != 0 {
		t.Error("facts from before a gap are given out")
	}
}

func TestWatcherSeesItsLinesOnly(t *testing.T) {
	f := newFixture(t)
	f.cfg.Access.SetGroups(map[string][]int{"front": {2}})
	r := f.request("GET", "/events", nil)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	pr := newPipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.as(actor(access.Agent, "front")).ServeHTTP(pr, r.WithContext(ctx))
	}()
	pr.until(t, `"line":2`)
	f.lines.feed.send(fact(1, 1), fact(2, 2), channels.Event{Seq: 3, Board: "sim", Kind: channels.BoardLost, Time: begun})
	pr.until(t, `"board-gone"`)
	cancel()
	<-done
	if s := pr.String(); strings.Contains(s, `"line":1,`) || strings.Contains(s, `"line":3,`) {
		t.Errorf("lines of others are shown: %s", s)
	}
}

func TestTooManyWatchersAreRefused(t *testing.T) {
	f := newFixture(t)
	for range maxWatchers {
		if _, ok := f.hub.join("", 0, wholeLines); !ok {
			t.Fatal("refused too early")
		}
	}
	problemIn(t, f.do("GET", "/events", nil), "too-many")
}

func TestShutdownEndsStreams(t *testing.T) {
	f := newFixture(t)
	r := f.watch("")
	r.next(api.EventSnapshot)
	if err := f.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	r.next("end")
}

func TestAlarmsAreAnnounced(t *testing.T) {
	f := newFixture(t)
	r := f.watch("")
	r.next(api.EventSnapshot)
	f.alarms.Raise("board-gone", "sim", nil)
	r.next(api.EventAlarms)
}

func TestEndedSessionEndsItsStreams(t *testing.T) {
	f := newFixture(t)
	w, _ := f.hub.join("", 0, wholeLines)
	r := f.request("GET", "/events", nil)
	c := f.newCaller(admin(), func() bool { return false })
	pr := newPipe()
	f.Server.watch(context.WithValue(r.Context(), callerKey{}, c), w, newPaced(pr, true))
	if s := pr.String(); strings.Contains(s, "snapshot") {
		t.Errorf("a caller who is out sees %q", s)
	}
}

func TestIDsAreReadBack(t *testing.T) {
	if b, n := parseID(id("01ABC-DEF", 77)); b != "01ABC-DEF" || n != 77 {
		t.Errorf("%s %d", b, n)
	}
}

var _ http.Flusher = (*pipe)(nil)
