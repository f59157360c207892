package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"vaad/console"
	"vaad/store"
)

// A trial is a change of the network that is taken back unless somebody comes
// in through what it has made and confirms it. It stands in state.db: a restart
// takes it back. Docs: docs/formats/state.md.
type trial struct {
	Before json.RawMessage `json:"before"` // the settings of the network before it
	Until  time.Time       `json:"until"`
	By     string          `json:"by"`
}

func trialRow() store.Bucket[trial] { return store.NewBucket[trial]("network.trial") }

const theTrial = "now"

// Changed says that somebody who came in by a door has changed the settings. A change
// that leaves that door as it was cannot cut them off.
func (d *doors) Changed(before json.RawMessage, by, door string) {
	if bytes.Equal(before, d.Settings()) {
		return
	}
	var was networkDoc
	if json.Unmarshal(before, &was) != nil {
		return
	}
	named := func(plans []doorPlan) (doorPlan, bool) {
		i := slices.IndexFunc(plans, func(p doorPlan) bool { return p.name() == door })
		if i < 0 {
			return doorPlan{}, false
		}
		return plans[i], true
	}
	old, came := named(was.doors(d.local))
	now, stays := named(d.sec.network.Get(d.doc).doors(d.local))
	d.mu.Lock()
	if d.trial == nil && (!came || stays && old == now) { // by the socket, or nothing happens to the door
		d.mu.Unlock()
		return
	}
	if d.trial == nil {
		d.trial = &trial{Before: before}
	}
	d.trial.Until, d.trial.By = d.now().Add(confirmLimit), by
	t := *d.trial
	d.mu.Unlock()
	d.log.Warn("a change of the network is tried: it is taken back unless it is confirmed", "by", by, "until", t.Until)
	if err := d.db.Update(func(tx *store.Tx) error { return trialRow().Put(tx, theTrial, t) }); err != nil {
		d.log.Error("the trial could not be kept: a restart would not take it back", "error", err)
	}
	ring(d.bell) // and wait no longer than until then
}

// overdue fires when the trial is over.
func (d *doors) overdue() <-chan time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.trial == nil {
		return nil
	}
	return time.After(d.trial.Until.Sub(d.now()))
}

// Confirm keeps what is tried.
func (d *doors) Confirm(door string) error {
	plans := d.sec.network.Get(d.doc).doors(d.local)
	there := slices.ContainsFunc(plans, func(p doorPlan) bool { return p.name() == door })
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.trial == nil:
		return console.ErrNoTrial
	case !there && door != string(console.LocalDoor):
		return console.ErrClosingDoor
	}
	d.trial = nil
	return d.forget()
}

func (d *doors) forget() error {
	return d.db.Update(func(tx *store.Tx) error { return trialRow().Delete(tx, theTrial) })
}

// Revert takes back what is tried.
func (d *doors) Revert() error { return d.revert("taken back") }

func (d *doors) revert(why string) error {
	d.mu.Lock()
	t := d.trial
	d.trial = nil
	d.mu.Unlock()
	if t == nil {
		return console.ErrNoTrial
	}
	d.log.Warn("a change of the network is taken back", "why", why)
	err := d.restore(*t, why)
	if err != nil { // a disk that is full may not stay so: who was cut off waits for it
		d.mu.Lock()
		if d.trial == nil {
			t.Until = d.now().Add(knockAgain)
			d.trial = t
		}
		d.mu.Unlock()
	}
	return err
}

// restore sets what differs back, key by key: what vaad.toml fixes cannot be set at all.
func (d *doors) restore(t trial, why string) error {
	var was, is map[string]json.RawMessage
	if err := json.Unmarshal(t.Before, &was); err != nil {
		return fmt.Errorf("settings before the trial: %w", err)
	}
	if err := json.Unmarshal(d.Settings(), &is); err != nil {
		return fmt.Errorf("settings of the network: %w", err)
	}
	back := map[string]json.RawMessage{}
	for key, v := range was {
		if !bytes.Equal(v, is[key]) {
			back["network."+key] = v
		}
	}
	if len(back) > 0 {
		if _, err := d.doc.SetAll("vaad", why, back); err != nil {
			return err
		}
	}
	return d.forget()
}

// revertUnconfirmed takes back, at the start, what nobody has confirmed.
func (d *doors) revertUnconfirmed() error {
	var t trial
	var found bool
	err := d.db.View(func(tx *store.Tx) (err error) {
		t, found, err = trialRow().Get(tx, theTrial)
		return err
	})
	if err != nil || !found {
		return err
	}
	if err := d.restore(t, "nobody confirmed it before the restart"); err != nil { // a disk that is full may not stay so
		t.Until = d.now().Add(confirmLimit)
		d.mu.Lock()
		d.trial = &t
		d.mu.Unlock()
		return err
	}
	return nil
}
