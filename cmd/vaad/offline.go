package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"vaad/doctor"
	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/settings"
	"vaad/store"
)

// Run is `vaad check`: everything wrong with configuration and settings, or
// the effective whole. The daemon may be running, as before a restart.
func (r *checkCmd) Run() error {
	c, err := r.load()
	if err != nil {
		return err
	}
	_, err = c.boards(slog.New(slog.DiscardHandler), nobody)
	doc, found, closeAll, err2 := c.peekSettings()
	if err = errors.Join(c.at(err), err2); err != nil {
		return err
	}
	defer func() { _ = closeAll() }() // nothing was written
	from := c.file
	if from == "" {
		from = "none: the simulated board runs"
	}
	fmt.Printf("# configuration file: %s\n# root: %s\n# run: %s\n# listen: %s\n", from, c.Root, c.Run, c.Listen)
	var configured []doctor.Board
	for _, b := range c.Boards {
		id, _ := b["id"].(string)
		configured = append(configured, doctor.Board{ID: id})
		opts, err := options(b)
		if err != nil {
			return err
		}
		fmt.Printf("# board %v: driver %v, %s\n", b["id"], b["driver"], opts)
		if log, ok := b["replay"].(string); ok {
			if _, err := os.Stat(log); err != nil {
				fmt.Printf("# board %v: it stays failed until its frame log is there: %v\n", b["id"], err)
			}
		}
	}
	raw, err := doc.Get("")
	if err != nil {
		return err
	}
	for _, f := range found.Ignored {
		fmt.Printf("# no longer fits, its default is used: %s\n", f)
	}
	for _, s := range doctor.Strays(raw, configured) {
		fmt.Printf("# does nothing, as there is no board %s in the configuration: %s\n", s.Board, s.Named())
	}
	paths, _ := doc.Fixed()
	for _, p := range paths {
		fmt.Printf("# fixed by file: %s\n", p)
	}
	var whole bytes.Buffer
	if err := json.Indent(&whole, raw, "", "  "); err != nil {
		return err
	}
	fmt.Println(whole.String())
	return nil
}

// peekSettings reads the settings of a stopped daemon from state.db, those of a
// running one from a copy of their journal; where there are none yet, it gives
// the defaults with what the file fixes.
func (c Config) peekSettings() (doc *settings.Document, found settings.Report, closeAll func() error, err error) {
	path, journal := filepath.Join(c.Root, "state.db"), ""
	var db *store.DB
	closeAll = func() error { return db.Close() }
	if exists(path) {
		db, _, err = store.Open(path, store.Options{Copies: filepath.Join(c.Root, "copies")})
	}
	if db == nil && (err == nil || errors.Is(err, store.ErrLocked)) {
		var dir string
		if dir, err = os.MkdirTemp("", "vaad-check-"); err != nil {
			return nil, found, nil, err
		}
		closeAll = func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }
		journal = filepath.Join(dir, "settings.jsonl")
		if b, err := os.ReadFile(filepath.Join(c.Root, "settings.jsonl")); err == nil {
			if err := os.WriteFile(journal, b, 0o600); err != nil {
				return nil, found, nil, errors.Join(err, os.RemoveAll(dir))
			}
		}
		if db, _, err = store.Open(filepath.Join(dir, "state.db"), store.Options{}); err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err != nil {
		return nil, found, nil, err
	}
	sec := newSections()
	doc, found, err = settings.New(settings.Config{DB: db, Journal: journal, Sections: sec.parts(), Hints: hints(), Checks: []func(settings.View) error{sec.check},
		Fixed: c.fixed(), FixedBy: c.file})
	if err != nil {
		return nil, found, nil, errors.Join(err, closeAll())
	}
	return doc, found, closeAll, nil
}

// Run is `vaad reindex`: index.db made anew from the day journals.
func (r *reindexCmd) Run(ctx context.Context) error {
	c, err := r.load()
	if err != nil {
		return err
	}
	reader, err := archive.OpenReadOnly(filepath.Join(c.Root, "recordings"), nil)
	if err != nil {
		return fmt.Errorf("open recordings: %w", err)
	}
	ix, err := index.Open(index.Config{Path: filepath.Join(c.Root, "index.db"), Journals: reader,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("the daemon runs with %s: use vaactl --root %s reindex, or stop it first", c.Root, c.Root)
	}
	if err != nil {
		return err
	}
	began := time.Now()
	err = ix.Rebuild(ctx)
	took := time.Since(began).Round(time.Millisecond)
	page, qerr := ix.Query(ctx, index.Filter{Limit: 1})
	if err = errors.Join(err, qerr, ix.Close()); err != nil {
		return fmt.Errorf("rebuild the index: %w", err)
	}
	least := ""
	if page.AtLeast {
		least = "at least "
	}
	fmt.Printf("index.db holds %s%d recordings, rebuilt in %v\n", least, page.Count, took)
	return nil
}
