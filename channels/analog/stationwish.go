package analog

import (
	"strings"

	"vaad/driver"
)

// A RingOrder says how a telephone is to be rung.
type RingOrder struct {
	Caller  string // number of who calls: 20 digits are shown; "": the network does not have it
	Name    string // its name: 15 characters (Bell 202) or 50 (V.23) are shown
	Private bool   // number and name are not to be shown
	Cadence string // "", "outside": the country's; "inside", "recall": others
	Time    string // MMDDhhmm, local time, for the telephone's display; "": it is not told
}

// Ring begins a call: the telephone is told who calls, where it can be, and
// rung until it is picked up or Release.
func (s *Station) Ring(o *Output, order RingOrder) error {
	s.order = order
	return s.wish(o, stRing)
}

// Proceed tells that the number that was dialled is complete: the telephone hears
// nothing until more is known.
func (s *Station) Proceed(o *Output) error { return s.wish(o, stProceed) }

// Alert tells that it rings there: the telephone hears ringback.
func (s *Station) Alert(o *Output) error { return s.wish(o, stAlert) }

// Answer tells that the other side of the call that was dialled here has
// answered: tones end, and the parties talk.
func (s *Station) Answer(o *Output) error { return s.wish(o, stAnswer) }

// Release ends the call. A telephone that rings stops ringing. One that is off-hook
// hears why, by the cause of ITU-T Q.850: busy tone for 0, 16 and 31 (the
// other side has hung up) and 17, vacant number tone for 1, 3 and 28, congestion tone for
// all others; 20 s later the howler, where the country has one, and then nothing until
// it is put down.
func (s *Station) Release(o *Output, cause int) error {
	s.cause = cause
	return s.wish(o, stRelease)
}

// Keys sends keys (0-9 * # A-D, "," is a pause of 1 s, 64 at most) to the telephone
// in a call; an event KeysSent follows.
func (s *Station) Keys(o *Output, keys string) error {
	s.out = o
	switch {
	case s.state != StationTalking:
		return s.refuse()
	case s.keyed:
		return &Refusal{RefusedBusy, "keys are being sent"}
	case keys == "" || len(keys) > maxStationID:
		return &Refusal{RefusedNumber, "1 to 64 keys can be sent"}
	}
	for i := range len(keys) {
		if !isKey(keys[i]) && keys[i] != ',' {
			return &Refusal{RefusedNumber, "keys are 0-9 * # A-D and , for a pause"}
		}
	}
	s.keys, s.keyed = keys, true
	s.nextKeys()
	return nil
}

// nextKeys sends keys up to the next pause, or tells that all are sent. Pauses at
// the end are not waited for.
func (s *Station) nextKeys() {
	const pause = 1000 // ms
	rest := strings.TrimLeft(s.keys, ",")
	after := pause * (len(s.keys) - len(rest))
	if rest == "" {
		s.keyed, s.keys, s.at = false, "", s.now
		s.emit(KeysSent, 0)
		return
	}
	end := strings.IndexByte(rest, ',')
	if end < 0 {
		end = len(rest)
	}
	s.keys = rest[end:]
	s.act(Act{Kind: PlayKeys, Keys: rest[:end], AfterMS: after})
}

// Lamp tells the telephone's user that a message waits, or no longer: by the
// lamp, where the line can light it, and by the special dial tone.
func (s *Station) Lamp(o *Output, on bool) error {
	s.out = o
	if s.state == StationUnknown || s.state == StationGone {
		s.lamp = on // light does the rest when the board is back
		return nil
	}
	if on != s.lamp {
		s.lamp = on
		s.lit(on)
	}
	return nil
}

// light puts the lamp of a line whose board was opened into the state that it should have.
func (s *Station) light() {
	if s.lamp {
		s.lit(true)
	}
}

func (s *Station) lit(on bool) {
	if !s.cfg.Lamp || s.noLamp {
		return
	}
	value := int32(0)
	if on {
		value = 1
	}
	s.command(driver.SetMWI, value, nil)
}

// wish feeds a wish to the table, or says why it cannot be done now.
func (s *Station) wish(o *Output, in stationInput) error {
	s.out = o
	if !s.takes(in) {
		if in == stRing && s.state != StationUnknown && s.state != StationGone {
			return &Refusal{RefusedBusy, "the telephone is " + s.state.String()}
		}
		return s.refuse()
	}
	s.step(in, s.now)
	return nil
}

// refuse says why a wish finds no call that it fits.
func (s *Station) refuse() error {
	switch s.state {
	case StationUnknown, StationGone:
		return &Refusal{RefusedGone, "the board of this line is not there"}
	case StationIdle, StationAbandoned, StationLocked:
		return &Refusal{RefusedNoCall, "the telephone has no call"}
	}
	return &Refusal{RefusedCannot, "the telephone is " + s.state.String()}
}
