package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"vaad/console/logs"
	"vaad/doctor"
	"vaad/systemd/journald"
)

// newLog makes the daemon's logger: into the journal with fields, or as text to standard
// error where that is not the journal's, and into a book that the console shows, without
// secrets and telephone numbers. end is for the last line.
func newLog(level slog.Level) (log *slog.Logger, book *logs.Book, end func()) {
	book = logs.New(doctor.Mask)
	if !journald.StderrIsIt() {
		return slog.New(book.Handler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))), book, func() {}
	}
	to := journald.New(journald.Config{Identifier: "vaad", Prefix: "VAAD_", Level: level, Name: logField})
	return slog.New(book.Handler(to)), book, func() { to.Close(time.Second) }
}

// logField gives the same thing the same field, whoever logs it.
func logField(key string, v slog.Value) string {
	if key == "line" && v.Kind() == slog.KindString {
		return "text" // what a program or a modem said
	}
	return key
}

// keepLogs writes the book's lines below the root until ctx ends. Without that folder
// they are in memory only.
func (d *running) keepLogs(ctx context.Context) {
	if err := d.book.Keep(filepath.Join(d.cfg.Root, "log")); err != nil {
		d.log.Warn("the log is kept in memory only", "error", err)
	}
	d.book.Run(ctx)
}
