package sftp

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	wire "github.com/pkg/sftp"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/targettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is an SSH server that serves one folder, with user vaad and password
// "right horse" or the client's key.
type server struct {
	addr   string
	key    ssh.Signer
	client []byte // private key of the user, PEM
	l      net.Listener
	wg     sync.WaitGroup
	mu     sync.Mutex
	conns  []net.Conn
}

func newServer(t *testing.T, root string, extra ...ssh.Signer) *server {
	t.Helper()
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{}
	if s.key, err = ssh.NewSignerFromKey(priv); err != nil {
		t.Fatal(err)
	}
	pub, mine, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(mine, "")
	if err != nil {
		t.Fatal(err)
	}
	s.client = pem.EncodeToMemory(block)
	allowed, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, pass []byte) (*ssh.Permissions, error) {
			if c.User() == "vaad" && string(pass) == "right horse" {
				return nil, nil
			}
			return nil, errors.New("no")
		},
		PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if c.User() == "vaad" && bytes.Equal(key.Marshal(), allowed.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("no")
		},
	}
	config.AddHostKey(s.key)
	for _, k := range extra {
		config.AddHostKey(k)
	}
	if s.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.addr = s.l.Addr().String()
	s.wg.Go(func() {
		for {
			c, err := s.l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, c)
			s.mu.Unlock()
			s.wg.Go(func() { s.serve(c, config, root) })
		}
	})
	t.Cleanup(func() {
		_ = s.l.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return s
}

func (s *server) serve(c net.Conn, config *ssh.ServerConfig, root string) {
	defer func() { _ = c.Close() }()
	conn, chans, reqs, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	s.wg.Go(func() { ssh.DiscardRequests(reqs) })
	for nc := range chans {
		ch, reqs, err := nc.Accept()
		if err != nil {
			continue
		}
		s.wg.Go(func() {
			for r := range reqs {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		})
		s.wg.Go(func() {
			srv, err := wire.NewServer(ch, wire.WithServerWorkingDirectory(root))
			if err == nil {
				_ = srv.Serve()
			}
			_ = ch.Close()
		})
	}
	_ = conn.Wait()
}

func secret(t *testing.T, text string) target.Secret {
	t.Helper()
	f := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return target.Secret(f)
}

func config(t *testing.T, s *server, addr string) target.Config {
	c := target.Defaults(target.KindSFTP)
	c.Name = "nas"
	c.SFTP.Address, c.SFTP.User, c.SFTP.HostKey = addr, "vaad", ssh.FingerprintSHA256(s.key.PublicKey())
	c.SFTP.Key = secret(t, string(s.client))
	return c
}

func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "vaad-sftp-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func plant(root string) func(*testing.T, []string) {
	return func(t *testing.T, names []string) {
		for _, n := range names {
			p := filepath.Join(root, n)
			if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, []byte(n), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAFolderOnAServerIsATarget(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Place {
		root := scratch(t)
		if err := os.Mkdir(filepath.Join(root, "vaad"), 0o700); err != nil {
			t.Fatal(err)
		}
		s := newServer(t, root)
		p := targettest.NewProxy(t, s.addr)
		c := config(t, s, p.Addr())
		return targettest.Place{
			Open: func(stall time.Duration) (target.Target, error) {
				c.StallS = max(1, int(stall/time.Second))
				return Open(c)
			},
			Resumes: true,
			Plant:   plant(filepath.Join(root, "vaad")),
			Vanish:  p.Down, Return: p.Up, Class: target.ErrUnreachable,
			Freeze: p.Freeze, Thaw: p.Thaw, Cut: p.Cut, Slow: p.Slow,
		}
	})
}

func TestNoOtherServerIsTrusted(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ssh.NewSignerFromKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, scratch(t), second)
	for what, pin := range map[string]string{"none": "", "another": "SHA256:" + strings.Repeat("A", 43)} {
		c := config(t, s, s.addr)
		c.SFTP.HostKey = pin
		tg, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tg.Stat(context.Background(), "a")
		if !errors.Is(err, target.ErrAuth) || !strings.Contains(err.Error(), ssh.FingerprintSHA256(s.key.PublicKey())) ||
			!strings.Contains(err.Error(), ssh.FingerprintSHA256(second.PublicKey())) {
			t.Errorf("%s: %v", what, err)
		}
		_ = tg.Close()
	}
	// Any of its keys may be the pinned one.
	c := config(t, s, s.addr)
	c.SFTP.HostKey = ssh.FingerprintSHA256(second.PublicKey())
	tg, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tg.Close() }()
	if _, err := tg.Stat(context.Background(), "a"); !errors.Is(err, target.ErrNotExist) {
		t.Errorf("its second key: %v", err)
	}
}

func TestALoginThatIsRefusedSaysSoAndShowsNoSecret(t *testing.T) {
	s := newServer(t, scratch(t))
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(other, "")
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(other, "", []byte("phrase-phrase"))
	if err != nil {
		t.Fatal(err)
	}
	open := secret(t, "wrong horse")
	if err := os.Chmod(string(open), 0o644); err != nil {
		t.Fatal(err)
	}
	for what, set := range map[string]func(*target.SFTP){
		"password":   func(c *target.SFTP) { c.Key, c.Password = "", secret(t, "wrong horse") },
		"user":       func(c *target.SFTP) { c.User = "root" },
		"key":        func(c *target.SFTP) { c.Key = secret(t, string(pem.EncodeToMemory(block))) },
		"locked key": func(c *target.SFTP) { c.Key = secret(t, string(pem.EncodeToMemory(locked))) },
		"no key":     func(c *target.SFTP) { c.Key = "/nonexistent/key" },
		"not a key":  func(c *target.SFTP) { c.Key = secret(t, "wrong horse") },
		"readable":   func(c *target.SFTP) { c.Key, c.Password = "", target.Secret(open) },
		"wrong phrase": func(c *target.SFTP) {
			c.Key, c.Passphrase = secret(t, string(pem.EncodeToMemory(locked))), secret(t, "wrong horse")
		},
		"no environment": func(c *target.SFTP) { c.Key, c.Password = "", "env:VAAD_NO_SUCH" },
	} {
		c := config(t, s, s.addr)
		set(&c.SFTP)
		tg, err := Open(c)
		if err != nil {
			t.Fatal(what, err)
		}
		_, err = tg.Stat(context.Background(), "a")
		if !errors.Is(err, target.ErrAuth) || target.Temporary(err) || strings.Contains(err.Error(), "horse") || strings.Contains(err.Error(), "phrase-phrase") {
			t.Errorf("%s: %v", what, err)
		}
		_ = tg.Close()
	}
	for what, set := range map[string]func(*target.SFTP){
		"password": func(c *target.SFTP) { c.Key, c.Password = "", secret(t, "right horse\n") },
		"phrase": func(c *target.SFTP) {
			block, _ := pem.Decode(s.client)
			key, err := ssh.ParseRawPrivateKey(pem.EncodeToMemory(block))
			if err != nil {
				t.Fatal(err)
			}
			locked, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("phrase"))
			if err != nil {
				t.Fatal(err)
			}
			c.Key, c.Passphrase = secret(t, string(pem.EncodeToMemory(locked))), secret(t, "phrase")
		},
	} {
		c := config(t, s, s.addr)
		set(&c.SFTP)
		tg, err := Open(c)
		if err != nil {
			t.Fatal(what, err)
		}
		if _, err = tg.Stat(context.Background(), "a"); !errors.Is(err, target.ErrNotExist) {
			t.Errorf("right %s: %v", what, err)
		}
		_ = tg.Close()
	}
}

func TestASilentServerIsLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := newServer(t, scratch(t))
	c := config(t, s, l.Addr().String())
	c.StallS = 1
	tg, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tg.Close() }()
	if _, err := tg.Stat(context.Background(), "a"); !target.Temporary(err) {
		t.Errorf("a server that says nothing: %v", err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer stop()
	if _, err := tg.Stat(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context that ends while connecting: %v", err)
	}
}

func TestADeadConnectionIsNoticedWhileNothingIsAsked(t *testing.T) {
	root := scratch(t)
	s := newServer(t, root)
	p := targettest.NewProxy(t, s.addr)
	c := config(t, s, p.Addr())
	c.SFTP.KeepAliveS = 1
	tg, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tg.Close() }()
	if _, err := tg.Stat(context.Background(), "a"); !errors.Is(err, target.ErrNotExist) {
		t.Fatal(err)
	}
	tg.mu.Lock()
	l := tg.link
	tg.mu.Unlock()
	p.Freeze()
	select {
	case <-l.dead:
	case <-time.After(30 * time.Second):
		t.Fatal("it was not noticed")
	}
	p.Thaw()
	if _, err := tg.Stat(context.Background(), "a"); !errors.Is(err, target.ErrNotExist) {
		t.Fatalf("a new connection: %v", err)
	}
}

func TestABrokenConnectionIsKnownByItsErrors(t *testing.T) {
	for _, err := range []error{fmt.Errorf("failed to send packet: %w", io.EOF), io.ErrUnexpectedEOF, net.ErrClosed, wire.ErrSSHFxConnectionLost} {
		if c := classify(err); c != target.ErrUnreachable {
			t.Errorf("%v is %v", err, c)
		}
	}
}

func TestSettingUpMakesTheFolder(t *testing.T) {
	root := scratch(t)
	s := newServer(t, root)
	c := config(t, s, s.addr)
	c.SFTP.Path = "backups/vaad"
	tg, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tg.Close() }()
	ctx := context.Background()
	if err := tg.Put(ctx, "a", 1, strings.NewReader("x")); !errors.Is(err, target.ErrNoMarker) {
		t.Errorf("put: %v", err)
	}
	if err := tg.List(ctx, "", func(target.Entry) error { return nil }); !errors.Is(err, target.ErrGone) {
		t.Errorf("list: %v", err)
	}
	if err := tg.Put(ctx, target.Marker, 2, strings.NewReader("{}")); err != nil {
		t.Fatal(err)
	}
	if err := tg.Put(ctx, "a/b", 1, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(root, "backups/vaad/a/b")); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
}
