package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/mdns/v2"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	mdnsPort   = 5353
	mdnsMost   = 9000        // bytes of a message at most (RFC 6762 section 17)
	sayAgain   = time.Second // between the two times that a name is announced (section 8.3)
	mdnsFar    = 255         // hops; all others did not come from this network (section 11)
	heardAhead = 64          // messages that wait; more are lost, as on any network
)

// namePorts are the sockets by which a name is claimed. All programs of a machine share the port.
type namePorts struct {
	links []nameLink
	heard chan heardName
	close []func() error
	done  chan struct{}
	ears  sync.WaitGroup
}

// openNamePorts opens them on those interfaces that can take part: up, with an address, in the group.
func openNamePorts(interfaces []net.Interface) (p *namePorts, err error) {
	p = &namePorts{heard: make(chan heardName, heardAhead), done: make(chan struct{})}
	defer func() {
		if err != nil {
			p.shut()
		}
	}()
	group4, group6 := mdnsGroups["udp4"], mdnsGroups["udp6"]
	four, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(224, 0, 0, 0), Port: mdnsPort})
	if err != nil {
		return p, err
	}
	p.close = append(p.close, four.Close)
	v4 := ipv4.NewPacketConn(four)
	if err := errors.Join(v4.SetControlMessage(ipv4.FlagInterface, true), v4.SetMulticastTTL(mdnsFar)); err != nil {
		return p, err
	}
	var v6 *ipv6.PacketConn
	if six, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.ParseIP("ff02::"), Port: mdnsPort}); err == nil { // a box may have none
		p.close = append(p.close, six.Close)
		v6 = ipv6.NewPacketConn(six)
		if err := errors.Join(v6.SetControlMessage(ipv6.FlagInterface, true), v6.SetMulticastHopLimit(mdnsFar)); err != nil {
			return p, err
		}
	}
	for _, i := range interfaces {
		addrs := claimAddrs(i)
		if len(addrs) == 0 || v4.JoinGroup(&i, &group4) != nil {
			continue
		}
		by6 := v6 != nil && v6.JoinGroup(&i, &group6) == nil
		p.links = append(p.links, nameLink{index: i.Index, addrs: addrs, send: func(b []byte) { // one that is lost is said again
			if v4.SetMulticastInterface(&i) == nil {
				_, _ = v4.WriteTo(b, nil, &group4)
			}
			if by6 && v6.SetMulticastInterface(&i) == nil {
				_, _ = v6.WriteTo(b, nil, &group6)
			}
		}})
	}
	if len(p.links) == 0 {
		return p, errNoInterface
	}
	p.hear(func(b []byte) (int, int, error) {
		n, m, _, err := v4.ReadFrom(b)
		if m == nil {
			return n, 0, err
		}
		return n, m.IfIndex, err
	})
	if v6 != nil {
		p.hear(func(b []byte) (int, int, error) {
			n, m, _, err := v6.ReadFrom(b)
			if m == nil {
				return n, 0, err
			}
			return n, m.IfIndex, err
		})
	}
	return p, nil
}

// hear passes on what comes, beside, until its socket is closed.
func (p *namePorts) hear(read func([]byte) (n, index int, err error)) {
	p.ears.Go(func() { p.listen(read) })
}

func (p *namePorts) listen(read func([]byte) (n, index int, err error)) {
	b := make([]byte, mdnsMost)
	for {
		n, index, err := read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			select { // as where the interface goes: it is asked for anew soon
			case <-p.done:
				return
			case <-time.After(claimDelay):
				continue
			}
		}
		select {
		case p.heard <- heardName{index, slices.Clone(b[:n])}:
		case <-p.done:
			return
		default: // nobody listens any more, or too many talk
		}
	}
}

func (p *namePorts) shut() {
	close(p.done)
	for _, f := range p.close {
		_ = f() // they hold nothing
	}
	p.ears.Wait()
}

// claimAddrs are the addresses by which a name is answered on an interface: one of each protocol.
func claimAddrs(i net.Interface) (all []netip.Addr) {
	addrs, err := i.Addrs()
	if err != nil {
		return nil
	}
	var four, six bool
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		switch a := p.Addr().Unmap(); {
		case a.Is4() && !four:
			four, all = true, append(all, a)
		case a.Is6() && !six:
			six, all = true, append(all, a.WithZone(""))
		}
	}
	return all
}

// answering is a name that is the box's: the library answers to it.
type answering struct {
	*mdns.Conn
	stop context.CancelFunc
	said chan struct{}
}

// Close gives the name up, and says so.
func (a *answering) Close() error {
	a.stop()
	<-a.said
	return a.Conn.Close()
}

// answerFrom announces a name twice, and takes it back at the end.
func answerFrom(conn *mdns.Conn, c *nameClaim, p *namePorts) *answering {
	ctx, stop := context.WithCancel(context.Background())
	a := &answering{conn, stop, make(chan struct{})}
	go func() {
		defer close(a.said)
		defer p.shut()
		c.announce()
		select {
		case <-ctx.Done():
		case <-time.After(sayAgain):
			c.announce()
		}
		<-ctx.Done()
		c.retract()
	}()
	return a
}
