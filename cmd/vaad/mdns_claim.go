package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	claimDelay   = 250 * time.Millisecond // at most, by chance, before the first question; and after each (RFC 6762 section 8.1)
	claimAsks    = 3
	claimDefer   = time.Second // after another one went first (section 8.2)
	claimTries   = 8
	claimRecords = 32  // of one message, no more are looked at
	claimTTL     = 120 // s, as those of all addresses
	cacheFlush   = 1 << 15
)

// A nameClaim makes a name the box's own: it asks whether somebody has it, and says by which addresses
// it would answer. Where another machine asks for it at the same time both compare these, and come
// to the same end: one goes on, the other waits, hears the answer of the first, and takes another name.
type nameClaim struct {
	name  string                // with .local
	mine  func(netip.Addr) bool // an address of this machine, of which several programs may answer
	links []nameLink
	heard <-chan heardName
}

// A nameLink is an interface on which names are asked for.
type nameLink struct {
	index int // of the interface
	addrs []netip.Addr
	send  func([]byte)
}

// heardName is a message that came by the interface of this index.
type heardName struct {
	index   int
	message []byte
}

// claimed is how it stands with a name.
type claimed int

const (
	nameFree  claimed = iota // so far
	nameRival                // another one asks for it too, and goes first
	nameGone                 // another machine answers to it
)

// run returns nil once the name is the box's, [errNameTaken], or why ctx ended.
func (c *nameClaim) run(ctx context.Context) error {
	for n := range claimTries {
		is := c.ask(ctx)
		if is == nameRival { // it answers by then if it is still there. By chance, as each of two may have had to wait
			if c.listen(ctx, claimDefer+rand.N(time.Duration(n+1)*claimDelay)) == nameGone {
				is = nameGone
			}
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case is == nameFree:
			return nil
		case is == nameGone:
			return errNameTaken
		}
	}
	return errNameTaken
}

// ask asks three times.
func (c *nameClaim) ask(ctx context.Context) claimed {
	if is := c.until(ctx, rand.N(claimDelay), nameRival); is != nameFree {
		return is
	}
	for range claimAsks {
		for _, l := range c.links {
			if b, err := probeFor(c.name, l.addrs); err == nil {
				l.send(b)
			}
		}
		if is := c.until(ctx, claimDelay, nameRival); is != nameFree {
			return is
		}
	}
	return nameFree
}

// listen waits so long, or until another machine answers.
func (c *nameClaim) listen(ctx context.Context, d time.Duration) claimed {
	return c.until(ctx, d, nameGone)
}

// until listens for so long, or until it stands as badly as that.
func (c *nameClaim) until(ctx context.Context, d time.Duration, bad claimed) claimed {
	over := time.NewTimer(d)
	defer over.Stop()
	for {
		select {
		case <-ctx.Done():
			return nameFree
		case <-over.C:
			for range heardAhead { // what came in time counts, also where this machine was too busy to look
				select {
				case h := <-c.heard:
					if is := c.judge(h); is >= bad {
						return is
					}
				default:
					return nameFree
				}
			}
			return nameFree
		case h := <-c.heard:
			if is := c.judge(h); is >= bad {
				return is
			}
		}
	}
}

// judge says what a message means for the name.
func (c *nameClaim) judge(h heardName) claimed {
	if anotherAnswers(h.message, c.name, c.mine) {
		return nameGone
	}
	theirs := rivalRecords(h.message, c.name, c.mine)
	i := slices.IndexFunc(c.links, func(l nameLink) bool { return l.index == h.index })
	if len(theirs) == 0 || i < 0 {
		return nameFree
	}
	if slices.CompareFunc(recordsOf(c.links[i].addrs), theirs, bytes.Compare) < 0 {
		return nameRival
	}
	return nameFree // they come to the same end, and wait
}

// announce tells all to whom the name belongs now, so that they forget what they knew.
func (c *nameClaim) announce() {
	for _, l := range c.links {
		if b, err := announcementOf(c.name, l.addrs); err == nil {
			l.send(b)
		}
	}
}

// retract tells all that these addresses have the name no more, so that nobody asks them in vain.
func (c *nameClaim) retract() {
	for _, l := range c.links {
		if b, err := goodbyeOf(c.name, l.addrs); err == nil {
			l.send(b)
		}
	}
}

// recordsOf are addresses as they are compared (RFC 6762 section 8.2): class, type, data, in order.
func recordsOf(addrs []netip.Addr) (all [][]byte) {
	for _, a := range addrs {
		all = append(all, recordOf(dnsmessage.ClassINET, typeOf(a), a.AsSlice()))
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

func recordOf(class dnsmessage.Class, kind dnsmessage.Type, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(class)&^cacheFlush)
	return append(binary.BigEndian.AppendUint16(b, uint16(kind)), data...)
}

func typeOf(a netip.Addr) dnsmessage.Type {
	if a.Is4() {
		return dnsmessage.TypeA
	}
	return dnsmessage.TypeAAAA
}

// rivalRecords are those by which another machine that asks for a name would answer to it, in order;
// none where the message is no such question, or one of this machine.
func rivalRecords(message []byte, name string, mine func(netip.Addr) bool) (all [][]byte) {
	var p dnsmessage.Parser
	if h, err := p.Start(message); err != nil || h.Response || p.SkipAllQuestions() != nil || p.SkipAllAnswers() != nil {
		return nil
	}
	theirs := false
	for range claimRecords {
		r, err := p.Authority()
		if err != nil {
			break
		}
		if !strings.EqualFold(r.Header.Name.String(), name+".") {
			continue
		}
		var data []byte
		switch body := r.Body.(type) {
		case *dnsmessage.AResource:
			data = body.A[:]
		case *dnsmessage.AAAAResource:
			data = body.AAAA[:]
		case *dnsmessage.UnknownResource:
			data = body.Data
		}
		if a, is := netip.AddrFromSlice(data); !is || !mine(a) {
			theirs = true
		}
		all = append(all, recordOf(r.Header.Class, r.Header.Type, data))
	}
	if !theirs {
		return nil
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

// probeFor asks for everything of a name, and says by which addresses it would be answered.
func probeFor(name string, addrs []netip.Addr) ([]byte, error) {
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{}
	for _, kind := range []dnsmessage.Type{dnsmessage.TypeALL, dnsmessage.TypeA, dnsmessage.TypeAAAA} { // some know no question for all
		m.Questions = append(m.Questions, dnsmessage.Question{Name: n, Type: kind, Class: dnsmessage.ClassINET})
	}
	m.Authorities = resourcesOf(n, addrs, dnsmessage.ClassINET, claimTTL)
	return m.Pack()
}

// announcementOf is an answer that nobody has asked for (RFC 6762 section 8.3).
func announcementOf(name string, addrs []netip.Addr) ([]byte, error) {
	return unasked(name, addrs, dnsmessage.ClassINET|cacheFlush, claimTTL)
}

// goodbyeOf takes these addresses back, and none of another machine (RFC 6762 section 10.1).
func goodbyeOf(name string, addrs []netip.Addr) ([]byte, error) {
	return unasked(name, addrs, dnsmessage.ClassINET, 0)
}

func unasked(name string, addrs []netip.Addr, class dnsmessage.Class, ttl uint32) ([]byte, error) {
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return nil, err
	}
	return (&dnsmessage.Message{Header: dnsmessage.Header{Response: true, Authoritative: true}, Answers: resourcesOf(n, addrs, class, ttl)}).Pack()
}

func resourcesOf(name dnsmessage.Name, addrs []netip.Addr, class dnsmessage.Class, ttl uint32) (all []dnsmessage.Resource) {
	for _, a := range addrs {
		r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Type: typeOf(a), Class: class, TTL: ttl}, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}
		if a.Is4() {
			r.Body = &dnsmessage.AResource{A: a.As4()}
		}
		all = append(all, r)
	}
	return all
}
