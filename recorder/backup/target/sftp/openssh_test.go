package sftp

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/targettest"
)

// openssh starts OpenSSH's own server for the user that runs the test, where it is
// installed, and gives its address, the fingerprint of its key and the user's key.
func openssh(t *testing.T) (addr, pin string, client []byte) {
	t.Helper()
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		if sshd = "/usr/sbin/sshd"; exec.Command(sshd, "-V").Run() != nil {
			t.Skip("no sshd is installed (Debian: openssh-server)")
		}
	}
	files := "/usr/lib/openssh/sftp-server"
	if _, err := os.Stat(files); err != nil {
		files = "internal-sftp"
	}
	if os.Getuid() == 0 {
		_ = os.MkdirAll("/run/sshd", 0o755) // it insists on it
	}
	dir := t.TempDir()
	pair := func(name string) (ssh.PublicKey, []byte) {
		pub, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		block, err := ssh.MarshalPrivateKey(priv, "")
		if err != nil {
			t.Fatal(err)
		}
		text := pem.EncodeToMemory(block)
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := ssh.NewPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		return key, text
	}
	hostKey, _ := pair("host")
	userKey, client := pair("user")
	if err := os.WriteFile(filepath.Join(dir, "authorized"), ssh.MarshalAuthorizedKey(userKey), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "conf")
	text := fmt.Sprintf("HostKey %s/host\nAuthorizedKeysFile %s/authorized\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nUsePAM no\nPidFile none\nSubsystem sftp %s\n", dir, dir, files)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(sshd, "-t", "-f", conf).CombinedOutput(); err != nil {
		t.Skipf("sshd: %v: %s", err, out)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	// One of them for each connection, as inetd has it: so the port is ours all the time.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f, err := c.(*net.TCPConn).File()
			_ = c.Close() // f is the same
			if err != nil {
				continue
			}
			cmd := exec.CommandContext(ctx, sshd, "-i", "-e", "-f", conf)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = f, f, log
			if cmd.Start() == nil {
				wg.Go(func() { _ = cmd.Wait() })
			}
			_ = f.Close()
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		stop()
		wg.Wait()
		_ = log.Close()
		if said, err := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("sshd: %s, %v", said, err)
		}
	})
	return l.Addr().String(), ssh.FingerprintSHA256(hostKey), client
}

func TestAFolderBehindOpenSSHIsATarget(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	addr, pin, key := openssh(t)
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	targettest.Run(t, func(t *testing.T) targettest.Place {
		root := scratch(t)
		p := targettest.NewProxy(t, addr)
		c := target.Defaults(target.KindSFTP)
		c.Name = "nas"
		c.SFTP.Address, c.SFTP.User, c.SFTP.HostKey, c.SFTP.Path = p.Addr(), me.Username, pin, root
		c.SFTP.Key = secret(t, string(key))
		return targettest.Place{
			Open: func(stall time.Duration) (target.Target, error) {
				c.StallS = max(1, int(stall/time.Second))
				return Open(c)
			},
			Resumes: true,
			Plant:   plant(root),
			Vanish:  p.Down, Return: p.Up, Class: target.ErrUnreachable,
			Freeze: p.Freeze, Thaw: p.Thaw, Cut: p.Cut, Slow: p.Slow,
		}
	})
}

func TestOpenSSHTellsOfAFullAndAReadOnlyDisk(t *testing.T) {
	addr, pin, key := openssh(t)
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	point := scratch(t)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "none", point).CombinedOutput(); err != nil {
		t.Skipf("mounting takes root: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", point).Run() })
	c := target.Defaults(target.KindSFTP)
	c.Name = "nas"
	c.SFTP.Address, c.SFTP.User, c.SFTP.HostKey, c.SFTP.Path = addr, me.Username, pin, point
	c.SFTP.Key = secret(t, string(key))
	tg, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tg.Close() }()
	plant(point)(t, []string{target.Marker})
	b := targettest.Bytes(2<<20, 1)
	if err := tg.PutFrom(t.Context(), "a/f", int64(len(b)), bytes.NewReader(b)); target.Class(err) != "full" {
		t.Errorf("put of too much: %v", err)
	}
	s, err := tg.Space(t.Context())
	if err != nil || s.Total != 1<<20 || s.Free < 500_000 {
		t.Errorf("space: %+v, %v; the unfinished file must not stay", s, err)
	}
	if out, err := exec.Command("mount", "-o", "remount,ro", point).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	if err := tg.Put(t.Context(), "g", 1, bytes.NewReader(b)); target.Class(err) != "read_only" {
		t.Errorf("put on a read-only disk: %v", err)
	}
	if err := tg.Remove(t.Context(), target.Marker); target.Class(err) != "read_only" {
		t.Errorf("remove on a read-only disk: %v", err)
	}
}
