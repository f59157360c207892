package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"vaad/api"
	"vaad/calls"
	"vaad/calls/selftest"
)

// tryFor is how long what is tried counts after its last change.
const tryFor = 20 * time.Second

// tries are settings of lines that count for a while and are not saved: somebody
// moves a slider and listens. Who changes settings of lines ends them all.
type tries struct {
	mu   sync.Mutex
	all  map[string]*tried
	bell chan struct{} // rung: settings of lines are to be applied anew
}

type tried struct {
	api.TryLine
	end *time.Timer
}

// now is what is tried, by line. It is asked for before the settings are: who saves what
// was tried ends it when it is saved, and at no moment neither of them counts.
func (t *tries) now() map[string]*tried {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.all)
}

// on is a line's settings with what is tried on it; nil: nothing.
func (w *tried) on(l lineDoc) lineDoc {
	if w == nil {
		return l
	}
	for _, v := range []struct {
		from *int
		to   *int
	}{{w.GainDB, &l.GainDB}, {w.SentGainDB, &l.SentGainDB}, {w.ThresholdMV, &l.ThresholdMV}, {w.VoiceDBm0, &l.VoiceDBm0}, {w.HangoverMS, &l.HangoverMS}} {
		if v.from != nil {
			*v.to = *v.from
		}
	}
	return l
}

// try lets something count on a line from now on. What was tried before and is not
// named stays. An error says what the settings would say.
func (t *tries) try(n string, l lineDoc, w api.TryLine) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.all[n]
	now := &tried{TryLine: w}
	if was != nil {
		for _, v := range []struct{ was, now **int }{{&was.GainDB, &now.GainDB}, {&was.SentGainDB, &now.SentGainDB}, {&was.ThresholdMV, &now.ThresholdMV},
			{&was.VoiceDBm0, &now.VoiceDBm0}, {&was.HangoverMS, &now.HangoverMS}} {
			if *v.now == nil {
				*v.now = *v.was
			}
		}
	}
	if err := now.on(l).validate(n); err != nil {
		return err
	}
	if was != nil {
		was.end.Stop()
	}
	now.end = time.AfterFunc(tryFor, func() { t.end(n, now) })
	if t.all == nil {
		t.all = map[string]*tried{}
	}
	t.all[n] = now
	ring(t.bell)
	return nil
}

// end lets the settings count again, unless something else is tried.
func (t *tries) end(n string, w *tried) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all[n] == w {
		delete(t.all, n)
		ring(t.bell)
	}
}

// clear ends all: the settings have changed.
func (t *tries) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.all {
		w.end.Stop()
	}
	clear(t.all)
}

// technics is what technicians do to lines, for the console.
type technics struct{ *running }

func (d technics) Try(line int, w api.TryLine) (time.Time, error) {
	l, ok := d.sec.lines.Get(d.doc)[key(line)]
	if !ok {
		l = defaultLine()
	}
	if err := d.plan.tries.try(key(line), l, w); err != nil {
		return time.Time{}, err
	}
	return time.Now().Add(tryFor), nil
}

func (d technics) ForgetVolts(line int) error { return d.sys.ForgetVolts(line) }

func (d technics) Test(ctx context.Context, line int) ([]selftest.Check, error) {
	return selftest.Run(ctx, d.sys, d.callersKnown, line)
}

// callersKnown says of how many of a line's last incoming calls the caller is known,
// or that the exchange said that it is withheld.
func (d *running) callersKnown(ctx context.Context, line int) (known, all int, err error) {
	const most = 50
	page, err := d.journal.Query(ctx, calls.Filter{Line: line, Limit: 4 * most})
	if err != nil {
		return 0, 0, fmt.Errorf("look at the calls of line %d: %w", line, err)
	}
	for _, r := range page.Rows {
		if r.Direction != "in" || all == most {
			continue
		}
		all++
		if r.Caller != "" || r.Withheld != "" {
			known++
		}
	}
	return known, all, nil
}

// voiceOnLine is how loud voice must be as it comes from the line, which is as
// recordings hold it: with a gain it is looked for so much below.
func (l lineDoc) voiceOnLine() int {
	if l.GainDB == 0 {
		return l.VoiceDBm0
	}
	return min(max(cmp.Or(l.VoiceDBm0, -45)-l.GainDB, -60), -20)
}
