package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"vaad/alarm"
	"vaad/settings"
	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

// state is what lives in state.db, opened.
type state struct {
	db     *store.DB
	doc    *settings.Document
	sec    sections
	alarms *alarm.Manager
}

// openState opens state.db, settings and alarms. What was found damaged is
// replaced, logged and raised as an alarm.
func (c Config) openState(log *slog.Logger, reg prometheus.Registerer) (s state, err error) {
	for _, dir := range []string{c.Root, c.Run} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return s, fmt.Errorf("make the folder %s: %w; choose another with --root, or give vaad's user the right to write there", dir, err)
		}
	}
	var report store.Report
	late := make(chan store.Report, 4) // damage found while running, told once alarms are there
	s.db, report, err = store.Open(filepath.Join(c.Root, "state.db"), store.Options{
		Copies: filepath.Join(c.Root, "copies"), Registerer: reg,
		OnDamage: func(r store.Report) {
			select {
			case late <- r:
			default:
			}
		}})
	if errors.Is(err, store.ErrLocked) {
		return s, fmt.Errorf("another vaad runs with the folder %s: stop it first, or give this one a folder of its own with --root", c.Root)
	}
	if err != nil {
		return s, fmt.Errorf("open state.db in %s: %w", c.Root, err)
	}
	if s.alarms, err = alarm.New(alarm.Config{DB: s.db, Registerer: reg, Log: log}); err != nil {
		return s, errors.Join(err, s.db.Close())
	}
	s.damaged(log, report)
	s.sec = newSections()
	var found settings.Report
	s.doc, found, err = settings.New(settings.Config{DB: s.db, Journal: filepath.Join(c.Root, "settings.jsonl"), Sections: s.sec.parts(), Hints: hints(),
		Checks: []func(settings.View) error{s.sec.check}, Fixed: c.fixed(), FixedBy: c.file,
		OnJournal: func(err error) {
			if err != nil {
				s.alarms.Raise("settings-journal", "settings.jsonl", map[string]string{"reason": err.Error()})
				return
			}
			s.alarms.Clear("settings-journal", "settings.jsonl")
		}})
	if err != nil {
		return s, errors.Join(err, s.close())
	}
	go func() { // ends with the process: damage may be found until the last transaction
		for r := range late {
			s.damaged(log, r)
			if err := s.doc.Refill(); err != nil {
				log.Error("settings could not be brought up to date from their journal", "error", err)
			}
		}
	}()
	for _, f := range found.Ignored {
		log.Warn("a stored setting no longer fits and its default is used", "path", f.Path, "fault", f.Text)
		s.alarms.Raise("settings-ignored", f.Path, map[string]string{"path": f.Path, "reason": f.Text})
	}
	if found.Replayed > 0 {
		log.Warn("settings were brought up to date from their journal", "versions", found.Replayed)
	}
	if found.Journal != nil {
		log.Warn("the settings journal was damaged and has been repaired", "error", found.Journal)
		s.alarms.Raise("journal-damaged", "settings.jsonl", map[string]string{"file": "settings.jsonl", "reason": found.Journal.Error()})
	}
	return s, nil
}

// damaged tells loudly that state.db was replaced.
func (s state) damaged(log *slog.Logger, r store.Report) {
	if r.Damaged == nil {
		return
	}
	log.Error("state.db was damaged and has been replaced", "fault", r.Damaged, "moved_to", r.Aside, "restored", r.Restored, "age", r.Age, "rescued", r.Rescued)
	s.alarms.Raise("state-db-damaged", "state.db", map[string]string{"reason": r.Damaged.Error(), "aside": r.Aside, "copy": r.Restored, "age": r.Age.Round(time.Second).String()})
}

// written tells whether state.db takes what is written.
func (s state) written(err error) {
	if err != nil {
		s.alarms.Raise("state-db-failing", "state.db", map[string]string{"reason": err.Error()})
		return
	}
	s.alarms.Clear("state-db-failing", "state.db")
}

func (s state) close() error { return errors.Join(s.alarms.Close(), s.db.Close()) }

// copyHourly makes a verified copy of state.db every hour until ctx ends.
func (s state) copyHourly(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		s.copyNow(ctx, log)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// copyNow makes one, and tells whether it could.
func (s state) copyNow(ctx context.Context, log *slog.Logger) {
	_, err := s.db.HotCopy()
	switch {
	case ctx.Err() != nil: // the daemon ends: that says nothing of copies
	case err != nil:
		log.Error("the hourly copy of state.db failed", "error", err)
		s.alarms.Raise("copy-failed", "state.db", map[string]string{"reason": err.Error()})
	default:
		s.alarms.Clear("copy-failed", "state.db")
	}
}
