package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vaad/api"
	"vaad/settings"
	"vaad/store"
	"vaad/upgrade"
)

// upgradeCmd is what vaad-update, which the package's scripts run, asks of a version.
type upgradeCmd struct {
	Look     upgradeLookCmd     `cmd:"" help:"Say which version runs, with which boards."`
	Rehearse upgradeRehearseCmd `cmd:"" help:"Check that this version can read configuration and state, on copies."`
	Keep     upgradeKeepCmd     `cmd:"" help:"Copy the state of a stopped daemon, and print the folder."`
	Restore  upgradeRestoreCmd  `cmd:"" help:"Put back what keep has copied, and print where the newer state is."`
	Gate     upgradeGateCmd     `cmd:"" help:"Wait until the daemon has proven well; fail and say why if it does not."`
	Tidy     upgradeTidyCmd     `cmd:"" help:"Remove old copies of state."`
}

type upgradeLookCmd struct{ place }

type upgradeRehearseCmd struct{ place }

type upgradeKeepCmd struct {
	place
	Name string `required:"" help:"Version that ran."`
}

type upgradeRestoreCmd struct {
	place
	From string `required:"" help:"Folder that keep has printed." type:"path"`
}

type upgradeGateCmd struct {
	place
	Expect   string        `help:"Version that has to run."`
	Baseline string        `help:"What look printed before." type:"path"`
	Within   time.Duration `help:"How long to wait at most." default:"180s"`
}

type upgradeTidyCmd struct{ place }

// Run prints how the daemon is, as JSON.
func (r *upgradeLookCmd) Run(ctx context.Context) error {
	c, err := r.load()
	if err != nil {
		return err
	}
	d, err := c.local()
	if err != nil {
		return err
	}
	b, err := upgrade.Look(ctx, d)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(b)
}

// Run opens the newest hot copy of state.db as the daemon would open the file itself. The daemon
// may be running, of another version.
func (r *upgradeRehearseCmd) Run() (err error) {
	c, err := r.load()
	if err != nil {
		return err
	}
	if _, err := c.boards(slog.New(slog.DiscardHandler), nobody); err != nil {
		return c.at(err)
	}
	copies, _ := filepath.Glob(filepath.Join(c.Root, "copies", "state-*Z.db")) // the pattern is right
	if len(copies) == 0 {                                                      // it never ran for long
		return nil
	}
	dir := filepath.Join(c.Root, "upgrade", ".rehearse")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "state.db")
	if err := store.CopyStopped(copies[len(copies)-1], file); err != nil {
		return fmt.Errorf("the newest copy of state.db: %w", err)
	}
	db, report, err := store.Open(file, store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if report.Damaged != nil {
		return fmt.Errorf("the newest copy of state.db: %w", report.Damaged)
	}
	sec := newSections()
	_, _, err = settings.New(settings.Config{DB: db, Sections: sec.parts(), Hints: hints(), Checks: []func(settings.View) error{sec.check},
		Fixed: c.fixed(), FixedBy: c.file})
	return err
}

// Run prints the folder.
func (r *upgradeKeepCmd) Run() error {
	c, err := r.load()
	if err != nil {
		return err
	}
	dir, err := upgrade.Keep(c.Root, r.Name, time.Now())
	if err != nil {
		return err
	}
	fmt.Println(dir)
	return nil
}

// Run prints where the newer state went.
func (r *upgradeRestoreCmd) Run() error {
	c, err := r.load()
	if err != nil {
		return err
	}
	aside, err := upgrade.Restore(c.Root, r.From, time.Now())
	if err != nil {
		return err
	}
	fmt.Println(aside)
	return nil
}

// Run says nothing when all is well.
func (r *upgradeGateCmd) Run(ctx context.Context) error {
	c, err := r.load()
	if err != nil {
		return err
	}
	d, err := c.local()
	if err != nil {
		return err
	}
	var before upgrade.Baseline
	if b, err := os.ReadFile(r.Baseline); err == nil { // absent: the version before did not answer
		if err := json.Unmarshal(b, &before); err != nil {
			return fmt.Errorf("%s: %w", r.Baseline, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, r.Within)
	defer cancel()
	return upgrade.Gate(ctx, d, before, r.Expect)
}

// Run leaves the newest copies.
func (r *upgradeTidyCmd) Run() error {
	c, err := r.load()
	if err != nil {
		return err
	}
	return upgrade.Tidy(c.Root)
}

// localDaemon asks the daemon of this configuration by its socket.
type localDaemon struct {
	client *api.Client
	plain  *http.Client
}

func (c Config) local() (localDaemon, error) {
	socket := filepath.Join(c.Run, "vaad.sock")
	client, err := api.New(api.Options{Socket: socket, Agent: "vaad upgrade"})
	return localDaemon{client, &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		}}}}, err
}

func (d localDaemon) Status(ctx context.Context) (api.Status, error) { return d.client.Status(ctx) }

func (d localDaemon) Index(ctx context.Context) error {
	_, err := d.client.Recordings(ctx, api.RecordingFilter{Filter: api.Filter{Limit: 1}})
	return err
}

func (d localDaemon) Settings(ctx context.Context) error {
	_, err := d.client.Settings(ctx)
	return err
}

func (d localDaemon) Health(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://vaad/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := d.plain.Do(r)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(said)))
	}
	return err
}

// Restarts is what systemd counts, -1 where it does not say.
func (d localDaemon) Restarts(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "systemctl", "show", "--value", "--property=NRestarts", "vaad.service").Output()
	if err != nil {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		return -1
	}
	return n
}
