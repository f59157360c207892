package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"vaad/calls"
	"vaad/calls/prompt"
	"vaad/channels"
)

// fakeSwitch keeps legs and bridges, and what was asked of it.
type fakeSwitch struct {
	mu    sync.Mutex
	legs  []calls.Leg
	mixes []calls.Bridge
	asked []string
	err   error
}

const (
	legOne    = "01KGEG00000000000000000001"
	legTwo    = "01KGEG00000000000000000002"
	legThree  = "01KGEG00000000000000000003"
	bridgeOne = "01KBR000000000000000000001"
)

// newFakeSwitch has three calls: a trunk and a station together, and one that rings.
func newFakeSwitch() *fakeSwitch {
	return &fakeSwitch{
		legs: []calls.Leg{
			{ID: legOne, Line: 1, Use: "trunk", Direction: "in", Caller: "13800138000", Called: "801", Name: "=cmd", State: calls.LegTalking,
				Begun: begun, Since: begun, Answered: begun, AnsweredBy: "off-hook", Bridge: bridgeOne, Role: calls.Talk},
			{ID: legTwo, Line: 2, Use: "station", Extension: "801", Direction: "out", Ours: true, State: calls.LegTalking, Begun: begun, Since: begun,
				Bridge: bridgeOne, Role: calls.Talk, For: legOne},
			{ID: legThree, Line: 3, Use: "trunk", Direction: "unknown", State: calls.LegRinging, Begun: begun, Since: begun},
		},
		mixes: []calls.Bridge{{ID: bridgeOne, Begun: begun, By: "line 1", Legs: []string{legOne, legTwo}}},
	}
}

func (f *fakeSwitch) did(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, fmt.Sprintf(format, args...))
	return f.err
}

// last is what was asked last.
func (f *fakeSwitch) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.asked) == 0 {
		return ""
	}
	return f.asked[len(f.asked)-1]
}

func (f *fakeSwitch) Call(_ context.Context, actor string, r calls.CallRequest) (calls.Leg, error) {
	err := f.did("%s call line %d group %q number %s caller %s/%s/%t for %s within %v", actor, r.Line, r.Group, r.Number, r.Caller, r.Name, r.Private, r.For, r.Timeout)
	if r.Group == "full" && err == nil {
		err = &calls.Failure{Op: "call", Code: calls.NoTrunk, Text: "no trunk of group full is free"}
	}
	return calls.Leg{ID: legThree, Line: max(r.Line, 1), State: calls.LegDialling, Called: r.Number}, err
}

func (f *fakeSwitch) Answer(_ context.Context, actor, leg string) error {
	return f.did("%s answer %s", actor, leg)
}

func (f *fakeSwitch) Hangup(_ context.Context, actor, leg string, cause int) error {
	return f.did("%s hangup %s %d", actor, leg, cause)
}

func (f *fakeSwitch) Bridge(_ context.Context, actor string, legs ...string) (string, error) {
	return bridgeOne, f.did("%s bridge %s", actor, strings.Join(legs, " "))
}

func (f *fakeSwitch) Unbridge(_ context.Context, actor, leg string) error {
	return f.did("%s unbridge %s", actor, leg)
}

func (f *fakeSwitch) Hold(_ context.Context, actor, leg string, tell bool) error {
	return f.did("%s hold %s %t", actor, leg, tell)
}

func (f *fakeSwitch) Unhold(_ context.Context, actor, leg string) error {
	return f.did("%s unhold %s", actor, leg)
}

func (f *fakeSwitch) Transfer(_ context.Context, actor, leg, number string) error {
	return f.did("%s transfer %s to number %s", actor, leg, number)
}

func (f *fakeSwitch) TransferTo(_ context.Context, actor, leg, other string) error {
	return f.did("%s transfer %s to leg %s", actor, leg, other)
}

func (f *fakeSwitch) AddToConference(_ context.Context, actor, leg, bridge string) error {
	return f.did("%s add %s to %s", actor, leg, bridge)
}

func (f *fakeSwitch) Role(_ context.Context, actor, leg string, role calls.Role, to string) error {
	return f.did("%s role %s %s %s", actor, leg, role, to)
}

func (f *fakeSwitch) Supervise(_ context.Context, actor string, line int, leg, target string, role calls.Role) (calls.Leg, error) {
	return calls.Leg{ID: legTwo, Line: 2, Role: role}, f.did("%s supervise %s by line %d leg %q as %s", actor, target, line, leg, role)
}

func (f *fakeSwitch) Play(_ context.Context, actor string, r calls.PlayRequest) (string, error) {
	return "req", f.did("%s play leg %q bridge %q %d sounds loop %t over %t queue %t stop %q gain %g", actor, r.Leg, r.Bridge, len(r.Audio), r.Loop, r.Over, r.Queue, r.StopOn, r.GainDB)
}

func (f *fakeSwitch) StopPlay(_ context.Context, actor, where string) error {
	return f.did("%s stop-play %s", actor, where)
}

func (f *fakeSwitch) Keys(_ context.Context, actor, leg, digits string) (string, error) {
	return "req", f.did("%s keys %s %s", actor, leg, digits)
}

func (f *fakeSwitch) Legs() []calls.Leg { return slices.Clone(f.legs) }

func (f *fakeSwitch) Leg(id string) (calls.Leg, bool) {
	for _, l := range f.legs {
		if l.ID == id {
			return l, true
		}
	}
	return calls.Leg{}, false
}

func (f *fakeSwitch) Bridges() []calls.Bridge { return slices.Clone(f.mixes) }

// fakeRoute leads 801 to line 2, and what begins with 0 out by two groups.
func fakeRoute(number string) []Target {
	switch {
	case number == "801":
		return []Target{{Line: 2, Lines: []int{2}}}
	case strings.HasPrefix(number, "0"):
		return []Target{{Group: "full", Lines: []int{3}, Number: number[1:]}, {Group: "city", Lines: []int{1}, Number: number[1:]}}
	}
	return nil
}

func fakeGroup(name string) ([]int, bool) {
	lines, ok := map[string][]int{"city": {1}, "full": {3}}[name]
	return lines, ok
}

func fakeSounds(lang string, items []string) ([]channels.Audio, error) {
	var out []channels.Audio
	for _, i := range items {
		if i == "nothing" {
			return nil, fmt.Errorf("there is no prompt %q in %s", i, lang)
		}
		out = append(out, channels.Audio{MS: 20})
	}
	return out, nil
}

// fakePrompts takes every recording but an empty one.
type fakePrompts struct {
	asked []string
	err   error
}

func (p *fakePrompts) List() []prompt.Entry {
	return []prompt.Entry{{Lang: "en", Name: "welcome", Text: "Welcome.", Source: prompt.Own, Length: 1234 * time.Millisecond},
		{Lang: "zh", Name: "welcome", Text: "欢迎。", Source: prompt.Missing}}
}

func (p *fakePrompts) WAV(lang, name string) ([]byte, error) {
	return []byte("RIFF " + lang + " " + name), p.err
}

func (p *fakePrompts) Put(lang, name string, recording []byte) error {
	p.asked = append(p.asked, fmt.Sprintf("put %s %s %s", lang, name, recording))
	return p.err
}

func (p *fakePrompts) Remove(lang, name string) error {
	p.asked = append(p.asked, "remove "+lang+" "+name)
	return p.err
}
