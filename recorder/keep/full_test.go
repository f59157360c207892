package keep_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/crypt"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// stuckKeys are keys that cannot be erased while stuck says why.
type stuckKeys struct{ stuck error }

func (*stuckKeys) Key(archive.Day, string, crypt.KeyID) (crypt.Key, error) {
	return crypt.Key{}, archive.ErrNoKey
}

func (*stuckKeys) Make(_ archive.Day, ids []string) (map[string]crypt.Key, error) {
	all := map[string]crypt.Key{}
	for _, id := range ids {
		all[id] = crypt.Key{1}
	}
	return all, nil
}

func (k *stuckKeys) Erase(archive.Day, ...string) error { return k.stuck }

// lockedKeys are keys that say before that they cannot be erased.
type lockedKeys struct{ *stuckKeys }

func (k lockedKeys) CanErase() error { return k.stuck }

// fullRig is a disk that needs the room of two recordings.
func fullRig(t *testing.T, keys archive.Keyring) (r *rig, all []string) {
	p := twoClasses()
	p.Disk = keep.Disk{When: keep.FullDelete, Unbacked: true, Reserve: 10000}
	r = newRig(t, ramDir(t), p)
	r.stop()
	r.keys = keys
	r.start()
	all = ids(20, func(int) string { r.pass(time.Minute); return r.record(nil) })
	r.mu.Lock()
	r.free = 500
	r.mu.Unlock()
	_, err := r.e.Watch(ctx) // the alarm comes first
	r.must(err)
	return r, all
}

func (r *rig) erased(all []string) (n int) {
	for _, id := range all {
		if r.row(id).State == index.StateErased {
			n++
		}
	}
	return n
}

func TestAFullDiskErasesNothingMoreWhileAnErasureIsUnfinished(t *testing.T) {
	keys := &stuckKeys{stuck: errors.New("input/output error")}
	r, all := fullRig(t, keys)
	defer func() { r.stop() }()
	first := 0
	for minute := range 5 {
		_, err := r.e.Watch(ctx)
		if err == nil {
			t.Fatalf("minute %d: nobody is told that nothing could be erased", minute)
		}
		if minute == 0 {
			first = r.erased(all)
		}
		r.pass(time.Minute)
	}
	if n := r.erased(all); n != first {
		t.Errorf("%d recordings are erased in the journal, %d of them by the first look: it runs away", n, first)
	}
	if !slices.Contains(r.alarms(), keep.AlarmFailed) {
		t.Errorf("alarms %v", r.alarms())
	}
	keys.stuck = nil
	_, err := r.e.Watch(ctx)
	r.must(err)
	for _, id := range all[:first] {
		if _, err := r.a.Find(id); err == nil {
			t.Errorf("%s is erased and its files are there", id)
		}
	}
	if slices.Contains(r.alarms(), keep.AlarmFailed) {
		t.Errorf("alarms %v", r.alarms())
	}
}

func TestARecordingWhoseKeyCannotBeErasedIsNotErasedInTheJournalOnly(t *testing.T) {
	keys := lockedKeys{&stuckKeys{stuck: archive.ErrKeys}}
	r, all := fullRig(t, keys)
	defer func() { r.stop() }()
	out, err := r.e.Erase(ctx, keep.Subject{IDs: all[:3], Force: true}, "ann", "")
	r.must(err)
	for _, o := range out {
		if !errors.Is(o.Err, archive.ErrKeys) {
			t.Errorf("%+v", o)
		}
	}
	r.is(index.StateSealed, all...)
	keys.stuck = nil
	out, err = r.e.Erase(ctx, keep.Subject{IDs: all[:3], Force: true}, "ann", "")
	r.must(err)
	if out[0].Err != nil {
		t.Error(out[0].Err)
	}
	r.is(index.StateErased, all[:3]...)
}

// counting counts the pages that are asked of an index.
type counting struct {
	keep.Index
	pages int
}

func (c *counting) Query(ctx context.Context, f index.Filter) (index.Page, error) {
	if f.Oldest {
		c.pages++
	}
	return c.Index.Query(ctx, f)
}

func TestAFullDiskWithNothingToDeleteIsNotWalkedEveryMinute(t *testing.T) {
	p := twoClasses()
	p.Disk = keep.Disk{When: keep.FullDelete, Reserve: 10000}
	r := newRig(t, ramDir(t), p)
	defer func() { r.stop() }()
	all := ids(3, func(int) string { r.pass(time.Minute); return r.record(nil) })
	ix, paced := &counting{Index: r.ix}, 0
	var err error
	r.e, err = keep.New(keep.Config{Index: ix, Archive: spaced{r.a, r}, Policy: func() keep.Policy { return r.policy }, Backups: backups{r}, Alarms: alarms{r}, Now: r.Now,
		Synced: func() bool { return true }, Pace: func(ctx context.Context) error { paced++; return ctx.Err() }})
	r.must(err)
	r.free = 500
	look := func(what string, pages bool) {
		t.Helper()
		r.pass(time.Minute)
		ix.pages, paced = 0, 0
		_, err := r.e.Watch(ctx)
		r.must(err)
		if ix.pages > 0 != pages || pages && paced < ix.pages {
			t.Errorf("%s: %d pages, paced %d times", what, ix.pages, paced)
		}
	}
	look("the alarm first", false)
	look("there is no backup at all", false)
	if !slices.Contains(r.alarms(), keep.AlarmNothing) {
		t.Errorf("alarms %v", r.alarms())
	}
	r.mark = "a run of nothing"
	look("after a backup", true)
	look("as before", false)
	r.must(r.do(archive.ActTrash, "", all[2]))
	look("the trash has changed", true)
	look("as before", false)
	r.pass(time.Hour)
	look("after an hour", true)
	look("as before", false)
	r.is(index.StateSealed, all[:2]...)
	r.backed, r.mark = func(string) bool { return true }, "a run of all"
	look("after a backup", true)
	r.is(index.StateErased, all[2], all[0])
}
