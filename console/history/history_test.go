package history

import (
	"compress/gzip"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)

// rig is a keeper of one series whose value and clock the test sets.
type rig struct {
	testing.TB
	dir string
	now time.Time
	v   float64
	*Keeper
}

func open(t testing.TB, dir string) *rig {
	t.Helper()
	r := &rig{TB: t, dir: dir, now: t0}
	var err error
	r.Keeper, err = Open(Config{Dir: dir, Gatherer: prometheus.NewRegistry(), Now: func() time.Time { return r.now },
		Series: []Series{{Name: "v", Read: Func(func() (float64, bool) { return r.v, true })}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func (r *rig) at(d time.Duration, v float64) {
	r.now, r.v = t0.Add(d), v
	r.sample()
}

func (r *rig) query(from, to time.Duration, points int) Curve {
	r.Helper()
	c, err := r.Query("v", t0.Add(from), t0.Add(to), points)
	if err != nil {
		r.Fatal(err)
	}
	return c
}

func TestAMonthFitsAndIsRolledUp(t *testing.T) {
	r := open(t, t.TempDir())
	const days = 31
	for i := range days * 24 * 360 {
		r.at(time.Duration(i)*Every, float64(i%360))
	}
	end := r.now.Sub(t0) + Every
	r.now = t0.Add(end)
	for _, c := range []struct {
		back   time.Duration
		points int
		step   time.Duration
		n      int
	}{
		{time.Hour, 360, 10 * time.Second, 360},
		{24 * time.Hour, 1440, time.Minute, 1440},
		{24 * time.Hour, 100, 20 * time.Minute, 72},
		{7 * 24 * time.Hour, 700, 20 * time.Minute, 504},
		{30 * 24 * time.Hour, 5000, 10 * time.Minute, 4320},
		{30 * 24 * time.Hour, 100, 7*time.Hour + 20*time.Minute, 99},
		{90 * 24 * time.Hour, 5000, 10 * time.Minute, 4320},
	} {
		got := r.query(end-c.back, end, c.points)
		if d := len(got.Points) - c.n; len(got.Points) > c.points || d < -2 || d > 2 || got.Step > 2*c.step || got.Step < c.step/2 {
			t.Errorf("%v in %d: %d points of %v, want %d of %v", c.back, c.points, len(got.Points), got.Step, c.n, c.step)
			continue
		}
		p := got.Points[len(got.Points)/2]
		if p.Min > p.Mean || p.Mean > p.Max || got.Step >= time.Hour && (p.Min != 0 || p.Max != 359 || math.Abs(p.Mean-179.5) > 12) {
			t.Errorf("%v in %d: %+v", c.back, c.points, p)
		}
	}
	st, err := os.Stat(filepath.Join(r.dir, "v.history"))
	if err != nil || st.Size() != fileLen() || fileLen() != 737408 {
		t.Errorf("%d bytes, %v", st.Size(), err)
	}
	if _, err := r.Query("w", t0, t0, 1); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

func TestClockThatIsSet(t *testing.T) {
	r := open(t, t.TempDir())
	for i := range 60 {
		r.at(time.Duration(i)*Every, 1)
	}
	r.at(10*365*24*time.Hour, 7) // years ahead, for a moment
	for i := range 30 {          // and back, ten minutes before it began
		r.at(time.Duration(i-60)*Every, 2)
	}
	if got := r.query(-time.Hour, time.Hour, 5000); len(got.Points) != 30 {
		t.Errorf("%d points: what lies ahead of the clock is shown", len(got.Points))
	}
	for i := range 120 {
		r.at(time.Duration(i)*Every, 3)
	}
	got := r.query(0, 20*time.Minute, 5000)
	if len(got.Points) == 0 || got.Points[0].Mean != 3 || got.Points[0].Max != 3 {
		t.Errorf("what was there is not written over: %+v", got.Points[0])
	}
	r.now = t0.Add(time.Hour)
	if got := r.query(0, 20*time.Minute, 3); len(got.Points) > 3 || got.Points[0].Max != 3 || got.Points[0].Min < 1 {
		t.Errorf("%+v", got.Points)
	}
	r.now = time.Unix(-5, 0) // before 1970
	r.sample()
	r.v = math.NaN()
	r.at(2*time.Hour, math.NaN())
	if got := r.query(90*time.Minute, 3*time.Hour, 10); len(got.Points) != 0 {
		t.Errorf("%+v", got.Points)
	}
}

func TestRestartGoesOn(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	for i := range 30 {
		r.at(time.Duration(i)*Every, 10)
	}
	_ = r.Close()
	r = open(t, dir)
	for i := range 30 {
		r.at(time.Duration(i+30)*Every, 20)
	}
	r.now = t0.Add(8 * 24 * time.Hour) // only the coarsest ring reaches so far
	got := r.query(0, 10*time.Minute, 100)
	if len(got.Points) != 1 || math.Abs(got.Points[0].Mean-15) > 1e-4 || got.Points[0].Min != 10 || got.Points[0].Max != 20 {
		t.Errorf("%+v", got.Points)
	}
}

// TestCrashAtAnyByteLosesOneRecordAtMost cuts the writing of samples anywhere, as a crash
// does, and tears bytes.
func TestCrashAtAnyByteLosesOneRecordAtMost(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		name := filepath.Join(dir, "v.history")
		_ = os.Remove(name)
		r := open(t, dir)
		n := rapid.IntRange(1, 40).Draw(rt, "samples")
		for i := range n {
			r.at(time.Duration(i)*Every, float64(i))
		}
		before, err := os.ReadFile(name)
		if err != nil {
			rt.Fatal(err)
		}
		r.at(time.Duration(n)*Every, float64(n))
		_ = r.Close()
		after, err := os.ReadFile(name)
		if err != nil {
			rt.Fatal(err)
		}
		// Of the bytes that the last sample changed, only some reached the disk.
		var changed []int
		for i := range after {
			if before[i] != after[i] {
				changed = append(changed, i)
			}
		}
		kept := rapid.IntRange(0, len(changed)).Draw(rt, "reached")
		for _, i := range changed[kept:] {
			after[i] = before[i]
		}
		if err := os.WriteFile(name, after, 0o600); err != nil {
			rt.Fatal(err)
		}
		r = open(t, dir)
		defer func() { _ = r.Close() }()
		r.now = t0.Add(time.Duration(n+1) * Every)
		got := r.query(0, time.Duration(n+1)*Every, 5000)
		if len(got.Points) < n {
			rt.Errorf("%d of %d samples are left", len(got.Points), n+1)
		}
		for _, p := range got.Points {
			if i := p.Time.Sub(t0) / Every; p.Mean != float64(i) {
				rt.Errorf("%v says %v", p.Time, p.Mean)
			}
		}
		r.at(time.Duration(n+1)*Every, 1) // and it goes on
	})
}

func TestDamagedHeadBeginsAnew(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	r.at(0, 1)
	_ = r.Close()
	f, err := os.OpenFile(filepath.Join(dir, "v.history"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteAt([]byte("x"), 3)
	_ = f.Close()
	r = open(t, dir)
	r.at(10*time.Second, 2)
	r.now = t0.Add(time.Minute)
	if got := r.query(0, time.Minute, 100); len(got.Points) != 1 || got.Points[0].Mean != 2 {
		t.Errorf("%+v", got.Points)
	}
	if _, err := Open(Config{Dir: dir, Gatherer: prometheus.NewRegistry(), Series: []Series{{Name: "../x"}}}); err == nil {
		t.Error("a name that leaves the folder was taken")
	}
}

// TestOldFilesAreRead opens the sample of version 1, which docs/formats/history.md speaks of.
func TestOldFilesAreRead(t *testing.T) {
	f, err := os.Open("testdata/compat/v1.history.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	unpack, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	whole, err := io.ReadAll(unpack)
	if err != nil || int64(len(whole)) != fileLen() {
		t.Fatalf("%d bytes, %v", len(whole), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "v.history"), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	r.now = t0.Add(time.Hour)
	got := r.query(0, time.Hour, 5000)
	if len(got.Points) != 3 || got.Points[0] != (Point{t0, 1.5, 1.5, 1.5}) || got.Points[2] != (Point{t0.Add(20 * time.Second), -4, -4, -4}) {
		t.Errorf("%+v", got.Points)
	}
}

func TestSourcesOfMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	lines := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "lines", Help: "h"}, []string{"state"})
	bytes := prometheus.NewCounter(prometheus.CounterOpts{Name: "bytes_total", Help: "h"})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "took_seconds", Help: "h"})
	reg.MustRegister(lines, bytes, took)
	lines.WithLabelValues("idle").Set(5)
	lines.WithLabelValues("talking").Set(2)
	lines.WithLabelValues("ringing").Set(1)
	dir, now := t.TempDir(), t0
	k, err := Open(Config{Dir: dir, Gatherer: reg, Now: func() time.Time { return now }, Series: []Series{
		{Name: "used", Read: Gauge("lines", "state", "!idle")}, {Name: "talking", Read: Gauge("lines", "state", "talking")},
		{Name: "rate", Read: Rate("bytes_total")}, {Name: "mean", Read: Mean("took_seconds")}, {Name: "none", Read: Gauge("nothing")}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = k.Close() }()
	k.sample()
	bytes.Add(1e9)
	took.Observe(1)
	took.Observe(3)
	now = now.Add(Every)
	k.sample()
	now = now.Add(Every)
	k.sample() // nothing was observed
	var got []string
	for _, s := range k.Series() {
		c, err := k.Query(s.Name, t0, now.Add(time.Second), 100)
		if err != nil {
			t.Fatal(err)
		}
		line := s.Name
		for _, p := range c.Points {
			if s.Name == "rate" && p.Mean > 1 {
				p.Mean = 99 // by the real clock
			}
			line += " " + strings.TrimSuffix(strings.TrimRight(time.Duration(p.Mean*1e9).String(), "0"), ".")
		}
		got = append(got, line)
	}
	if s := strings.Join(got, "; "); s != "used 3s 3s 3s; talking 2s 2s 2s; rate 1m39s 0s; mean 2s; none" {
		t.Error(s)
	}
}

func TestFilesThatCannotBeMadeAreMadeLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // as on a full disk: there can be no folder
		t.Fatal(err)
	}
	r := open(t, dir)
	r.at(0, 1)
	if c := r.query(-time.Hour, time.Hour, 100); len(c.Points) != 0 {
		t.Errorf("%+v", c)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	r.at(Every, 2)
	if c := r.query(-time.Hour, time.Hour, 3000); len(c.Points) != 1 || c.Points[0].Max != 2 {
		t.Errorf("%+v", c)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.at(2*Every, 3)
	if _, err := r.Query("v", t0, t0.Add(time.Minute), 10); !errors.Is(err, os.ErrClosed) {
		t.Errorf("opened again after the end: %v", err)
	}
}
