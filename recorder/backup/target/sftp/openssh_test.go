package sftp

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr)
	conf := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %s\nHostKey %s/host\nAuthorizedKeysFile %s/authorized\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nUsePAM no\nPidFile none\nSubsystem sftp %s\n", port, dir, dir, files)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(sshd, "-D", "-e", "-f", filepath.Join(dir, "conf"))
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("sshd: %s", log.Bytes())
		}
	})
	for range 500 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return addr, ssh.FingerprintSHA256(hostKey), client
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Skipf("sshd does not listen: %s", log.Bytes())
	return "", "", nil
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
