package main

import (
	"errors"
	"fmt"
	"net/mail"
	"path/filepath"
	"time"

	"vaad/api"
	"vaad/recorder/evidence"
	"vaad/recorder/evidence/stamp"
	"vaad/settings"
)

// evidenceDoc is how the evidence log is signed.
type evidenceDoc struct {
	CheckpointMinutes int    `json:"checkpoint_minutes"` // between checkpoints, where there are new journal lines
	Anchor            string `json:"anchor"`             // folder or file that checkpoints are copied to; "" = none

	MailTo    []string `json:"mail_to"`    // who gets new checkpoints by e-mail; nobody: none are sent
	MailHours int      `json:"mail_hours"` // at least so long between two mails
	TSA       string   `json:"tsa"`        // address of a time stamp authority (RFC 3161); "" = none
	TSARoots  string   `json:"tsa_roots"`  // file of certificates that its own must lead to; "" = not checked when it comes
	TSAHours  int      `json:"tsa_hours"`  // at least so long between two stamps
}

func (e evidenceDoc) validate() error {
	var errs []error
	if e.CheckpointMinutes < 1 || e.CheckpointMinutes > 24*60 {
		errs = append(errs, fmt.Errorf("checkpoint_minutes: %d is not within 1 to 1440", e.CheckpointMinutes))
	}
	if e.Anchor != "" && !filepath.IsAbs(e.Anchor) {
		errs = append(errs, fmt.Errorf("anchor: %q: give the whole path of a folder, from /", e.Anchor))
	}
	for i, to := range e.MailTo {
		if _, err := mail.ParseAddress(to); err != nil {
			errs = append(errs, fmt.Errorf("mail_to.%d: %q is no address", i, to))
		}
	}
	for key, h := range map[string]int{"mail_hours": e.MailHours, "tsa_hours": e.TSAHours} {
		if h < 1 || h > 31*24 {
			errs = append(errs, fmt.Errorf("%s: %d is not within 1 to 744", key, h))
		}
	}
	if e.TSA != "" {
		if err := stamp.BadAddress(e.TSA); err != nil {
			errs = append(errs, fmt.Errorf("tsa: %w", err))
		}
	}
	if e.TSARoots != "" && !filepath.IsAbs(e.TSARoots) {
		errs = append(errs, fmt.Errorf("tsa_roots: %q: give the whole path of a file, from /", e.TSARoots))
	}
	return errors.Join(errs...)
}

// evidenceSections is the part of the settings that is about evidence.
type evidenceSections struct {
	evidence settings.Section[evidenceDoc]
}

func newEvidenceSections() evidenceSections {
	return evidenceSections{settings.NewSection("evidence", evidenceDoc{CheckpointMinutes: int(evidence.DefaultEvery / time.Minute), MailTo: []string{}, MailHours: 24, TSAHours: 24}, evidenceDoc.validate)}
}

// openEvidence opens the evidence log. Without it recordings are made all the
// same, and an alarm is up.
func (d *running) openEvidence(opened *undo) {
	log, err := evidence.Open(evidence.Config{Root: filepath.Join(d.cfg.Root, "recordings"), Keys: filepath.Join(d.cfg.Root, "evidence"),
		Archive: d.archive, Audit: d.auditHead, Pool: d.pool, Alarms: d.alarms, Logger: d.log, Registerer: d.reg, Settings: func() evidence.Settings {
			e := d.sec.evidence.Get(d.doc)
			return evidence.Settings{Every: time.Duration(e.CheckpointMinutes) * time.Minute, Anchor: e.Anchor}
		}})
	if err != nil {
		d.log.Error("there is no evidence log in this run", "error", err)
		d.alarms.Raise(evidence.AlarmFailed, "recordings", map[string]string{"reason": err.Error()})
		return
	}
	d.tree = log
	opened.add(log.Close)
}

// proven is how far recordings are proven; nil without a log.
func (d *running) proven() *api.Evidence {
	if d.tree == nil {
		return nil
	}
	s := d.tree.State()
	e := &api.Evidence{Key: s.Key, Lines: s.Leaves, Signed: s.Signed}
	if !s.Last.IsZero() {
		e.Checkpoint = &s.Last
	}
	return e
}
