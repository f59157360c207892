package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/settings"
	"vaad/store"
)

// newTestPlan is a plan over settings of their own.
func newTestPlan(t *testing.T) *plan {
	t.Helper()
	db, _, err := store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	sec := newSections()
	doc, _, err := settings.New(settings.Config{DB: db, Sections: sec.parts(), Hints: hints(), Checks: []func(settings.View) error{sec.check}})
	if err != nil {
		t.Fatal(err)
	}
	return newPlan(doc, sec, func(string, int) channels.Learnt { return channels.Learnt{} })
}

func card(ports int) driver.Info {
	in := driver.Info{}
	for i := range ports {
		in.Lines = append(in.Lines, driver.Line{Port: i + 1, Kind: driver.FXO, Use: driver.Tap})
	}
	return in
}

func numbers(t *testing.T, p *plan, board string, in driver.Info) (ns []int) {
	t.Helper()
	all, err := p.Lines(board, in)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		ns = append(ns, c.Number)
	}
	return ns
}

func TestLinesKeepTheirNumbersWhateverBoardsComeAndGo(t *testing.T) {
	p := newTestPlan(t)
	for _, c := range []struct {
		board string
		ports int
		want  string
	}{
		{"a", 2, "[1,2]"},
		{"b", 2, "[3,4]"},
		{"c", 1, "[5]"}, // a and b are gone meanwhile
		{"b", 3, "[3,4,6]"},
		{"a", 2, "[1,2]"},
	} {
		if got, _ := json.Marshal(numbers(t, p, c.board, card(c.ports))); string(got) != c.want {
			t.Errorf("board %s with %d ports has the lines %s, want %s", c.board, c.ports, got, c.want)
		}
	}
}

func TestNumberSetUpBeforeItsLineWasSeenIsUsedFirst(t *testing.T) {
	p := newTestPlan(t)
	if _, err := p.doc.Set("ann", "", "lines.7.name", json.RawMessage(`"reception"`)); err != nil {
		t.Fatal(err)
	}
	all, err := p.Lines("a", card(2))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Number != 7 || all[0].Name != "reception" || all[0].Port != 1 || all[1].Number != 8 {
		t.Errorf("%+v", all)
	}
}

func TestRingPauseFollowsTheCountry(t *testing.T) {
	p := newTestPlan(t)
	for country, want := range map[string]int{"CN": 4000, "GB": 2000, "HR": 4000, "IS": 4700} {
		if _, err := p.doc.Set("ann", "", "site.country", json.RawMessage(`"`+country+`"`)); err != nil {
			t.Fatal(err)
		}
		all, err := p.Lines("a", card(1))
		if err != nil {
			t.Fatal(err)
		}
		if got := all[0].CountryGap; got != want {
			t.Errorf("%s: ring pause %d ms, want %d", country, got, want)
		}
		if got := p.config("1", p.sec.lines.Get(p.doc)["1"]).CountryGap; got != want {
			t.Errorf("%s, while it runs: ring pause %d ms, want %d", country, got, want)
		}
	}
}

func TestNewBoardsGetTheirNumbersInTheOrderOfTheConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // nobody's patience ends while the disk is slow
		p := newTestPlan(t)
		p.inOrder([]channels.BoardConfig{{ID: "first"}, {ID: "second"}, {ID: "third"}})
		got := map[string]chan []int{"second": make(chan []int, 1), "third": make(chan []int, 1)}
		for board, c := range got { // they open before the first one
			go func() { c <- numbers(t, p, board, card(2)) }()
		}
		time.Sleep((patience - 1) * planLook)
		if ns := numbers(t, p, "first", card(2)); fmt.Sprint(ns) != "[1 2]" {
			t.Errorf("first: %v", ns)
		}
		if a, b := <-got["second"], <-got["third"]; fmt.Sprint(a, b) != "[3 4] [5 6]" {
			t.Errorf("second %v, third %v", a, b)
		}
	})
}

// As where a card is not plugged in yet.
func TestABoardThatCannotBeOpenedMixesUpNoNumbersOfTheOthers(t *testing.T) {
	for range 8 { // whichever of them comes first
		synctest.Test(t, func(t *testing.T) {
			p := newTestPlan(t)
			p.inOrder([]channels.BoardConfig{{ID: "absent"}, {ID: "first"}, {ID: "second"}, {ID: "third"}})
			began, got := time.Now(), map[string]chan []int{"first": nil, "second": nil, "third": nil}
			for board := range got {
				c := make(chan []int, 1)
				got[board] = c
				go func() { c <- numbers(t, p, board, card(2)) }()
			}
			if all := fmt.Sprint(<-got["first"], <-got["second"], <-got["third"]); all != "[1 2] [3 4] [5 6]" {
				t.Errorf("they have the lines %s", all)
			}
			if took := time.Since(began); took > atMost*planLook {
				t.Errorf("they waited for %v", took)
			}
		})
	}
}

// As in the first minute of a box: boards open while somebody sets it up.
func TestWhatPeopleSetWhileBoardsOpenStays(t *testing.T) {
	p := newTestPlan(t)
	const boards = 40
	set := make(chan error)
	go func() {
		for i := range boards {
			if _, err := p.doc.Set("ann", "", fmt.Sprint("groups.g", i), json.RawMessage(`{}`)); err != nil {
				set <- err
				return
			}
		}
		set <- nil
	}()
	for i := range boards {
		if ns := numbers(t, p, fmt.Sprint("b", i), card(1)); fmt.Sprint(ns) != fmt.Sprint([]int{i + 1}) {
			t.Errorf("board %d has the lines %v", i, ns)
		}
	}
	if err := <-set; err != nil {
		t.Fatal(err)
	}
	if g, l := p.sec.groups.Get(p.doc), p.sec.lines.Get(p.doc); len(g) != boards || len(l) != boards {
		t.Errorf("of %d groups %d are left, of %d lines %d", boards, len(g), boards, len(l))
	}
}

func TestLinesKeepTheirPlacesWhenSettingsForgetThem(t *testing.T) {
	p := newTestPlan(t)
	in := card(3)
	numbers(t, p, "a", in)
	if _, err := p.doc.Rollback("x", "", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := p.doc.Set("x", "", "lines.9", json.RawMessage(`{"board": "a", "port": 3}`)); err != nil {
		t.Fatal(err)
	}
	all := []channels.LineStatus{{Number: 1, Board: "a", Port: 1}, {Number: 2, Board: "a", Port: 2, Name: "front"}, {Number: 3, Board: "a", Port: 3}}
	for range 2 { // once is enough
		if err := p.keep(all); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(numbers(t, p, "a", in)); got != "[1 2 9]" {
		t.Errorf("a has the lines %s after settings were rolled back; 1 and 2 keep their places, port 3 is line 9 now", got)
	}
	if l := p.sec.lines.Get(p.doc)["2"]; l.Name != "front" || l.Port != 2 {
		t.Errorf("line 2 is %+v", l)
	}
}

func TestTimeslotsOfATapArePairedAsItsSpansSay(t *testing.T) {
	in := driver.Info{Driver: "fake"}
	for span := 1; span <= 4; span++ {
		in.Spans = append(in.Spans, driver.Span{Number: span, Channels: 31, DChannel: 16, Tap: true, Pair: (span+1)%4 + 1, User: span < 3})
		in.Lines = append(in.Lines, driver.Line{Port: span, Kind: driver.BChan, Span: span, Timeslot: 1, Use: driver.Tap})
	}
	p := newTestPlan(t)
	all, err := p.Lines("a", in)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Port != 3 || all[0].LocalPort != 1 || all[1].Port != 4 || all[1].LocalPort != 2 {
		t.Errorf("%+v", all)
	}
	if got := p.recordConfig(1).Trigger; got != "call" {
		t.Errorf("recorded by %s", got)
	}
}
