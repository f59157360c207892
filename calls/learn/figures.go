package learn

import (
	"slices"

	"vaad/driver"
	"vaad/dsp"
)

// idle measures the line while it is on-hook.
func (r *Run) idle() {
	if mv, ok := r.millivolts(); ok {
		r.add(Item{Code: "volts-idle", Value: float64(mv) / 1000, Sure: 100})
	}
	if n, ok := MeasureNoise(r.heard(r.steps[0].Begin, r.now)); ok && r.order.OnHook {
		r.add(Item{Code: "noise-idle", Noise: &n, Sure: 100})
	}
}

// millivolts is the median of the voltages of late.
func (r *Run) millivolts() (int, bool) {
	if len(r.volts) == 0 || !r.order.Volts {
		return 0, false
	}
	v := slices.Sorted(slices.Values(r.volts))
	return v[len(v)/2], true
}

// measureDialTone measures what the exchange says after off-hook and after the first digit.
func (r *Run) measureDialTone() {
	if r.seizedAt == 0 || r.dialsAt == 0 {
		return
	}
	end := r.dialsAt + (int64(len(before))-1)*driver.Rate + driver.Rate*9/10
	quietFrom := end + driver.Rate/2
	from, known := r.seizedAt+300*driver.MS, false
	if r.toneName != "" && r.toneAt >= r.seizedAt-driver.Rate && r.toneAt < r.dialsAt {
		from, known = max(r.toneAt, r.seizedAt), true
		if r.toneEnd > from {
			end = min(end, r.toneEnd)
		}
	}
	if !r.has("dial-tone") {
		if t, ok := Measure(r.heard(from, end)); ok && (known || t.Steady) {
			i := Item{Code: "dial-tone", Tone: &t, Sure: t.Sure(), Text: r.toneName}
			i.Fit = Compare(&t, r.order.Country, "dial", "special-dial")
			r.add(i)
			if known {
				r.add(Item{Code: "dial-delay", Value: float64(max(r.toneAt-r.seizedAt, 0)) / driver.Rate, Sure: t.Sure()})
			}
		}
	}
	if mv, ok := r.millivolts(); ok && !r.has("volts-off-hook") {
		r.add(Item{Code: "volts-off-hook", Value: float64(mv) / 1000, Sure: 100})
	}
	if r.has("noise-off-hook") {
		return
	}
	if quiet := quietest(r.heard(quietFrom, r.sentAt), silenceLength); quiet != nil {
		if _, sounds := Measure(quiet); sounds {
			r.miss("noise-off-hook", notEnded)
		} else if n, ok := MeasureNoise(quiet); ok {
			r.add(Item{Code: "noise-off-hook", Noise: &n, Sure: 100})
		}
	}
}

// measureRingback measures it, if that is what was heard last.
func (r *Run) measureRingback() {
	if r.toneName != "ringback" || r.has("ringback") {
		return
	}
	end := r.now
	if r.toneEnd > 0 {
		end = r.toneEnd
	}
	if r.answerAt > 0 {
		end = min(end, r.answerAt)
	}
	if t, ok := Measure(r.heard(r.toneAt-driver.Rate/5, end)); ok {
		r.add(Item{Code: "ringback", Tone: &t, Sure: t.Sure(), Text: "ringback", Fit: Compare(&t, r.order.Country, "ringback")})
	}
}

// measureEnd measures the tone of calls that are over.
func (r *Run) measureEnd() {
	code := "release-tone"
	if r.part.code == "busy" {
		code = "busy-tone"
	}
	if r.toneName == "" || r.toneName == "ringback" || r.has(code) || code == "release-tone" && !r.has("answer") {
		return
	}
	end := r.now
	if r.toneEnd > 0 {
		end = r.toneEnd
	}
	from := r.toneAt
	if r.part.code == "busy" {
		from -= driver.Rate / 5 // it is silent before; in a call somebody may have spoken
	}
	if t, ok := Measure(r.heard(from, end)); ok {
		r.add(Item{Code: code, Tone: &t, Sure: t.Sure(), Text: r.toneName, Fit: Compare(&t, r.order.Country, "busy", "congestion")})
	}
}

// noteSign notes what tells that the far end has hung up: only where it had answered.
func (r *Run) noteSign(what string, at int64) {
	if r.part.code != "answer" || !r.has("answer") || what == "" {
		return
	}
	if r.hungUpAt == 0 {
		r.hungUpAt = at
	}
	code := what
	switch what {
	case "busy", "congestion", "vacant":
		code += "-tone"
	case "sit":
		code = "vacant-tone"
	case "dial", "special-dial":
		code = "dial-tone"
	case "regular":
		code = "busy-tone"
	}
	for i := range r.items {
		if r.items[i].Code == "release-sign" && r.items[i].Text == code {
			return
		}
	}
	r.items = append(r.items, Item{Code: "release-sign", Text: code, Value: float64(at-r.hungUpAt) / driver.Rate, Sure: 100})
}

// rungIn measures how it has rung.
func (r *Run) rungIn() {
	i := Item{Code: "ring", Sure: 100, Value: float64(len(r.rings))}
	parts, cycles := cycle(r.rings)
	if cycles == 0 {
		i.Sure = 50
	}
	i.Parts = parts
	r.add(i)
	if len(r.rings) == 0 {
		return
	}
	first := r.ringsFrom + int64(r.rings[0].from*dsp.MS)
	for _, at := range r.reversals {
		if at < first && first-at < 6*driver.Rate {
			r.add(Item{Code: "ring-reversal", Value: float64(first-at) / driver.Rate, Sure: 100})
			break
		}
	}
	if r.callerBy != "" {
		when := "-after-ring"
		if r.callerAt < first+int64(r.rings[0].length()*dsp.MS) {
			when = "-before-ring"
		}
		r.add(Item{Code: "caller-id", Text: r.callerBy + when, Sure: 100})
	}
}
