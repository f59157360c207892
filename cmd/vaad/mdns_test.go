package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/mdns/v2"
	"golang.org/x/net/dns/dnsmessage"
)

// asked is a name service whose network is the test's.
type asked struct {
	*nameService
	label  string
	addr   []netip.Addr
	err    error
	taken  bool // another machine answers too
	theirs []string
	was    nameHad
	moves  int
	opened []string
	closed int
	up     *raised
}

type closing func()

func (c closing) Close() error { c(); return nil }

func newAsked() *asked {
	a := &asked{up: &raised{}}
	a.nameService = &nameService{log: slog.New(slog.DiscardHandler), alarms: a.up, want: func() string { return a.label }, addrs: func() []netip.Addr { return a.addr },
		answer: func(_ context.Context, name string) (io.Closer, error) {
			if a.err != nil {
				return nil, a.err
			}
			if slices.Contains(a.theirs, name) {
				return nil, errNameTaken
			}
			a.opened = append(a.opened, name)
			return closing(func() { a.closed++ }), nil
		}, others: func(context.Context, string) bool { return a.taken }, had: func() nameHad { return a.was }, keep: func(h nameHad) { a.was = h }, moved: func() { a.moves++ }}
	return a
}

func TestTheNameOnTheNetworkFollowsSettingsAndAddresses(t *testing.T) {
	a := newAsked()
	a.step(t.Context())
	if _, is := a.door(); is || len(a.opened) > 0 {
		t.Fatal("it answers although nobody has asked for it")
	}
	a.label = "recorder"
	a.step(t.Context())
	a.step(t.Context())
	if d, is := a.door(); !is || !d.Open || d.Address != "recorder.local" || fmt.Sprint(a.opened) != "[recorder.local]" {
		t.Fatalf("%+v %v", d, a.opened)
	}
	a.addr = []netip.Addr{netip.MustParseAddr("192.168.1.20")} // the cable was plugged in
	a.step(t.Context())
	a.label = "box"
	a.step(t.Context())
	if fmt.Sprint(a.opened) != "[recorder.local recorder.local box.local]" || a.closed != 2 {
		t.Errorf("%v, closed %d", a.opened, a.closed)
	}
	a.label = ""
	a.step(t.Context())
	if _, is := a.door(); is || a.closed != 3 {
		t.Errorf("it is there although settings say no; closed %d", a.closed)
	}
}

func TestANameThatCannotBeAnsweredIsSaidAndTriedAgain(t *testing.T) {
	for _, c := range []struct {
		err   error
		fault string
	}{
		{fmt.Errorf("listen: %w", syscall.EADDRINUSE), "in-use"}, // of a responder that wants to be alone
		{errNameTaken, "name-taken"},
		{fmt.Errorf("route: %w", syscall.EAFNOSUPPORT), "filtered"},
		{fmt.Errorf("route: %w", syscall.EPERM), "filtered"},
		{errNoInterface, "no-address"},
		{errors.New("?"), "other"},
	} {
		a := newAsked()
		a.label, a.err = "recorder", c.err
		a.step(t.Context())
		a.step(t.Context())
		if d, _ := a.door(); d.Fault != c.fault || d.Open || fmt.Sprint(a.up.up) != "[listen-failed name recorder.local]" {
			t.Errorf("%v: %+v, alarms %v", c.err, d, a.up.up)
		}
		a.err = nil
		a.step(t.Context())
		if d, _ := a.door(); d.Fault != "" || !d.Open || len(a.up.up) > 0 {
			t.Errorf("after %v: %+v, alarms %v", c.err, d, a.up.up)
		}
		a.err, a.addr = c.err, []netip.Addr{{}}
		a.step(t.Context())
		a.label = ""
		a.step(t.Context())
		if len(a.up.up) > 0 {
			t.Errorf("turned off after %v: alarms %v", c.err, a.up.up)
		}
	}
}

func TestANameThatAnotherMachineTakesLaterIsGivenUpAndSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsked()
		a.label = "recorder"
		a.step(t.Context())
		a.taken, a.err = true, errNameTaken // both have begun at once
		a.step(t.Context())
		if d, _ := a.door(); !d.Open {
			t.Fatalf("it asks all the time: %+v", d)
		}
		time.Sleep(2 * nameCheck)
		a.step(t.Context())
		if d, _ := a.door(); d.Open || d.Fault != "name-taken" || a.closed != 1 || fmt.Sprint(a.up.up) != "[listen-failed name recorder.local]" {
			t.Errorf("%+v, closed %d, alarms %v", d, a.closed, a.up.up)
		}
		a.taken, a.err = false, nil // the other one has gone
		a.step(t.Context())
		if d, _ := a.door(); !d.Open || len(a.up.up) > 0 {
			t.Errorf("afterwards: %+v, alarms %v", d, a.up.up)
		}
		a.taken = true // and answers only now and then
		time.Sleep(2 * nameCheck)
		a.step(t.Context())
		if d, _ := a.door(); !d.Open || a.closed != 2 || len(a.opened) != 3 {
			t.Errorf("%+v, closed %d, opened %v", d, a.closed, a.opened)
		}
	})
}

func TestANameOfAnotherMachineIsNotFoughtForButAFurtherOneTaken(t *testing.T) {
	a := newAsked()
	a.label, a.theirs = "recorder", []string{"recorder.local", "recorder-2.local"}
	a.step(t.Context())
	if d, _ := a.door(); !d.Open || d.Address != "recorder-3.local" || d.Fault != nameOther || d.ID != "name recorder.local" || len(a.up.up) > 0 || a.moves != 1 || a.answered() != "recorder-3.local" {
		t.Errorf("%+v, alarms %v, moved %d times", d, a.up.up, a.moves)
	}
	a.theirs = nil // the others have gone: people have kept what it is called
	a.addr = parseAddrs("192.168.1.20")
	a.step(t.Context())
	again := newAsked() // and so after the next start
	again.label, again.was = a.label, a.was
	again.step(t.Context())
	for _, n := range []*asked{a, again} {
		if d, _ := n.door(); d.Address != "recorder-3.local" || d.Fault != nameOther {
			t.Errorf("it does not stay: %+v", d)
		}
	}
	if a.moves != 1 || a.answered() != "recorder-3.local" {
		t.Errorf("it is another name now: %q, moved %d times", a.answered(), a.moves)
	}
	a.label = ""
	a.step(t.Context())
	if a.answered() != "" || a.moves != 2 {
		t.Error("it answers although it is turned off")
	}
	a.label = "recorder" // set anew
	a.step(t.Context())
	if d, _ := a.door(); d.Address != "recorder.local" || d.Fault != "" {
		t.Errorf("set anew: %+v", d)
	}
	if all := furtherLabels("recorder", strings.Repeat("a", 60)+"-bc"); len(all) != 1+nameMost || slices.ContainsFunc(all, func(s string) bool { return !goodLabel(s) }) {
		t.Errorf("%q", all)
	}
	if all := furtherLabels("b-3", "b"); fmt.Sprint(all) != "[b-3 b b-2 b-4 b-5 b-6 b-7 b-8 b-9]" {
		t.Errorf("%q", all)
	}
}

func TestOnlyNamesOfHostsAreTaken(t *testing.T) {
	for label, good := range map[string]bool{"recorder": true, "box-2": true, "7": true, strings.Repeat("a", 63): true,
		strings.Repeat("a", 64): false, "recorder.local": false, "-a": false, "a-": false, "A": false, "录音": false, "a b": false, "a\n": false, "_x": false} {
		doc := networkDoc{Port: 8443, TLS: tlsOwn, MDNSName: label}
		if err := doc.validate(); (err == nil) != good {
			t.Errorf("%q: %v", label, err)
		}
	}
}

// mdnsInterface is one on which this machine hears its own questions.
func mdnsInterface(t *testing.T) func(net.Interface) bool {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Skip(err)
	}
	for _, i := range all {
		if addrs, err := i.Addrs(); err == nil && len(addrs) > 0 && i.Flags&net.FlagUp != 0 && i.Flags&net.FlagMulticast != 0 {
			return func(o net.Interface) bool { return o.Name == i.Name }
		}
	}
	t.Skip("no interface takes multicast")
	return nil
}

func TestABoxAnswersToItsNameAndLeavesThoseOfOthersAlone(t *testing.T) {
	pass := mdnsInterface(t)
	name := fmt.Sprintf("vaad-test-%d.local", os.Getpid())
	box, err := mdnsAnswer(t.Context(), name, pass, true)
	if err != nil {
		t.Fatal(err)
	}
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var here []net.Interface
	for _, i := range all {
		if pass(i) {
			here = append(here, i)
		}
	}
	client, err := mdnsOpen(here, &mdns.Config{IncludeLoopback: true, QueryInterval: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(name string, patience time.Duration) (netip.Addr, error) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, at, err := client.QueryAddr(ctx, name)
		return at, err
	}
	if at, err := ask(name, 10*time.Second); err != nil || !isOurs(at) {
		t.Errorf("%s is %v, %v", name, at, err)
	}
	if at, err := ask("not-"+name, 500*time.Millisecond); err == nil {
		t.Errorf("a name of nobody is answered: %v", at)
	}
	if again, err := mdnsAnswer(t.Context(), name, pass, true); err != nil { // as beside avahi, which answers for this machine too
		t.Errorf("beside another program of this machine: %v", err)
	} else if err := again.Close(); err != nil {
		t.Error(err)
	}
	ports, err := openNamePorts(here)
	if err != nil {
		t.Fatal(err)
	}
	defer ports.shut()
	if err := box.Close(); err != nil {
		t.Error(err)
	}
	for back, wait := false, time.After(30*time.Second); !back; {
		select {
		case h := <-ports.heard:
			back = takesBack(h.message, name)
		case <-wait:
			t.Fatal("nobody is told that the name is answered no more")
		}
	}
	at, silent := netip.Addr{}, false
	for range 20 { // what was said before may be heard late
		if at, err = ask(name, 500*time.Millisecond); err != nil {
			silent = true
			break
		}
	}
	if !silent {
		t.Errorf("it answers although it is closed: %v", at)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if _, err := mdnsAnswer(t.Context(), name, func(net.Interface) bool { return false }, false); !errors.Is(err, errNoInterface) {
		t.Errorf("without a network: %v", err)
	}
}

// takesBack says whether a message ends the address of a name (RFC 6762 section 10.1).
func takesBack(message []byte, name string) bool {
	var m dnsmessage.Message
	if m.Unpack(message) != nil || !m.Response {
		return false
	}
	return slices.ContainsFunc(m.Answers, func(r dnsmessage.Resource) bool {
		return r.Header.Name.String() == name+"." && r.Header.Type == dnsmessage.TypeA && r.Header.TTL == 0
	})
}
