package recorder

import (
	"vaad/channels"
)

// blankCall keeps the audio of a call out of the rings from its beginning on, as a
// rule wants it: neither flight recorder nor listeners have anything of it.
func (w *watch) blankCall() {
	if w.ruledBlank != nil {
		return
	}
	b := &channels.Blank{ID: w.r.c.Archive.NewID(w.r.c.Now()), From: w.ruling.begin, Why: w.verdict.Rule}
	m := &mask{Pause: Pause{ID: b.ID, Line: w.line.Number(), Reason: w.verdict.Rule}, kind: channels.ByRule, blank: b, from: b.From}
	w.ruledBlank = m
	w.stands(m)
}

// unblankCall ends that: the call is over, or more is known of it.
func (w *watch) unblankCall() {
	m := w.ruledBlank
	if m == nil {
		return
	}
	w.ruledBlank = nil
	if m.over = resumedByEnd; m.seen {
		w.unveil(m)
	}
}
