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
	announceWithin = 3 * time.Second // of the answer: later it is none
	announceLook   = 20 * time.Millisecond
)

// Announce implements recorder.Announcer.
func (a announcer) Announce(call string, what rules.Announce, done func(request string, err error)) {
	go func() { done(a.play(call, what)) }()
}

// play lets a leg, and those it is connected with, hear a prompt, in the language of the site.
func (a announcer) play(call string, what rules.Announce) (request string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), announceWithin)
	defer cancel()
	pcm, err := a.d.sounds.Get(a.d.site().Language, what.Prompt)
	if err != nil {
		return "", err
	}
	audio := []channels.Audio{{PCM: pcm}}
	a.connected(ctx, call)
	for {
		request, err = a.d.calls.Play(ctx, "rule", calls.PlayRequest{Leg: call, Audio: audio, Over: what.Over})
		if f := (*calls.Failure)(nil); err == nil || !errors.As(err, &f) || f.Code != calls.WrongState {
			break
		}
		select { // the switch may hear of the answer later than the recorder
		case <-ctx.Done():
			return "", err
		case <-time.After(announceLook):
		}
	}
	if err != nil || !what.Both {
		return request, err
	}
	for _, b := range a.d.calls.Bridges() {
		if l, ok := a.d.calls.Leg(call); !ok || b.ID != l.Bridge {
			continue
		}
		for _, leg := range b.Legs {
			if leg != call {
				_, err = a.d.calls.Play(ctx, "rule", calls.PlayRequest{Leg: leg, Audio: audio, Over: what.Over})
			}
		}
	}
	return request, err
}

// connected waits until the leg is connected with another, which would end what plays there.
func (a announcer) connected(ctx context.Context, call string) {
	soon, cancel := context.WithTimeout(ctx, announceWithin/3)
	defer cancel()
	look := time.NewTicker(announceLook)
	defer look.Stop()
	for {
		if l, ok := a.d.calls.Leg(call); ok && l.Bridge != "" {
			return
		}
		select {
		case <-look.C:
		case <-soon.Done():
			return
		}
	}
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
