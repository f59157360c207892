package keep_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

func TestRecordingsGoWhenTheirTimeIsOverAndNotBefore(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	normal, short, ever := r.record(nil), r.record(class("short")), r.record(class("ever"))
	unknown := r.record(class("gone"))
	r.pass(3 * days)
	r.run()
	r.is(index.StateSealed, normal, short, ever, unknown) // its end was a second later
	r.pass(time.Second)
	if rep := r.run(); rep.Erased.Count != 1 || rep.Trashed.Count != 0 {
		t.Errorf("after three days: %+v", rep)
	}
	r.is(index.StateErased, short)
	r.pass(7 * days)
	plan, err := r.e.Plan(ctx, r.Now())
	r.must(err)
	if len(plan.Items) != 1 || plan.Items[0].ID != normal || plan.Items[0].Action != keep.ToTrash || plan.Parts[0].Name != "normal" {
		t.Errorf("plan: %+v", plan)
	}
	if plan.Unknown.Count != 1 {
		t.Errorf("recordings of a class that is in no policy: %+v, want one", plan.Unknown)
	}
	r.run()
	r.is(index.StateTrash, normal)
	if row := r.row(normal); row.TrashedBy != keep.Actor || !row.Trashed.Equal(r.Now()) {
		t.Errorf("in the trash: %+v", row)
	}
	r.pass(5*days - 1)
	r.run()
	r.is(index.StateTrash, normal)
	r.pass(1)
	r.run()
	r.is(index.StateErased, normal)
	r.pass(10000 * days)
	r.must(r.e.TrustClock())
	r.run()
	r.is(index.StateSealed, ever, unknown)
	if up := r.alarms(); !slices.Equal(up, []string{keep.AlarmUnknown}) {
		t.Errorf("alarms %v", up)
	}
}

func TestAHeldOrProtectedRecordingIsNeverDeleted(t *testing.T) {
	p := twoClasses()
	p.Disk = keep.Disk{When: keep.FullDelete, Reserve: 100 << 30, Unbacked: true}
	r := newRig(t, ramDir(t), p)
	defer func() { r.stop() }()
	all := ids(4, func(int) string { return r.record(class("short")) })
	protected, held, both, trashed := all[0], all[1], all[2], all[3]
	r.must(r.do(archive.ActTrash, "by mistake", trashed))
	r.must(r.do(archive.ActHold, "case 7", held, both, trashed))
	r.must(r.do(archive.ActHold, "case 8", both))
	r.must(r.do(archive.ActProtect, "", protected, both))
	for kind, want := range map[string]error{archive.ActTrash: keep.ErrHeld, archive.ActUndelete: keep.ErrNotTrash} {
		if err := r.do(kind, "", held); !errors.Is(err, want) {
			t.Errorf("%s of a held recording: %v, want %v", kind, err, want)
		}
	}
	if err := r.do(archive.ActTrash, "", protected); !errors.Is(err, keep.ErrProtected) {
		t.Errorf("trash of a protected recording: %v", err)
	}
	out, err := r.e.Erase(ctx, keep.Subject{IDs: all, Force: true}, "ann", "")
	r.must(err)
	for i, o := range out {
		if o.Err == nil {
			t.Errorf("recording %d was erased", i)
		}
	}
	proof, err := r.e.Forget(ctx, keep.Subject{IDs: all}, "ann", "", "")
	r.must(err)
	if len(proof.Erased) > 0 || len(proof.Refused) != 4 || proof.Refused[1].Code != "held" || proof.Refused[0].Code != "protected" {
		t.Errorf("forgetting: %+v", proof)
	}
	r.pass(400 * days)
	r.must(r.e.TrustClock())
	r.free = 1 << 30
	for range 3 {
		r.run()
		_, err := r.e.Watch(ctx)
		r.must(err)
	}
	r.is(index.StateSealed, protected, held, both)
	r.is(index.StateTrash, trashed)
	if !slices.Contains(r.alarms(), keep.AlarmNothing) {
		t.Errorf("alarms %v: nobody is told that nothing may be deleted", r.alarms())
	}
	r.must(r.do(archive.ActRelease, "case 7", held, both))
	r.must(r.do(archive.ActUnprotect, "", protected))
	r.free = 0
	r.run()
	r.is(index.StateErased, protected, held)
	r.is(index.StateSealed, both)
	r.must(r.do(archive.ActRelease, "", trashed))
	r.must(r.do(archive.ActUndelete, "", trashed))
	r.is(index.StateSealed, trashed)
}

func TestWhatSomebodyRemovedByHandDoesNotStopTheRest(t *testing.T) {
	p := twoClasses()
	p.Classes[0].Action = keep.ToErase
	r := newRig(t, ramDir(t), p)
	defer func() { r.stop() }()
	var all []string
	for i := range 20 {
		all = append(all, r.record(class([]string{"short", "normal"}[i%2])))
		r.pass(time.Minute)
	}
	for _, id := range all[:12] {
		r.must(r.disk.Remove("2026/11/22/" + id + ".mixed.wav"))
		r.must(r.disk.Remove("2026/11/22/" + id + ".jsonl"))
	}
	r.pass(20 * days)
	if rep := r.run(); rep.Erased.Count != 20 || rep.Failed > 0 {
		t.Errorf("%+v", rep)
	}
	r.is(index.StateErased, all...)
}

func TestOnlyWhatIsBackedUpGoesWhereTheClassSaysSo(t *testing.T) {
	p := keep.Policy{Default: "safe", Classes: []keep.Class{{Name: "safe", Days: 2, Action: keep.ToErase, NeedsBackup: true},
		{Name: "plain", Days: 2, Action: keep.ToErase}}}
	r := newRig(t, ramDir(t), p)
	defer func() { r.stop() }()
	a, b, c := r.record(nil), r.record(nil), r.record(class("plain"))
	r.backed = func(id string) bool { return id == b }
	u, err := r.e.Unsaved(ctx, 3*days)
	r.must(err)
	if u.Lost.Count != 1 || u.Items[0].ID != c || u.Waiting.Count != 1 || !slices.Contains(r.alarms(), keep.AlarmUnsaved) {
		t.Errorf("unsaved within three days: %+v, alarms %v", u, r.alarms())
	}
	if u, err = r.e.Unsaved(ctx, days); err != nil || u.Lost.Count+u.Waiting.Count > 0 || slices.Contains(r.alarms(), keep.AlarmUnsaved) {
		t.Errorf("unsaved within a day: %+v, %v", u, err)
	}
	r.pass(3 * days)
	plan, err := r.e.Plan(ctx, r.Now())
	r.must(err)
	if rep := r.run(); rep.Erased.Count != 2 || rep.Waiting != 1 || len(plan.Items) != 2 || plan.Parts[0].Waiting != 1 {
		t.Errorf("run %+v, plan %+v", rep, plan)
	}
	r.is(index.StateSealed, a)
	r.is(index.StateErased, b, c)
	r.backed = func(string) bool { return true }
	r.run()
	r.is(index.StateErased, a)
}

func TestCountsAndQuotasTakeTheOldest(t *testing.T) {
	p := keep.Policy{Default: "normal", Classes: []keep.Class{{Name: "normal", Days: 100, TrashDays: 9}, {Name: "few", Count: 2, Action: keep.ToErase},
		{Name: "ever", Forever: true}}, Quotas: []keep.Quota{{Group: "sales", Lines: []int{7}, Count: 3}, {Group: "lab", Lines: []int{8}, Days: 4}}}
	r := newRig(t, ramDir(t), p)
	defer func() { r.stop() }()
	var few, sales, lab []string
	ever := r.record(func(s *archive.Start) { s.Class, s.Line = "ever", 7 })
	for range 5 {
		few, sales, lab = append(few, r.record(class("few"))), append(sales, r.record(on(7))), append(lab, r.record(on(8)))
		r.pass(days)
	}
	plan, err := r.e.Plan(ctx, r.Now())
	r.must(err)
	r.run()
	r.is(index.StateErased, few[:3]...)
	r.is(index.StateSealed, few[3:]...)
	r.is(index.StateTrash, sales[:3]...) // the one that is kept for ever takes room too
	r.is(index.StateSealed, append(sales[3:], ever)...)
	r.is(index.StateTrash, lab[:1]...)
	r.is(index.StateSealed, lab[1:]...)
	if got := len(plan.Items); got != 7 {
		t.Errorf("the plan has %d items: %+v; the run took 7", got, plan.Parts)
	}
	bytes := r.row(sales[3]).Bytes
	p.Quotas = []keep.Quota{{Group: "sales", Lines: []int{7}, Bytes: 2*bytes + 1000}}
	r.policy = p
	r.run()
	r.is(index.StateTrash, sales[3])
	r.is(index.StateSealed, sales[4], ever)
	if l := r.told[len(r.told)-1]; l.Value != "quota sales" || l.Actor != keep.Actor {
		t.Errorf("the journal's reason: %+v", l)
	}
}

func TestUndeleteGivesBackTheLevelAndRestoresARange(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	var all []string
	for range 4 {
		all = append(all, r.record(nil))
		r.pass(time.Hour)
	}
	old := r.record(func(s *archive.Start) { s.Begin = t0.Add(-20 * days) })
	r.run()
	r.is(index.StateTrash, old)
	r.must(r.do(archive.ActTrash, "", all...))
	r.must(r.do(archive.ActProtect, "", all[0])) // also in the trash
	got, err := r.e.Restore(ctx, index.Filter{From: t0.Add(-30 * days), To: t0.Add(2*time.Hour + 1)}, "ann", false)
	r.must(err)
	if got.Count != 3 {
		t.Errorf("%d came back, want 3", got.Count)
	}
	r.is(index.StateSealed, all[:3]...)
	r.is(index.StateTrash, all[3], old)
	if !r.row(all[0]).Protected || !r.row(all[1]).Trashed.IsZero() {
		t.Error("the level is not what it was")
	}
	if got, err = r.e.Restore(ctx, index.Filter{}, "ann", true); err != nil || got.Count != 2 {
		t.Errorf("with those of retention: %+v, %v", got, err)
	}
}

func TestAClockThatJumpsDeletesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		jump   time.Duration
		synced bool
		want   keep.HoldOff
	}{
		"a day late":                {25 * time.Hour, false, keep.NoHoldOff},
		"two days ahead":            {48 * time.Hour, false, keep.ClockAhead},
		"two days, synchronised":    {48 * time.Hour, true, keep.NoHoldOff},
		"ten years ahead":           {3650 * days, false, keep.ClockAhead},
		"ten years, synchronised":   {3650 * days, true, keep.ClockAhead},
		"back":                      {-48 * time.Hour, false, keep.ClockBack},
		"back to 1970":              {-56 * 365 * days, false, keep.ClockBack},
		"a little back":             {-time.Minute, false, keep.NoHoldOff},
		"back, and synchronised":    {-48 * time.Hour, true, keep.NoHoldOff},
		"a month off, synchronised": {30 * days, true, keep.NoHoldOff},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ramDir(t), twoClasses())
			defer func() { r.stop() }()
			old := r.record(func(s *archive.Start) { s.Begin = t0.Add(-2 * days); s.Class = "short" })
			r.record(nil)
			r.run()
			r.synced = c.synced
			r.pass(c.jump)
			rep := r.run()
			if rep.HoldOff != c.want || r.e.Status().HoldOff != c.want {
				t.Errorf("held off: %q, want %q", rep.HoldOff, c.want)
			}
			if _, up := r.up[keep.AlarmClock]; up != (c.want != "") {
				t.Errorf("alarms %v", r.alarms())
			}
			if c.want == "" {
				return
			}
			r.is(index.StateSealed, old)
			r.e, _ = keep.New(keep.Config{Index: r.ix, Archive: spaced{r.a, r}, Policy: func() keep.Policy { return r.policy }, Memory: memory{r},
				Alarms: alarms{r}, Now: r.Now})
			if rep := r.run(); rep.HoldOff != c.want {
				t.Errorf("after a restart: held off %q, want %q", rep.HoldOff, c.want)
			}
			r.must(r.e.TrustClock())
			if rep := r.run(); rep.HoldOff != "" || len(r.alarms()) > 0 {
				t.Errorf("after a person has looked: %+v, alarms %v", rep, r.alarms())
			}
			r.pass(20 * time.Hour)
			if rep := r.run(); rep.HoldOff != "" {
				t.Errorf("a day later: %q", rep.HoldOff)
			}
		})
	}
}

func TestARecordingMadeWithADeadClockIsNotOld(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	dead := r.record(func(s *archive.Start) { s.Begin, s.Class = time.Date(1970, 1, 1, 0, 5, 0, 0, time.UTC), "short" })
	r.run()
	r.is(index.StateSealed, dead)
	r.must(r.do(archive.ActTrash, "", dead))
	r.must(r.do(archive.ActClass, "normal", dead))
	r.pass(5 * days)
	r.run()
	r.is(index.StateErased, dead)
}

func TestAFullDiskIsNeverASurprise(t *testing.T) {
	p := twoClasses()
	p.Disk = keep.Disk{When: keep.FullDelete, Reserve: 10000, Warn: 20000}
	r := newRig(t, ramDir(t), p)
	defer func() { r.stop() }()
	var all []string
	for range 6 {
		all = append(all, r.record(nil))
		r.pass(time.Hour)
	}
	ever := r.record(class("ever"))
	r.must(r.do(archive.ActTrash, "", all[4]))
	r.must(r.do(archive.ActProtect, "", all[0]))
	r.backed, r.mark = func(id string) bool { return id != all[1] }, "the first run"
	look := func(free int64) keep.DiskState {
		r.mu.Lock()
		r.free = free
		r.mu.Unlock()
		s, err := r.e.Watch(ctx)
		r.must(err)
		return s
	}
	if s := look(1 << 40); s.Fullness != keep.Roomy || len(r.alarms()) > 0 {
		t.Errorf("with room: %+v, alarms %v", s, r.alarms())
	}
	if s := look(500); s.Deleted.Count > 0 || !slices.Equal(r.alarms(), []string{keep.AlarmNearFull}) {
		t.Errorf("the first look at a full disk deleted %+v, alarms %v", s.Deleted, r.alarms())
	}
	// Two are needed: the one in the trash, then the oldest that is backed up.
	if s := look(500); s.Deleted.Count != 2 || !slices.Contains(r.alarms(), keep.AlarmDeletes) {
		t.Errorf("deleted %+v, alarms %v", s, r.alarms())
	}
	r.is(index.StateErased, all[4], all[2])
	r.is(index.StateSealed, all[0], all[1], all[3], all[5], ever)
	if l := r.told[len(r.told)-1]; !strings.HasPrefix(l.Value, "disk-full") || l.Actor != keep.Actor {
		t.Errorf("the journal's reason: %+v", l)
	}
	p.Disk.Unbacked = true
	r.policy = p
	look(500)
	r.is(index.StateErased, all[1], all[3])
	for range 3 {
		look(500)
	}
	r.is(index.StateErased, all[5])
	r.is(index.StateSealed, all[0], ever)
	if !slices.Contains(r.alarms(), keep.AlarmNothing) {
		t.Errorf("alarms %v", r.alarms())
	}
	if look(1 << 40); len(r.alarms()) > 0 {
		t.Errorf("with room again: alarms %v", r.alarms())
	}
}

func TestAFullDiskMayStopRecordingInstead(t *testing.T) {
	p := twoClasses()
	p.Disk = keep.Disk{When: keep.FullStop, Reserve: 1000}
	r := newRig(t, ramDir(t), p)
	defer func() { r.stop() }()
	id := r.record(class("short"))
	var told []bool
	e, err := keep.New(keep.Config{Index: r.ix, Archive: spaced{r.a, r}, Policy: func() keep.Policy { return r.policy }, Alarms: alarms{r}, Now: r.Now,
		StopAll: func(stop bool) { told = append(told, stop) }})
	r.must(err)
	for _, free := range []int64{5000, 900, 900, 1020, 1100, 5000, 900} {
		r.mu.Lock()
		r.free = free
		r.mu.Unlock()
		_, err := e.Watch(ctx)
		r.must(err)
	}
	if !slices.Equal(told, []bool{true, false, true}) || !slices.Contains(r.alarms(), keep.AlarmStopped) {
		t.Errorf("told %v, alarms %v", told, r.alarms())
	}
	r.is(index.StateSealed, id)
	r.policy.Disk.When = keep.FullWarn
	_, err = e.Watch(ctx)
	r.must(err)
	if told[len(told)-1] || slices.Contains(r.alarms(), keep.AlarmStopped) {
		t.Errorf("the policy only warns now: told %v, alarms %v", told, r.alarms())
	}
}
