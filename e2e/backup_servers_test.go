package e2e

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// A place is somewhere that backups go to: its settings, and a switch for tests.
type place struct {
	name string
	doc  map[string]any
	gone func(bool) // it vanishes, connections and all; or is back
}

// settings are the place's as JSON, with more keys.
func (p place) settings(more map[string]any) string {
	doc := map[string]any{}
	for _, m := range []map[string]any{p.doc, more} {
		for k, v := range m {
			doc[k] = v
		}
	}
	b, _ := json.Marshal(doc)
	return string(b)
}

// spec writes the place down for vaactl restore, as a file.
func (p place) spec(t *testing.T) string {
	t.Helper()
	return written(t, p.name+".json", p.settings(nil))
}

func written(t *testing.T, name, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

// diskPlace is a folder; it vanishes by another name.
func diskPlace(t *testing.T) place {
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return place{"disk", map[string]any{"kind": "folder", "folder": map[string]any{"path": dir}}, func(gone bool) {
		from, to := dir, dir+".away"
		if !gone {
			from, to = to, from
		}
		if err := os.Rename(from, to); err != nil {
			t.Error(err)
		}
	}}
}

// cloudPlace is a bucket of an object store in this process.
func cloudPlace(t *testing.T) place {
	back := s3mem.New()
	if err := back.CreateBucket("vaad-backup"); err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	store := gofakes3.New(back, gofakes3.WithIntegrityCheck(true)).Server()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			panic(http.ErrAbortHandler)
		}
		store.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return place{"cloud", map[string]any{"kind": "s3", "s3": map[string]any{"endpoint": srv.Listener.Addr().String(), "bucket": "vaad-backup",
		"prefix": "site/one", "region": "us-east-1", "plain": true,
		"access_key": written(t, "access", "AKIDEXAMPLE"), "secret_key": written(t, "secret", "wJalrXUtnFEMI")}},
		func(gone bool) {
			away.Store(gone)
			srv.CloseClientConnections()
		}}
}

// sshPair is a key pair: as a signer, and as the file that a client reads.
func sshPair(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	return s, pem.EncodeToMemory(block)
}

// serverPlace is a folder over SFTP, served by this process.
func serverPlace(t *testing.T) place {
	host, _ := sshPair(t)
	user, key := sshPair(t)
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if string(k.Marshal()) != string(user.PublicKey().Marshal()) {
			return nil, errors.New("another key")
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sftpServer{config: config, root: t.TempDir(), open: map[net.Conn]bool{}}
	s.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.all.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.vanish(true)
		s.all.Wait()
	})
	return place{"server", map[string]any{"kind": "sftp", "sftp": map[string]any{"address": l.Addr().String(), "user": "vaad", "path": "vaad",
		"host_key": ssh.FingerprintSHA256(host.PublicKey()), "key": written(t, "id", string(key))}}, s.vanish}
}

type sftpServer struct {
	config *ssh.ServerConfig
	root   string
	all    sync.WaitGroup

	mu   sync.Mutex
	away bool
	open map[net.Conn]bool
}

func (s *sftpServer) vanish(gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = gone
	for c := range s.open {
		if gone {
			_ = c.Close()
		}
	}
}

func (s *sftpServer) serve(c net.Conn) {
	defer c.Close()
	s.mu.Lock()
	away := s.away
	s.open[c] = true
	s.mu.Unlock()
	if away {
		return
	}
	_, chans, reqs, err := ssh.NewServerConn(c, s.config)
	if err != nil {
		return
	}
	s.all.Go(func() { ssh.DiscardRequests(reqs) })
	for nc := range chans {
		ch, reqs, err := nc.Accept()
		if err != nil {
			continue
		}
		s.all.Go(func() {
			for r := range reqs {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		})
		s.all.Go(func() {
			if srv, err := sftp.NewServer(ch, sftp.WithServerWorkingDirectory(s.root)); err == nil {
				_ = srv.Serve()
			}
			_ = ch.Close()
		})
	}
}
