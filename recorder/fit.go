package recorder

import (
	"fmt"
	"slices"
	"time"

	"vaad/channels"
)

// debounce is how long a voltage must last before it counts as off-hook.
const debounce = 200 * time.Millisecond

// An UnfitError says why a line cannot be recorded as its settings want.
type UnfitError struct {
	Line   int
	Code   string // stable: "no-volts", "preroll-short"
	Detail string // what is missing
	Remedy string // what to do
}

func (e *UnfitError) Error() string { return e.Detail + "; " + e.Remedy }

// Fits reports whether a line can be recorded as its settings want, as far as
// is known before its board has opened: nil or an *[UnfitError].
func Fits(c LineConfig, s channels.LineStatus) error {
	if c = c.filled(); c.Trigger != Voltage || s.Caps == 0 {
		return nil
	}
	if !hasVolts(s) {
		return &UnfitError{s.Number, "no-volts", "the line's card does not measure voltage, so it cannot tell off-hook",
			"use the trigger voice, continuous or manual"}
	}
	if need := leastPreroll(s); samples(c.PrerollMS) < need {
		ms := need * 1000 / rate
		return &UnfitError{s.Number, "preroll-short", fmt.Sprintf(
			"the card measures voltage every %v, so off-hook is known late and a pre-roll under %d ms would cut the beginning", s.VoltsEvery, ms),
			fmt.Sprintf("set preroll_ms to %d or more", ms)}
	}
	return nil
}

// NoteEitherParty is what TriggerNote says where keys of both parties count.
const NoteEitherParty = "either-party"

// TriggerNote is the code of what people should know about the trigger of a
// line, "" where there is nothing.
func TriggerNote(c LineConfig, s channels.LineStatus) string {
	if c.Trigger == Key && len(s.Sides) == 1 && s.Sides[0].Name == Mixed {
		return NoteEitherParty
	}
	return ""
}

func hasVolts(s channels.LineStatus) bool { return slices.Contains(s.Caps.List(), "volts") }

// leastPreroll is what a recording must keep from before off-hook was seen, so
// that it has all from when it happened: two periods of the voltage, and the debounce.
func leastPreroll(s channels.LineStatus) int64 {
	return int64((2*s.VoltsEvery + debounce) * rate / time.Second)
}
