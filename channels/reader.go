package channels

// A Reader is one consumer of the feed.
type Reader struct{}

// Wake returns a channel that has a value when events are queued, or when a
// board has advanced by 2000 samples (250 ms) or more since the last wake.
func (r *Reader) Wake() <-chan struct{} { return nil }

// Drain appends all queued events to dst. lost is true once after events were
// lost to this reader: whoever needed all of them must close what they have
// open, say so, and begin anew from System.Lines.
func (r *Reader) Drain(dst []Event) (events []Event, lost bool) { return dst, false }

// Hold makes virtual boards (all of them, also those opened later) wait for
// this reader: a board stays less than a quarter of the ring ahead of the
// lowest position that Done was called with on any of its used lines. Real
// boards are not affected.
func (r *Reader) Hold() {}

// Done says that this reader needs nothing of the line before pos any more,
// pre-roll aside. A reader that holds must call it for every used line.
func (r *Reader) Done(line int, pos int64) {}

// Close ends the subscription and releases what it holds.
func (r *Reader) Close() {}
