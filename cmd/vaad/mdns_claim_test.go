package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"pgregory.net/rapid"
)

// A cable joins boxes; what one says all hear, also itself.
type cable struct {
	mu    sync.Mutex
	boxes []*cabled
}

// A cabled is a box on a cable, with a card or several.
type cabled struct {
	cable *cable
	cards []netip.Addr
	heard chan heardName
	has   string // the name that it answers to
}

func (c *cable) box(cards ...netip.Addr) *cabled {
	b := &cabled{cable: c, cards: cards, heard: make(chan heardName, heardAhead)}
	c.boxes = append(c.boxes, b)
	return b
}

// say is a message on the cable; who has the name that is asked for answers.
func (c *cable) say(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.carry(b)
	var p dnsmessage.Parser
	if h, err := p.Start(b); err != nil || h.Response {
		return
	}
	q, err := p.Question()
	for _, box := range c.boxes {
		if err == nil && box.has != "" && q.Name.String() == box.has+"." {
			if a, err := announcementOf(box.has, box.cards[:1]); err == nil {
				c.carry(a)
			}
		}
	}
}

func (c *cable) carry(b []byte) {
	for _, box := range c.boxes {
		for card := range box.cards {
			select {
			case box.heard <- heardName{card + 1, b}:
			default:
			}
		}
	}
}

// answer makes a name the box's.
func (b *cabled) answer(ctx context.Context, name string) error {
	claim := &nameClaim{name: name, heard: b.heard, mine: func(a netip.Addr) bool { return slices.Contains(b.cards, a) }}
	for i, a := range b.cards {
		claim.links = append(claim.links, nameLink{index: i + 1, addrs: []netip.Addr{a}, send: b.cable.say})
	}
	if err := claim.run(ctx); err != nil {
		return err
	}
	b.cable.mu.Lock()
	b.has = name
	b.cable.mu.Unlock()
	claim.announce()
	return nil
}

// take is what the daemon does with a label.
func (b *cabled) take(ctx context.Context, label string) (time.Duration, error) {
	began, err := time.Now(), error(nil)
	for _, has := range furtherLabels(label, label) {
		if err = b.answer(ctx, localName(has)); !errors.Is(err, errNameTaken) {
			break
		}
	}
	return time.Since(began), err
}

// Whoever begins when, and with how many cards: no two boxes end with one name, and each has one soon.
func TestBoxesThatWantOneNameAtOnceEndWithTwo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		boxes := rapid.IntRange(2, 4).Draw(rt, "boxes")
		last := netip.MustParseAddr("10.0.0.1")
		cards, waits := make([][]netip.Addr, boxes), make([]time.Duration, boxes)
		for i := range boxes {
			for range rapid.IntRange(1, 2).Draw(rt, "cards") {
				cards[i], last = append(cards[i], last), last.Next()
			}
			waits[i] = time.Duration(rapid.IntRange(0, 1500).Draw(rt, "after ms")) * time.Millisecond
		}
		if boxes == 2 && rapid.Bool().Draw(rt, "between") { // the cards of one lie around the other's
			cards[0], cards[1] = parseAddrs("10.0.1.1", "10.0.1.3"), parseAddrs("10.0.1.2")
		}
		var names []string
		took, errs := make([]time.Duration, boxes), make([]error, boxes)
		synctest.Test(t, func(t *testing.T) {
			c := &cable{}
			for i := range boxes {
				c.box(cards[i]...)
			}
			var wg sync.WaitGroup
			for i, b := range c.boxes {
				wg.Go(func() {
					time.Sleep(waits[i])
					took[i], errs[i] = b.take(t.Context(), "vaad")
				})
			}
			wg.Wait()
			for _, b := range c.boxes {
				names = append(names, b.has)
			}
		})
		for i := range boxes {
			if errs[i] != nil || took[i] > 25*time.Second || boxes == 2 && took[i] > 12*time.Second {
				rt.Fatalf("box %d: %v after %v", i, errs[i], took[i])
			}
		}
		slices.Sort(names)
		if want := []string{"vaad-2.local", "vaad-3.local", "vaad-4.local"}[:boxes-1]; !slices.Equal(names, append(slices.Clone(want), "vaad.local")) {
			rt.Fatalf("they are called %v", names)
		}
	})
}

// At the very same instant, as after a power cut: seconds.
func TestTwoBoxesThatStartAtTheSameInstantDifferWithinSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			c := &cable{}
			one, two := c.box(parseAddrs("10.0.0.1")...), c.box(parseAddrs("10.0.0.2")...)
			var wg sync.WaitGroup
			var a, b time.Duration
			wg.Go(func() { a, _ = one.take(t.Context(), "vaad") })
			wg.Go(func() { b, _ = two.take(t.Context(), "vaad") })
			wg.Wait()
			if one.has == two.has || one.has == "" || two.has == "" || max(a, b) > 5*time.Second {
				t.Fatalf("%q after %v, %q after %v", one.has, a, two.has, b)
			}
		}
	})
}

func TestTheOneWhoseAddressesComeLaterGoesOn(t *testing.T) {
	ours := parseAddrs("10.0.0.5", "fe80::5")
	const card = 3
	c := &nameClaim{name: "vaad.local", links: []nameLink{{index: card, addrs: ours}}, mine: func(a netip.Addr) bool { return slices.Contains(append(ours, netip.MustParseAddr("10.0.9.9")), a) }}
	probe := func(name string, addrs ...string) []byte {
		b, err := probeFor(name, parseAddrs(addrs...))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	answer, err := announcementOf("VAAD.local", parseAddrs("10.0.0.4"))
	if err != nil {
		t.Fatal(err)
	}
	for what, x := range map[string]struct {
		b    []byte
		card int
		want claimed
	}{
		"an address before ours":             {probe("vaad.local", "10.0.0.4"), card, nameFree},
		"one behind ours":                    {probe("vaad.local", "10.0.0.6"), card, nameRival},
		"bytes are compared, not letters":    {probe("vaad.local", "10.0.0.200"), card, nameRival},
		"written otherwise":                  {probe("Vaad.LOCAL", "10.0.0.6"), card, nameRival},
		"the same and more":                  {probe("vaad.local", "10.0.0.5", "fe80::5", "fe80::6"), card, nameRival},
		"the same and less":                  {probe("vaad.local", "10.0.0.5"), card, nameFree},
		"the order in a message is nothing":  {probe("vaad.local", "fe80::4", "10.0.0.6"), card, nameRival},
		"our own, by another card":           {probe("vaad.local", "10.0.9.9"), card, nameFree},
		"by a card on which it does not ask": {probe("vaad.local", "10.0.0.6"), card + 1, nameFree},
		"another name":                       {probe("vaad-2.local", "10.0.0.6"), card, nameFree},
		"nobody asks for it":                 {probe("vaad.local"), card, nameFree},
		"an answer":                          {answer, card, nameGone},
		"nothing":                            {nil, card, nameFree},
		"cut off":                            {probe("vaad.local", "10.0.0.6")[:50], card, nameFree},
	} {
		if got := c.judge(heardName{x.card, x.b}); got != x.want {
			t.Errorf("%s: %d, want %d", what, got, x.want)
		}
	}
}

func TestAnAnswerThatCameInTimeCountsHoweverLateItIsLookedAt(t *testing.T) {
	answer, err := announcementOf("vaad.local", parseAddrs("10.0.0.4"))
	if err != nil {
		t.Fatal(err)
	}
	for range 50 { // the time is over and the answer is there: it is not chance what is seen first
		heard := make(chan heardName, heardAhead)
		heard <- heardName{1, nil}
		heard <- heardName{1, answer}
		c := &nameClaim{name: "vaad.local", heard: heard, mine: func(netip.Addr) bool { return false }}
		if is := c.until(t.Context(), 0, nameRival); is != nameGone {
			t.Fatalf("the name is %d", is)
		}
	}
}

// Of two boxes never both go on, and never both wait: they compare the same.
func TestBothSidesCompareTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.Map(rapid.SliceOfN(rapid.Byte(), 4, 4), func(b []byte) netip.Addr { a, _ := netip.AddrFromSlice(b); return a })
		a, b := rapid.SliceOfN(some, 1, 3).Draw(t, "a"), rapid.SliceOfN(some, 1, 3).Draw(t, "b")
		nobody := func(netip.Addr) bool { return false }
		said, err := probeFor("vaad.local", b)
		if err != nil {
			t.Fatal(err)
		}
		if heard := rivalRecords(said, "vaad.local", nobody); !slices.EqualFunc(heard, recordsOf(b), bytes.Equal) {
			t.Fatalf("%x is heard as %x", recordsOf(b), heard)
		}
		if x, y := slices.CompareFunc(recordsOf(a), recordsOf(b), bytes.Compare), slices.CompareFunc(recordsOf(b), recordsOf(a), bytes.Compare); x != -y {
			t.Fatalf("%d and %d", x, y)
		}
	})
}

func TestTurnedOffWhileItAsksItEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := (&cable{}).box(parseAddrs("10.0.0.1")...).answer(ctx, "vaad.local"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 300*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// What comes from the network is anything.
func FuzzRivalRecords(f *testing.F) {
	for _, addrs := range [][]netip.Addr{nil, parseAddrs("10.0.0.1"), parseAddrs("10.0.0.1", "fe80::1")} {
		b, err := probeFor("vaad.local", addrs)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if all := rivalRecords(b, "vaad.local", func(netip.Addr) bool { return false }); len(all) > claimRecords {
			t.Error(fmt.Sprint(len(all), " records"))
		}
	})
}
