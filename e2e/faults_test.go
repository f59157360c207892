package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Alarms lists the codes of the alarms that are up.
func alarms(t *testing.T, d *Daemon) map[string]bool {
	t.Helper()
	type row struct {
		Code    string
		Subject string
		Active  *bool
	}
	rows, err := Rows[row](within(t, time.Minute), d, "alarms")
	if err != nil {
		t.Fatal(err)
	}
	up := map[string]bool{}
	for _, r := range rows {
		up[r.Code] = true
	}
	return up
}

func untilAlarm(t *testing.T, d *Daemon, code string, up bool) {
	t.Helper()
	if err := Until(within(t, 2*time.Minute), fmt.Sprintf("alarm %s is %v", code, up), func() (bool, error) {
		return alarms(t, d)[code] == up, nil
	}); err != nil {
		t.Fatalf("%v\n%s", err, d.Log())
	}
}

// keepTalking plays numbered blocks on lines 1…n until the returned func is
// called; that gives back the peers, for what they sent.
func keepTalking(t *testing.T, d *Daemon, b string, n int) func() []*Peer {
	t.Helper()
	ctx, cancel := context.WithCancel(within(t, 30*time.Minute))
	var peers []*Peer
	for i := range n {
		peers = append(peers, &Peer{Line: i + 1, Next: Numbered(i + 1)})
	}
	ps, err := Dial(sockets(d, b), peers...)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- ps.Run(ctx) }()
	return func() []*Peer {
		cancel()
		<-done
		return peers
	}
}

func TestGarbageFromAPeerClosesItAndNothingElse(t *testing.T) {
	t.Parallel()
	root := scratch(t)
	d := start(t, root, quietly+board("b", "real", 3, "")+pin(1, 3, `trigger = "continuous"`))
	good := &Peer{Line: 2, Next: Script(Step{For: 3 * time.Second, Audio: func(n uint32, dst []int16) { FillBlock(dst, 2, n) }},
		wait(2*time.Second))} // hanging up drops what still waits in the socket
	ps, err := Dial(sockets(d, "b"), good)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- ps.Run(within(t, 5*time.Minute)) }()
	garbage := []string{"", "A", "A" + strings.Repeat("x", 319), "A" + strings.Repeat("x", 322), "Z", "E", "Eboom", "Ering @160", "Ering @-1",
		"Evolts", "Evolts x", "Evolts 1e99", "Eoff-hook", "C", "Coff-hook", "E" + strings.Repeat("r", 4000), strings.Repeat("A", 8000), "E\xff\xfe", "Ering\x00"}
	for _, g := range garbage {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET, 0)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(sockets(d, "b"), "line-001.sock")
		if err := Until(within(t, time.Minute), "line 1 takes a peer", func() (bool, error) {
			err := unix.Connect(fd, &unix.SockaddrUnix{Name: path})
			return err == nil, nil
		}); err != nil {
			t.Fatal(err)
		}
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 30})
		unix.Send(fd, []byte(g), unix.MSG_NOSIGNAL)
		buf := make([]byte, 4096)
		closed := false
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
			n, err := unix.Read(fd, buf)
			if err == unix.EINTR { // a read with a time limit is not restarted after a signal
				continue
			}
			if n == 0 || err != nil {
				closed = n == 0 || err == unix.ECONNRESET
				if !closed {
					t.Logf("garbage %.20q: %v", g, err)
				}
				break
			}
		}
		if !closed && g != "" {
			t.Errorf("garbage %.20q: the peer was not closed", g)
		}
		unix.Close(fd)
	}
	untilAlarm(t, d, "peer-garbage", true)
	if err := <-done; err != nil {
		t.Errorf("the neighbour line suffered: %v", err)
	}
	settle(t, d, 3)
	runs, err := d.Heard(within(t, time.Minute), 2, root)
	if n := follow(t, 2, runs); err != nil || n != 3*second {
		t.Errorf("line 2 has %v (%v), want 3 s", runs, err)
	}
	stop(t, d)
}

func TestDamagedDatabasesAreReplacedAndSaidLoudly(t *testing.T) {
	for _, name := range []string{"state.db", "index.db"} {
		t.Run(name, func(t *testing.T) {
			ctx := within(t, 3*time.Minute)
			root := scratch(t)
			config := quietly + board("b", "peers", 2, "")
			d := start(t, root, config)
			p := &Peer{Line: 1, Next: Script(volts("-48", 3*time.Second),
				Step{Events: []string{"volts -8"}, For: 5 * time.Second, Audio: func(n uint32, dst []int16) { FillBlock(dst, 1, n) }}, volts("-48", 4*time.Second))}
			ps, err := Dial(sockets(d, "b"), p)
			if err != nil {
				t.Fatal(err)
			}
			if err := ps.Run(ctx); err != nil {
				t.Fatal(err)
			}
			var before []Recording
			if err := Until(ctx, "one recording", func() (bool, error) {
				before, err = d.Recordings(ctx, 0)
				return len(before) == 1 && before[0].State == "sealed", err
			}); err != nil {
				t.Fatalf("%v: %+v", err, before)
			}
			if _, err := d.Ctl(ctx, "set", "lines.1.name", `"Front desk"`); err != nil {
				t.Fatal(err)
			}
			stop(t, d)
			f, err := os.OpenFile(filepath.Join(root, name), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			junk := []byte(strings.Repeat("\xde\xad\xbe\xef", 2048))
			for off := int64(0); off < 64<<10; off += int64(len(junk)) {
				f.WriteAt(junk, off)
			}
			f.Close()
			d = start(t, root, config)
			code := strings.TrimSuffix(name, ".db") + "-db-damaged"
			untilAlarm(t, d, code, true)
			after, err := d.Recordings(ctx, 0)
			if err != nil || len(after) != 1 || after[0].ID != before[0].ID {
				t.Errorf("recordings after the damage: %v, %v; want %s", after, err, before[0].ID)
			}
			if out, err := d.Ctl(ctx, "get", "lines.1.name"); err != nil || !strings.Contains(out, "Front desk") {
				t.Errorf("the setting is lost: %s %v", out, err)
			}
			stop(t, d)
		})
	}
}

// smallDisk mounts a file system of so many MiB in memory; it needs root.
func smallDisk(t *testing.T, mib, inodes int) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	dir := scratch(t)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,nr_inodes=%d", mib, inodes), "vaad-test", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount: %v %s", err, out)
	}
	t.Cleanup(func() { exec.Command("umount", "-l", dir).Run() })
	return dir
}

func TestFullDiskStopsNothingAndLosesNothingForAMinute(t *testing.T) {
	atLeastReduced(t)
	t.Parallel()
	root := smallDisk(t, 64, 10_000)
	d := start(t, root, quietly+"[settings.recorder]\ndisk_reserve_mb = 0\ndisk_reserve_inodes = 0\n"+board("b", "real", 4, "")+pin(1, 4, `trigger = "continuous"`))
	end := keepTalking(t, d, "b", 4)
	pass(t, 2*time.Second)
	filler := filepath.Join(root, "filler")
	fill(t, filler)
	untilAlarm(t, d, "disk-full", true)
	pass(t, 3*time.Second)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	untilAlarm(t, d, "disk-full", false)
	pass(t, 2*time.Second)
	peers := end()
	settle(t, d, 4)
	whole(t, d, peers)
	stop(t, d)
}

func TestDiskWithoutInodesStopsNothingAndLosesNothing(t *testing.T) {
	atLeastReduced(t)
	t.Parallel()
	root := smallDisk(t, 64, 200)
	d := start(t, root, quietly+"[settings.recorder]\ndisk_reserve_mb = 0\ndisk_reserve_inodes = 0\n"+board("b", "real", 2, "")+pin(1, 2, "trigger = \"continuous\"\nmax_ms = 5000"))
	end := keepTalking(t, d, "b", 2)
	pass(t, time.Second)
	dir := filepath.Join(root, "many")
	os.Mkdir(dir, 0o755)
	for i := 0; ; i++ {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			break
		}
		f.Close()
	}
	untilAlarm(t, d, "inodes-full", true)
	os.RemoveAll(dir)
	untilAlarm(t, d, "inodes-full", false)
	pass(t, 2*time.Second)
	peers := end()
	settle(t, d, 2)
	whole(t, d, peers)
	stop(t, d)
}

// A file system that turns itself read-only after an error: ext4 does it when
// its journal is aborted. It comes back only through a repair.
func TestReadOnlyDiskIsSaidAndLosesNothingOfWhatWasBefore(t *testing.T) {
	atLeastReduced(t)
	t.Parallel()
	root := smallDisk(t, 256, 10_000) // and a file in it that holds an ext4
	image, inner := filepath.Join(root, "image"), filepath.Join(root, "recordings")
	if err := MakeDisk(image, "ext4", 64); err != nil {
		t.Skip(err)
	}
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	mount := func(args ...string) error {
		out, err := exec.Command("mount", append(args, inner)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("mount %v: %w: %s", args, err, out)
		}
		return nil
	}
	if err := mount("-o", "loop", image); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { exec.Command("umount", "-l", inner).Run() })
	const lines = 2
	config := quietly + "[settings.recorder]\ndisk_reserve_mb = 0\ndisk_reserve_inodes = 0\n" + board("b", "real", lines, "")
	d := start(t, root, config+pin(1, lines, "trigger = \"continuous\"\nmax_ms = 5000"))
	end := keepTalking(t, d, "b", lines)
	pass(t, 8*time.Second)
	if err := mount("-o", "remount,abort"); err != nil {
		t.Skip(err)
	}
	pass(t, 100*time.Millisecond)
	peers := end()
	untilAlarm(t, d, "disk-read-only", true)
	if rows, err := d.Recordings(within(t, time.Minute), 0); err != nil || len(rows) < lines {
		t.Errorf("the daemon does not serve any more: %d recordings, %v", len(rows), err)
	}
	if err := d.Stop(); err != nil {
		t.Logf("stopping with a read-only disk: %.300v", err) // it may say what it could not write
	}
	if out, err := exec.Command("umount", inner).CombinedOutput(); err != nil {
		t.Fatalf("umount: %v %s", err, out)
	}
	if out, err := exec.Command("/usr/sbin/fsck.ext4", "-y", image).CombinedOutput(); err != nil {
		t.Logf("fsck: %v", err) // 1 says that it has repaired something
		t.Logf("%s", out)
	}
	if err := mount("-o", "loop", image); err != nil {
		t.Fatal(err)
	}
	d = start(t, root, config+pin(1, lines, `trigger = "off"`))
	sealed(t, d)
	for _, p := range peers {
		runs, err := d.Heard(within(t, time.Minute), p.Line, os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		next := follow(t, p.Line, runs)
		if sent := p.Sent.Load(); sent > next+2*second {
			t.Errorf("line %d: %d blocks sent, %d recorded", p.Line, sent, next)
		}
	}
	complete(t, d)
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096} {
		b := make([]byte, size)
		for {
			if _, err := f.Write(b); err != nil {
				break
			}
		}
	}
}

// whole checks that every block that the peers sent is recorded, in order. On a
// real clock a block that a busy peer sends late leaves silence before it.
func whole(t *testing.T, d *Daemon, peers []*Peer) {
	t.Helper()
	for _, p := range peers {
		runs, err := d.Heard(within(t, 2*time.Minute), p.Line, os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		next := follow(t, p.Line, runs)
		if sent := p.Sent.Load(); next+4 < sent { // the last blocks may wait in the socket
			t.Errorf("line %d: recorded %d of %d blocks sent", p.Line, next, sent)
		}
	}
}
