package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// MakeDisk makes an empty disk image with a file system, "ext4" or "xfs".
func MakeDisk(path, fs string, megabytes int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(megabytes<<20), f.Close()); err != nil {
		return err
	}
	args := map[string][]string{"ext4": {"mkfs.ext4", "-q", "-F"}, "xfs": {"mkfs.xfs", "-q", "-f"}}[fs]
	cmd := exec.Command("/usr/sbin/"+args[0], append(args[1:], path)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", args[0], err, out)
	}
	return nil
}

// A Guest is a machine of the project's lab that runs a command.
type Guest struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	log   strings.Builder
}

// Boot starts a guest on a disk, which becomes /mnt, with files beside the
// command. A power cut is an ended QEMU; the disk's file system is a real one.
// The guest's time is counted in instructions, so that a busy host does not make
// it late; where it idles it waits in real time, or a slow host disk would make
// its clock jump.
func Boot(ctx context.Context, work, disk, fs string, files []string, command string) (*Guest, error) {
	args := append([]string{"-wait", "-t", "900", "-mem", "1024", "-disk", disk + ":" + fs, "--"}, files...)
	cmd := exec.CommandContext(ctx, "../lab/run", append(args, "--", command)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Env = append(os.Environ(), "TMPDIR="+work)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Guest{cmd: cmd, lines: bufio.NewScanner(out)}, nil
}

// Line returns the next line of the guest's console, io.EOF at its end.
func (g *Guest) Line() (string, error) {
	if !g.lines.Scan() {
		return "", errors.Join(io.EOF, g.lines.Err())
	}
	s := g.lines.Text()
	g.log.WriteString(s + "\n")
	return s, nil
}

// Log is the console so far.
func (g *Guest) Log() string { return g.log.String() }

// Cut ends the machine as a power cut does and waits until it is gone.
func (g *Guest) Cut() {
	_ = g.cmd.Process.Signal(syscall.SIGTERM) // lab/run kills QEMU
	for g.lines.Scan() {
	}
	_ = g.cmd.Wait()
}

// Wait waits until the guest has powered off; it fails where the command did.
func (g *Guest) Wait() error {
	for {
		if _, err := g.Line(); err != nil {
			return g.cmd.Wait()
		}
	}
}
