package main

import (
	"slices"
	"strings"

	"vaad/calls"
	"vaad/console"
)

// openSwitch makes the switch; it begins to work when it runs.
func (d *running) openSwitch() {
	d.sounds = newSounds(d.cfg.Root)
	d.calls = calls.NewSwitch(calls.SwitchConfig{Lines: d.sys, PBX: d.plan.pbx, Music: d.sounds.hold, Notes: d.journal, Registerer: d.reg, Logger: d.log})
}

// route says where a number leads that somebody asks to be called: an extension,
// or outside by the longest prefix.
func (p *plan) route(number string) []console.Target {
	if all := p.numbers(); all == nil || !dialable(all, number) {
		return nil
	}
	x := p.pbx()
	for _, s := range x.Stations {
		if s.Number == number {
			return []console.Target{{Line: s.Line, Lines: []int{s.Line}}}
		}
	}
	var best *outsideDoc
	for _, o := range p.sec.dialplan.Get(p.doc).Outside {
		if o.takes(number) && (best == nil || len(o.Prefix) > len(best.Prefix)) {
			best = &o
		}
	}
	if best == nil {
		return nil
	}
	rest := number
	if !best.KeepPrefix {
		rest = strings.TrimPrefix(number, best.Prefix)
	}
	var out []console.Target
	for _, name := range best.Groups {
		if lines, ok := p.trunkGroup(name); ok {
			out = append(out, console.Target{Group: name, Lines: lines, Number: best.Add + rest})
		}
	}
	return out
}

// patterns are those of all that may be dialled here.
func (p *plan) patterns() []string {
	return dialled(p.sec.lines.Get(p.doc), p.sec.dialplan.Get(p.doc))
}

// trunkGroup lists the trunks of a group.
func (p *plan) trunkGroup(name string) (lines []int, ok bool) {
	x := p.pbx()
	i := slices.IndexFunc(x.Groups, func(g calls.TrunkGroup) bool { return g.Name == name })
	if i < 0 {
		return nil, false
	}
	return x.Groups[i].Lines, true
}
