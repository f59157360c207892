package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"vaad/recorder/index"
	"vaad/recorder/keep"
)

// Ask files a request, and says that somebody must decide it.
func (k *keeper) Ask(kind keep.RequestKind, what keep.Subject, by, reason string) (keep.Request, error) {
	defer k.tellWaiting()
	return k.Desk.Ask(kind, what, by, reason)
}

// Approve says yes to a request and does it. Where no second person is needed, who asked
// may say so too.
func (k *keeper) Approve(ctx context.Context, id, by string) (keep.Request, error) {
	defer k.tellWaiting()
	if r, err := k.approved(ctx, id, by); err != nil {
		return r, err
	}
	r, err := k.Perform(ctx, k.Desk, id)
	if err != nil {
		ring(k.left) // the daemon goes on
	}
	return r, err
}

// approved notes that somebody said yes. Of a person's data it notes which recordings there
// are: what a crash lets be erased no longer has the number, and must be in the proof.
func (k *keeper) approved(ctx context.Context, id, by string) (keep.Request, error) {
	r, err := k.Desk.Get(id)
	if err != nil || r.State == keep.Approved { // a crash, or the disk, kept it from being done
		return r, err
	}
	return k.Desk.ApproveAs(id, by, !k.Policy().Second, func(r *keep.Request) error {
		f := index.Filter{Number: r.What.Number, States: []string{index.StateSealed, index.StateRecovered, index.StateTrash, index.StateErased}, Limit: 1000}
		for r.Kind == keep.AskForget && r.What.Number != "" && len(r.What.IDs) < keep.MaxOrder {
			p, err := k.d.index.Query(ctx, f)
			if err != nil {
				return err
			}
			for i := range p.Rows {
				r.What.IDs = append(r.What.IDs, p.Rows[i].ID)
			}
			if f.Cursor = p.Next; f.Cursor == "" {
				break
			}
		}
		r.What.IDs = r.What.IDs[:min(len(r.What.IDs), keep.MaxOrder)]
		return nil
	})
}

// Refuse says no.
func (k *keeper) Refuse(id, by, why string) (keep.Request, error) {
	defer k.tellWaiting()
	return k.Desk.Refuse(id, by, why)
}

// Withdraw takes a request back.
func (k *keeper) Withdraw(id, by string) (keep.Request, error) {
	defer k.tellWaiting()
	return k.Desk.Withdraw(id, by)
}

// finish does what was approved and not done: the daemon ended, or the disk refused.
func (k *keeper) finish(ctx context.Context) (again <-chan time.Time) {
	all, err := k.List()
	for i := range all {
		if all[i].State != keep.Approved || ctx.Err() != nil {
			continue
		}
		if _, e := k.Perform(ctx, k.Desk, all[i].ID); !errors.Is(e, keep.ErrWrongState) { // else somebody else is at it
			err = errors.Join(err, e)
		}
	}
	k.tellWaiting()
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	case errors.Is(err, keep.ErrNotNow):
		return time.After(time.Second) // the index is read soon
	}
	k.d.log.Error("what was approved could not be done; it is tried again", "error", err)
	return time.After(time.Minute)
}

// tellWaiting raises or clears the alarm that somebody must decide.
func (k *keeper) tellWaiting() {
	k.waiting.Lock()
	defer k.waiting.Unlock()
	all, err := k.List()
	if err != nil {
		k.d.log.Error("requests for approval cannot be read", "error", err)
		return
	}
	n := 0
	for i := range all {
		if all[i].State == keep.Asked || all[i].State == keep.Approved {
			n++
		}
	}
	if n == 0 {
		k.d.alarms.Clear(alarmApprovals, "approvals")
		return
	}
	k.d.alarms.Raise("approvals-waiting", "approvals", map[string]string{"count": strconv.Itoa(n)})
}
