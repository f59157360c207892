package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"vaad/api"

	"github.com/pion/mdns/v2"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	nameAgain = 30 * time.Second // between looks whether the box has other addresses, and attempts
	nameSoon  = 15 * time.Second // until the first question whether somebody else has come to answer too; as much again by chance
	nameCheck = 2 * time.Minute  // between the further ones; as much again by chance
	nameKind  = "name"           // the kind of door that a name is
	nameMost  = 9                // the last of recorder, recorder-2, recorder-3, … that is tried
	nameOther = "renamed"        // the fault of a door that is open by one of these
)

// nameService answers NAME.local on the local network (RFC 6762), as settings want. It never hurts:
// where the port is another program's it says so and tries again; where the name is another machine's it
// answers to NAME-2.local, or the first further one that is free, and stays with that.
type nameService struct {
	log    *slog.Logger
	alarms interface {
		Raise(code, subject string, args map[string]string)
		Clear(code, subject string)
	}
	want   func() string       // the label; "" = off
	addrs  func() []netip.Addr // of the box; where they change it begins anew
	answer func(ctx context.Context, name string) (io.Closer, error)
	others func(ctx context.Context, name string) bool // whether another machine answers to it
	had    func() nameHad                              // of the last time
	keep   func(nameHad)                               // of this one
	moved  func()                                      // the name is another one now

	mu     sync.Mutex
	label  string // that is wanted; "" = none
	name   string // that is answered, or wanted where none is, with .local; "" = none
	has    string // that was answered last by this label: it is the box's also while it is claimed anew
	fault  string // of a door
	detail string
	at     []netip.Addr
	open   io.Closer // nil: nobody answers
	due    time.Time // of the next question whether others do too
}

// errNameTaken says that another machine answers to the name.
var errNameTaken = errors.New("another machine on this network answers to the name")

// run keeps it as settings want until ctx ends.
func (n *nameService) run(ctx context.Context, bell <-chan struct{}) {
	each(ctx, nameAgain, bell, func() { n.step(ctx) })
	n.mu.Lock()
	defer n.mu.Unlock()
	n.leave()
}

func (n *nameService) step(ctx context.Context) {
	label, at := n.want(), n.addrs()
	n.mu.Lock()
	defer n.mu.Unlock()
	if label == n.label && n.open != nil && slices.Equal(at, n.at) && !n.contested(ctx) {
		return
	}
	before, was := n.fault, n.has
	if label != n.label {
		before, n.has = "", ""
		n.alarms.Clear("listen-failed", n.subject())
	}
	n.leave()
	n.label, n.name, n.at, n.fault, n.detail = label, localName(label), at, "", ""
	defer func() {
		if n.has != was {
			n.moved()
		}
	}()
	if label == "" {
		if was != "" { // the next time it begins with the name that is set
			n.keep(nameHad{})
		}
		return
	}
	n.mu.Unlock() // others ask how it stands meanwhile
	open, has, err := n.claim(ctx, label)
	n.mu.Lock()
	name := localName(has)
	if err == nil {
		n.open, n.name, n.has, n.due = open, name, name, time.Now().Add(nameSoon+rand.N(nameSoon))
		n.alarms.Clear("listen-failed", n.subject())
		if has != label {
			n.fault, n.detail = nameOther, "another machine on this network answers to "+localName(label)
		}
		n.log.Info("the box answers to a name on the local network", "name", name, "wanted", localName(label))
		return
	}
	if ctx.Err() != nil {
		return
	}
	n.fault, n.detail = nameFault(err), err.Error()
	if before != n.fault {
		n.log.Warn("the name on the local network is not answered; it is tried again", "name", name, "fault", n.fault, "error", err)
	}
	n.alarms.Raise("listen-failed", n.subject(), map[string]string{"address": name, "code": n.fault, "reason": n.detail})
}

// contested asks from time to time whether another machine answers to the name too, as where both have
// begun at once, or a cable has joined two networks. Then all begins anew, by asking (RFC 6762 section 9). n.mu
// is held, but not while it asks.
func (n *nameService) contested(ctx context.Context) bool {
	if time.Now().Before(n.due) {
		return false
	}
	name := n.name
	n.due = nextCheck()
	n.mu.Unlock()
	taken := n.others(ctx, name)
	n.mu.Lock()
	if taken {
		n.log.Warn("another machine on the local network answers to the name of the box too", "name", name)
	}
	return taken
}

// nextCheck is by chance: of two boxes that go in step both would fall silent, hear nothing, and go on.
func nextCheck() time.Time { return time.Now().Add(nameCheck + rand.N(nameCheck)) }

func (n *nameService) subject() string { return nameKind + " " + localName(n.label) }

// leave ends answering. n.mu is held.
func (n *nameService) leave() {
	if n.open != nil {
		_ = n.open.Close() // its sockets hold nothing
		n.open = nil
	}
}

// door is the name as one of the ways by which the box is reached; urls are those of its doors.
func (n *nameService) door() (d api.Door, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return api.Door{ID: n.subject(), Kind: nameKind, Address: n.name, URLs: []string{}, Open: n.open != nil, Fault: n.fault, Detail: n.detail}, n.name != ""
}

// answered is the name that the box answers to, or answered to a moment ago; "" for none.
func (n *nameService) answered() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.has
}

// localName is a label as a name, "" for none.
func localName(label string) string {
	if label == "" {
		return ""
	}
	return label + ".local"
}

// goodLabel says whether a text is one label of a name, as hosts have it (RFC 1123).
func goodLabel(s string) bool {
	return s != "" && len(s) <= 63 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-' && s[len(s)-1] != '-'
}

// nameFault names why a name is not answered, as the fault of a door.
func nameFault(err error) string {
	switch {
	case errors.Is(err, errNameTaken):
		return "name-taken"
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EAFNOSUPPORT): // the unit forbids netlink, or the network
		return "filtered"
	case errors.Is(err, errNoInterface):
		return "no-address"
	default:
		return faultOf(err)
	}
}

// errNoInterface says that the box is in no network in which names are asked for.
var errNoInterface = errors.New("no interface is up that takes multicast")

// mdnsAnswer answers to a name on all interfaces that pass chooses, once nobody else does.
func mdnsAnswer(ctx context.Context, name string, pass func(net.Interface) bool, loopback bool) (io.Closer, error) {
	all, err := mdnsInterfaces(pass)
	if err != nil {
		return nil, err
	}
	ports, err := openNamePorts(all)
	if err != nil {
		return nil, err
	}
	claim := &nameClaim{name: name, mine: isOurs, links: ports.links, heard: ports.heard}
	if err := claim.run(ctx); err != nil {
		ports.shut()
		return nil, err
	}
	conn, err := mdnsOpen(all, &mdns.Config{Name: "vaad", IncludeLoopback: loopback, LocalNames: []string{name}})
	if err != nil {
		ports.shut()
		return nil, err
	}
	return answerFrom(conn, claim, ports), nil
}

// mdnsInterfaces are those that are up and that pass chooses.
func mdnsInterfaces(pass func(net.Interface) bool) ([]net.Interface, error) {
	all, err := net.Interfaces()
	return slices.DeleteFunc(all, func(i net.Interface) bool { return i.Flags&net.FlagUp == 0 || !pass(i) }), err
}

// isOurs says whether an address is one of this machine: then another program of it answers.
func isOurs(a netip.Addr) bool {
	addrs, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(addrs, func(n net.Addr) bool {
		p, err := netip.ParsePrefix(n.String())
		return err == nil && p.Addr().Unmap() == a.Unmap().WithZone("")
	})
}

// mdnsOpen opens the port that all share, on the interfaces on which the group can be joined. The
// library leaves sockets open where there is none, so that it is not asked then.
func mdnsOpen(interfaces []net.Interface, c *mdns.Config) (*mdns.Conn, error) {
	four, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(224, 0, 0, 0), Port: 5353})
	if err != nil {
		return nil, err
	}
	v4 := ipv4.NewPacketConn(four)
	var v6 *ipv6.PacketConn
	if six, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.ParseIP("ff02::"), Port: 5353}); err == nil { // a box may have none
		v6 = ipv6.NewPacketConn(six)
	}
	shut := func(err error) error {
		errs := []error{err, v4.Close()}
		if v6 != nil {
			errs = append(errs, v6.Close())
		}
		return errors.Join(errs...)
	}
	group := &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251)}
	c.Interfaces = nil
	for i := range interfaces {
		if addrs, err := interfaces[i].Addrs(); err != nil || len(addrs) == 0 { // up, and not yet in a network
			continue
		}
		if err := v4.JoinGroup(&interfaces[i], group); err == nil && v4.LeaveGroup(&interfaces[i], group) == nil {
			c.Interfaces = append(c.Interfaces, interfaces[i])
		}
	}
	if len(c.Interfaces) == 0 {
		return nil, shut(errNoInterface)
	}
	conn, err := mdns.Server(v4, v6, c)
	if err != nil {
		return nil, shut(err)
	}
	return conn, nil
}

// nameService is the one of this box.
func (d *running) nameService() *nameService {
	pass := func(i net.Interface) bool { return i.Flags&net.FlagMulticast != 0 && i.Flags&net.FlagLoopback == 0 }
	return &nameService{log: d.log, alarms: d.alarms, want: func() string { return d.sec.network.Get(d.doc).MDNSName },
		addrs:  func() []netip.Addr { return boxAddresses(d.clients.system) },
		answer: func(ctx context.Context, name string) (io.Closer, error) { return mdnsAnswer(ctx, name, pass, false) },
		others: func(ctx context.Context, name string) bool {
			all, err := mdnsInterfaces(pass)
			return err == nil && nameOfOthers(ctx, name, all)
		},
		had: d.clients.nameHad, keep: d.clients.keepName, moved: func() { ring(d.clients.bell) }}
}

// allNames are those that people type: the ones that were chosen, and that on the local network.
func (n networkDoc) allNames() []string {
	if n.MDNSName == "" {
		return n.Names
	}
	return append(slices.Clone(n.Names), localName(n.MDNSName))
}
