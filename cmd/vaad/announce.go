package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vaad/calls"
	"vaad/channels"
	"vaad/recorder/rules"
)

// announcer lets the parties of a call hear that it is recorded.
type announcer struct{ d *running }

const (
	announceKnown  = 3 * time.Second // the switch hears of a call so much later than the recorder at most
	announceWithin = 3 * time.Second // it plays to a leg
	announceLook   = 20 * time.Millisecond
)

// Announce implements recorder.Announcer.
func (a announcer) Announce(call string, what rules.Announce, done func(request string, err error)) {
	go func() { done(a.play(call, what)) }()
}

// play lets a leg, and those it is connected with, hear a prompt, in the language of the site.
func (a announcer) play(call string, what rules.Announce) (request string, err error) {
	pcm, err := a.d.sounds.Get(a.d.site().Language, what.Prompt)
	if err != nil {
		return "", err
	}
	w := a.d.calls.Watch()
	defer w.Close()
	return announceTo(a.d.calls, w.C(), call, what, []channels.Audio{{PCM: pcm}})
}

// audience is what of the switch announcements need.
type audience interface {
	Leg(id string) (calls.Leg, bool)
	Bridges() []calls.Bridge
	Play(ctx context.Context, by string, r calls.PlayRequest) (string, error)
}

// Why a leg heard no announcement.
var (
	errNotConnected = errors.New("the call ended before it was connected")
	errHeld         = errors.New("one of those who are connected is held")
)

// announceTo plays to a leg, and to those it is connected with, once all of them hear each
// other: before, it would end what plays there, as ringback or the music of a queue.
func announceTo(s audience, changes <-chan calls.Change, leg string, what rules.Announce, audio []channels.Audio) (request string, err error) {
	play := func(to string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), announceWithin)
		defer cancel()
		return s.Play(ctx, "rule", calls.PlayRequest{Leg: to, Audio: audio, Over: what.Over})
	}
	for {
		others, err := connected(s, changes, leg, what.Both)
		if err != nil {
			return "", err
		}
		request, err = play(leg)
		if f := (*calls.Failure)(nil); errors.As(err, &f) && f.Code == calls.WrongState { // it has changed meanwhile
			time.Sleep(announceLook)
			continue
		}
		if err != nil || !what.Both {
			return request, err
		}
		var errs []error
		for _, o := range others {
			if l, ok := s.Leg(o); ok && l.State == calls.LegHeld { // it would end the music
				errs = append(errs, errHeld)
				continue
			}
			_, err := play(o)
			errs = append(errs, err)
		}
		return request, errors.Join(errs...)
	}
}

// connected waits until a leg hears somebody, or all who are in its bridge, and returns
// who those are.
func connected(s audience, changes <-chan calls.Change, leg string, all bool) (others []string, err error) {
	unknown := time.NewTimer(announceKnown)
	defer unknown.Stop()
	for seen := false; ; {
		l, ok := s.Leg(leg)
		if seen = seen || ok; seen && !ok {
			return nil, errNotConnected
		}
		if ok && l.State == calls.LegTalking && l.Bridge != "" {
			if others = hearing(s, &l, all); len(others) > 0 {
				return others, nil
			}
		}
		select {
		case _, ok := <-changes:
			if !ok { // the switch has ended
				return nil, errNotConnected
			}
		case <-unknown.C:
			if !seen {
				return nil, errNotConnected
			}
		}
	}
}

// hearing are the others in a leg's bridge who are answered and not held; none where all
// have to be and one is not.
func hearing(s audience, l *calls.Leg, all bool) (others []string) {
	for _, b := range s.Bridges() {
		if b.ID != l.Bridge {
			continue
		}
		for _, id := range b.Legs {
			if id == l.ID {
				continue
			}
			if o, ok := s.Leg(id); ok && o.State == calls.LegTalking {
				others = append(others, id)
			} else if all {
				return nil
			}
		}
	}
	return others
}

// beeping is how lines beep where a rule wants it.
func (d *running) beeping() channels.Beeping {
	r := d.sec.recorder.Get(d.doc)
	return channels.Beeping{Every: r.BeepIntervalS * 8000, DBm0: float64(r.BeepDBm0)}
}

// badBeep is what is wrong with how lines beep.
func (d diskDoc) badBeep() (errs []error) {
	if d.BeepIntervalS < 3 || d.BeepIntervalS > 300 {
		errs = append(errs, fmt.Errorf("beep_interval_s: %d: must be 3…300", d.BeepIntervalS))
	}
	if d.BeepDBm0 < -30 || d.BeepDBm0 > -10 {
		errs = append(errs, fmt.Errorf("beep_dbm0: %d: must be -30…-10", d.BeepDBm0))
	}
	return errs
}
