package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Announce is what the parties of a call are told before it goes on.
type Announce struct {
	Prompt string // "" = nothing
	Both   bool   // else the network's party
	Over   bool   // mixed with what the parties say
	Must   bool   // the call is not recorded if it cannot be played
}

// Values of Rule.AnnounceTo and Rule.AnnounceElse.
const (
	ToNetwork  = "network"
	ToBoth     = "both"
	ElseRecord = "record"
	ElseDeny   = "deny"
)

const maxPrompt = 64 // bytes of a prompt's name

func (r *rule) announcement() Announce {
	return Announce{Prompt: r.Announce, Both: r.AnnounceTo == ToBoth, Over: r.AnnounceOver, Must: r.AnnounceElse == ElseDeny}
}

// badSounds is what is wrong with what the parties are to hear.
func (r *Rule) badSounds() (errs []error) {
	if (r.Beep || r.Announce != "") && (len(r.Uses) == 0 || slices.Contains(r.Uses, "tap")) {
		errs = append(errs, errors.New("uses: it must be trunk or station or both: a beep or an announcement is impossible on a tap, which only listens"))
	}
	for _, c := range []struct {
		key, v string
		ok     []string
	}{{"announce_to", r.AnnounceTo, []string{ToNetwork, ToBoth}}, {"announce_else", r.AnnounceElse, []string{ElseRecord, ElseDeny}}} {
		switch {
		case c.v == "":
		case r.Announce == "":
			errs = append(errs, fmt.Errorf("%s: it says nothing without announce", c.key))
		case !slices.Contains(c.ok, c.v):
			errs = append(errs, fmt.Errorf("%s: %q is not known; use one of %q, or nothing", c.key, c.v, c.ok))
		}
	}
	if r.AnnounceOver && r.Announce == "" {
		errs = append(errs, errors.New("announce_over: it says nothing without announce"))
	}
	if len(r.Announce) > maxPrompt || strings.Trim(r.Announce, "abcdefghijklmnopqrstuvwxyz0123456789-/") != "" {
		errs = append(errs, fmt.Errorf("announce: %q: use the name of a prompt, as recording-announcement", r.Announce))
	}
	return errs
}
