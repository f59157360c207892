package rules

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
)

// A Decision is what becomes of a call.
type Decision struct {
	Record    bool     // false: it is not recorded
	Rule      string   // name of the rule that decided; "" = none: the line's own settings
	Why       []string // the conditions that the rule is for, as "direction=in", "caller=@vip"
	Sampled   int      // percent of the random sample that it was held against; 0 = none
	Heard     bool     // decided because a fax or a modem was heard
	Proof     bool     // only some seconds of that are recorded
	Trigger   string   // "" = the line's own; so are the next two
	Codec     string   //
	Sides     string   //
	Class     string   // retention class; "" = none
	Beep      bool     // both parties hear that they are recorded
	Announce  Announce // what they are told after the answer
	Blank     bool     // its audio is kept nowhere, not even for a minute
	Undecided bool     // decide again when more is known
}

// decide is what a rule that fits makes of a call.
func (r *rule) decide(f *Facts, why []string) Decision {
	d := Decision{Record: r.Record, Rule: r.Name, Why: why}
	if !r.Record {
		d.Blank = r.Blank
		return d
	}
	if r.Percent > 0 && r.Percent < 100 {
		d.Sampled = r.Percent
		if !Sample(f.Call, r.Percent) {
			d.Record = false
			return d
		}
	}
	d.Heard, d.Proof = len(r.Heard) > 0, r.Proof
	d.Trigger, d.Codec, d.Sides, d.Class = r.Trigger, r.Codec, r.Sides, r.Class
	d.Beep, d.Announce = r.Beep, r.announcement()
	return d
}

// weight orders decisions by how much they record.
func (d *Decision) weight(f *Facts) int {
	if !d.Record {
		return 0
	}
	trigger := d.Trigger
	if trigger == "" {
		trigger = f.Trigger
	}
	switch trigger {
	case "off", "":
		return 1
	case "manual":
		return 2
	case "key":
		return 3
	case "voice":
		return 4
	}
	return 5
}

// Sample says whether a call is among a random sample of all calls: one that has
// always the same members.
func Sample(call string, percent int) bool {
	sum := sha256.Sum256([]byte(call))
	return binary.BigEndian.Uint64(sum[:8])%100 < uint64(max(0, percent))
}

// Outcomes in codes.
const (
	Recorded   = "record"
	Denied     = "deny"
	SampledOut = "sample"
	Proven     = "proof"
)

// CodePrefix begins the codes that [Decision.Code] makes.
const CodePrefix = "rule:"

// Outcome is what the rule said, as a code.
func (d *Decision) Outcome() string {
	switch {
	case d.Proof:
		return Proven
	case d.Record:
		return Recorded
	case d.Sampled > 0:
		return SampledOut
	}
	return Denied
}

// Code is the decision as a reason in the call journal, as "rule:private:deny:caller=@vip";
// "" where no rule decided. No part of it has a comma.
func (d *Decision) Code() string {
	if d.Rule == "" {
		return ""
	}
	why := make([]string, len(d.Why))
	for i, w := range d.Why {
		why[i] = apart.Replace(w)
	}
	code := CodePrefix + d.Rule + ":" + d.Outcome() + ":" + strings.Join(why, ";")
	return strings.ToValidUTF8(code[:min(len(code), maxCode)], "")
}

// apart keeps the parts of a code apart, whatever groups are called.
var apart = strings.NewReplacer(",", "_", ";", "_")

// maxCode is more bytes than the conditions of any sensible rule have.
const maxCode = 600

// Heard is what of fax and modems a call has, after one more tone of dsp/modemtone
// was heard in it. What says more replaces what was known.
func Heard(before, tone string) string {
	now := Any // an answer tone is of both
	switch tone {
	case "cng", "v21-preamble":
		now = Fax
	case "baudot":
		now = Text
	case "ct", "ans-pr", "bell103", "v22", "v32", "v23-mark", "v21-mark":
		now = Modem
	}
	order := []string{"", Any, Modem, Text, Fax}
	if slices.Index(order, now) > slices.Index(order, before) {
		return now
	}
	return before
}
