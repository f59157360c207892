package redecode

import (
	"cmp"
	"slices"

	"vaad/recorder/archive"
)

// Kinds of facts.
const (
	Key      = "key"       // Text: the key
	Pulse    = "pulse"     // a digit dialled in pulses. Text: the digit
	Tone     = "tone"      // of an exchange. Text: its name, as of dsp/progress
	Modem    = "modem"     // of a fax or modem. Text: its name, as of dsp/modemtone
	Voice    = "voice"     // somebody speaks
	CallerID = "caller-id" // a message. Text: the number, "" where it says that there is none; Name; By: its coding
	Damaged  = "damaged"   // something began like a message and was not understood
)

// A Fact is something that was heard.
type Fact struct {
	Kind   string
	At     int64 // samples from the first one
	Length int64 // samples; 0: not known
	Side   string
	Text   string
	Name   string // of a caller ID
	By     string // bell202, v23, dtmf, ntt
	Absent string // of a caller ID: "private", "out-of-area"
	Sure   int    // percent; 0: not said
}

func (f *Fact) end() int64 { return f.At + f.Length }

func sortFacts(all []Fact) {
	slices.SortStableFunc(all, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Side, b.Side))
	})
}

// hidden stands in stories for a key that must not be kept.
const hidden = "•"

// Told takes out of a story what was heard then, as far as detectors tell it.
// samples is the length of the audio: what had not ended lasts until there. start may be nil.
func Told(start *archive.Start, story []archive.Entry, samples int64) []Fact {
	var all []Fact
	open := map[string]int{} // kind, side and text of what has begun → its place
	begin := func(f Fact) {
		key := f.Kind + " " + f.Side + " " + f.Text
		if _, going := open[key]; going {
			return
		}
		f.Length = max(0, samples-f.At)
		open[key] = len(all)
		all = append(all, f)
	}
	end := func(kind, side, text string, at int64) {
		key := kind + " " + side + " " + text
		i, going := open[key]
		if !going { // it began before the story
			all = append(all, Fact{Kind: kind, Side: side, Text: text, Length: max(0, at)})
			return
		}
		all[i].Length = max(0, at-all[i].At)
		delete(open, key)
	}
	var caller callerTold
	if start != nil {
		caller.number = start.Caller
	}
	for i := range story {
		e := &story[i]
		switch e.Kind {
		case "digit", "key":
			kind := Key
			if e.Code == "pulses" || e.Code == "pulse" {
				kind = Pulse
			}
			all = append(all, Fact{Kind: kind, At: e.At, Length: e.Value, Side: e.Side, Text: e.Text})
		case "voice-begin":
			begin(Fact{Kind: Voice, At: e.At, Side: e.Side})
		case "voice-end":
			end(Voice, e.Side, "", e.At)
		case "tone", "modem":
			if e.Value != 0 {
				begin(Fact{Kind: e.Kind, At: e.At, Side: e.Side, Text: e.Text})
			} else {
				end(e.Kind, e.Side, e.Text, e.At)
			}
		case "caller-id-failed":
			if e.Text != "missing" {
				all = append(all, Fact{Kind: Damaged, At: e.At, Length: e.Value, Side: e.Side})
			}
		default:
			caller.take(e)
		}
	}
	all = append(all, caller.facts...)
	sortFacts(all)
	return all
}

// A callerTold puts together what a story says of who called: the number, the
// name and how they were known stand in lines of their own.
type callerTold struct {
	number, name string
	facts        []Fact
}

func (c *callerTold) take(e *archive.Entry) {
	switch e.Kind {
	case archive.EntryCaller:
		c.number = e.Text
	case archive.EntryCallerName:
		c.name = e.Text
	case "numbers":
		switch e.Code {
		case "bell202", "v23", "dtmf", "ntt":
			c.facts = append(c.facts, Fact{Kind: CallerID, At: e.At, By: e.Code, Text: c.number, Name: c.name})
		}
		return
	default:
		return
	}
	// The number is written beside the line that says how it is known, before or behind it.
	for i := range c.facts {
		c.facts[i].Text, c.facts[i].Name = c.number, c.name
	}
}
