package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"vaad/calls"
	"vaad/channels"
	"vaad/channels/numbering"
	"vaad/driver"
	"vaad/dsp/tone"
	"vaad/recorder"
	"vaad/settings"
)

// plan gives lines their permanent numbers: a line that was never seen gets the
// next free number, written into settings, and keeps it when its board goes.
type plan struct {
	tries  tries      // settings that are tried
	adding sync.Mutex // one board at a time gets new numbers; held over a write to the disk
	doc    *settings.Document
	sec    sections

	mu   sync.Mutex             // never held over a disk: who records asks
	info map[string]driver.Info // of the boards as last opened

	dialled []string        // the patterns that plan is made of
	plan    *numbering.Plan // what stations may dial
	opens   uint64          // how often boards were
	made    *calls.PBX      // of what madeOf says
	madeOf  pbxOf

	learnt func(board string, port int) channels.Learnt // before a restart

	order   []string                 // of the boards in the configuration
	planned map[string]chan struct{} // closed when a board of order has its numbers
}

func newPlan(doc *settings.Document, sec sections, learnt func(string, int) channels.Learnt) *plan {
	return &plan{tries: tries{bell: make(chan struct{}, 1)}, doc: doc, sec: sec, info: map[string]driver.Info{}, learnt: learnt}
}

// inOrder lets new boards get their numbers in the order of the configuration,
// whichever is open first.
func (p *plan) inOrder(boards []channels.BoardConfig) {
	p.planned = map[string]chan struct{}{}
	for _, b := range boards {
		p.order = append(p.order, b.ID)
		p.planned[b.ID] = make(chan struct{})
	}
}

// How long a new board waits for the ones before it in the configuration: long
// enough to open, not for ones that cannot be opened. Looks are counted, not time:
// while the machine stands still nobody opens.
const (
	planLook = 250 * time.Millisecond
	patience = 20 // looks, for one board: 5 s
	atMost   = 32 // looks, for all of them: 8 s, as its supervisor looks at nothing meanwhile
)

// await waits until the boards before this one that have no lines yet have
// their numbers.
func (p *plan) await(board string, info driver.Info) {
	known := p.sec.lines.Get(p.doc)
	if len(unknownLines(board, info, known)) == 0 {
		return
	}
	has := map[string]bool{}
	for _, l := range known {
		has[l.Board] = true
	}
	look := time.NewTicker(planLook)
	defer look.Stop()
	left := atMost
	for _, earlier := range p.order {
		if earlier == board {
			return
		}
		if has[earlier] {
			continue
		}
		for planned, give := false, max(0, left-patience); !planned && left > give; {
			select {
			case <-p.planned[earlier]:
				planned = true
			case <-look.C:
				left--
			}
		}
	}
}

// done says that a board has its numbers.
func (p *plan) done(board string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.planned[board]; ok {
		select {
		case <-c:
		default:
			close(c)
		}
	}
}

// Spans implements channels.Plan.
func (p *plan) Spans(board string, info driver.Info) []channels.SpanConfig {
	set := p.sec.spans.Get(p.doc)
	var out []channels.SpanConfig
	for _, s := range info.Spans {
		d, ok := set[board+"/"+strconv.Itoa(s.Number)]
		if !ok || s.Tap {
			continue
		}
		c := d.config(s.Number)
		if d.Side == "network" { // what is connected there dials as a station does
			c.Numbers = p.numbers()
		}
		out = append(out, c)
	}
	return out
}

// numbers is what stations may dial, the same plan until it changes; nil where
// nothing is set up.
func (p *plan) numbers() *numbering.Plan {
	all := p.patterns()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(all, p.dialled) {
		p.dialled = all
		p.plan, _ = numbering.Parse(all...) // settings have validated it
	}
	return p.plan
}

// Lines implements channels.Plan.
func (p *plan) Lines(board string, info driver.Info) ([]channels.LineConfig, error) {
	p.await(board, info)
	defer p.done(board)
	p.adding.Lock()
	defer p.adding.Unlock()
	p.mu.Lock()
	p.info[board] = info
	p.opens++
	p.mu.Unlock()
	known := p.sec.lines.Get(p.doc)
	fresh := unknownLines(board, info, known)
	if len(fresh) > 0 {
		if err := p.add(fresh); err != nil {
			return nil, fmt.Errorf("give the lines of board %s their numbers: %w", board, err)
		}
		known = p.sec.lines.Get(p.doc)
	}
	var out []channels.LineConfig
	for _, n := range slices.Sorted(maps.Keys(known)) {
		if l := known[n]; l.Board == board && info.LineByPort(l.Port) >= 0 {
			out = append(out, p.channelConfig(n, l, info))
		}
	}
	slices.SortFunc(out, func(a, b channels.LineConfig) int { return a.Number - b.Number })
	return out, nil
}

// keep gives the lines that have lost their place in settings, as by a rollback
// or an import, the place at which they are: what is connected goes on being
// recorded, under the same number.
func (p *plan) keep(all []channels.LineStatus) error {
	p.adding.Lock()
	defer p.adding.Unlock()
	known := p.sec.lines.Get(p.doc)
	taken := map[spot]bool{}
	for _, l := range known {
		taken[spot{board: l.Board, port: l.Port}], taken[spot{board: l.Board, port: l.LocalPort}] = true, true
	}
	var lost []lineAt
	for _, st := range all {
		if known[key(st.Number)].Board == "" && !taken[spot{board: st.Board, port: st.Port}] && (st.LocalPort == 0 || !taken[spot{board: st.Board, port: st.LocalPort}]) {
			lost = append(lost, lineAt{st.Number, lineDoc{Board: st.Board, Port: st.Port, LocalPort: st.LocalPort, Name: st.Name}})
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return p.write("lines keep their places", lost)
}

// A lineAt is a line with its number.
type lineAt struct {
	number int
	lineDoc
}

// unknownLines lists the ports that settings do not have, as lines without a
// number. Of a digital tap the port of the network's side has that of the local
// side with it (driver.Info.Taps); lines.N.local_port changes that.
func unknownLines(board string, info driver.Info, known map[string]lineDoc) []lineDoc {
	taken := map[int]bool{}
	for _, l := range known {
		if l.Board == board {
			taken[l.Port], taken[l.LocalPort] = true, true
		}
	}
	local := map[int]int{} // port of the network's side → port of the local side
	for _, pair := range info.Taps() {
		for _, a := range info.Lines {
			for _, b := range info.Lines {
				if a.Span == info.Spans[pair[0]].Number && b.Span == info.Spans[pair[1]].Number && a.Timeslot == b.Timeslot {
					local[a.Port] = b.Port
				}
			}
		}
	}
	second := map[int]bool{}
	for _, b := range local {
		second[b] = true
	}
	var fresh []lineDoc
	for _, l := range info.Lines {
		if !taken[l.Port] && !second[l.Port] {
			fresh = append(fresh, lineDoc{Board: board, Port: l.Port, LocalPort: local[l.Port], Name: l.Name})
		}
	}
	return fresh
}

// add writes new lines into settings, as one version.
func (p *plan) add(fresh []lineDoc) error {
	next := 1
	var free []int // numbers that were set up before their line was seen
	for n, l := range p.sec.lines.Get(p.doc) {
		k, _ := strconv.Atoi(n)
		next = max(next, k+1)
		if l.Board == "" {
			free = append(free, k)
		}
	}
	slices.Sort(free)
	var all []lineAt
	for _, l := range fresh {
		n := next
		if len(free) > 0 {
			n, free = free[0], free[1:]
		} else {
			next++
		}
		all = append(all, lineAt{n, l})
	}
	return p.write("lines found on board "+fresh[0].Board, all)
}

// write gives lines their places in settings, as one version. It sets these keys alone:
// what people set at the same moment stays. What the operator's file fixes is passed over.
func (p *plan) write(why string, all []lineAt) error {
	values := map[string]json.RawMessage{}
	for _, l := range all {
		line := map[string]any{"board": l.Board, "port": l.Port, "local_port": nil}
		if l.LocalPort != 0 {
			line["local_port"] = l.LocalPort
		}
		if l.Name != "" {
			line["name"] = l.Name
		}
		for k, v := range line {
			path := "lines." + key(l.number) + "." + k
			if p.doc.Origin(path) == "file" {
				continue
			}
			raw, err := json.Marshal(v)
			if err != nil {
				return err
			}
			values[path] = raw
		}
	}
	_, err := p.doc.SetAll("system", why, values)
	return err
}

// channelConfig is what channels needs of a line's settings. A use that is not
// set is the one that the board's configuration asks for.
func (p *plan) channelConfig(number string, l lineDoc, info driver.Info) channels.LineConfig {
	n, _ := strconv.Atoi(number)
	c := channels.LineConfig{Number: n, Board: l.Board, Port: l.Port, LocalPort: l.LocalPort, Name: l.Name,
		Learnt: p.learnt(l.Board, l.Port)}
	c = withProfile(c, l, p.sec.profiles.Get(p.doc)[l.Profile], p.sec.site.Get(p.doc).Country)
	c.Use = useOf(l, info)
	c.Active = l.active()
	c.GainDB, c.Active.GainDB = l.GainDB, l.SentGainDB
	if c.Use == driver.Station {
		d := p.sec.dialplan.Get(p.doc)
		c.Active.Numbers, c.Active.FirstMS, c.Active.DigitMS = p.numbers(), d.FirstDigitMS, d.DigitPauseMS
	}
	return c
}

// useOf is what a line is used for: as it is set, or as its board's
// configuration says.
func useOf(l lineDoc, info driver.Info) (use driver.Use) {
	if i := info.LineByPort(l.Port); i >= 0 {
		use = info.Lines[i].Use
	}
	if l.Use != "" {
		_ = use.UnmarshalText([]byte(l.Use)) // the section has validated it
	}
	return use
}

// recordConfig is what the recorder needs of a line's settings.
func (p *plan) recordConfig(number int) recorder.LineConfig {
	tried := p.tries.now()[key(number)]
	l, ok := p.sec.lines.Get(p.doc)[key(number)]
	if !ok {
		l = defaultLine()
	}
	l = tried.on(l)
	trigger := l.Trigger
	if trigger == "auto" {
		trigger = "manual"
		info := p.board(l.Board)
		use := useOf(l, info)
		switch i := info.LineByPort(l.Port); {
		case use == driver.Trunk, use == driver.Station: // vaad carries their calls itself
			trigger = "call"
		case i < 0:
		case info.Lines[i].Caps.Has(driver.CapVolts):
			trigger = "voltage"
		case channels.Followed(info, i):
			trigger = "call"
		}
	}
	return l.into(recorder.LineConfig{Trigger: trigger, PrerollMS: l.PrerollMS, MinMS: l.MinMS, MaxMS: l.MaxMS, Sides: l.Sides, Codec: l.Codec,
		VoiceDBm0: l.voiceOnLine(), HangoverMS: l.HangoverMS, KeyStart: l.KeyStart, KeyStop: l.KeyStop, KeyFrom: l.KeyFrom, KeyMute: l.KeyMute, OnModem: l.OnModem})
}

// config is channelConfig with the board as last opened.
func (p *plan) config(number string, l lineDoc) channels.LineConfig {
	return p.channelConfig(number, l, p.board(l.Board))
}

// ringPause is the longest pause within the ringing of a country, ms; 0: not known.
func ringPause(country string) (ms int) {
	t, _ := tone.Country(country)
	for i := 1; i < len(t.Ring); i += 2 {
		ms = max(ms, t.Ring[i])
	}
	return ms
}

// opened says that a board was open: before, nobody knows what its lines are for.
func (p *plan) opened(board string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.info[board]
	return ok
}

func (p *plan) board(id string) driver.Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.info[id]
}
