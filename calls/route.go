package calls

import "time"

// A PBX says what a Switch does by itself. The zero value does nothing but end
// the second leg of a bridge with the first.
type PBX struct {
	Stations []Extension
	Outside  []Outside
	Groups   []TrunkGroup
	Incoming []Incoming

	RingFor    time.Duration // stations that one station calls ring so long; 0: 2 min
	CallerWait time.Duration // an analog trunk's call waits so long for its caller ID before stations ring; 0: 4 s; < 0: not at all
	FirstDigit time.Duration // second dial tone without a digit; 0: 15 s
	DigitPause time.Duration // pause that ends a number dialled on it; 0: 4 s
}

// An Extension is a station's number.
type Extension struct {
	Line    int
	Number  string // digits; unique
	Name    string // of who sits there
	Outside string // the caller's number that trunks show, where they can; "": the group's
	Private bool   // trunks show none
}

// Outside leads numbers that begin with Prefix to trunks. The longest prefix counts.
type Outside struct {
	Prefix string   // "" fits every number that is no extension
	Strip  int      // how many leading digits the trunk is not sent; < 0: the prefix
	Add    string   // digits sent before what is left
	Groups []string // TrunkGroup.Name, tried in this order
}

// A TrunkGroup is trunks of which any may be taken.
type TrunkGroup struct {
	Name   string
	Lines  []int
	Order  string // "", "first": in order; "last": from the end; "rotate": after the one taken last; "longest-idle"
	Prefix string // dialled first, then its dial tone is waited for: of an exchange in between
	Caller string // the caller's number that is shown
}

// TrunkOrders lists the values of TrunkGroup.Order.
func TrunkOrders() []string { return []string{"first", "last", "rotate", "longest-idle"} }

// Incoming says who rings for a call that comes in. The first that fits counts;
// a call that none fits rings on, to be answered by an operation. A call for the
// number of an extension (digital trunks tell it) rings there if Direct is set.
type Incoming struct {
	Lines  []int    // trunks; empty: all
	Called string   // number that was called, * stands for anything; "": any
	Ring   []string // extensions that ring together; empty: it is left to operations
	Direct bool     // the called number may be an extension
	Strip  int      // leading digits of the called number that are not part of the extension
	Name   string   // shown at stations before the caller's own
}
