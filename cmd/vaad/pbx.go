package main

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"vaad/calls"
	"vaad/driver"
)

// pbxOf is what a PBX was made of: a version of the settings, and boards.
type pbxOf struct{ version, opens uint64 }

// pbx is what the settings let the switch do by itself. It is made anew where
// they have changed.
func (p *plan) pbx() calls.PBX {
	p.mu.Lock()
	of := pbxOf{p.doc.Version(), p.opens} // before it is made: what changes meanwhile makes it anew
	made := p.made
	fresh := made != nil && p.madeOf == of
	p.mu.Unlock()
	if fresh {
		return *made
	}
	now := p.makePBX()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made, p.madeOf = &now, of
	return now
}

func (p *plan) makePBX() calls.PBX {
	view := p.doc.View()
	lines, d, groups := p.sec.lines.In(view), p.sec.dialplan.In(view), p.sec.trunks.In(view)
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	out := calls.PBX{Numbers: p.numbers(), RingFor: ms(d.RingMS), CallerWait: ms(d.CallerWaitMS), FirstDigit: ms(d.FirstDigitMS), DigitPause: ms(d.DigitPauseMS)}
	members := map[string][]int{}
	var own []calls.Incoming
	for _, n := range slices.SortedFunc(maps.Keys(lines), func(a, b string) int { return number(a) - number(b) }) {
		l := lines[n]
		switch useOf(l, p.board(l.Board)) {
		case driver.Station:
			if l.Extension != "" {
				out.Stations = append(out.Stations, calls.Extension{Line: number(n), Number: l.Extension, Name: l.Name, Outside: l.OwnNumber})
			}
		case driver.Trunk:
			if l.TrunkGroup != "" {
				members[l.TrunkGroup] = append(members[l.TrunkGroup], number(n))
			}
			if len(l.Ring) > 0 {
				own = append(own, calls.Incoming{Lines: []int{number(n)}, Ring: l.Ring})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		g := groups[name]
		out.Groups = append(out.Groups, calls.TrunkGroup{Name: name, Lines: members[name], Order: cmp.Or(g.Order, "first"), Prefix: g.Prefix, Caller: g.Caller})
	}
	for _, o := range d.Outside {
		strip := -1
		if o.KeepPrefix {
			strip = 0
		}
		out.Outside = append(out.Outside, calls.Outside{Prefix: o.Prefix, Numbers: o.plan(), Strip: strip, Add: o.Add, Groups: o.Groups})
	}
	for _, in := range d.Incoming {
		i := calls.Incoming{Called: in.Called, Ring: in.Ring, Direct: in.Direct, Strip: in.Strip, Name: in.Name}
		for _, g := range in.Groups {
			i.Lines = append(i.Lines, members[g]...)
		}
		if len(i.Lines) > 0 || len(in.Groups) == 0 {
			out.Incoming = append(out.Incoming, i)
		}
	}
	out.Incoming = append(out.Incoming, own...)
	return out
}
