package removable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
)

// System is what the machine does with disks.
type System interface {
	// Find finds a disk's device; [target.ErrGone] when none is there. Since changes
	// when it was unplugged and plugged in again.
	Find() (device, since string, err error)
	// Mounted says where all of the device is mounted, "" = nowhere.
	Mounted(device string) (string, error)
	// Mount mounts the device; who asks looks at Mounted then.
	Mount(ctx context.Context, device string) error
	// Unmount unmounts what is mounted there; [target.ErrRefused] when somebody else
	// has to.
	Unmount(ctx context.Context, device, point string) error
	// Open opens a folder of what is mounted at point.
	Open(point, folder string) (folder.Disk, error)
	// Sync writes out what is mounted at point.
	Sync(point string) error
}

// Machine is this machine.
type Machine struct {
	Config target.Removable
	Disks  string // "/dev/disk"; tests have another
	Run    func(ctx context.Context, name string, args ...string) error
}

// Find implements System.
func (m *Machine) Find() (string, string, error) {
	link := filepath.Join(m.Disks, "by-uuid", escape(m.Config.UUID))
	what := "UUID " + m.Config.UUID
	if m.Config.Label != "" {
		link = filepath.Join(m.Disks, "by-label", escape(m.Config.Label))
		what = "label " + m.Config.Label
	}
	st, err := os.Lstat(link)
	var device string
	if err == nil {
		device, err = filepath.EvalSymlinks(link)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", folder.Gone("no disk with %s is plugged in", what)
	}
	if err != nil {
		return "", "", err
	}
	return device, st.ModTime().Format(time.RFC3339Nano), nil
}

// escape is how udev writes a label into a name.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 0x80 || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("#+-.:=@_", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// Mounted implements System.
func (m *Machine) Mounted(device string) (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(device, &st); err != nil {
		return "", &fs.PathError{Op: "stat", Path: device, Err: err}
	}
	dev := fmt.Sprintf("%d:%d", unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev)))
	all, err := folder.Mounts()
	if err != nil {
		return "", err
	}
	for _, x := range all {
		if x.Root != "/" {
			continue
		}
		if x.Dev == dev {
			return x.Point, nil
		}
		if source, err := filepath.EvalSymlinks(x.Source); err == nil && source == device { // btrfs numbers devices in its own way
			return x.Point, nil
		}
	}
	return "", nil
}

// Mount implements System.
func (m *Machine) Mount(ctx context.Context, device string) error {
	switch at := m.Config.At; m.Config.Mounts {
	case "udisks":
		return m.Run(ctx, "udisksctl", "mount", "--no-user-interaction", "-b", device)
	case "systemd":
		return m.Run(ctx, "systemd-mount", "--no-ask-password", "--collect", "--options=nosuid,nodev,noexec", device, at)
	case "mount":
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		return m.Run(ctx, "mount", "-o", "nosuid,nodev,noexec", "--", device, at)
	}
	return folder.Gone("%s is plugged in and not mounted", device)
}

// Unmount implements System.
func (m *Machine) Unmount(ctx context.Context, device, point string) error {
	switch m.Config.Mounts {
	case "udisks":
		return m.Run(ctx, "udisksctl", "unmount", "--no-user-interaction", "-b", device)
	case "systemd":
		return m.Run(ctx, "systemd-mount", "--no-ask-password", "--umount", point)
	case "mount":
		return m.Run(ctx, "umount", "--", point)
	}
	return folder.Classed(target.ErrRefused, fmt.Errorf("everything is written out, but it is not vaad that mounts this disk: unmount %s", point))
}

// Open implements System.
func (m *Machine) Open(point, dir string) (folder.Disk, error) { return folder.Below(point, dir) }

// Sync implements System.
func (m *Machine) Sync(point string) error {
	f, err := os.Open(point)
	if err != nil {
		return err
	}
	if err = unix.Syncfs(int(f.Fd())); err != nil {
		err = &fs.PathError{Op: "sync", Path: point, Err: err}
	}
	return errors.Join(err, f.Close())
}

// maxSaid is how much of what a program says is kept, in bytes.
const maxSaid = 4096

// run runs a program, without a shell; what it says is the error's text.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if err == nil {
		return nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s is not installed", name)
	}
	text := strings.Join(strings.Fields(string(said.Bytes()[:min(said.Len(), maxSaid)])), " ")
	err = fmt.Errorf("%s: %w: %s", name, err, text)
	for words, class := range map[string]error{
		"busy": target.ErrRefused, "not authorized": target.ErrAuth, "NotAuthorized": target.ErrAuth, "must be superuser": target.ErrAuth,
		"permission denied": target.ErrAuth, "wrong fs type": target.ErrCorrupt,
	} {
		if strings.Contains(text, words) {
			return folder.Classed(class, err)
		}
	}
	if errors.Is(err, syscall.ENOENT) {
		return folder.Classed(target.ErrOther, err)
	}
	return err
}
