package main

import (
	"errors"
	"fmt"
	"slices"

	"vaad/calls"
	"vaad/channels"
	"vaad/recorder"
	"vaad/store"
)

// maskDoc is what is kept out of the recordings of a line on purpose: more keys of a line.
type maskDoc struct {
	PauseKey    string `json:"pause_key"`     // the sequence that pauses recording, * or # and more; "" = none
	ResumeKey   string `json:"resume_key"`    // the one that ends a pause; may be the same
	PauseMaxS   int    `json:"pause_max_s"`   // a pause ends by itself after so long
	PauseAlarmS int    `json:"pause_alarm_s"` // an alarm is raised for a pause that lasts so long; 0 = none
	PauseBackMS int    `json:"pause_back_ms"` // a pause leaves out what was said so long before; recordings are written so much later
	MaskKeys    string `json:"mask_keys"`     // tones of keys that are silence, and keys that are not named: off, paused (in a pause), talking (in calls, but for what is dialled), always; "" = the profile's, or paused
}

func defaultMask() maskDoc { return maskDoc{PauseMaxS: 300} }

// into adds them to what the recorder needs of a line.
func (d maskDoc) into(c recorder.LineConfig) recorder.LineConfig {
	c.PauseKey, c.ResumeKey, c.PauseMaxS, c.PauseAlarmS, c.PauseBackMS = d.PauseKey, d.ResumeKey, d.PauseMaxS, d.PauseAlarmS, d.PauseBackMS
	return c
}

// pauses keeps in state.db which lines are paused, so that a restart in the middle of
// a card number does not record the rest of it.
type pauses struct{ db *store.DB }

func pauseRows() store.Bucket[recorder.Pause] {
	return store.NewBucket[recorder.Pause]("recorder.pauses")
}

// Load implements recorder.Pauses.
func (p pauses) Load() (all []recorder.Pause, err error) {
	err = p.db.View(func(tx *store.Tx) error {
		return pauseRows().Range(tx, "", "", func(_ string, one recorder.Pause) bool {
			all = append(all, one)
			return true
		})
	})
	return all, err
}

// Save implements recorder.Pauses.
func (p pauses) Save(all []recorder.Pause) error {
	return p.db.Update(func(tx *store.Tx) error {
		var old []string
		if err := pauseRows().Range(tx, "", "", func(key string, _ recorder.Pause) bool {
			old = append(old, key)
			return true
		}); err != nil {
			return err
		}
		var errs []error
		for _, key := range old {
			errs = append(errs, pauseRows().Delete(tx, key))
		}
		for i := range all {
			errs = append(errs, pauseRows().Put(tx, store.Key(uint64(all[i].Line)), all[i]))
		}
		return errors.Join(errs...)
	})
}

// partners are the lines whose parties hear that line's now.
func (c *conversations) partners(line int) (lines []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.legs {
		if l.Line == line && l.State != calls.LegEndedNow {
			lines = append(lines, c.lines(l.Bridge)...)
		}
	}
	return lines
}

// lines are those of the legs in a bridge. c.mu is held.
func (c *conversations) lines(bridge string) (lines []int) {
	for _, id := range c.bridges[bridge] {
		if l := c.legs[id]; l != nil {
			lines = append(lines, l.Line)
		}
	}
	return lines
}

// joined tells the recorder who is connected: what one line leaves out, all do.
func (c *conversations) joined(bridge string) {
	if c.connected != nil && bridge != "" {
		c.connected(c.lines(bridge))
	}
}

// badMask is what is wrong with mask_keys.
func badMask(v string) error {
	if v != "" && !slices.Contains(channels.Masks(), v) {
		return fmt.Errorf("%q is not known; use one of %q, or nothing", v, channels.Masks())
	}
	return nil
}

// keyed is the trigger as far as sequences of keys must not be alike.
func keyed(trigger string) string {
	if trigger == recorder.Key {
		return trigger
	}
	return ""
}
