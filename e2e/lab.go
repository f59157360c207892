package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// A Lab boots Debian's kernel in QEMU with a memory-only system that holds
// given programs, so that a power cut is a killed QEMU and the disk's file
// system is a real one. The kernel and its modules come from .ci/lab-kernel.
type Lab struct {
	dir    string // .cache/lab
	initrd string
}

// guestInit is the guest's first process: load modules, mount, run the tests,
// power off. What it runs is on the kernel's command line.
const guestInit = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /mnt /tmp /run /bin
/bin/busybox --install -s /bin 2>/dev/null
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
ip link set lo up
for m in /modules/*.ko; do insmod $m 2>/dev/null; done
for w in $(cat /proc/cmdline); do case $w in vaad.*) export "$(echo ${w#vaad.})";; esac; done
mount -t $FS /dev/vda /mnt || echo "GUEST mount failed"
export HOME=/tmp PATH=/bin
echo "GUEST up $MODE"
VAAD_GUEST=$MODE /e2e.test -test.run '^TestInsideGuest$' -test.v -test.timeout 10m 2>&1
echo "GUEST end $?"
umount /mnt; sync; poweroff -f
`

// NewLab packs the initial memory system: busybox, modules, the test binary of
// this package and the shipped binaries.
func NewLab(dir string, bin Binaries, testBinary, work string) (*Lab, error) {
	root := filepath.Join(work, "initrd")
	if err := os.MkdirAll(filepath.Join(root, "bin"), 0o755); err != nil {
		return nil, err
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return nil, fmt.Errorf("busybox: %w; run .ci/need busybox", err)
	}
	files := map[string]string{busybox: "bin/busybox", bin.Vaad: "vaad", bin.Vaactl: "vaactl", testBinary: "e2e.test"}
	mods, _ := filepath.Glob(filepath.Join(dir, "modules", "*.ko"))
	if len(mods) == 0 {
		return nil, fmt.Errorf("no kernel modules in %s; run .ci/lab-kernel %s", dir, dir)
	}
	for _, m := range mods {
		files[m] = "modules/" + filepath.Base(m)
	}
	for from, to := range files {
		if err := copyFile(from, filepath.Join(root, to)); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(root, "init"), []byte(guestInit), 0o755); err != nil {
		return nil, err
	}
	initrd := filepath.Join(work, "initrd.cpio")
	pack := exec.Command("sh", "-c", `cd "$1" && find . | cpio -o -H newc --quiet > "$2"`, "sh", root, initrd)
	if out, err := pack.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cpio: %w: %s", err, out)
	}
	return &Lab{dir: dir, initrd: initrd}, nil
}

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

// A Guest is a running machine.
type Guest struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	log   strings.Builder
}

// Boot starts a guest on a disk. mode goes to TestInsideGuest. The guest's time
// is counted in instructions, so that a busy host does not make it late; where
// it idles it waits in real time, or a slow host disk would make its clock jump.
func (l *Lab) Boot(ctx context.Context, disk, fs, mode string) (*Guest, error) {
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", "-accel", "tcg", "-icount", "shift=1,sleep=on", "-smp", "1", "-m", "1024", "-M", "q35", "-nodefaults",
		"-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot", "-kernel", filepath.Join(l.dir, "vmlinuz"),
		"-initrd", l.initrd, "-drive", "file="+disk+",if=virtio,format=raw,cache=writeback",
		"-append", "console=ttyS0 quiet loglevel=3 panic=-1 tsc=reliable clocksource=tsc random.trust_cpu=on vaad.FS="+fs+" vaad.MODE="+mode)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w; run .ci/need qemu-system-x86_64", err)
	}
	return &Guest{cmd: cmd, lines: bufio.NewScanner(out)}, nil
}

// Line returns the next line of the guest's console, io.EOF at its end.
func (g *Guest) Line() (string, error) {
	if !g.lines.Scan() {
		return "", errors.Join(io.EOF, g.lines.Err())
	}
	s := strings.TrimRight(g.lines.Text(), "\r")
	g.log.WriteString(s + "\n")
	return s, nil
}

// Log is the console so far.
func (g *Guest) Log() string { return g.log.String() }

// Cut ends the machine as a power cut does and waits until it is gone.
func (g *Guest) Cut() {
	g.cmd.Process.Kill()
	for g.lines.Scan() {
	}
	g.cmd.Wait()
}

// Wait waits until the guest has powered off.
func (g *Guest) Wait() error {
	for {
		if _, err := g.Line(); err != nil {
			return g.cmd.Wait()
		}
	}
}

func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}
