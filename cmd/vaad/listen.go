package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"vaad/access/ca"
	"vaad/console"
	"vaad/settings"
	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	freshenEvery = time.Minute     // at certificate and addresses
	knockAgain   = 5 * time.Second // at what could not be opened
	confirmLimit = time.Minute     // for a change that may cut off who made it
)

// doors are where clients come in: the socket always, an address of this machine as
// vaad.toml says, and of the network as settings say, which are applied while running.
type doors struct {
	log    *slog.Logger
	db     *store.DB
	doc    *settings.Document
	sec    networkSections
	alarms interface {
		Raise(code, subject string, args map[string]string)
		Clear(code, subject string)
	}
	keeper  *ca.Keeper
	system  fs.FS // of the machine, from /
	socket  string
	local   string // address of vaad.toml, "" if it is off
	now     func() time.Time
	metrics doorMetrics
	tell    func() // the doors are others now: called without the lock
	called  *nameService

	unix  net.Listener
	first net.Listener // at local, opened before anything else: a fault of vaad.toml ends the start
	bell  chan struct{}

	mu     sync.Mutex
	server *console.Server
	open   map[doorPlan]*entrance
	names  []string
	trial  *trial
	expiry map[string]string // alarms about certificates that are up: subject and code
}

// An entrance is a door, open or not.
type entrance struct {
	opened *console.Opened
	fault  string // of the door, as api.Door has it
	detail string
}

// ended says whether a door that was opened has lost its listener.
func (e *entrance) ended() bool {
	select {
	case <-e.opened.Done():
		return true
	default:
		return false
	}
}

// openDoors opens the API's socket and the loopback address of vaad.toml.
func (c Config) openDoors(log *slog.Logger, st state, reg prometheus.Registerer) (*doors, error) {
	d := &doors{log: log, db: st.db, doc: st.doc, sec: st.sec.networkSections, alarms: st.alarms, system: os.DirFS("/"), now: time.Now, tell: func() {},
		keeper: ca.New(ca.Config{Dir: filepath.Join(c.Root, "tls")}), socket: filepath.Join(c.Run, "vaad.sock"),
		metrics: newDoorMetrics(reg), bell: make(chan struct{}, 1), open: map[doorPlan]*entrance{}, expiry: map[string]string{}}
	if other, err := net.Dial("unix", d.socket); err == nil {
		return nil, errors.Join(fmt.Errorf("another vaad answers at %s: give this one a folder of its own with run = \"…\"", d.socket), other.Close())
	}
	if err := os.Remove(d.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	var err error
	if d.unix, err = net.Listen("unix", d.socket); err != nil {
		return nil, fmt.Errorf("open the API's socket: %w; its path may have at most 107 bytes: choose a shorter folder with --root or run = \"…\"", err)
	}
	if err := shareSocket(d.socket); err != nil {
		return nil, errors.Join(err, d.unix.Close())
	}
	if c.Listen != "off" {
		if d.first, err = net.Listen("tcp", c.Listen); err != nil {
			return nil, errors.Join(fmt.Errorf("open the page's address: %w; choose another with listen = \"127.0.0.1:PORT\" in vaad.toml", err), d.unix.Close())
		}
		d.local = d.first.Addr().String()
	}
	if err := d.revertUnconfirmed(); err != nil {
		log.Error("a change of the network that nobody had confirmed could not be taken back", "error", err)
	}
	return d, nil
}

// shareSocket lets reviewers come in, where their group exists. What they may do
// is decided by their credentials.
func shareSocket(path string) error {
	if g, err := user.LookupGroup("vaad-review"); err == nil {
		gid, _ := strconv.Atoi(g.Gid)
		if err := os.Chown(path, -1, gid); err != nil {
			return fmt.Errorf("give the API's socket to the group vaad-review: %w", err)
		}
	}
	return os.Chmod(path, 0o660)
}

// serve lets clients in.
func (d *doors) serve(s *console.Server, fail chan<- error) {
	d.mu.Lock()
	d.server = s
	d.mu.Unlock()
	go func() {
		if err := s.Serve(d.unix); err != nil {
			select {
			case fail <- err:
			default:
			}
		}
	}()
	d.move()
}

// run keeps the doors as settings want them, and the certificate fresh, until ctx ends.
func (d *doors) run(ctx context.Context) {
	defer d.sec.network.Subscribe(d.doc, func(networkDoc) { ring(d.bell) })()
	look, again := time.NewTicker(freshenEvery), time.NewTicker(knockAgain)
	defer look.Stop()
	defer again.Stop()
	for {
		over := d.overdue()
		select {
		case <-ctx.Done():
			return
		case <-d.bell:
			d.move()
		case <-look.C:
			d.move()
		case <-again.C:
			if d.shut() {
				d.move()
			}
		case <-over:
			if err := d.revert("nobody confirmed it"); err != nil && !errors.Is(err, console.ErrNoTrial) {
				d.log.Error("a change of the network that nobody confirmed could not be taken back", "error", err)
			}
		}
	}
}

// shut says whether a door that should be open is not.
func (d *doors) shut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.open {
		if e.opened == nil || e.ended() {
			return true
		}
	}
	return false
}

// move closes doors that are not wanted any more and opens those that are. The
// address of vaad.toml stays while no door of the network opens: a mistake in
// settings must not lock out who could mend it.
func (d *doors) move() {
	if d.step() {
		d.tell()
	}
}

func (d *doors) step() (changed bool) {
	want := d.sec.network.Get(d.doc)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.certify(want)
	defer func() { d.measure(d.keeper.State()) }()
	plans := want.doors(d.local)
	emergency := doorPlan{kind: console.LoopbackDoor, address: d.local}
	for p, e := range d.open {
		if (p == emergency || slices.Contains(plans, p)) && (e.opened == nil || !e.ended()) {
			continue
		}
		d.leave(p)
		changed = true
	}
	in := false
	for _, p := range plans {
		if e := d.open[p]; e == nil || e.opened == nil {
			changed = d.knock(p, want) || changed
		}
		in = in || d.letsIn(p)
	}
	if d.local == "" || slices.Contains(plans, emergency) {
		return changed
	}
	switch e := d.open[emergency]; {
	case in:
		d.leave(emergency)
		changed = changed || e != nil
	case e == nil || e.opened == nil:
		changed = d.knock(emergency, want) || changed
	}
	return changed
}

// letsIn says whether somebody can come in over the network by a door: without any certificate,
// as where its folder cannot be written, nobody can. d.mu is held.
func (d *doors) letsIn(p doorPlan) bool {
	e := d.open[p]
	return p.kind == console.NetworkDoor && e.opened != nil && e.fault == "" && d.keeper.State().Chain > 0
}

// leave closes a door. d.mu is held.
func (d *doors) leave(p doorPlan) {
	if p.kind == console.LoopbackDoor && d.first != nil { // opened at the start, and never served
		if err := d.first.Close(); err != nil {
			d.log.Error("an address could not be given back", "address", p.address, "error", err)
		}
		d.first = nil
	}
	if e := d.open[p]; e != nil && e.opened != nil {
		d.server.CloseDoor(e.opened)
		d.log.Info("a door was closed", "door", p.name())
	}
	delete(d.open, p)
	d.alarms.Clear("listen-failed", p.name())
}

// certify asks for the certificate that is wanted. d.mu is held.
func (d *doors) certify(want networkDoc) {
	addrs := boxAddresses(d.system)
	all, _ := d.namesOf(want)
	d.names = boxNames(addrs, all)
	if !want.Enabled && !slices.ContainsFunc(want.doors(""), func(p doorPlan) bool { return p.tls != "" }) {
		d.expire(ca.State{}, nil)
		return
	}
	key := want.KeyFile
	if key == "" {
		key = want.CertFile
	}
	err := d.keeper.Use(ca.Wish{Given: want.TLS == tlsGiven, CertFile: want.CertFile, KeyFile: key, Names: d.names})
	d.expire(d.keeper.State(), err)
}

// knock opens a door; whatever becomes of it stands in d.open. d.mu is held.
func (d *doors) knock(p doorPlan, want networkDoc) (changed bool) {
	before := d.open[p]
	e := &entrance{}
	d.open[p] = e
	l, err := d.listener(p)
	if err != nil {
		e.fault, e.detail = faultOf(err), err.Error()
	} else if e.opened, err = d.server.Open(l, d.door(p, want)); errors.Is(err, http.ErrServerClosed) {
		return false // the daemon ends
	} else if err != nil {
		e.fault, e.detail = "other", err.Error()
	}
	if err == nil && p.kind == console.NetworkDoor && d.filtered() {
		e.fault = "filtered"
	}
	if e.fault == "" {
		d.alarms.Clear("listen-failed", p.name())
		d.log.Info("a door was opened", "door", p.name())
		return true
	}
	if before == nil || before.fault != e.fault {
		d.log.Error("a door could not be opened, or nobody will reach it; it is tried again", "door", p.name(), "fault", e.fault, "error", e.detail)
	}
	d.alarms.Raise("listen-failed", p.name(), map[string]string{"address": p.address, "code": e.fault, "reason": e.detail})
	return before == nil || before.fault != e.fault
}

// listener opens an address; that of vaad.toml was opened at the start.
func (d *doors) listener(p doorPlan) (net.Listener, error) {
	if l := d.first; l != nil && p.kind == console.LoopbackDoor {
		d.first = nil
		return l, nil
	}
	return net.Listen("tcp", p.address)
}

// door says how a listener is served.
func (d *doors) door(p doorPlan, want networkDoc) console.Door {
	out := console.Door{Name: p.name(), Kind: p.kind, HSTS: p.hsts, Host: d.goesBy}
	if p.tls != "" {
		out.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: d.keeper.GetCertificate, NextProtos: []string{"h2", "http/1.1"}}
	}
	out.Target = func(host string) string {
		if want.Port == 443 {
			return "https://" + host
		}
		return "https://" + host + ":" + strconv.Itoa(want.Port)
	}
	return out
}

// goesBy says whether a name is one of the box.
func (d *doors) goesBy(host string) bool {
	d.mu.Lock()
	names := d.names
	d.mu.Unlock()
	return slices.Contains(names, host)
}

// faultOf names why a listener could not be opened.
func faultOf(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "in-use"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "no-address"
	case errors.Is(err, syscall.EACCES):
		return "port-refused"
	default:
		return "other"
	}
}

// filtered says whether the service may not talk to the network (IPAddressDeny= of its
// unit): then the kernel refuses even a packet to our own address.
func (d *doors) filtered() bool {
	addrs := boxAddresses(d.system)
	i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return !a.IsLoopback() && !a.IsLinkLocalUnicast() })
	if i < 0 {
		return false
	}
	c, err := net.Dial("udp", net.JoinHostPort(addrs[i].String(), "9"))
	if err == nil {
		_, err = c.Write([]byte{0})
		_ = c.Close() // it has no connection
	}
	return errors.Is(err, syscall.EPERM)
}

// Settings are those of the network as they are in force.
func (d *doors) Settings() json.RawMessage {
	b, err := d.doc.Get("network")
	if err != nil {
		return nil
	}
	return b
}
