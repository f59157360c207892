package emulator

import "fmt"

// coding is how a sample is written in voice data.
type coding byte

const (
	unsigned8 coding = iota + 1
	signed8
	linear16 // little-endian
	ulaw
	alaw
	ima4 // IMA ADPCM, two samples to a byte, the first in the low half
)

// A format is one line of +VSM=?.
type format struct {
	id     int
	coding coding
	rates  []int  // Hz, the default first
	text   string // the line as the chip prints it
}

// keyStyle is how a chip tells keys.
type keyStyle byte

const (
	keyOnce   keyStyle = iota + 1 // <DLE>5
	keyFramed                     // <DLE>/ <DLE>5 <DLE>~
	keyHeld                       // the same, the key repeated every 70 ms while it sounds
)

// A Chip is what one kind of modem answers and how it behaves.
type Chip struct {
	Name string // as asked for: "cx93001"
	Say  string // one line for people

	info     [10]string // ATI0…9; empty: ERROR
	maker    string     // +GMI
	model    string     // +GMM
	revision string     // +GMR
	classes  string     // +FCLASS=?
	formats  []format
	answers  map[string]string // commands that are answered by a text and OK; "" is OK alone
	refused  []string          // commands that a standard has, but not this chip: ERROR
	sources  []int             // what +VLS takes

	duplex     bool   // knows +VTR
	endReceive string // what ends +VRX behind <DLE>
	endDuplex  string // what ends +VTR behind <DLE>
	connected  string // result of a call that is answered or dialled in class 8
	voiceEnd   string // result after <DLE><ETX> of +VRX

	keys        keyStyle
	substitute  bool   // two DLE of data are sent as <DLE><SUB>
	ringAtEnd   bool   // RING comes when a burst is over
	callerEqual string // between name and value of caller ID
	dtmfCaller  bool   // decodes caller ID that comes as keys
	polarity    bool   // tells reversals
	loop        bool   // tells breaks of the loop
	inUse       string // result of dialling while another telephone is off-hook; empty: does not notice
	reorder     bool   // tells congestion apart from busy
	flow        bool   // stops the host when the buffer for transmission is full
	echo        int    // dB by which what is sent comes back; 0: not at all
	txRoom      int    // bytes of voice data that wait for the line
	rxRoom      int    // bytes that wait for the host
}

// ByName finds a chip.
func ByName(name string) (Chip, error) {
	known := ""
	for _, c := range Chips() {
		if c.Name == name {
			return c, nil
		}
		known += " " + c.Name
	}
	return Chip{}, fmt.Errorf("no chip is called %q; there are%s", name, known)
}
