package channels

import (
	"slices"
	"sync"
	"sync/atomic"

	"vaad/channels/elastic"
	"vaad/driver"
	"vaad/dsp/mix"
)

// A mixer adds up what its members say, and gives each what the others said. It
// belongs to the loop of the board on which it lives.
type mixer struct {
	name    string
	members []*member
	sum     [driver.Block]int32
	data    bool // a member's call carries a fax or a modem
}

// A member is one line in a mix: of its own board, or of another, through a port.
type member struct {
	line int
	run  *lineRun // nil: of another board
	port *port    // nil: of this one
	role Role
	to   int // Whisperer: the line that hears it

	said  [driver.Block]int16 // of a port
	heard [driver.Block]int16
}

// A port joins a line to a mix on another board.
type port struct {
	up, down *elastic.Buffer // to the mix, from the mix
	closed   atomic.Bool     // by whichever end goes first
	data     atomic.Bool     // the line's call carries a fax or a modem
	mixData  atomic.Bool     // somebody's in the mix does
}

// voice is what a member said in the last block.
func (m *member) voice() *[driver.Block]int16 {
	if m.port != nil {
		return &m.said
	}
	return m.run.speech.voice()
}

// data says whether a member's call carries a fax or a modem.
func (m *member) data() bool {
	if m.port != nil {
		return m.port.data.Load()
	}
	return m.run.speech.data
}

// blend makes what each member hears: the sum of who talks, without itself, and
// what is whispered to it. Sums that do not fit 16 bits are clipped.
func (x *mixer) blend() {
	clear(x.sum[:])
	beeped, data := int64(0), false
	for _, m := range x.members {
		if m.port != nil {
			m.port.up.Pull(m.said[:])
		}
		data = data || m.data()
		if m.role != Talker {
			continue
		}
		if m.run != nil && m.run.speech.beep.on {
			beeped = max(beeped, m.run.speech.beeped)
		}
		for i, s := range m.voice() {
			x.sum[i] += int32(s)
		}
	}
	x.data = data
	for _, m := range x.members {
		if m.run != nil {
			m.run.speech.beeped = max(m.run.speech.beeped, beeped)
		}
		own := m.role == Talker
		said := m.voice()
		for i, s := range x.sum {
			if own {
				s -= int32(said[i])
			}
			m.heard[i] = clip(s)
		}
		for _, w := range x.members {
			if w.role == Whisperer && w.to == m.line {
				mix.Add(m.heard[:], w.voice()[:])
			}
		}
		if m.port != nil {
			m.port.down.Push(m.heard[:])
			m.port.mixData.Store(data)
		}
	}
}

func clip(s int32) int16 { return int16(max(-32768, min(32767, s))) }

// blend lets all mixes of the board work on the last block; members whose other
// end is gone go too.
func (l *loop) blend() {
	for i := len(l.mixes) - 1; i >= 0; i-- {
		x := l.mixes[i]
		for k := len(x.members) - 1; k >= 0; k-- {
			if p := x.members[k].port; p != nil && p.closed.Load() {
				l.drop(x, x.members[k])
			}
		}
		x.blend()
	}
}

// mixOf returns the mix of that name, making it.
func (l *loop) mixOf(name string) *mixer {
	for _, x := range l.mixes {
		if x.name == name {
			return x
		}
	}
	x := &mixer{name: name}
	l.mixes = append(l.mixes, x)
	return x
}

// drop takes a member out of a mix, which ends with its last one.
func (l *loop) drop(x *mixer, m *member) {
	x.members = slices.DeleteFunc(x.members, func(o *member) bool { return o == m })
	if m.port != nil {
		m.port.closed.Store(true)
	}
	if len(x.members) == 0 {
		l.mixes = slices.DeleteFunc(l.mixes, func(o *mixer) bool { return o == x })
	}
}

// unmix ends what the board's mixes have to do with other boards.
func (l *loop) unmix() {
	for _, x := range l.mixes {
		for _, m := range x.members {
			if m.port != nil {
				m.port.closed.Store(true)
			}
		}
	}
	l.mixes = nil
}

// homes says on which board each mix lives. The loops never look here.
type homes struct {
	mu sync.Mutex
	of map[string]*home
}

type home struct {
	board   *board
	members int
	asking  int // joinings that are under way
}

// begin finds the board of a mix that a line of b is to join.
func (h *homes) begin(mix string, b *board) *board {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of = map[string]*home{}
	}
	x := h.of[mix]
	if x == nil {
		x = &home{board: b}
		h.of[mix] = x
	}
	if x.board.current() == nil { // what was left of the mix went with its board
		x.board = b
	}
	x.asking++
	return x.board
}

// end is called when a joining has failed, or was none.
func (h *homes) end(mix string) {
	h.change(mix, func(x *home) { x.asking-- })
}

// joined and left are called by the feed.
func (h *homes) joined(mix string) {
	h.change(mix, func(x *home) { x.asking--; x.members++ })
}

func (h *homes) left(mix string) {
	h.change(mix, func(x *home) { x.members-- })
}

func (h *homes) change(mix string, f func(*home)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x := h.of[mix]
	if x == nil {
		return
	}
	if f(x); x.members <= 0 && x.asking <= 0 {
		delete(h.of, mix)
	}
}
