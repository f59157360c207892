package calls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vaad/channels"
	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
)

// feed plays channels.Reader.
type feed struct {
	mu     sync.Mutex
	events []channels.Event
	lost   bool
	wake   chan struct{}
	closed bool
}

func (f *feed) Wake() <-chan struct{} { return f.wake }
func (f *feed) Close()                { f.closed = true }
func (f *feed) Drain(dst []channels.Event) ([]channels.Event, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dst, lost := append(dst, f.events...), f.lost
	f.events, f.lost = nil, false
	return dst, lost
}

func (f *feed) put(events ...channels.Event) {
	f.mu.Lock()
	f.events = append(f.events, events...)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

type fixture struct {
	*testing.T
	db    *store.DB
	feed  *feed
	j     *Journal
	now   time.Time
	fail  atomic.Bool
	told  []bool
	lines []channels.LineStatus
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func at(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }

func start(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, feed: &feed{wake: make(chan struct{}, 1)}, now: at(0)}
	var err error
	f.db, _, err = store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{Commit: func(commit func() error) error {
		if f.fail.Load() {
			return errors.New("no space")
		}
		return commit()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.db.Close() })
	f.restart()
	return f
}

func (f *fixture) restart() {
	f.Helper()
	var err error
	if f.j, err = New(Config{DB: f.db, Now: func() time.Time { return f.now }, OnWrite: func(err error) { f.told = append(f.told, err == nil) },
		Lines: func() []channels.LineStatus { return f.lines }}); err != nil {
		f.Fatal(err)
	}
}

// play reads events as Run does.
func (f *fixture) play(events ...channels.Event) {
	f.feed.put(events...)
	f.j.read(f.feed, nil)
}

func (f *fixture) query(q Filter) []Row {
	f.Helper()
	p, err := f.j.Query(context.Background(), q)
	if err != nil {
		f.Fatal(err)
	}
	return p.Rows
}

func (f *fixture) row(id string) Row {
	f.Helper()
	r, ok, err := f.j.Get(id)
	if !ok || err != nil {
		f.Fatalf("row %s: %v %v", id, ok, err)
	}
	return r
}

func begin(id string, line, s int, d channels.Direction) channels.Event {
	return channels.Event{Kind: channels.CallBegin, Call: id, Line: line, Board: "sim", Time: at(s), Direction: d}
}

func answered(id string, s int, by string) channels.Event {
	return channels.Event{Kind: channels.CallAnswered, Call: id, Time: at(s), AnsweredBy: by}
}

func ended(id string, s int, by string, missed bool) channels.Event {
	return channels.Event{Kind: channels.CallEnd, Call: id, Time: at(s), EndedBy: by, Missed: missed}
}

func key(kind channels.EventKind, id, text string) channels.Event {
	return channels.Event{Kind: kind, Call: id, Text: text}
}

func ids(rows []Row) (s []string) {
	for _, r := range rows {
		s = append(s, r.ID)
	}
	return s
}

func TestEveryCallHasARow(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []channels.Event
		want   Row
	}{
		{"answered", []channels.Event{begin("A", 3, 0, channels.Incoming), answered("A", 6, "off-hook"),
			key(channels.Key, "A", "1"), key(channels.Key, "A", "#"), ended("A", 66, "on-hook", false)},
			Row{AnsweredBy: "off-hook", Answered: at(6), End: at(66), EndedBy: "on-hook", Direction: "in", Keys: "1#"}},
		{"missed", []channels.Event{begin("A", 3, 0, channels.Incoming), ended("A", 20, "ring-stopped", true)},
			Row{End: at(20), EndedBy: "ring-stopped", Direction: "in", Missed: true, Why: []string{"missed"}}},
		{"dialled", []channels.Event{begin("A", 3, 0, channels.Outgoing), key(channels.Digit, "A", "1"), key(channels.Digit, "A", "0"),
			key(channels.Digit, "A", "0"), ended("A", 9, "busy-tone", false)},
			Row{End: at(9), EndedBy: "busy-tone", Direction: "out", Called: "100"}},
		{"direction known at the end", []channels.Event{begin("A", 3, 0, channels.UnknownDirection),
			{Kind: channels.CallEnd, Call: "A", Time: at(5), EndedBy: "on-hook", Direction: channels.Outgoing, AnsweredBy: "unknown"}},
			Row{End: at(5), EndedBy: "on-hook", Direction: "out", AnsweredBy: "unknown"}},
		{"still up", []channels.Event{begin("A", 3, 0, channels.Incoming)}, Row{Direction: "in"}},
		{"begin was lost", []channels.Event{{Kind: channels.CallEnd, Call: "A", Line: 3, Board: "sim", Time: at(0), EndedBy: "on-hook", Direction: channels.Incoming}},
			Row{End: at(0), EndedBy: "on-hook", Direction: "in", Why: []string{"begin-lost"}}},
		{"end was lost", []channels.Event{begin("A", 3, 0, channels.Incoming), begin("B", 3, 30, channels.Incoming)},
			Row{End: at(30), EndedBy: EndedByNext, Direction: "in"}},
		{"told twice", []channels.Event{begin("A", 3, 0, channels.Incoming), begin("A", 3, 1, channels.Outgoing), ended("A", 4, "on-hook", false),
			ended("A", 5, "howler", false), key(channels.Key, "A", "7")},
			Row{End: at(4), EndedBy: "on-hook", Direction: "in"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t)
			f.play(c.events...)
			c.want.ID, c.want.Line, c.want.Board, c.want.Start = "A", 3, "sim", at(0)
			want, _ := json.Marshal(normal(c.want))
			for _, when := range []string{"in memory", "on disk", "after a restart"} {
				if got, _ := json.Marshal(f.row("A")); string(got) != string(want) && (when != "after a restart" || !c.want.Open()) {
					t.Errorf("%s:\n%s, want\n%s", when, got, want)
				}
				if !f.j.write() {
					t.Error("not written")
				}
				if when == "on disk" {
					f.restart()
				}
			}
		})
	}
}

func normal(r Row) Row {
	if r.Recordings == nil {
		r.Recordings = []string{}
	}
	if r.Why == nil {
		r.Why = []string{}
	}
	return r
}

func TestRestartEndsOpenRowsAtTheLastSignOfLife(t *testing.T) {
	f := start(t)
	f.play(begin("A", 1, 0, channels.Incoming), answered("A", 5, "off-hook"), begin("B", 2, 0, channels.Outgoing), ended("B", 1, "on-hook", false))
	f.now = at(40)
	f.j.write()
	f.now = at(500)
	f.restart()
	if r := f.row("A"); r.EndedBy != EndedByRestart || !r.End.Equal(at(40)) || r.AnsweredBy != "off-hook" {
		t.Errorf("row %+v", r)
	}
	if r := f.row("B"); r.EndedBy != "on-hook" {
		t.Errorf("row %+v", r)
	}
	f.play(begin("C", 1, 501, channels.UnknownDirection))
	f.j.Continues("C", "A")
	f.play()
	f.j.write()
	f.restart()
	if a, c := f.row("A"), f.row("C"); a.ContinuedBy != "C" || c.Continues != "A" || a.EndedBy != EndedByRestart || !a.End.Equal(at(40)) {
		t.Errorf("linked: %+v %+v", a, c)
	}
	if n := len(f.query(Filter{})); n != 3 {
		t.Errorf("%d rows", n)
	}
}

func TestRecordingsAreAttachedWheneverTheRecorderSpeaks(t *testing.T) {
	f := start(t)
	f.j.Attach("A", "rec1", "recorded-by-voltage") // before the journal has read the begin
	f.play(begin("A", 1, 0, channels.Incoming))
	f.j.Attach("A", "rec2", "recorded-by-voltage")
	f.play(ended("A", 9, "on-hook", false))
	f.j.write()
	f.j.Attach("A", "rec3", "too-long") // after the row has left memory
	f.j.Attach("", "rec4", "no call")
	f.j.Attach("never", "rec5", "")
	f.play()
	f.j.write()
	r := f.row("A")
	if !slices.Equal(r.Recordings, []string{"rec1", "rec2", "rec3"}) || !slices.Equal(r.Why, []string{"recorded-by-voltage", "too-long"}) || r.EndedBy != "on-hook" {
		t.Errorf("row %+v", r)
	}
	f.now = at(10_000)
	f.play()
	if n := testutil.ToFloat64(f.j.metrics.strays); n != 1 || len(f.j.waits) != 0 {
		t.Errorf("%v strays, %d wait", n, len(f.j.waits))
	}
}

func TestARecordingThatIsThrownAwayIsNotAmongTheCalls(t *testing.T) {
	f := start(t)
	f.play(begin("A", 1, 0, channels.Incoming))
	f.j.Attach("A", "rec1", "call")
	f.play()
	f.j.Attach("A", "rec2", "call")
	f.j.Detach("A", "rec2", "too-short") // before the journal has settled
	f.play(ended("A", 9, "ring-stopped", true))
	f.j.write()
	f.j.Detach("A", "rec1", "")
	f.play()
	f.j.write()
	if r := f.row("A"); len(r.Recordings) != 0 || !slices.Equal(r.Why, []string{"call", "missed", "too-short"}) {
		t.Errorf("row %+v", r)
	}
}

func TestRowsWaitWhileTheDiskIsFull(t *testing.T) {
	f := start(t)
	f.fail.Store(true)
	for i := range 100 {
		id := fmt.Sprintf("%03d", i)
		f.play(begin(id, i%4, i, channels.Incoming), ended(id, i, "on-hook", true))
		if f.j.write() {
			t.Fatal("written")
		}
	}
	if n := len(f.query(Filter{Limit: 1000})); n != 100 {
		t.Errorf("%d rows while the disk is full", n)
	}
	f.fail.Store(false)
	if !f.j.write() {
		t.Fatal("not written")
	}
	if len(f.j.rows) != 0 || !slices.Equal(f.told, []bool{false, true}) {
		t.Errorf("%d rows in memory, told %v", len(f.j.rows), f.told)
	}
	f.restart()
	if n := len(f.query(Filter{Limit: 1000})); n != 100 {
		t.Errorf("%d rows afterwards", n)
	}
}

func TestLostEventsEndWhatIsNotUpAndFindWhatIs(t *testing.T) {
	f := start(t)
	f.play(begin("A", 1, 0, channels.Incoming), begin("B", 2, 0, channels.Incoming))
	f.now = at(100)
	f.lines = []channels.LineStatus{{Number: 1}, {Number: 2, Call: "B"}, {Number: 3, Board: "sim", Call: "C", Since: at(90), Direction: channels.Outgoing}}
	f.feed.lost = true
	f.play(ended("C", 110, "on-hook", false))
	if r := f.row("A"); r.EndedBy != EndedByOverflow || !r.End.Equal(at(100)) {
		t.Errorf("A %+v", r)
	}
	if r := f.row("B"); !r.Open() {
		t.Errorf("B %+v", r)
	}
	if r := f.row("C"); r.Open() || !slices.Equal(r.Why, []string{"begin-lost"}) {
		t.Errorf("C %+v", r)
	}
}

func TestFilters(t *testing.T) {
	f := start(t)
	add := func(id string, line, s, length int, called string) {
		f.play(begin(id, line, s, channels.Outgoing))
		for _, d := range called {
			f.play(key(channels.Digit, id, string(d)))
		}
		if length >= 0 {
			f.play(ended(id, s+length, "on-hook", false))
		}
	}
	add("A", 1, 0, 10, "02012345")
	add("B", 2, 10, 70, "110")
	add("C", 1, 20, 5, "13800138000")
	f.j.write()
	add("D", 3, 30, -1, "020999")
	f.now = at(100)
	for _, c := range []struct {
		f    Filter
		want string
	}{
		{Filter{}, "D C B A"},
		{Filter{Line: 1}, "C A"},
		{Filter{Lines: []int{2, 3}}, "D B"},
		{Filter{Lines: []int{}}, ""},
		{Filter{Lines: []int{2}, Line: 1}, ""},
		{Filter{From: at(10)}, "D C B"},
		{Filter{To: at(10)}, "A"},
		{Filter{From: at(10), To: at(21)}, "C B"},
		{Filter{From: at(21), To: at(10)}, ""},
		{Filter{Number: "110"}, "B"},
		{Filter{Number: "020*"}, "D A"},
		{Filter{Number: "*8000"}, "C"},
		{Filter{Number: "*38*38*"}, "C"},
		{Filter{Number: "*"}, "D C B A"},
		{Filter{Number: "20"}, ""},
		{Filter{MinDuration: 60 * time.Second}, "D B"},
		{Filter{Text: "ON-HOOK 999"}, ""},
		{Filter{Text: "on-hook 110"}, "B"},
		{Filter{Limit: 2}, "D C"},
	} {
		if got := strings.Join(ids(f.query(c.f)), " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
	for limit := 1; limit < 6; limit++ {
		var all []string
		for q := (Filter{Limit: limit}); ; {
			p, err := f.j.Query(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, ids(p.Rows)...)
			if q.Cursor = p.Next; q.Cursor == "" {
				break
			}
		}
		if !slices.Equal(all, []string{"D", "C", "B", "A"}) {
			t.Errorf("pages of %d: %v", limit, all)
		}
	}
	if _, err := f.j.Query(context.Background(), Filter{Cursor: "?"}); !errors.Is(err, ErrCursor) {
		t.Errorf("bad cursor: %v", err)
	}
	if _, err := f.j.Query(context.Background(), Filter{Limit: 9999}); err == nil {
		t.Error("a page of 9999 rows")
	}
}

func TestCallsOfOneMomentArePagedWithoutLoss(t *testing.T) {
	f := start(t)
	for i := range 30 {
		f.play(begin(fmt.Sprintf("c%02d", i), i+1, 0, channels.Incoming))
		if i == 15 {
			f.j.write()
		}
	}
	seen := map[string]bool{}
	for q := (Filter{Limit: 7}); ; {
		p, err := f.j.Query(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Rows {
			if seen[r.ID] {
				t.Errorf("%s twice", r.ID)
			}
			seen[r.ID] = true
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if len(seen) != 30 {
		t.Errorf("%d rows", len(seen))
	}
}

func TestRunWritesWithinMomentsAndWhatIsLeftAtTheEnd(t *testing.T) {
	f := start(t)
	reg := prometheus.NewRegistry()
	j, err := New(Config{DB: f.db, Flush: time.Millisecond, Registerer: reg})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- j.Run(ctx, f.feed) }()
	f.feed.put(begin("A", 1, 0, channels.Incoming))
	on := func() (r Row, ok bool) { // what the disk has
		_ = f.db.View(func(tx *store.Tx) (err error) { r, ok, err = find(tx, "A"); return })
		return r, ok
	}
	for ok := false; !ok; {
		_, ok = on()
	}
	f.feed.put(ended("A", 9, "on-hook", true))
	j.Attach("A", "rec", "")
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if r, _ := on(); r.EndedBy != "on-hook" || !slices.Equal(r.Recordings, []string{"rec"}) || !f.feed.closed {
		t.Errorf("row %+v, feed closed %v", r, f.feed.closed)
	}
	if n := testutil.ToFloat64(j.metrics.total.WithLabelValues("in", "missed")); n != 1 {
		t.Errorf("%v missed", n)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

func TestAReaderIsAFeed(t *testing.T) { var _ Feed = (*channels.Reader)(nil) }

func FuzzMatchIsTheShellsStar(f *testing.F) {
	f.Add("1*2", "1342")
	f.Fuzz(func(t *testing.T, pattern, number string) {
		if got := Match(pattern, number); got != (number != "" && slow(pattern, number)) {
			t.Errorf("%q on %q: %v", pattern, number, got)
		}
	})
}

func slow(p, s string) bool {
	if p == "" {
		return s == ""
	}
	if p[0] == '*' {
		return slow(p[1:], s) || s != "" && slow(p, s[1:])
	}
	return s != "" && p[0] == s[0] && slow(p[1:], s[1:])
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
