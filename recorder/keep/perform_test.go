package keep_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// approved is a request that bob has approved, for everything given.
func (r *rig) approved(kind keep.RequestKind, all []string) *keep.Desk {
	r.Helper()
	d := keep.NewDesk(&requests{}, func() string { return "Q" }, r.Now)
	_, err := d.Ask(kind, keep.Subject{IDs: all, Force: true}, "ann", "why")
	r.must(err)
	_, err = d.Approve("Q", "bob")
	r.must(err)
	return d
}

// eraseLines are the lines of kind erase of each recording.
func (r *rig) eraseLines() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := map[string]int{}
	for _, l := range r.told {
		if l.Kind == archive.ActErase {
			n[l.ID]++
		}
	}
	return n
}

// on100 calls f when the hundredth erasure is told.
func (r *rig) on100(f func()) {
	n := 0
	r.mu.Lock()
	r.watch = func(l archive.JournalLine) {
		if l.Kind == archive.ActErase {
			if n++; n == 100 {
				f()
			}
		}
	}
	r.mu.Unlock()
}

func TestAnApprovedErasureThatIsInterruptedIsDoneLater(t *testing.T) {
	for _, kind := range []keep.RequestKind{keep.AskErase, keep.AskForget} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t, ramDir(t), twoClasses())
			defer func() { r.stop() }()
			all := ids(300, func(int) string { r.pass(time.Second); return r.record(nil) })
			d := r.approved(kind, all)
			c, cancel := context.WithCancel(ctx)
			r.on100(cancel)
			q, err := r.e.Perform(c, d, "Q")
			if err == nil || q.State != keep.Approved {
				t.Fatalf("interrupted, it is %s, %v", q.State, err)
			}
			if q, err = r.e.Perform(ctx, d, "Q"); err != nil || q.State != keep.Done || q.Erased != 300 || q.Refused != 0 {
				t.Errorf("done: %s, %d erased, %d not, %v", q.State, q.Erased, q.Refused, err)
			}
			r.is(index.StateErased, all...)
		})
	}
}

func TestAnApprovedErasureThatTheDiskRefusesIsDoneLater(t *testing.T) {
	for _, kind := range []keep.RequestKind{keep.AskErase, keep.AskForget} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t, ramDir(t), twoClasses())
			defer func() { r.stop() }()
			plain := ids(3, func(int) string { return r.record(nil) })
			r.stop()
			keys := &stuckKeys{stuck: errors.New("input/output error")}
			r.keys = keys
			r.start()
			r.pass(24 * time.Hour)
			all := append(plain, ids(3, func(int) string { return r.record(nil) })...)
			d := r.approved(kind, all)
			for range 3 {
				if q, err := r.e.Perform(ctx, d, "Q"); err == nil || q.State != keep.Approved {
					t.Fatalf("it is %s, %v", q.State, err)
				}
			}
			if q, err := d.Get("Q"); err != nil || q.Answer == "" {
				t.Errorf("nobody is told what went wrong: %+v, %v", q, err)
			}
			keys.stuck = nil
			q, err := r.e.Perform(ctx, d, "Q")
			if err != nil || q.State != keep.Done || q.Erased != 6 || q.Refused != 0 {
				t.Errorf("done: %s, %d erased, %d not, %v", q.State, q.Erased, q.Refused, err)
			}
			if q.Proof != nil && len(q.Proof.Erased) != 6 {
				t.Errorf("the proof: %+v", q.Proof)
			}
			for id, n := range r.eraseLines() {
				if n > 2 {
					t.Errorf("%s has %d lines of its erasure", id, n)
				}
			}
			r.is(index.StateErased, all...)
		})
	}
}

func TestWhatIsTakenOutOfTheTrashIsNotErasedByALaterApproval(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	all := ids(3, func(int) string { return r.record(nil) })
	r.must(r.do(archive.ActTrash, "", all...))
	d := keep.NewDesk(&requests{}, func() string { return "Q" }, r.Now)
	_, err := d.Ask(keep.AskErase, keep.Subject{IDs: all}, "ann", "the trash")
	r.must(err)
	r.must(r.do(archive.ActUndelete, "", all[1]))
	_, err = d.Approve("Q", "bob")
	r.must(err)
	q, err := r.e.Perform(ctx, d, "Q")
	if err != nil || q.State != keep.Done || q.Erased != 2 || q.Refused != 1 {
		t.Errorf("%+v, %v", q, err)
	}
	r.is(index.StateErased, all[0], all[2])
	r.is(index.StateSealed, all[1])
	out, err := r.e.Erase(ctx, keep.Subject{IDs: all[1:2]}, "ann", "")
	if err != nil || !errors.Is(out[0].Err, keep.ErrNotTrash) {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestARequestThatIsBeingDoneCannotBeTakenBack(t *testing.T) {
	r := newRig(t, ramDir(t), twoClasses())
	defer func() { r.stop() }()
	all := ids(100, func(int) string { r.pass(time.Second); return r.record(nil) })
	d := r.approved(keep.AskForget, all)
	r.on100(func() {
		r.pass(2 * keep.RequestLife)
		for name, try := range map[string]func() (keep.Request, error){
			"withdraw": func() (keep.Request, error) { return d.Withdraw("Q", "ann") },
			"refuse":   func() (keep.Request, error) { return d.Refuse("Q", "bob", "no") },
			"perform":  func() (keep.Request, error) { return r.e.Perform(ctx, d, "Q") },
		} {
			if _, err := try(); !errors.Is(err, keep.ErrWrongState) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if all, err := d.List(); err != nil || all[0].State != keep.Approved {
			t.Errorf("it is %+v, %v", all, err)
		}
	})
	q, err := r.e.Perform(ctx, d, "Q")
	if err != nil || q.State != keep.Done || q.Erased != 100 || q.Proof == nil {
		t.Errorf("%s, %d erased, %v", q.State, q.Erased, err)
	}
	if _, err := d.Withdraw("Q", "ann"); !errors.Is(err, keep.ErrWrongState) {
		t.Errorf("withdrawn when it was done: %v", err)
	}
}
