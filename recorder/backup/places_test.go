package backup_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	wire "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"vaad/recorder/archive"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/target/s3"
	"vaad/recorder/backup/target/sftp"
)

func secret(t *testing.T, text string) target.Secret {
	t.Helper()
	f := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return target.Secret(f)
}

func inFolder(t *testing.T) func() (target.Target, error) {
	c := target.Defaults(target.KindFolder)
	c.Name, c.Folder.Path = "disk", t.TempDir()
	return func() (target.Target, error) { return folder.Open(c) }
}

func inBucket(t *testing.T) func() (target.Target, error) {
	back := s3mem.New()
	if err := back.CreateBucket("vaad-backup"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(gofakes3.New(back, gofakes3.WithIntegrityCheck(true)).Server())
	t.Cleanup(srv.Close)
	c := target.Defaults(target.KindS3)
	c.Name = "cloud"
	c.S3.Endpoint, c.S3.Bucket, c.S3.Prefix, c.S3.Region, c.S3.Plain = srv.Listener.Addr().String(), "vaad-backup", "site/one", "us-east-1", true
	c.S3.AccessKey, c.S3.SecretKey = secret(t, "AKIDEXAMPLE"), secret(t, "wJalrXUtnFEMI")
	return func() (target.Target, error) { return s3.Open(c) }
}

// onServer serves a folder over SFTP from this process.
func onServer(t *testing.T) func() (target.Target, error) {
	key := func() (ssh.Signer, []byte) {
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
	host, _ := key()
	user, secretKey := key()
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if string(k.Marshal()) != string(user.PublicKey().Marshal()) {
			return nil, errors.New("no")
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serveSFTP(&wg, c, config, root) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	c := target.Defaults(target.KindSFTP)
	c.Name = "nas"
	c.SFTP.Address, c.SFTP.User, c.SFTP.HostKey = l.Addr().String(), "vaad", ssh.FingerprintSHA256(host.PublicKey())
	c.SFTP.Key = secret(t, string(secretKey))
	return func() (target.Target, error) { return sftp.Open(c) }
}

func serveSFTP(wg *sync.WaitGroup, c net.Conn, config *ssh.ServerConfig, root string) {
	defer c.Close()
	conn, chans, reqs, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	wg.Go(func() { ssh.DiscardRequests(reqs) })
	for nc := range chans {
		ch, reqs, err := nc.Accept()
		if err != nil {
			continue
		}
		wg.Go(func() {
			for r := range reqs {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		})
		wg.Go(func() {
			if srv, err := wire.NewServer(ch, wire.WithServerWorkingDirectory(root)); err == nil {
				_ = srv.Serve()
			}
			_ = ch.Close()
		})
	}
	_ = conn.Wait()
}

func TestAWholeApplianceComesBackFromEveryKindOfTarget(t *testing.T) {
	for name, place := range map[string]func(*testing.T) func() (target.Target, error){"folder": inFolder, "sftp": onServer, "s3": inBucket} {
		for _, encrypt := range []bool{false, true} {
			t.Run(name+map[bool]string{true: "-encrypted"}[encrypt], func(t *testing.T) {
				open := place(t)
				r := wholeRig(t, encrypt)
				c := r.config()
				c.HotCopy = func() (string, error) { return filepath.Join(r.root, "state.db.copy"), nil }
				c.Open = func(context.Context) (target.Target, error) { return open() }
				c.State = nil
				var err error
				if r.e, err = backup.New(c); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = r.e.Close() }()
				if _, err := r.e.Run(ctx); !errors.Is(err, target.ErrNoMarker) {
					t.Error("a target that is not set up is written to:", err)
				}
				if _, err := r.e.Adopt(ctx); err != nil {
					t.Fatal(err)
				}
				r.run()
				id := r.seal(0, "")
				r.act(id, archive.ActNote, "to be forgotten")
				r.run()
				r.erase(id, true)
				r.proven()
				if rep := r.run(); rep.Removed != 3 {
					t.Errorf("%+v", rep)
				}
				if rep := r.run(); rep.Files != 0 {
					t.Errorf("%+v", rep)
				}
				if rep, err := r.e.Drill(ctx); err != nil || !rep.OK() || rep.Opened == 0 || rep.State != backup.StateOK {
					t.Errorf("%+v %v", rep, err)
				}
				tg, err := open()
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = tg.Close() }()
				root := t.TempDir()
				rep, err := backup.RestoreAll(ctx, backup.Restoring{Target: tg, Identities: r.ids}, root)
				if err != nil {
					t.Fatalf("%v %+v", err, rep)
				}
				r.restored(t, root)
			})
		}
	}
}
