package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"vaad/channels"
	"vaad/channels/analog"
)

// profileDoc is what lines of one kind have in common: those of one exchange,
// of one PBX. Whoever sets up the next customer of the same exchange takes it
// along. Of what is learnt it holds what a line begins with.
type profileDoc struct {
	Country       string `json:"country"`        // ISO 3166 code; "" = the site's
	OutsidePrefix string `json:"outside_prefix"` // dialled for an outside line
	ThresholdMV   int    `json:"threshold_mv"`   // off-hook below this; 0 = learn it
	RingGapMS     int    `json:"ring_gap_ms"`    // longest pause between rings of one call; 0 = learn it
	MaskKeys      string `json:"mask_keys"`      // as a line's; "" = paused
	IdleMV        int32  `json:"idle_mv"`        // to begin with: voltage on-hook
	OffHookMV     int32  `json:"off_hook_mv"`    // … off-hook
	CallerID      string `json:"caller_id"`      // … how the exchange says who calls, as lines show it
	DialHz        int32  `json:"dial_hz"`        // … a dial tone of its own
	BusyHz        int32  `json:"busy_hz"`        // … a busy tone of its own
	BusyOnMS      int32  `json:"busy_on_ms"`     //
	BusyOffMS     int32  `json:"busy_off_ms"`    //
	AnswerSignal  string `json:"answer_signal"`  // for people: how the exchange tells the answer; reversal, or not at all
	ReleaseSigns  string `json:"release_signs"`  // … that the far end has hung up, as reversal,busy-tone
}

func (p profileDoc) validate(key string) error {
	var errs []error
	bad := func(k, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", k, fmt.Sprintf(format, args...)))
	}
	if key == "" || strings.ContainsAny(key, ". /") {
		bad("", "a profile's key is a short word without dots and spaces")
	}
	if p.Country != "" {
		if err := badCountry(p.Country); err != nil {
			bad("country", "%v, or nothing", err)
		}
	}
	if err := badMask(p.MaskKeys); err != nil {
		bad("mask_keys", "%v", err)
	}
	if p.ThresholdMV != 0 && (p.ThresholdMV < 3_000 || p.ThresholdMV > 60_000) {
		bad("threshold_mv", "%d: must be 3000…60000, or 0", p.ThresholdMV)
	}
	if p.RingGapMS != 0 && (p.RingGapMS < 500 || p.RingGapMS > 15_000) {
		bad("ring_gap_ms", "%d: must be 500…15000, or 0", p.RingGapMS)
	}
	if f := p.learnt().CallerID; f.String() != p.CallerID {
		bad("caller_id", "%q is not known; use nothing, or bell202, v23 or dtmf with -before-ring or -after-ring", p.CallerID)
	}
	for k, v := range map[string]int32{"dial_hz": p.DialHz, "busy_hz": p.BusyHz} {
		if v != 0 && (v < 100 || v > 1900) {
			bad(k, "%d: must be 100…1900, or 0", v)
		}
	}
	if err := badPrefix(p.OutsidePrefix); err != nil {
		bad("outside_prefix", "%v", err)
	}
	if k, err := p.badSigns(); err != nil {
		bad(k, "%v", err)
	}
	return errors.Join(errs...)
}

// learnt is what a line with this profile begins with.
func (p profileDoc) learnt() channels.Learnt {
	var f analog.Format
	_ = f.UnmarshalText([]byte(p.CallerID)) // what is not known is no format
	return channels.Learnt{IdleMV: p.IdleMV, OffHookMV: p.OffHookMV, CallerID: f, DialHz: p.DialHz,
		BusyHz: p.BusyHz, BusyOnMS: p.BusyOnMS, BusyOffMS: p.BusyOffMS}
}

// badPrefix says what is wrong with the prefix of an outside line.
func badPrefix(s string) error {
	if len(s) > 8 || strings.Trim(s, "0123456789*#") != "" {
		return fmt.Errorf("%q: use at most 8 of the keys 0…9, * and #, or nothing", s)
	}
	return nil
}

// withProfile completes what channels needs of a line from its profile: the
// line's own settings count first, what was learnt before what it begins with.
func withProfile(c channels.LineConfig, l lineDoc, p profileDoc, site string) channels.LineConfig {
	c.Own, c.Prefix = l.OwnNumber, cmp.Or(l.OutsidePrefix, p.OutsidePrefix)
	c.ThresholdMV, c.RingGapMS = cmp.Or(l.ThresholdMV, p.ThresholdMV), cmp.Or(l.RingGapMS, p.RingGapMS)
	c.MaskKeys = cmp.Or(l.MaskKeys, p.MaskKeys)
	c.Country = cmp.Or(p.Country, site)
	c.CountryGap = ringPause(c.Country)
	c.Learnt = c.Learnt.Or(p.learnt())
	return c
}
