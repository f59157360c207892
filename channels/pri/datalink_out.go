package pri

// A LinkOut takes what a [DataLink] gives: the caller makes one and uses it for
// every call, with [LinkOut.Reset] before each. What it holds is valid until then.
type LinkOut struct {
	Frames   [][]byte // to send, in order, without flags and FCS
	Up       bool     // the link is up (DL-ESTABLISH confirm or indication); again while it is up: it was reset and what waited was lost
	Down     bool     // the link is down (DL-RELEASE indication, or confirm to Stop)
	Messages [][]byte // of the far end's layer 3 (DL-DATA indication), in order
	UI       [][]byte // messages outside the sequence (DL-UNIT-DATA indication)
	Errors   []LinkError
}

// Reset empties it; its buffers are used again.
func (o *LinkOut) Reset() {
	o.Frames, o.Messages, o.UI, o.Errors = o.Frames[:0], o.Messages[:0], o.UI[:0], o.Errors[:0]
	o.Up, o.Down = false, false
}

// linkAppend appends a copy of b to all, into a buffer that was used before.
func linkAppend(all [][]byte, b ...[]byte) [][]byte {
	if n := len(all); n < cap(all) {
		all = all[:n+1]
	} else {
		all = append(all, nil)
	}
	last := &all[len(all)-1]
	*last = (*last)[:0]
	for _, one := range b {
		*last = append(*last, one...)
	}
	return all
}

// LinkError is a code of MDL-ERROR indication, 'A' to 'O' (Q.921 table II.1).
type LinkError byte

var linkErrorWords = [...]string{
	"unsolicited supervisory response with F set",        // A
	"unsolicited DM with F set",                          // B
	"unsolicited UA with F set",                          // C
	"unsolicited UA with F clear",                        // D
	"DM with F clear: the far end has no link",           // E
	"the far end made the link anew by SABME",            // F
	"no answer to SABME",                                 // G
	"no answer to DISC",                                  // H
	"no answer to a status enquiry",                      // I
	"a frame acknowledges what was not sent: N(R) error", // J
	"the far end rejected a frame: FRMR",                 // K
	"a frame that is not implemented",                    // L
	"an information field that is not permitted",         // M
	"a frame of the wrong size",                          // N
	"an information field longer than N201",              // O
}

func (e LinkError) String() string {
	if i := int(e) - 'A'; i >= 0 && i < len(linkErrorWords) {
		return string(rune(e)) + ": " + linkErrorWords[i]
	}
	return "MDL-ERROR " + string(rune(e))
}

// queueLength is how many messages may wait or be unacknowledged. It is one
// number less than the sequence has, and far more than a link's window.
const queueLength = 127

// A sendQueue is the I queue of Q.921: first what was sent and is not acknowledged,
// then what waits. Its buffers are used again.
type sendQueue struct {
	all   [queueLength][]byte
	first int
	n     int
}

func (q *sendQueue) push(b []byte) bool {
	if q.n == queueLength {
		return false
	}
	p := &q.all[(q.first+q.n)%queueLength]
	*p = append((*p)[:0], b...)
	q.n++
	return true
}

func (q *sendQueue) at(i int) []byte { return q.all[(q.first+i)%queueLength] }

// drop takes the first n away.
func (q *sendQueue) drop(n int) {
	q.first = (q.first + n) % queueLength
	q.n -= n
}
