package recorder

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// A shaky disk stalls or refuses when told to.
type shaky struct {
	*memdisk.Disk
	mu      sync.Mutex
	free    *sync.Cond
	stalled bool
	refuse  func(op, name string) error
}

func newShaky() *shaky {
	s := &shaky{Disk: memdisk.New()}
	s.free = sync.NewCond(&s.mu)
	s.Disk.Fail = func(op, name string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for s.stalled {
			s.free.Wait()
		}
		if s.refuse != nil {
			return s.refuse(op, name)
		}
		return nil
	}
	return s
}

func (s *shaky) stall(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = on
	s.free.Broadcast()
}

func (s *shaky) fail(f func(op, name string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = f
}

// writes refuses everything that writes.
func writes(err error) func(op, name string) error {
	return func(op, name string) error {
		switch op {
		case "read", "readdir", "stat", "space":
			return nil
		case "open":
			if !strings.HasPrefix(name, "open/") {
				return nil
			}
		}
		return err
	}
}

// real makes a board that waits for nobody.
func realBoard(lines int) *board {
	b := newBoard(lines, driver.ALaw)
	b.info.Virtual = false
	return b
}

func TestAStalledDiskLosesNothingForAMinuteAndHoldsUpNobody(t *testing.T) {
	d := newShaky()
	defer d.stall(false)
	r := newRig(t, realBoard(2), LineConfig{Trigger: Manual, PrerollMS: 1000}, d)
	r.to(5 * second)
	if _, err := r.rec.Start(1, "ann"); err != nil {
		t.Fatal(err)
	}
	r.to(10 * second)
	d.stall(true)
	r.to(30 * second)
	id, err := r.rec.Start(2, "ann")
	if err != nil {
		t.Fatalf("start while the disk stands: %v", err)
	}
	if a := r.rec.Active(); len(a) != 2 || a[1].ID != id {
		t.Errorf("active while the disk stands: %+v", a)
	}
	r.to(50 * second)
	if err := r.rec.Stop(1, "ann"); err != nil {
		t.Fatalf("stop while the disk stands: %v", err)
	}
	r.to(60 * second)
	d.stall(false)
	r.end(2, "ann")
	all := r.settle()
	if len(all) != 2 {
		t.Fatalf("%d recordings, want 2", len(all))
	}
	r.exact(all[0], 4*second, 50*second)
	r.exact(all[1], 29*second, 60*second)
	if r.alarm.raised(AlarmGap) {
		t.Error("a gap was reported")
	}
}

func TestARecordingWhoseFilesWereRemovedGoesOnInNewOnes(t *testing.T) {
	for _, long := range []bool{false, true} {
		root := t.TempDir()
		disk, err := archive.OSDisk(root)
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Continuous}, disk)
		to := int64(20 * second)
		if long {
			to = 100 * second
		}
		r.to(to)
		first := r.rec.Active()[0].ID
		until(t, "its files", func() bool {
			_, err := os.Stat(filepath.Join(root, "open", first+".ckpt"))
			return err == nil
		})
		if err := os.RemoveAll(filepath.Join(root, "open")); err != nil {
			t.Fatal(err)
		}
		r.run(time.Second) // the next sync notices
		until(t, "a new recording", func() bool {
			a := r.rec.Active()
			return len(a) == 1 && a[0].ID != first
		})
		r.to(200 * second)
		r.end(1, "ann")
		l := r.one()
		from := l.Seal.BeginPos
		r.exact(l, from, 200*second)
		if !long && from != 0 || long && (from < 30*second || from > to) {
			t.Errorf("it begins at %d ms", from/ms)
		}
		if n := entriesOf(r.story(l), entryRemoved); len(n) != 1 || n[0].Text != first || n[0].Value != from {
			t.Errorf("the story has %+v", n)
		}
		if !r.alarm.raised(AlarmFailed) || r.alarm.raised(AlarmDisk) {
			t.Errorf("alarms %q", r.alarm.all)
		}
		r.close()
	}
}

func TestWhatIsOlderThanTheRingBecomesAGapOfItsLength(t *testing.T) {
	d := newShaky()
	defer d.stall(false)
	r := newRig(t, realBoard(1), LineConfig{Trigger: Continuous}, d)
	r.to(10 * second)
	r.settle()
	d.stall(true)
	r.to(100 * second)
	d.stall(false)
	r.settle()
	r.to(105 * second)
	r.end(1, "ann")
	l := r.one()
	s := l.Seal
	if s.Samples != 105*second || s.Gaps != 1 {
		t.Fatalf("%d samples with %d gaps, want %d with one", s.Samples, s.Gaps, 105*second)
	}
	if s.LostSamples < 20*second || s.LostSamples > 31*second { // what was being written when the disk stopped is not lost
		t.Errorf("%d samples are lost, want 30 s less one write", s.LostSamples)
	}
	got, want := r.audio(l, "mixed"), wantAudio(0, 0, s.Samples)
	for _, e := range r.story(l).Entries {
		if e.Kind == archive.EntryGap {
			for i := e.At; i < e.At+e.Value; i++ {
				want[i] = 0xD5
			}
		}
	}
	if string(got) != string(want) {
		t.Error("the recording is not the line with silence in its gaps")
	}
	if !r.alarm.raised(AlarmGap) {
		t.Error("no alarm was raised")
	}
}

func TestDiskErrorsRaiseTheirAlarmAndRecordingGoesOn(t *testing.T) {
	for alarm, err := range map[string]error{AlarmFull: syscall.ENOSPC, AlarmReadOnly: syscall.EROFS, AlarmDisk: syscall.EIO} {
		t.Run(alarm, func(t *testing.T) {
			d := newShaky()
			r := newRig(t, realBoard(2), LineConfig{Trigger: Manual, PrerollMS: 1000}, d)
			r.to(5 * second)
			r.start(1, "ann")
			r.to(10 * second)
			d.fail(writes(err))
			id, e := r.rec.Start(2, "ann") // it exists before its file can
			if e != nil {
				t.Fatal(e)
			}
			r.to(40 * second)
			until(t, "the alarm", func() bool { return slices.Contains(r.alarm.standing(), alarm) })
			d.fail(nil)
			r.to(45 * second)
			until(t, "the alarm's end", func() bool { return !slices.Contains(r.alarm.standing(), alarm) })
			r.end(1, "ann")
			r.end(2, "ann")
			all := r.settle()
			if len(all) != 2 || all[1].ID != id {
				t.Fatalf("%d recordings", len(all))
			}
			r.exact(all[0], 4*second, 45*second)
			r.exact(all[1], 9*second, 45*second)
		})
	}
}

func TestASealThatFailsRaisesTheAlarmUntilOneSucceeds(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual}, nil)
	r.to(1 * second)
	r.rec.Fault(syscall.ENOSPC)
	if got := r.alarm.others(); !slices.Equal(got, []string{AlarmFull}) {
		t.Errorf("alarms %v, want %s", got, AlarmFull)
	}
	r.start(1, "ann")
	r.to(2 * second)
	r.end(1, "ann")
	r.one()
	until(t, "the alarm's end", func() bool { return len(r.alarm.others()) == 0 })
}

func TestARecordingWhoseFilesWereRemovedIsNotShownForEver(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual}, nil)
	r.to(1 * second)
	r.start(1, "ann")
	r.to(2 * second)
	rows := r.rec.rows()
	if len(rows) != 1 {
		t.Fatalf("%d rows, want 1", len(rows))
	}
	r.rec.Fault(&archive.Error{Op: "seal", ID: rows[0].ID, Err: archive.ErrVanished})
	if rows := r.rec.rows(); len(rows) != 0 {
		t.Errorf("it is still shown: %+v", rows)
	}
	if got := r.alarm.others(); !slices.Equal(got, []string{AlarmFailed}) {
		t.Errorf("alarms %v, want %s", got, AlarmFailed)
	}
}

func TestASideThatCouldNotBeWrittenIsWrittenLaterInOrder(t *testing.T) {
	d := newShaky()
	board := realBoard(2)
	for i := range board.info.Lines {
		board.info.Lines[i].Kind, board.info.Lines[i].Caps = driver.BChan, 0
	}
	r := newRig(t, board, LineConfig{Trigger: Continuous}, d, func(_ *rig, _ *Config, c *channels.Config) { c.Plan = digitalTap{} })
	r.to(5 * second)
	d.fail(func(op, name string) error {
		if op == "write" && strings.Contains(name, ".local.") {
			return syscall.EIO
		}
		return nil
	})
	r.to(8 * second)
	until(t, "the alarm", func() bool { return slices.Contains(r.alarm.standing(), AlarmDisk) })
	r.to(20 * second)
	d.fail(nil)
	r.to(21 * second)
	r.end(1, "ann")
	l := r.one()
	for i, side := range []string{"network", "local"} {
		if string(r.audio(l, side)) != string(wantAudio(i, 0, 21*second)) {
			t.Errorf("side %s is not what the line carried", side)
		}
	}
}

func TestCallThatCouldNotBeWrittenSaysWhy(t *testing.T) {
	d := newShaky()
	r := newRig(t, realBoard(1), voltage(), d)
	d.fail(writes(syscall.EROFS))
	r.hook(5*second, 1, true)
	r.hook(15*second, 1, false)
	r.to(100 * second)
	until(t, "the recording to be given up", func() bool { return len(r.calls.whys()) > 0 })
	if w := r.calls.whys(); !slices.Equal(w, []string{WhyDisk}) {
		t.Errorf("the call has the reasons %v, want %s", w, WhyDisk)
	}
	d.fail(nil)
	if all := r.settle(); len(all) != 0 {
		t.Errorf("%d recordings of nothing", len(all))
	}
}

// A filling disk has the space that the test says.
type filling struct {
	*memdisk.Disk
	mu    sync.Mutex
	space archive.Space
}

func (f *filling) Space() (archive.Space, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.space, nil
}

func TestWhoAsksWhileTheEndWaitsForTheDiskIsToldSoAtOnce(t *testing.T) {
	d := newShaky()
	defer d.stall(false)
	r := newRig(t, realBoard(1), LineConfig{Trigger: Continuous}, d)
	r.to(second)
	d.stall(true)
	go r.stop()
	until(t, "the end", func() bool { return errors.Is(r.rec.Stop(1, "ann"), ErrNotRunning) })
	select {
	case <-r.rec.ended:
		t.Error("it did not wait for the disk")
	default:
	}
}

func TestBelowTheReserveNothingNewBegins(t *testing.T) {
	keep := Reserve{Bytes: 1000, Inodes: 10}
	full := archive.Space{FreeBytes: 999, TotalBytes: 1 << 30, FreeInodes: 100, TotalInodes: 1000}
	d := &filling{Disk: memdisk.New(), space: full}
	r := newRig(t, realBoard(1), voltage(), d, func(r *rig, _ *Config, _ *channels.Config) { r.reserve = keep })
	look := func(s archive.Space) {
		t.Helper()
		d.mu.Lock()
		d.space = s
		d.mu.Unlock()
		if err := r.rec.ask("look", 1, func(*watch, int64) error { r.rec.disk.look(s, keep); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	r.to(1 * second)
	look(full)
	if got := r.alarm.others(); !slices.Equal(got, []string{AlarmFull, AlarmLow}) {
		t.Errorf("alarms %v", got)
	}
	r.hook(5*second, 1, true)
	r.hook(10*second, 1, false)
	r.to(20 * second)
	if w := r.calls.whys(); !slices.Equal(w, []string{WhyDiskFull}) {
		t.Errorf("the call has the reasons %v, want %s", w, WhyDiskFull)
	}
	if _, err := r.rec.Start(1, "ann"); !errors.Is(err, ErrNoSpace) {
		t.Errorf("start on a full disk: %v", err)
	}
	r.hook(25*second, 1, true)
	r.to(30 * second)
	full.FreeInodes = 9
	full.FreeBytes = 1 << 20
	look(full)
	if _, err := r.rec.Start(1, "ann"); !errors.Is(err, ErrNoInodes) {
		t.Errorf("start without inodes: %v", err)
	}
	full.FreeInodes = 500
	look(full)
	if got := r.alarm.others(); len(got) != 0 {
		t.Errorf("alarms %v although there is room", got)
	}
	r.to(40 * second) // the call that is up is recorded from now on
	r.hook(45*second, 1, false)
	r.to(50 * second)
	l := r.one()
	if l.Seal.BeginPos < 27*second || l.Seal.BeginPos > 40*second {
		t.Errorf("it begins at %d", l.Seal.BeginPos)
	}
	r.exact(l, l.Seal.BeginPos, l.Seal.BeginPos+l.Seal.Samples)
}

func TestLostEventsCloseRecordingsAndBeginThemAnew(t *testing.T) {
	r := newRig(t, newBoard(2, driver.ALaw), voltage(), nil)
	r.hook(5*second, 1, true)
	r.to(20 * second)
	err := r.rec.ask("overflow", 1, func(*watch, int64) error {
		r.rec.overflow(r.rec.order, []int64{r.rec.order[0].fed, r.rec.order[1].fed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.hook(30*second, 1, false)
	r.to(40 * second)
	all := r.settle()
	if len(all) != 2 {
		t.Fatalf("%d recordings, want 2 segments", len(all))
	}
	r.exact(all[0], all[0].Seal.BeginPos, 20*second)
	r.exact(all[1], 20*second, all[1].Seal.BeginPos+all[1].Seal.Samples)
	if all[0].Seal.EndedBy != EndOverflow || all[1].Seal.Previous != all[0].ID || all[1].Seal.EndedBy != "on-hook" {
		t.Errorf("ended by %q, then %q", all[0].Seal.EndedBy, all[1].Seal.EndedBy)
	}
}

func TestASlowDiskIsSaidWhileItHangsAndTakenBackAfterTenGoodSyncs(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{}, nil)
	s := newSlowness(time.Millisecond, r.rec.slow)
	s.begin()
	until(t, "the alarm", func() bool { return slices.Contains(r.alarm.standing(), AlarmSlow) })
	if s.end() {
		t.Error("an operation that took too long was in time")
	}
	for range goodSyncs - 1 {
		r.rec.quick()
	}
	if !slices.Contains(r.alarm.standing(), AlarmSlow) {
		t.Error("the alarm was taken back too early")
	}
	r.rec.quick()
	if slices.Contains(r.alarm.standing(), AlarmSlow) {
		t.Error("the alarm was not taken back")
	}
}

func TestMetricsAreNamedWell(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Continuous}, nil,
		func(_ *rig, c *Config, _ *channels.Config) { c.Registerer = reg })
	r.to(10 * second)
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	if n := testutil.ToFloat64(r.rec.metrics.started.WithLabelValues(Continuous)); n != 1 {
		t.Errorf("%v recordings were started, want 1", n)
	}
}
