package ca

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Wish says which certificate is to be served.
type Wish struct {
	Given             bool     // one that somebody gave; else one of the box's own authority
	CertFile, KeyFile string   // Given: files of somebody else; empty: what Give was given
	Names             []string // what the box is reached by, as of Names; the first one names it
}

// State is what there is to know of the certificate.
type State struct {
	Given     bool      // what is served is one that was given
	Leaf      Info      // what is served
	Chain     int       // certificates that are sent with it
	Renews    time.Time // when it is made anew; zero: never by itself
	Authority *Info     // the box's own, if it was made
	Outside   []string  // names that the own authority may not sign: a new one must be made
	Uncovered []string  // names of the box that a given certificate is not good for
	Uploaded  *Info     // what Give was given, used or not
	Err       error     // why what is wished for is not what is served; a *Fault says what is wrong with a certificate
}

// Config of a Keeper.
type Config struct {
	Dir string           // ROOT/tls; made when something is written
	Now func() time.Time // nil: time.Now
}

// A Keeper has the certificate that is served. All methods may be called from
// any goroutine.
type Keeper struct {
	cfg Config

	mu     sync.Mutex
	wish   Wish
	own    *authority
	serves *pair
	given  bool // serves is a given one
	state  State
	read   [sha256.Size]byte // of the texts that serves was read from; times of files tell less: two writes may have one

	now atomic.Pointer[tls.Certificate]
}

// New makes a Keeper. It has no certificate before Use.
func New(cfg Config) *Keeper {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Keeper{cfg: cfg}
}

func (k *Keeper) path(name string) string { return filepath.Join(k.cfg.Dir, name) }

// GetCertificate is for [tls.Config].
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c := k.now.Load(); c != nil {
		return c, nil
	}
	return nil, errors.New("there is no certificate yet")
}

// State is how it stands. Slices in it are not changed later.
func (k *Keeper) State() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

// Use serves what the wish says from now on. An error says why that cannot be;
// then what was served before is served on, or what the own authority signs.
func (k *Keeper) Use(w Wish) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	w.Names = slices.Clone(w.Names)
	k.wish = w
	return k.look()
}

// Look makes the certificate anew when that is due, and reads files again that
// have changed.
func (k *Keeper) Look() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.look()
}

func (k *Keeper) look() error {
	var err error
	if k.wish.Given {
		if err = k.useGiven(); err != nil && (k.serves == nil || k.now.Load() == nil) {
			err = errors.Join(err, k.useOwn())
		}
	} else {
		err = k.useOwn()
	}
	k.describe(err)
	return err
}

// useGiven reads the given certificate, where its files have changed.
func (k *Keeper) useGiven() error {
	cert, key := k.wish.CertFile, k.wish.KeyFile
	if cert == "" {
		cert, key = k.path("given.pem"), k.path("given.pem")
	}
	certText, err := readSome(cert)
	if errors.Is(err, fs.ErrNotExist) && k.wish.CertFile == "" {
		return &Fault{Code: "missing"}
	}
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	keyText, err := readSome(key)
	if err != nil {
		return fmt.Errorf("read the certificate's key: %w", err)
	}
	read := sha256.Sum256(slices.Concat(certText, []byte{0}, keyText))
	if k.given && k.read == read {
		if end := k.serves.chain[0].NotAfter; k.cfg.Now().After(end) {
			return &Fault{"expired", end.Format(time.DateOnly)}
		}
		return nil
	}
	p, err := parse(certText, keyText, k.cfg.Now())
	if err != nil {
		return err
	}
	k.serve(p, true, read)
	return nil
}

func parse(certText, keyText []byte, now time.Time) (*pair, error) {
	certs, key, err := decode(certText)
	if err != nil {
		return nil, err
	}
	_, other, err := decode(keyText)
	if err != nil {
		return nil, err
	}
	if other != nil {
		key = other
	}
	return check(certs, key, now)
}

func readSome(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() || st.Size() > maxPEM {
		return nil, errors.Join(err, fmt.Errorf("%s is no file with a certificate", path))
	}
	return io.ReadAll(io.LimitReader(f, maxPEM))
}

// useOwn serves a leaf of the box's own authority: the one on disk while it is
// right, else a new one.
func (k *Keeper) useOwn() error {
	if err := k.open(); err != nil {
		return err
	}
	names, _ := k.own.signed(k.wish.Names)
	if !k.given && k.serves != nil && k.fits(k.serves, names) {
		return nil
	}
	if p, err := read(k.path("server.pem")); err == nil && k.fits(p, names) {
		k.serve(p, false, [sha256.Size]byte{})
		return nil
	}
	p, err := k.own.leaf(names, k.cfg.Now())
	if err != nil {
		return err
	}
	k.serve(p, false, [sha256.Size]byte{}) // also when the disk does not take it: it is made anew at the next start
	if err := p.write(k.path("server.pem")); err != nil {
		return fmt.Errorf("keep the certificate: %w", err)
	}
	return nil
}

// fits says whether a leaf is of our authority, for these names, and lasts. A
// clock that was set back to before it began makes no new one: that would have
// ended long ago once the clock is right.
func (k *Keeper) fits(p *pair, names []string) bool {
	leaf := p.chain[0]
	return leaf.CheckSignatureFrom(k.own.cert) == nil && slices.Equal(infoOf(leaf).Names, sorted(names)) &&
		k.cfg.Now().Before(k.renews(leaf))
}

// renews is when a leaf is made anew: well before its end, unless the authority
// ends too.
func (k *Keeper) renews(leaf *x509.Certificate) time.Time {
	if leaf.NotAfter.Equal(k.own.cert.NotAfter) {
		return leaf.NotAfter
	}
	return leaf.NotAfter.Add(-renewBefore)
}

// open reads the authority, or makes one. A damaged one is put aside: clients
// must trust the new one, but the console answers.
func (k *Keeper) open() error {
	if k.own != nil {
		return nil
	}
	path := k.path("authority.pem")
	p, err := read(path)
	if err == nil && p.chain[0].IsCA {
		k.own = &authority{p.chain[0], p.key}
		return nil
	}
	for _, passing := range []error{fs.ErrPermission, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS} {
		if errors.Is(err, passing) { // it may be as good as ever: all clients trust it
			return fmt.Errorf("read the certificate authority: %w", err)
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		if aside := os.Rename(path, path+".damaged"); aside != nil {
			return errors.Join(err, aside)
		}
	}
	return k.makeAuthority()
}

func (k *Keeper) makeAuthority() error {
	a, err := newAuthority(k.wish.Names, k.cfg.Now())
	if err != nil {
		return err
	}
	if err := (&pair{[]*x509.Certificate{a.cert}, a.key}).write(k.path("authority.pem")); err != nil {
		return fmt.Errorf("keep the certificate authority: %w", err)
	}
	k.own = a
	return nil
}

func (k *Keeper) serve(p *pair, given bool, read [sha256.Size]byte) {
	k.serves, k.given, k.read = p, given, read
	k.now.Store(p.tls())
}

// NewAuthority makes another authority, for the names of the last Use: every
// client must be told to trust it.
func (k *Keeper) NewAuthority() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.makeAuthority(); err != nil {
		return err
	}
	return k.look()
}

// Give keeps a certificate with its key, in PEM, chain and key in any order and
// in either text. An error that is a *Fault says why it cannot be used; nothing
// is changed then. It is served once a Wish says so.
func (k *Keeper) Give(cert, key []byte) (Info, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, err := parse(cert, key, k.cfg.Now())
	if err != nil {
		return Info{}, err
	}
	if err := p.write(k.path("given.pem")); err != nil {
		return Info{}, fmt.Errorf("keep the certificate: %w", err)
	}
	if k.wish.Given {
		err = k.look()
	} else {
		k.describe(k.state.Err)
	}
	return infoOf(p.chain[0]), err
}

// AuthorityPEM is the certificate of the own authority, for clients to trust;
// nil before there is one.
func (k *Keeper) AuthorityPEM() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.own == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.own.cert.Raw})
}

// describe makes the state anew.
func (k *Keeper) describe(err error) {
	s := State{Given: k.given, Err: err}
	if k.serves != nil {
		leaf := k.serves.chain[0]
		s.Leaf, s.Chain = infoOf(leaf), len(k.serves.chain)
		if k.given {
			for _, n := range k.wish.Names {
				if leaf.VerifyHostname(n) != nil {
					s.Uncovered = append(s.Uncovered, n)
				}
			}
		} else {
			s.Renews = k.renews(leaf)
		}
	}
	if k.own != nil {
		i := infoOf(k.own.cert)
		s.Authority = &i
		if !k.given {
			_, s.Outside = k.own.signed(k.wish.Names)
		}
	}
	if p, err := read(k.path("given.pem")); err == nil {
		i := infoOf(p.chain[0])
		s.Uploaded = &i
	}
	k.state = s
}

// sorted is how a certificate lists names: those first that are no addresses.
func sorted(names []string) []string {
	var dns, ips []string
	for _, n := range names {
		if isAddress(n) {
			ips = append(ips, n)
		} else {
			dns = append(dns, n)
		}
	}
	return append(dns, ips...)
}
