package emulator

import (
	"strings"

	"vaad/driver"
	"vaad/dsp/tone"
)

const (
	dle = 0x10
	etx = 0x03
	can = 0x18
	sub = 0x1A
	esc = 0x1B

	maxLine = 255 // characters of a command line
	ms      = driver.MS
)

// mode is what the DTE side is doing.
type mode byte

const (
	commands  mode = iota + 1
	busy           // a command works; the next waits
	dialling       // any character gives it up
	sending        // +VTX
	receiving      // +VRX
	both           // +VTR
)

// A modem is the core: it is moved by host and tick and leaves what it has to
// say in out, wish and the block that tick fills.
type modem struct {
	chip Chip
	out  []byte   // towards the host
	wish []string // towards the exchange: commands of docs/line-socket.md
	note func(way, text string)

	mode   mode
	line   []byte // the command line so far
	last   string // the one before, for A/
	long   bool   // it is too long
	begun  byte   // 'A' of A/ was read
	behind bool   // <DLE> was read
	todo   []string
	wait   func() (done bool, result string) // what the command that works waits for

	set    settings
	hook   bool
	pos    int64 // samples since power-on
	typed  int64 // when the host last said something
	volts  float64
	since  int64 // of hook
	wires  wires
	ears   *ears
	later  []string // reports that wait until the command line is done
	number string   // caller ID, for +VRID

	coder *coder
	tx    []byte // voice data that waits for the line
	ended bool   // <DLE><ETX> was read: what waits is the rest
	held  bool   // <DLE>p: transmission pauses
	thin  bool   // an underrun was told
	lost  bool   // an overrun is to be told
	data  []byte
	pcm   []int16
	back  []int16 // of what was sent, for echoes
	says  *tone.Source
	quiet quiet

	fault    Fault
	random   uint64
	counted  int
	credit   float64
	Counters counters
}

// counters count what a test or a trainee wants to know.
type counters struct {
	Heard, Said        int64 // samples of voice data to and from the host
	Overruns, Underrun int64 // bytes that were lost; samples of silence instead of data
}

func newModem(c Chip, countries ...string) *modem {
	m := &modem{chip: c, note: func(string, string) {}, random: 1, volts: -48, ears: newEars(countries)}
	m.reset()
	return m
}

// reset is ATZ: everything as after power-on, the line is released.
func (m *modem) reset() {
	m.set = defaults(m.chip)
	m.mode, m.wait, m.says, m.todo = commands, nil, nil, nil
	m.stop()
	m.release()
}

// stop forgets voice data.
func (m *modem) stop() {
	m.tx, m.ended, m.held, m.thin, m.lost, m.behind = m.tx[:0], false, false, false, false, false
}

// drop is what the modem does when the host closes its port, as &D says.
func (m *modem) drop() {
	m.line = m.line[:0]
	switch {
	case m.fault.Hang || m.set.d == 0:
	case m.set.d == 3:
		m.reset()
	default:
		m.mode, m.wait, m.says, m.todo, m.set.class = commands, nil, nil, nil, "0"
		m.stop()
		m.release()
	}
}

// seize and release are the hook.
func (m *modem) seize() {
	if !m.hook {
		m.hook, m.since = true, m.pos
		m.wish = append(m.wish, "off-hook")
		m.wires.answered()
		m.ears.offHook()
	}
}

func (m *modem) release() {
	if m.hook {
		m.hook, m.since = false, m.pos
		m.wish = append(m.wish, "on-hook")
		m.ears.onHook()
	}
	m.set.source = 0
}

// host takes bytes of the host and returns how many: the rest must wait, as
// with a modem that stops the host.
func (m *modem) host(b []byte) int {
	if len(b) > 0 {
		m.typed = m.pos
	}
	for i, c := range b {
		if len(m.out) > 2*m.chip.rxRoom { // a host that only talks is stopped
			return i
		}
		if m.fault.deaf() {
			m.listen(c)
			continue
		}
		switch m.mode {
		case commands:
			m.key(c)
		case busy:
			return i
		case dialling:
			if c == '\n' { // of the command line
				continue
			}
			m.mode = busy
			m.wait = func() (bool, string) { m.release(); return true, "NO CARRIER" }
		case sending, receiving, both:
			if !m.voice(c) {
				return i
			}
		}
	}
	return len(b)
}

// tick moves the modem by one block: rx is what the line has sent, tx what it
// is sent.
func (m *modem) tick(rx, tx []int16, happened []happening) {
	for _, h := range happened {
		m.happen(h)
	}
	m.rings()
	m.hear(rx)
	clear(tx)
	m.speak(tx)
	m.carry(rx, tx)
	m.pos += int64(len(rx))
	if m.wait != nil {
		if done, result := m.wait(); done {
			m.wait, m.mode = nil, commands
			m.finish(result)
		}
	}
	if vit := m.set.numbers["+VIT"][0]; vit > 0 && m.mode == commands && m.set.class == "8" && m.hook &&
		m.pos-m.typed > int64(vit)*driver.Rate {
		m.set.class = "0"
		m.release()
	}
	m.reports()
}

// emit says something to the host, if there is room. Voice data is lost where
// there is not; what people call answers always has room.
func (m *modem) emit(b ...byte) { m.out = append(m.out, b...) }

// event is a shielded code, in class 8 only.
func (m *modem) event(c byte) {
	if m.set.class != "8" {
		return
	}
	m.note("event", "<DLE>"+string(rune(c)))
	m.emit(dle, c)
}

// text is one line of information.
func (m *modem) text(s string) {
	m.note("said", s)
	cr, lf := m.set.s[3], m.set.s[4]
	if !m.set.verbose {
		m.emit([]byte(s)...)
		m.emit(cr, lf)
		return
	}
	m.emit(cr, lf)
	m.emit([]byte(s)...)
	m.emit(cr, lf)
}

// lines is several lines of information, or one result.
func (m *modem) lines(s string) {
	for l := range strings.SplitSeq(s, "\n") {
		m.result(l)
	}
}

// codes are the numbers of results (ITU-T V.250, table 1); others have none.
var codes = map[string]string{"OK": "0", "CONNECT": "1", "RING": "2", "NO CARRIER": "3", "ERROR": "4", "NO DIALTONE": "6", "BUSY": "7", "NO ANSWER": "8"}

// result ends a command, or is an unsolicited one.
func (m *modem) result(s string) {
	if m.set.quiet {
		return
	}
	if n, ok := codes[s]; ok && !m.set.verbose {
		m.note("said", s)
		m.emit([]byte(n)...)
		m.emit(m.set.s[3])
		return
	}
	m.text(s)
}
