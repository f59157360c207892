package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Binaries says where bin/vaad and bin/vaactl are.
type Binaries struct{ Vaad, Vaactl string }

// Build makes the two binaries as shipped, into dir.
func Build(dir string) (Binaries, error) {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", dir+string(filepath.Separator), "vaad/cmd/vaad", "vaad/cmd/vaactl")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return Binaries{}, fmt.Errorf("build: %w\n%s", err, out)
	}
	return Binaries{filepath.Join(dir, "vaad"), filepath.Join(dir, "vaactl")}, nil
}

// A Daemon is one run of bin/vaad on a folder.
type Daemon struct {
	Root string
	bin  Binaries
	cmd  *exec.Cmd
	log  *buffer
	done chan struct{}
	err  error
}

// Start writes config to root/vaad.toml, starts the daemon and waits until its
// API answers and no board is being opened for the first time any more: sockets of
// lines are there before their board takes wishes. env is added to the process's
// environment.
func Start(ctx context.Context, bin Binaries, root, config string, env ...string) (*Daemon, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	if config != "" {
		if err := os.WriteFile(filepath.Join(root, "vaad.toml"), []byte(config), 0o600); err != nil {
			return nil, err
		}
	}
	d := &Daemon{Root: root, bin: bin, log: &buffer{}, done: make(chan struct{})}
	d.cmd = exec.Command(bin.Vaad, "run", "--root", root)
	d.cmd.Env = append(os.Environ(), env...)
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { d.err = d.cmd.Wait(); close(d.done) }()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		if exists(filepath.Join(root, "run", "vaad.sock")) {
			boards, err := Rows[struct{ State string }](ctx, d, "boards")
			if err == nil && !slices.ContainsFunc(boards, func(b struct{ State string }) bool { return b.State == "opening" }) {
				return d, nil
			}
		}
		select {
		case <-d.done:
			return nil, fmt.Errorf("vaad ended at once: %v\n%s", d.err, d.log)
		case <-ctx.Done():
			d.Kill()
			return nil, fmt.Errorf("vaad does not answer\n%s", d.log)
		case <-poll.C:
		}
	}
}

// Kill ends the daemon as a power cut of the process would: SIGKILL.
func (d *Daemon) Kill() {
	d.cmd.Process.Signal(syscall.SIGKILL)
	<-d.done
}

// Stop ends the daemon in order and returns how it ended.
func (d *Daemon) Stop() error {
	d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.done:
	case <-time.After(3 * time.Minute):
		d.cmd.Process.Signal(syscall.SIGQUIT) // its stacks say where it hangs
		<-d.done
		return fmt.Errorf("vaad did not end within three minutes of SIGTERM\n%s", d.log)
	}
	if d.err != nil {
		return fmt.Errorf("%w\n%s", d.err, d.log)
	}
	return nil
}

// Pid is the daemon's process.
func (d *Daemon) Pid() int { return d.cmd.Process.Pid }

// Log is what the daemon has printed so far.
func (d *Daemon) Log() string { return d.log.String() }

// Ctl runs vaactl on the daemon's folder and returns what it printed.
func (d *Daemon) Ctl(ctx context.Context, args ...string) (string, error) {
	return d.bin.Ctl(ctx, d.Root, args...)
}

// Offline runs one of vaad's commands that need no daemon.
func (b Binaries) Offline(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, b.Vaad, args...).CombinedOutput()
	return string(out), err
}

// Ctl runs vaactl on a folder; without a daemon only its offline tools work.
func (b Binaries) Ctl(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.Vaactl, append([]string{"--root", root}, args...)...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("vaactl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errOut.String()))
	}
	return out.String(), nil
}

// Rows runs vaactl with --json and decodes one object per line.
func Rows[T any](ctx context.Context, d *Daemon, args ...string) ([]T, error) {
	out, err := d.Ctl(ctx, append(args, "--json")...)
	if err != nil {
		return nil, err
	}
	var rows []T
	dec := json.NewDecoder(strings.NewReader(out))
	for dec.More() {
		var r T
		if err := dec.Decode(&r); err != nil {
			return rows, fmt.Errorf("vaactl %s: %w in %q", strings.Join(args, " "), err, out)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// Until polls cond every 50 ms until it says true, fails, or ctx ends.
func Until(ctx context.Context, what string, cond func() (bool, error)) error {
	return untilEvery(ctx, 50*time.Millisecond, what, cond)
}

func untilEvery(ctx context.Context, every time.Duration, what string, cond func() (bool, error)) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		ok, err := cond()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waited in vain: %s", what), ctx.Err())
		case <-t.C:
		}
	}
}

// Usage is what a process has used.
type Usage struct {
	CPU     time.Duration // user + system
	AnonKiB int           // RssAnon
}

// Usage reads the daemon's use from /proc (proc(5)).
func (d *Daemon) Usage() (Usage, error) {
	var u Usage
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.Pid()))
	if err != nil {
		return u, err
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	var user, system int64
	fmt.Sscan(f[11], &user)
	fmt.Sscan(f[12], &system)
	u.CPU = time.Duration(user+system) * time.Second / 100 // USER_HZ is 100 on Linux
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.Pid()))
	if err != nil {
		return u, err
	}
	for _, l := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(l, "RssAnon:"); ok {
			fmt.Sscan(rest, &u.AnonKiB)
		}
	}
	return u, nil
}

func exists(p string) bool { _, err := os.Stat(p); return err == nil }

// buffer collects output that a process and a test touch at the same time.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
