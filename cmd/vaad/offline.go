package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
	"vaad/settings"
	"vaad/store"
)

// Run is `vaad check`: everything wrong with configuration and settings, or
// the effective whole.
func (r *checkCmd) Run() error {
	c, err := r.load()
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	if _, err := c.boards(quiet, nobody); err != nil {
		return err
	}
	from := c.file
	if from == "" {
		from = "none: the simulated board runs"
	}
	fmt.Printf("# configuration file: %s\n# root: %s\n# run: %s\n# listen: %s\n", from, c.Root, c.Run, c.Listen)
	for _, b := range c.Boards {
		opts, err := options(b)
		if err != nil {
			return err
		}
		fmt.Printf("# board %v: driver %v, %s\n", b["id"], b["driver"], opts)
	}
	doc, closeDB, err := c.peekSettings()
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("the daemon runs with %s: its settings are shown by vaactl --root %s settings export", c.Root, c.Root)
	}
	if err != nil {
		return err
	}
	defer func() { _ = closeDB() }() // nothing was written
	paths, _ := doc.Fixed()
	for _, p := range paths {
		fmt.Printf("# fixed by file: %s\n", p)
	}
	_, err = os.Stdout.Write(doc.Export())
	return err
}

// peekSettings reads the settings of a stopped daemon; where there are none yet,
// the defaults with what the file fixes.
func (c Config) peekSettings() (*settings.Document, func() error, error) {
	path := filepath.Join(c.Root, "state.db")
	if !exists(path) {
		dir, err := os.MkdirTemp("", "vaad-check-")
		if err != nil {
			return nil, nil, err
		}
		defer os.RemoveAll(dir)
		path = filepath.Join(dir, "state.db")
	}
	db, _, err := store.Open(path, store.Options{Copies: filepath.Join(c.Root, "copies")})
	if err != nil {
		return nil, nil, err
	}
	sec := newSections()
	doc, _, err := settings.New(settings.Config{DB: db, Sections: sec.parts(), Checks: []func(settings.View) error{sec.check}, Fixed: c.fixed(), FixedBy: c.file})
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return doc, db.Close, nil
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
