package channels

import (
	"vaad/dsp/progress"
)

// WishKind says what a line is wished to do in a call.
type WishKind uint8

const (
	// WishCall begins a call: a trunk is seized and the number dialled, a digital
	// channel sets up, a station is rung. The call's CallBegin carries the
	// wish's ID; Alerting, CallAnswered or CallEnd follow.
	WishCall WishKind = iota + 1
	// WishAlert tells who calls that it rings here, where the signalling can:
	// a digital channel alerts. On a station that has dialled it does nothing;
	// play it a ringback.
	WishAlert
	// WishProceed tells who calls that the number is complete and nothing more is
	// wanted of it.
	WishProceed
	// WishAnswer answers the call that rings or was dialled here.
	WishAnswer
	// WishRelease ends the call, or refuses it: Cause.
	WishRelease
	// WishKeys sends Keys in the call; KeysSent follows.
	WishKeys
	// WishFlash is a hook flash of MS; Done follows.
	WishFlash
	// WishHold and WishRetrieve tell a digital far end so.
	WishHold
	WishRetrieve
	// WishLamp tells a station that a message waits, or no longer: On lights its
	// lamp, where the board can, and dial tone says so.
	WishLamp
	nWish
)

var wishNames = [nWish]string{WishCall: "call", WishAlert: "alert", WishProceed: "proceed", WishAnswer: "answer", WishRelease: "release",
	WishKeys: "keys", WishFlash: "flash", WishHold: "hold", WishRetrieve: "retrieve", WishLamp: "lamp"}

func (k WishKind) String() string {
	if k > 0 && k < nWish {
		return wishNames[k]
	}
	return "wish"
}

// A Wish is what somebody wants of a line in terms of calls. The line's table
// decides which commands and sounds that takes.
type Wish struct {
	ID   string // comes back in Event.Request of the CallBegin, KeysSent, Done or Refused that comes of it
	Line int    // permanent number
	Kind WishKind

	Number  string // WishCall: whom to call, without the prefix of an outside line; a station: unused
	Prefix  string // WishCall: dialled before Number; a pause of the dial tone follows it
	Caller  string // WishCall: who calls, where the signalling can say so
	Name    string // WishCall: its name
	Private bool   // WishCall: the caller's number is not to be shown
	Report  bool   // WishCall to a trunk: in this call the release ladder only reports, as when the line is being learnt
	Ring    string // WishCall to a station: "", "inside", "outside" or "recall": its cadence
	Keys    string // WishKeys: 0-9 * # A-D, and "," for a pause of 1 s
	MS      int    // WishFlash: length; 0: the line's usual
	Cause   int    // WishRelease: ITU-T Q.850; 0: normal clearing
	On      bool   // WishLamp
}

// Errors of wishes are [ErrNoLine], [ErrBusy] (the board's queue), [ErrGone],
// [ErrNotUsed], *driver.LineError with driver.ErrTap, and *WishError.

// A WishError says why a line cannot do what was wished.
type WishError struct {
	Line int
	Wish string // what was wished: a WishKind, "play", "quiet", "join", "leave"
	Code string // "busy", "no-call", "not-ringing", "cannot", "bad-number", "link-down", …: words in the catalogue under wish.CODE
	Text string // the reason in English, for logs
}

func (e *WishError) Error() string {
	return e.Wish + ": " + e.Text
}

// An Audio is one thing to be played.
type Audio struct {
	PCM  []int16       // 8 kHz; must not change while it is played
	Tone progress.Tone // or a tone of the line's country, for MS; one that it does not have has no length
	MS   int           // of Tone, or of silence where all else is empty; 0: for ever; at most a day
	Keys string        // or keys in DTMF: 0-9 * # A-D, 100 ms each and 100 ms apart
}

// A Play is what a line is to hear, one after the other. It replaces what plays,
// unless it is queued. When it is over, or stopped, an event Played says so.
type Play struct {
	ID     string // Event.Request of Played
	Line   int
	Audio  []Audio // 1…256
	Loop   bool    // again from the beginning
	Queue  bool    // after what plays
	Over   bool    // mixed with what the line hears of others, instead of in its place
	StopOn string  // keys of the far party that stop it, and what waits behind it; the key is in Played.Text as "key 5"
	GainDB float64 // −60…60 dB
}

// Role is what a line does in a mix.
type Role uint8

const (
	Talker    Role = iota // speaks and hears
	Listener              // hears only
	Whisperer             // hears all, is heard by one
	nRole
)

var roleNames = [nRole]string{Talker: "talk", Listener: "listen", Whisperer: "whisper"}

func (r Role) String() string {
	if r < nRole {
		return roleNames[r]
	}
	return "role"
}

// A Joining puts a line into a mix: what its lines say is added up, and each
// hears all but itself. A mix exists while lines are in it; it lives on the board
// of its first line, others bring and take their audio through elastic rings. A line is in one
// mix at most: joining another leaves the first; joining the same one changes the role.
type Joining struct {
	ID   string // Event.Request of Joined
	Mix  string // whatever name the caller gives it
	Line int
	Role Role
	To   int // Whisperer: the line that hears it

	fresh bool // the line was not in that mix: Joined is told
}
