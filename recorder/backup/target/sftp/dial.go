package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	wire "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/target/guard"
)

// families are the sorts of host keys, best first. A server shows one of the sort
// it is asked for; the pinned one may be another.
var families = [][]string{
	{ssh.KeyAlgoED25519},
	{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
	{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
}

// link is one connection.
type link struct {
	ssh  *ssh.Client
	sftp *wire.Client
	base string        // the target's folder
	dead chan struct{} // closed when the connection ended
	over atomic.Bool   // it broke, or was shut: no new calls
	shut func()
}

// HostKeyError says that the server is not the one whose key is pinned.
type HostKeyError struct {
	Want string   // the configured fingerprint, "" = none yet
	Got  []string // the server's, one for each sort of key, as "SHA256:… (ssh-ed25519)"
}

func (e *HostKeyError) Error() string {
	got := strings.Join(e.Got, ", ")
	if e.Want == "" {
		return "host_key is not set; the server shows " + got + ": compare it with what ssh-keygen -lf shows on the server, then set it"
	}
	return "the server shows another key than host_key " + e.Want + ": " + got + "; somebody may stand between, or the server was set up anew"
}

// dial connects and logs in. Whatever goes wrong has a class.
func dial(ctx context.Context, c target.SFTP, wait time.Duration) (*link, error) {
	auth, err := login(c)
	if err != nil {
		return nil, folder.Classed(target.ErrAuth, err)
	}
	other := &HostKeyError{Want: c.HostKey}
	for _, family := range families {
		l, err := dialWith(ctx, c, auth, family, wait, other)
		if err == nil {
			return l, nil
		}
		if strings.Contains(err.Error(), "no common algorithm for host key") || errors.Is(err, errOtherKey) {
			continue // it has none of that sort, or not the pinned one
		}
		return nil, err
	}
	if len(other.Got) == 0 {
		return nil, folder.Classed(target.ErrAuth, errors.New("the server has no host key of a sort that is known here"))
	}
	return nil, folder.Classed(target.ErrAuth, other)
}

var errOtherKey = errors.New("not the pinned host key")

func dialWith(ctx context.Context, c target.SFTP, auth []ssh.AuthMethod, family []string, wait time.Duration, other *HostKeyError) (*link, error) {
	host, port, err := target.HostPort(c.Address, "22")
	if err != nil {
		return nil, folder.Classed(target.ErrUnreachable, err)
	}
	conn, err := guard.Dialer(wait).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, folder.Classed(target.ErrUnreachable, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // the handshake knows no context
	defer stop()
	var otherKey bool
	config := &ssh.ClientConfig{
		User: c.User, Auth: auth, HostKeyAlgorithms: family, Timeout: wait,
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if got := ssh.FingerprintSHA256(key); got != c.HostKey {
				otherKey = true
				other.Got = append(other.Got, got+" ("+key.Type()+")")
				return errOtherKey
			}
			return nil
		},
	}
	sc, chans, reqs, err := ssh.NewClientConn(conn, net.JoinHostPort(host, port), config)
	if err != nil {
		_ = conn.Close() // the error says more
		if otherKey {
			return nil, errOtherKey
		}
		if strings.Contains(err.Error(), "unable to authenticate") {
			return nil, folder.Classed(target.ErrAuth, fmt.Errorf("user %s: %w", c.User, err))
		}
		return nil, folder.Classed(target.ErrUnreachable, err)
	}
	client := ssh.NewClient(sc, chans, reqs)
	files, err := wire.NewClient(client, wire.UseConcurrentReads(true), wire.MaxConcurrentRequestsPerFile(32))
	if err != nil {
		_ = client.Close() // the error says more
		return nil, folder.Classed(target.ErrUnreachable, fmt.Errorf("no SFTP: %w", err))
	}
	base := c.Path
	if !path.IsAbs(base) {
		if home, err := files.Getwd(); err == nil { // not every extension knows relative names
			base = path.Join(home, base)
		}
	}
	l := &link{ssh: client, sftp: files, base: base, dead: make(chan struct{})}
	l.shut = sync.OnceFunc(func() {
		l.over.Store(true)
		_ = client.Close()
	})
	go func() {
		_ = client.Wait() // why it ended is seen by who uses it
		l.over.Store(true)
		close(l.dead)
	}()
	go l.keepAlive(time.Duration(c.KeepAliveS) * time.Second)
	return l, nil
}

// keepAlive ends a connection that gives no sign of life three times.
func (l *link) keepAlive(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-l.dead:
			return
		case <-t.C:
		}
		answer := make(chan error, 1)
		go func() {
			_, _, err := l.ssh.SendRequest("keepalive@openssh.com", true, nil)
			answer <- err
		}()
		limit := time.NewTimer(3 * every)
		select {
		case err := <-answer:
			if err != nil {
				l.shut()
			}
		case <-limit.C:
			l.shut()
		case <-l.dead:
		}
		limit.Stop()
	}
}

// login reads the key or the password, anew for each connection: they may be
// changed while the program runs.
func login(c target.SFTP) ([]ssh.AuthMethod, error) {
	if c.Password != "" {
		secret, err := c.Password.Read()
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		return []ssh.AuthMethod{ssh.Password(string(secret)), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, echos []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range questions {
					if echos[i] {
						return nil, errors.New("the server asks for more than a password")
					}
					answers[i] = string(secret)
				}
				return answers, nil
			})}, nil
	}
	pem, err := c.Key.Read()
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	pem = append(pem, '\n') // some parsers insist on the last line end
	var signer ssh.Signer
	if c.Passphrase != "" {
		pass, err := c.Passphrase.Read()
		if err != nil {
			return nil, fmt.Errorf("passphrase: %w", err)
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase(pem, pass)
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
	} else if signer, err = ssh.ParsePrivateKey(pem); err != nil {
		if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
			return nil, errors.New("key: it has a passphrase: set passphrase")
		}
		return nil, fmt.Errorf("key: %w", err)
	}
	return []ssh.AuthMethod{ssh.PublicKeys(signer)}, nil
}

// broken says whether err is that of a connection, not of a file.
func broken(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, wire.ErrSSHFxConnectionLost) || errors.Is(err, wire.ErrSSHFxNoConnection) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		slices.Contains([]string{"EOF", "ssh: disconnect", "connection lost"}, err.Error())
}
