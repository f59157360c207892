package channels

import (
	"vaad/channels/ears"
	"vaad/driver"
	"vaad/dsp/callerid"
)

// told takes what a board has decoded itself: a message about who calls counts as
// one that was heard. Tones are heard by us too.
func (l *loop) told(r *lineRun, e *driver.Event, at int64) {
	m, ok := callerid.FromText(e.Data)
	if !ok {
		return
	}
	// It was heard before it is told, by up to as much as the board's events are off: one
	// that came before we answered is the caller's, and not of a second call.
	m.At = max(at-int64(l.info.Lines[e.Line].EventError), 0)
	m.End = m.At
	r.table.heard(&l.out, &ears.Finding{Kind: ears.Message, At: at, Message: &m}, at)
}
