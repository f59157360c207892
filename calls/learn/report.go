package learn

import (
	"math"
	"slices"
)

// An Item is one thing that was measured, or was not.
type Item struct {
	Code  string  // what: see Codes
	Why   string  // not empty: why it was not measured
	Sure  int     // percent
	Value float64 // V, s, or how many, by the code
	Text  string  // a code: the tone's name, how the answer is known, the sign of a release, the format of caller IDs
	Tone  *Tone
	Noise *Noise
	Parts []Part // how it rings
	Fit   *Fit
}

// Codes are what a run can measure, in the order of a report. The value of volts-… is in V, of …-delay,
// release-sign (after the first sign) and ring-reversal (before the ring) in s, of ring the number of bursts.
func Codes() []string {
	return []string{"volts-idle", "noise-idle", "dial-delay", "dial-tone", "volts-off-hook", "noise-off-hook", "busy-tone", "ring-delay", "ringback",
		"answer", "release-sign", "release-tone", "ring", "ring-reversal", "caller-id"}
}

func (r *Run) has(code string) bool {
	return slices.ContainsFunc(r.items, func(i Item) bool { return i.Code == code && i.Why == "" })
}

func (r *Run) add(i Item) {
	if !r.has(i.Code) {
		r.put(i)
	}
}

// put takes an item in the place of what was known of it before.
func (r *Run) put(i Item) {
	r.items = slices.DeleteFunc(r.items, func(o Item) bool { return o.Code == i.Code })
	r.items = append(r.items, i)
}

// miss notes why something was not measured.
func (r *Run) miss(code, why string) {
	if !r.has(code) {
		r.put(Item{Code: code, Why: why})
	}
}

// Report lists what was measured so far, and with the run over what was not and why, in
// the order of Codes.
func (r *Run) Report() []Item {
	var out []Item
	for _, code := range Codes() {
		n := len(out)
		for _, i := range r.items {
			if i.Code == code {
				out = append(out, i)
			}
		}
		if len(out) == n && r.state.Over() {
			if why := r.missing(code); why != "" {
				out = append(out, Item{Code: code, Why: why})
			}
		}
	}
	return out
}

// missing is why something was not measured of which nothing is known; "": it need not be there.
func (r *Run) missing(code string) string {
	asked, card := true, true
	switch code {
	case "volts-idle", "volts-off-hook":
		card = r.order.Volts
	case "noise-idle":
		card = r.order.OnHook
	case "busy-tone":
		asked = r.order.Busy != ""
	case "ring-delay":
		return ""
	case "ringback", "answer", "release-sign", "release-tone":
		asked = r.order.Call != ""
	case "ring", "caller-id":
		asked = r.order.Incoming
	case "ring-reversal":
		return ""
	}
	switch {
	case !card:
		return notCard
	case !asked:
		return notAsked
	case r.state != Done:
		return notReached
	}
	return notHeard
}

// A Profile is what a run proposes for the settings of the line and of others like it.
// 0 and empty: nothing was learnt of it.
type Profile struct {
	Country   string
	RingGapMS int
	IdleMV    int
	OffHookMV int
	CallerID  string
	DialHz    int
	BusyHz    int
	BusyOnMS  int
	BusyOffMS int
	Answer    string   // how the exchange tells the answer: "reversal"
	Releases  []string // how it tells that the far end has hung up: "reversal", "loop-break", "busy-tone", …
}

// sureEnough is what a figure of a profile must have.
const sureEnough = 60

// Profile is what follows from what was measured. Of a tone of several lines and of one that is
// unsure nothing does: the country's is meant.
func (r *Run) Profile() Profile {
	p := Profile{Country: r.order.Country}
	for _, i := range r.items {
		if i.Why != "" || i.Sure < sureEnough && i.Code != "answer" {
			continue
		}
		switch i.Code {
		case "volts-idle":
			p.IdleMV = int(math.Round(i.Value * 1000))
		case "volts-off-hook":
			p.OffHookMV = int(math.Round(i.Value * 1000))
		case "dial-tone":
			if len(i.Tone.Sines) == 1 && i.Tone.Steady {
				p.DialHz = int(math.Round(i.Tone.Sines[0].Hz))
			}
		case "release-tone":
			p.busy(i.Tone)
		case "answer":
			if i.Text == "reversal" {
				p.Answer = i.Text
			}
		case "release-sign":
			p.Releases = append(p.Releases, i.Text)
		case "caller-id":
			p.CallerID = i.Text
		case "ring":
			for _, part := range i.Parts {
				p.RingGapMS = max(p.RingGapMS, int(math.Round(part.OffMS/50))*50)
			}
		}
	}
	for _, i := range r.items { // the same tone, mostly
		if i.Code == "busy-tone" && i.Why == "" && i.Sure >= sureEnough && p.BusyHz == 0 {
			p.busy(i.Tone)
		}
	}
	return p
}

func (p *Profile) busy(t *Tone) {
	if len(t.Sines) == 1 && len(t.Parts) == 1 {
		p.BusyHz, p.BusyOnMS, p.BusyOffMS = int(math.Round(t.Sines[0].Hz)), int(math.Round(t.Parts[0].OnMS)), int(math.Round(t.Parts[0].OffMS))
	}
}
