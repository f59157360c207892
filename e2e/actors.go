package e2e

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"vaad/driver"
)

// An Actor plays one simulated line by hand: a person at a telephone, or an
// exchange. What it does is asked of it from other goroutines; what it hears is
// measured with means of its own, so that vaad's ears and voice do not judge
// each other.
type Actor struct {
	Peer

	mu    sync.Mutex
	send  []string    // events that wait
	says  []int16     // sounds that wait
	speak float64     // Hz of what is said when nothing else sounds; 0: nothing
	on    bool        // ringing current, or vaad's hook
	told  []string    // commands of the board
	log   []heardTone // of each block
	auto  func(a *Actor, n uint32)
	at    float64
}

// heardTone is what one block of 20 ms holds.
type heardTone struct {
	power float64 // mean square
	block [driver.Block]int16
}

// kept is how many blocks an Actor remembers: 10 s.
const kept = 500

// NewActor makes the other end of a line.
func NewActor(line int) *Actor {
	a := &Actor{Peer: Peer{Line: line}}
	a.Peer.Next = a.next
	a.Peer.Heard = a.heard
	return a
}

func (a *Actor) next(n uint32, dst []int16) ([]string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = append(a.told, a.Peer.Commands...)
	for _, c := range a.Peer.Commands {
		switch c {
		case "ring", "off-hook":
			a.on = true
		case "ring-end", "on-hook":
			a.on = false
		}
	}
	a.Peer.Commands = a.Peer.Commands[:0]
	if a.auto != nil {
		a.auto(a, n)
	}
	switch {
	case len(a.says) > 0:
		k := copy(dst, a.says)
		a.says = a.says[k:]
	case a.speak > 0:
		for i := range dst {
			dst[i] = int16(4000 * math.Sin(a.at))
			a.at += 2 * math.Pi * a.speak / driver.Rate
		}
	}
	evs := a.send
	a.send = nil
	return evs, false
}

func (a *Actor) heard(_ uint32, block []int16) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := heardTone{}
	copy(h.block[:], block)
	for _, s := range block {
		h.power += float64(s) * float64(s) / driver.Block
	}
	if len(a.log) == kept {
		a.log = append(a.log[:0], a.log[1:]...)
	}
	a.log = append(a.log, h)
}

// Event sends events with the next block.
func (a *Actor) Event(events ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.send = append(a.send, events...)
}

// Say plays samples after what waits.
func (a *Actor) Say(pcm ...int16) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.says = append(a.says, pcm...)
}

// Hush forgets what waits to be played.
func (a *Actor) Hush() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.says = nil
}

// Speak says a sine of that frequency whenever nothing else sounds; 0: nothing.
func (a *Actor) Speak(hz float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.speak = hz
}

// On reports whether the line rings (a telephone), or whether vaad is off-hook (an exchange).
func (a *Actor) On() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.on
}

// Told returns how often the board has said something that begins so.
func (a *Actor) Told(words string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.told {
		if strings.HasPrefix(c, words) {
			n++
		}
	}
	return n
}

// Forget forgets what was heard and told.
func (a *Actor) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told, a.log = nil, a.log[:0]
}

// Dial presses keys, 100 ms on and off.
func (a *Actor) Dial(keys string) {
	for i := range len(keys) {
		a.Say(keySound(keys[i])...)
	}
}

// keyRow and keyColumn are the frequencies of keys (ITU-T Q.23).
var (
	keyRow    = [4]float64{697, 770, 852, 941}
	keyColumn = [4]float64{1209, 1336, 1477, 1633}
)

const keyPad = "123A456B789C*0#D"

func keySound(key byte) []int16 {
	at := strings.IndexByte(keyPad, key)
	pcm := make([]int16, 2*100*driver.MS)
	for i := range pcm[:len(pcm)/2] {
		t := 2 * math.Pi * float64(i) / driver.Rate
		pcm[i] = int16(4000*math.Sin(keyRow[at/4]*t) + 4000*math.Sin(keyColumn[at%4]*t))
	}
	return pcm
}

// share is how much of the power of a block lies at a frequency (Goertzel's sum).
func share(block []int16, hz float64) float64 {
	var a, b, power float64
	c := 2 * math.Cos(2*math.Pi*hz/driver.Rate)
	for _, s := range block {
		x := float64(s)
		a, b = x+c*a-b, a
		power += x * x
	}
	if power < driver.Block*100*100 {
		return 0
	}
	return 2 * (a*a + b*b - c*a*b) / (float64(len(block)) * power)
}

// lately is what was heard last, at most so many blocks. It is looked at without the
// lock: who waits for that is late with the next block.
func (a *Actor) lately(blocks int) []heardTone {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.log[max(0, len(a.log)-blocks):])
}

// Hears reports whether the last second was mostly a tone of that frequency.
func (a *Actor) Hears(hz float64) bool { return a.portion(50, hz) > 0.6 }

// HeardLately reports whether of the last five seconds at least a tenth was a tone.
func (a *Actor) HeardLately(hz float64) bool { return a.portion(250, hz) > 0.1 }

// Hushed reports whether the last second was silent.
func (a *Actor) Hushed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.log) < 50 {
		return false
	}
	for _, h := range a.log[len(a.log)-50:] {
		if h.power > 100*100 {
			return false
		}
	}
	return true
}

func (a *Actor) portion(blocks int, hz float64) float64 {
	log, n := a.lately(blocks), 0
	for i := range log {
		if share(log[i].block[:], hz) > 0.25 { // others may speak too
			n++
		}
	}
	return float64(n) / float64(blocks)
}

// Keys returns the keys that were heard, each once however long it sounded.
func (a *Actor) Keys() string {
	var keys []byte
	last, quiet := byte(0), 0
	log := a.lately(kept)
	for i := range log {
		k := keyIn(log[i].block[:])
		switch {
		case k == 0:
			if quiet++; quiet >= 2 {
				last = 0
			}
		case k != last:
			keys = append(keys, k)
			last, quiet = k, 0
		default:
			quiet = 0
		}
	}
	return string(keys)
}

func keyIn(block []int16) byte {
	row, column := -1, -1
	for i := range 4 {
		if share(block, keyRow[i]) > 0.3 {
			row = i
		}
		if share(block, keyColumn[i]) > 0.3 {
			column = i
		}
	}
	if row < 0 || column < 0 {
		return 0
	}
	return keyPad[4*row+column]
}

// Wait waits until something is so.
func (a *Actor) Wait(ctx context.Context, what string, is func() bool) error {
	err := Until(ctx, fmt.Sprintf("line %d: %s", a.Line, what), func() (bool, error) { return is(), nil })
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		return fmt.Errorf("%w; it was told %q", err, a.told)
	}
	return nil
}

// Tone is a sine of so many ms.
func Tone(hz float64, ms int) []int16 {
	pcm := make([]int16, ms*driver.MS)
	for i := range pcm {
		pcm[i] = int16(4000 * math.Sin(2*math.Pi*hz*float64(i)/driver.Rate))
	}
	return pcm
}
