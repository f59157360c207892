package alarm

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
)

type fixture struct {
	*testing.T
	db   *store.DB
	m    *Manager
	reg  *prometheus.Registry
	now  time.Time
	fail atomic.Bool
	log  bytes.Buffer // complete when the manager is closed
}

func start(t *testing.T, path string) *fixture {
	t.Helper()
	f := &fixture{T: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), reg: prometheus.NewRegistry()}
	var err error
	f.db, _, err = store.Open(path, store.Options{Commit: func(commit func() error) error {
		if f.fail.Load() {
			return errors.New("no space")
		}
		return commit()
	}})
	if err != nil {
		t.Fatal(err)
	}
	f.restart()
	t.Cleanup(func() {
		_ = f.m.Close()
		_ = f.db.Close()
	})
	return f
}

func (f *fixture) restart() {
	f.Helper()
	if f.m != nil {
		if err := f.m.Close(); err != nil {
			f.Fatal(err)
		}
		f.reg = prometheus.NewRegistry()
	}
	var err error
	if f.m, err = New(Config{DB: f.db, Registerer: f.reg, Keep: 20, Now: func() time.Time { return f.now },
		Log: slog.New(slog.NewTextHandler(&f.log, nil))}); err != nil {
		f.Fatal(err)
	}
}

func fixed(t *testing.T) *fixture { return start(t, filepath.Join(t.TempDir(), "state.db")) }

func codes(list []Alarm) (s []string) {
	for _, a := range list {
		s = append(s, a.Code+" "+a.Subject)
	}
	return s
}

func TestCodesAreStableAndNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Table() {
		if seen[k.Code] || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(k.Code) || k.Severity != Warning && k.Severity != Critical {
			t.Errorf("row %+v", k)
		}
		seen[k.Code] = true
	}
	for _, code := range strings.Fields(`board-failed board-gone board-hung line-no-battery line-off-hook-long disk-slow disk-low disk-full
		inodes-low inodes-full disk-read-only disk-error state-db-damaged index-db-damaged clock-jump clock-unsynchronised recorder-gap
		feed-overflow recovered-recordings peer-garbage journal-damaged`) {
		if !seen[code] {
			t.Errorf("%s is gone from the table", code)
		}
	}
}

func TestRepeatsAreCountedNotListed(t *testing.T) {
	f := fixed(t)
	for i := range 5 {
		f.m.Raise("disk-low", "/rec", map[string]string{"free": fmt.Sprint(9 - i)})
		f.now = f.now.Add(time.Minute)
	}
	f.m.Raise("board-gone", "a", nil)
	f.m.Raise("board-gone", "b", nil)
	got := f.m.Active()
	if want := []string{"board-gone b", "board-gone a", "disk-low /rec"}; !slices.Equal(codes(got), want) {
		t.Fatalf("active %v", codes(got))
	}
	if d := got[2]; d.Count != 5 || d.Args["free"] != "5" || d.Last.Sub(d.First) != 4*time.Minute || d.Severity != Warning {
		t.Errorf("alarm %+v", d)
	}
	if err := testutil.CollectAndCompare(f.m.metrics.standing, strings.NewReader(expose(map[string]int{"disk-low": 1, "board-gone": 2}))); err != nil {
		t.Error(err)
	}
	f.m.Clear("board-gone", "a")
	f.m.Clear("board-gone", "never")
	if n := testutil.ToFloat64(f.m.metrics.standing.WithLabelValues("board-gone")); n != 1 {
		t.Errorf("%v active", n)
	}
}

// expose is the page of the gauge: every code of the table is on it.
func expose(active map[string]int) string {
	var b strings.Builder
	b.WriteString("# HELP vaad_alarm_active Alarms that stand now, by code.\n# TYPE vaad_alarm_active gauge\n")
	for _, k := range Table() {
		fmt.Fprintf(&b, "vaad_alarm_active{code=%q} %d\n", k.Code, active[k.Code])
	}
	return b.String()
}

func TestAcknowledgingEndsOnlyWhatHasPassed(t *testing.T) {
	f := fixed(t)
	f.m.Raise("disk-full", "/rec", nil)
	f.m.Raise("recovered-recordings", "", map[string]string{"count": "3"})
	f.m.Clear("recovered-recordings", "")
	if n := len(f.m.Active()); n != 2 {
		t.Errorf("%d active: what happened was cleared away before anybody saw it", n)
	}
	for _, a := range f.m.Active() {
		if err := f.m.Ack(a.ID, "ann", "seen"); err != nil {
			t.Error(err)
		}
	}
	got := f.m.Active()
	if len(got) != 1 || got[0].Code != "disk-full" || got[0].AckedBy != "ann" || got[0].Acked.IsZero() {
		t.Errorf("active %+v", got)
	}
	if err := f.m.Ack(2, "ann", ""); !errors.Is(err, ErrNone) {
		t.Errorf("error %v", err)
	}
	f.m.Clear("disk-full", "/rec")
	all, err := f.m.History(0, 10)
	if err != nil || len(all) != 2 || all[0].EndedBy != "acknowledged" || all[1].EndedBy != "cleared" || all[1].AckedBy != "ann" || all[1].Comment != "seen" {
		t.Errorf("history %+v %v", all, err)
	}
	f.m.Raise("disk-full", "/rec", nil)
	if a := f.m.Active()[0]; a.AckedBy != "" || a.ID != 3 {
		t.Errorf("raised again: %+v", a)
	}
}

func TestMomentaryAlarmsEndAfterADay(t *testing.T) {
	f := fixed(t)
	f.m.Raise("clock-jump", "", nil)
	f.m.Raise("disk-low", "/rec", nil)
	f.now = f.now.Add(24*time.Hour - time.Second)
	if n := len(f.m.Active()); n != 2 {
		t.Errorf("%d active", n)
	}
	f.now = f.now.Add(time.Second)
	if got := f.m.Active(); len(got) != 1 || got[0].Code != "disk-low" {
		t.Errorf("active %v", codes(got))
	}
}

func TestRestartKeepsWhatNobodyHasSeen(t *testing.T) {
	f := fixed(t)
	f.m.Raise("state-db-damaged", "state.db", map[string]string{"age": "1h"})
	f.m.Raise("board-gone", "a", nil)
	f.restart()
	got := f.m.Active()
	if len(got) != 1 || got[0].Code != "state-db-damaged" || got[0].Args["age"] != "1h" {
		t.Fatalf("active %+v", got)
	}
	if n := testutil.ToFloat64(f.m.metrics.standing.WithLabelValues("state-db-damaged")); n != 1 {
		t.Errorf("gauge %v", n)
	}
	f.m.Raise("board-gone", "a", nil)
	all, err := f.m.History(0, 10)
	if err != nil || !slices.Equal(codes(all), []string{"board-gone a", "board-gone a", "state-db-damaged state.db"}) || all[1].EndedBy != "restart" || all[0].ID != 3 {
		t.Errorf("history %+v %v", all, err)
	}
	if page, _ := f.m.History(3, 1); len(page) != 1 || page[0].ID != 2 {
		t.Errorf("page %+v", page)
	}
}

func TestHistoryIsTrimmedButNotWhatStands(t *testing.T) {
	f := fixed(t)
	f.m.Raise("board-gone", "old", nil)
	for i := range 60 {
		f.m.Raise("disk-slow", fmt.Sprint(i), nil)
		f.m.Clear("disk-slow", fmt.Sprint(i))
	}
	f.m.flush()
	f.m.Raise("disk-slow", "x", nil)
	f.m.flush()
	all, err := f.m.History(0, 1000)
	if err != nil || len(all) > 22 || all[len(all)-1].Subject != "old" {
		t.Errorf("%d rows, last %+v, %v", len(all), all[len(all)-1], err)
	}
}

func TestAlarmsAreRaisedWhileTheDiskIsFull(t *testing.T) {
	f := fixed(t)
	f.fail.Store(true)
	f.m.Raise("disk-full", "/rec", nil)
	if f.m.flush(); len(f.m.Active()) != 1 {
		t.Error("not raised")
	}
	if all, err := f.m.History(0, 10); err != nil || len(all) != 1 {
		t.Errorf("history %v %v", all, err)
	}
	f.fail.Store(false)
	f.m.Clear("disk-full", "/rec")
	f.restart()
	if all, err := f.m.History(0, 10); err != nil || len(all) != 1 || all[0].EndedBy != "cleared" {
		t.Errorf("history %+v %v", all, err)
	}
}

func TestAlarmsThatWaitForADiskForLongAreBounded(t *testing.T) {
	f := fixed(t) // keeps 20
	f.fail.Store(true)
	f.m.Raise("disk-error", "/rec", nil)
	for range 100 {
		f.m.Raise("line-fault", "1", nil)
		f.m.Clear("line-fault", "1")
		f.m.flush()
	}
	f.m.mu.Lock()
	n, told := len(f.m.dirty), len(f.m.teller.told)
	f.m.mu.Unlock()
	if n > 21 || told > 21 {
		t.Errorf("%d rows wait and %d were told, although 20 are kept", n, told)
	}
	f.fail.Store(false)
	f.restart()
	all, err := f.m.History(0, 100)
	if err != nil || len(all) < 20 || all[len(all)-1].Code != "disk-error" || all[len(all)-1].ID != 1 {
		t.Errorf("what came up first and is not over must stay: %d, %v", len(all), err)
	}
}

func TestHostileSubjectsAndCodesAreBounded(t *testing.T) {
	f := fixed(t)
	for i := range 1000 {
		f.m.Raise("peer-garbage", fmt.Sprint("peer ", i), nil)
		f.m.Raise(fmt.Sprint("made-up-", i%3), "", nil)
	}
	if n := len(f.m.Active()); n > maxSubjects+4 {
		t.Errorf("%d active", n)
	}
	if problems, err := testutil.GatherAndLint(f.reg); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	if n := testutil.CollectAndCount(f.m.metrics.total); n != len(Table())+1 {
		t.Errorf("%d series", n)
	}
}

// As of 128 lines whose board is pulled out, and plugged in again.
func TestAnAlarmThatManyShareEndsWithTheLastOfThem(t *testing.T) {
	f := fixed(t)
	lines := maxSubjects + 28
	for range 2 {
		for i := range lines {
			f.m.Raise("line-fault", fmt.Sprint(i+1), nil)
			f.m.Raise("line-fault", fmt.Sprint(i+1), nil) // for another cause
		}
		f.m.Clear("line-fault", "1")
		f.m.Raise("line-fault", fmt.Sprint(lines), nil) // has one of its own now
		f.m.Clear("line-fault", fmt.Sprint(lines))
		for i := 1; i < lines-2; i++ {
			f.m.Clear("line-fault", fmt.Sprint(i+1))
		}
		if got := codes(f.m.Active()); !slices.Equal(got, []string{"line-fault …"}) {
			t.Fatalf("one of those that share an alarm still stands: %v", got)
		}
		f.m.Clear("line-fault", fmt.Sprint(lines-1))
		if got := codes(f.m.Active()); len(got) != 0 {
			t.Fatalf("all are over, and there is %v", got)
		}
	}
}

func TestSubscribersAreTold(t *testing.T) {
	f := fixed(t)
	changes, cancel := f.m.Subscribe()
	f.m.Raise("disk-low", "/rec", nil)
	f.m.Clear("disk-low", "/rec")
	<-changes
	select {
	case <-changes:
		t.Error("two changes before the first was taken gave two values")
	default:
	}
	f.m.Clear("disk-low", "/rec") // nothing stands, nothing changes
	cancel()
	f.m.Raise("disk-low", "/rec", nil)
	select {
	case <-changes:
		t.Error("told after cancel")
	default:
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Also while the disk takes nothing, and over a restart.
func TestLogTellsWhatBeginsAndEndsOnce(t *testing.T) {
	f := start(t, filepath.Join(t.TempDir(), "state.db"))
	f.fail.Store(true)
	f.m.Raise("disk-full", "recordings", map[string]string{"free_mib": "0"})
	f.m.Raise("disk-full", "recordings", map[string]string{"free_mib": "0"})
	f.m.Clear("disk-full", "recordings")
	for range 3 {
		f.m.flush()
	}
	f.fail.Store(false)
	f.m.Raise("board-failed", "card", map[string]string{"reason": "no such device"})
	f.restart()
	if err := f.m.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(f.log.String()) {
		_, said, _ := strings.Cut(strings.TrimSpace(line), " ")
		got = append(got, said)
	}
	want := []string{
		`level=ERROR msg=alarm alarm=disk-full severity=critical subject=recordings free_mib=0`,
		`level=INFO msg="alarm is over" alarm=disk-full subject=recordings by=cleared`,
		`level=ERROR msg=alarm alarm=board-failed severity=critical subject=card reason="no such device"`,
		`level=INFO msg="alarm is over" alarm=board-failed subject=card by=restart`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the log says\n%s", strings.Join(got, "\n"))
	}
}
