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
	m.At, m.End = at, at
	r.table.heard(&l.out, &ears.Finding{Kind: ears.Message, At: at, Message: &m}, at)
}
