package main

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/ipv4"
)

const (
	nameProbe = time.Second // how long others may take to say that a name is theirs
	nameTries = 2           // questions within it: one may be lost
)

// mdnsGroups are where all who answer to names listen (RFC 6762 section 3).
var mdnsGroups = map[string]net.UDPAddr{"udp4": {IP: net.IPv4(224, 0, 0, 251), Port: 5353}, "udp6": {IP: net.ParseIP("ff02::fb"), Port: 5353}}

// nameOfOthers says whether another machine answers to a name on one of these interfaces. The question
// comes from a port of its own, so that all who answer tell us, and us alone (RFC 6762 section 6.7): what this
// machine says itself does not count. Where it cannot be asked nobody is known to answer.
func nameOfOthers(ctx context.Context, name string, interfaces []net.Interface) bool {
	q, err := nameQuestion(name)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	theirs := make(chan bool, len(mdnsGroups))
	for network, group := range mdnsGroups {
		go func() { theirs <- askOthers(ctx, network, group, interfaces, q, name) }()
	}
	for range mdnsGroups {
		if <-theirs {
			return true
		}
	}
	return false
}

// nameQuestion asks for the addresses of a name.
func nameQuestion(name string) ([]byte, error) {
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{}
	for _, kind := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
		m.Questions = append(m.Questions, dnsmessage.Question{Name: n, Type: kind, Class: dnsmessage.ClassINET})
	}
	return m.Pack()
}

// askOthers asks by one protocol, until one answers who is not this machine, or time is over.
func askOthers(ctx context.Context, network string, group net.UDPAddr, interfaces []net.Interface, question []byte, name string) bool {
	c, err := net.ListenUDP(network, nil)
	if err != nil { // the machine does not have it
		return false
	}
	defer context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })()
	defer func() { _ = c.Close() }() // it holds nothing
	b := make([]byte, 9000)          // no message is longer (RFC 6762 section 17)
	for range nameTries {
		asked := false
		for _, i := range interfaces {
			to := group
			if network == "udp6" {
				to.Zone = i.Name
			} else if ipv4.NewPacketConn(c).SetMulticastInterface(&i) != nil {
				continue
			}
			if _, err := c.WriteTo(question, &to); err == nil {
				asked = true
			}
		}
		if !asked || c.SetReadDeadline(time.Now().Add(nameProbe/nameTries)) != nil {
			return false
		}
		for ctx.Err() == nil {
			n, _, err := c.ReadFrom(b)
			if err != nil {
				break
			}
			if anotherAnswers(b[:n], name, isOurs) {
				return true
			}
		}
	}
	return false
}

// anotherAnswers says whether a message gives a name an address that is none of this machine; to take one
// back, as a machine does that is shut down (RFC 6762 section 10.1), is not to give it.
func anotherAnswers(message []byte, name string, mine func(netip.Addr) bool) bool {
	var p dnsmessage.Parser
	if h, err := p.Start(message); err != nil || !h.Response || p.SkipAllQuestions() != nil {
		return false
	}
	for {
		r, err := p.Answer()
		if err != nil {
			return false
		}
		if !strings.EqualFold(r.Header.Name.String(), name+".") || r.Header.TTL == 0 {
			continue
		}
		var a netip.Addr
		switch body := r.Body.(type) {
		case *dnsmessage.AResource:
			a = netip.AddrFrom4(body.A)
		case *dnsmessage.AAAAResource:
			a = netip.AddrFrom16(body.AAAA)
		default:
			continue
		}
		if !mine(a) {
			return true
		}
	}
}
