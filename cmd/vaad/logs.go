package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"vaad/console/logs"
	"vaad/doctor"
)

// newLog makes the daemon's logger: to standard error, which systemd keeps, and into a book
// that the console shows, without secrets and telephone numbers.
func newLog(level slog.Level) (*slog.Logger, *logs.Book) {
	book := logs.New(doctor.Mask)
	return slog.New(book.Handler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))), book
}

// keepLogs writes the book's lines below the root until ctx ends. Without that folder
// they are in memory only.
func (d *running) keepLogs(ctx context.Context) {
	if err := d.book.Keep(filepath.Join(d.cfg.Root, "log")); err != nil {
		d.log.Warn("the log is kept in memory only", "error", err)
	}
	d.book.Run(ctx)
}
