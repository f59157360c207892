package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/pion/mdns/v2"
	"golang.org/x/net/dns/dnsmessage"
)

func TestAnotherMachineIsHeardWhileTheBoxAnswersItself(t *testing.T) {
	pass := mdnsInterface(t)
	name := fmt.Sprintf("vaad-two-%d.local", os.Getpid())
	here, err := mdnsInterfaces(pass)
	if err != nil {
		t.Fatal(err)
	}
	box, err := mdnsAnswer(t.Context(), name, pass, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = box.Close() }()
	if nameOfOthers(t.Context(), name, here) {
		t.Fatal("it takes itself for another machine")
	}
	other, err := mdnsOpen(here, &mdns.Config{IncludeLoopback: true, LocalNames: []string{name}, LocalAddress: net.IPv4(192, 0, 2, 77)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	// What the other one says is heard late where this machine has much else to do.
	for end := time.Now().Add(time.Minute); !nameOfOthers(t.Context(), name, here); {
		if time.Now().After(end) {
			t.Fatal("another machine answers to the name, and nobody notices")
		}
	}
	for end := time.Now().Add(time.Minute); ; {
		open, err := mdnsAnswer(t.Context(), name, pass, true)
		if errors.Is(err, errNameTaken) {
			break
		}
		if err != nil || time.Now().After(end) {
			t.Fatalf("the name of another machine is answered: %v", err)
		}
		if err := open.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// answerOf is a message that gives a name an address.
func answerOf(t testing.TB, name string, response bool, ttl uint32, a [4]byte) []byte {
	t.Helper()
	n := dnsmessage.MustNewName(name + ".")
	b, err := (&dnsmessage.Message{Header: dnsmessage.Header{Response: response},
		Questions: []dnsmessage.Question{{Name: n, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
		Answers:   []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: n, Class: dnsmessage.ClassINET, TTL: ttl}, Body: &dnsmessage.AResource{A: a}}}}).Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOnlyAnAnswerOfAnotherMachineToTheNameTakesIt(t *testing.T) {
	theirs, ours := [4]byte{192, 0, 2, 77}, [4]byte{127, 0, 0, 1}
	for _, c := range []struct {
		what string
		b    []byte
		want bool
	}{
		{"another machine", answerOf(t, "recorder.local", true, 120, theirs), true},
		{"written otherwise", answerOf(t, "Recorder.LOCAL", true, 120, theirs), true},
		{"ourselves", answerOf(t, "recorder.local", true, 120, ours), false},
		{"another name", answerOf(t, "printer.local", true, 120, theirs), false},
		{"a question", answerOf(t, "recorder.local", false, 120, theirs), false},
		{"another machine, which goes", answerOf(t, "recorder.local", true, 0, theirs), false},
		{"nothing", nil, false},
		{"cut off", answerOf(t, "recorder.local", true, 120, theirs)[:40], false},
	} {
		if got := anotherAnswers(c.b, "recorder.local", isOurs); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

// What comes from the network is anything, and never brings the daemon down.
func FuzzAnotherAnswers(f *testing.F) {
	f.Add(answerOf(f, "recorder.local", true, 120, [4]byte{192, 0, 2, 77}))
	f.Fuzz(func(_ *testing.T, b []byte) { anotherAnswers(b, "recorder.local", isOurs) })
}
