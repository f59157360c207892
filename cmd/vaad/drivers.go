package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"

	"vaad/channels"
	"vaad/driver"
	"vaad/driver/dahdi"
	"vaad/driver/sim"
	"vaad/driver/voicemodem"
)

// drivers lists every driver of this version, in the order they are tried.
// resetUSB makes the device at a USB port be found anew; nil where nothing is opened.
func drivers(log *slog.Logger, complain func(complaint), resetUSB func(ctx context.Context, port string) error) []driver.Driver {
	return []driver.Driver{
		sim.Driver(sim.WithLogger(log), sim.WithComplaint(func(board string, port int, reason error) {
			complain(complaint{board, port, reason})
		})),
		dahdi.Driver(dahdi.WithLogger(log)),
		voicemodem.Driver(voicemodem.WithLogger(log), voicemodem.WithReset(resetUSB)),
	}
}

// A complaint is about what an outside program sent to a line.
type complaint struct {
	board  string
	port   int
	reason error
}

func nobody(complaint) {}

func driverNames() []string {
	var names []string
	for _, d := range drivers(slog.New(slog.DiscardHandler), nobody, nil) {
		names = append(names, d.Name)
	}
	return names
}

// boards turns the [[board]] tables into what channels runs, joining all faults.
func (c Config) boards(log *slog.Logger, complain func(complaint)) ([]channels.BoardConfig, error) {
	known := drivers(log, complain, c.resetUSB(log))
	var out []channels.BoardConfig
	var errs []error
	for i, b := range c.Boards {
		id, _ := b["id"].(string)
		name, _ := b["driver"].(string)
		opts, err := options(b)
		if err != nil {
			errs = append(errs, fmt.Errorf("board %q: %w", id, err))
			continue
		}
		cfg := driver.Config{ID: id, Dir: filepath.Join(c.Run, id), Options: opts}
		at := -1
		for k := range known {
			if known[k].Name == name {
				at = k
			}
		}
		if at < 0 {
			errs = append(errs, fmt.Errorf("board[%d].driver: %q is not known; this version has %q", i, name, driverNames()))
			continue
		}
		if check := known[at].Check; check != nil {
			errs = append(errs, check(cfg))
		}
		out = append(out, channels.BoardConfig{ID: id, Driver: known[at],
			Candidate: driver.Candidate{ID: id, Model: name}, Config: cfg})
	}
	return out, errors.Join(errs...)
}

// procs is GOMAXPROCS: one more than cores and boards together, so that a board
// loop in a blocking call never waits behind busy goroutines for a slot.
func procs(boards int) int { return runtime.NumCPU() + boards + 1 }
