package dahdi

import (
	"encoding/binary"
	"sync"
	"time"

	"vaad/driver"
)

// A meter lends the file of a channel to the goroutine that reads voltages: the
// kernel lets a channel be opened once. The lock is held over one reading, which
// may sleep; whoever closes the channel waits for it.
type meter struct {
	mu sync.Mutex
	fd int // -1: the channel is not open
}

// lend gives a channel's file, or takes it back with -1. A channel without a
// meter has nobody to lend to.
func (m *meter) lend(fd int) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fd = fd
}

// wctdmVolts reads voltages by WCTDM_GET_STATS, which wctdm, wctdm24xxp, wcaxx and
// opvxa1200 have. Their line-voltage register has steps of 1 V; a read fetches it
// three times, and sleeps on the cards that are reached through a queue
// (wctdm24xxp, wcaxx). So the lines take turns.
type wctdmVolts struct {
	k     kernel
	mail  mailbox
	lines []*channel // that have it
	next  int
	rest  time.Duration // between two readings
	arg   [wctdmStatsSize]byte
}

const (
	wctdmStatsSize = 12 // tip, ring and battery voltage, mV; on FXO ports the same figure thrice

	voltsPeriod  = 200 * time.Millisecond // of each line, where the card is quick enough
	voltsSlowest = 2 * time.Second
	voltsLoad    = 2 // readings take one part in so many of the time at most
)

// findVolts says which open FXO lines can be read so, and how often each one is,
// in samples. It takes one reading of each.
func findVolts(k kernel, channels []*channel) (v *wctdmVolts, every int) {
	v = &wctdmVolts{k: k}
	begun := k.now()
	for _, c := range channels {
		if !c.isAnalogFXO() || c.fault == errUnused {
			continue
		}
		c.meter = &meter{fd: c.fd}
		if c.fd < 0 { // busy for now: it is of the same kind as those beside it
			v.lines = append(v.lines, c)
			continue
		}
		if _, err := v.read(c); err == nil {
			v.lines = append(v.lines, c)
		}
	}
	open := 0
	for _, c := range v.lines {
		if c.fd >= 0 {
			open++
		}
	}
	if open == 0 {
		return nil, 0
	}
	round := (k.now() - begun) * time.Duration(len(v.lines)) / time.Duration(open)
	period := min(max(voltsPeriod, (round*voltsLoad+driver.Tick-1)/driver.Tick*driver.Tick), voltsSlowest)
	v.rest = period / time.Duration(len(v.lines))
	return v, int(period * driver.Rate / time.Second)
}

func (v *wctdmVolts) box() *mailbox { return &v.mail }
func (v *wctdmVolts) finish()       {}

// step reads the next line.
func (v *wctdmVolts) step() time.Duration {
	c := v.lines[v.next]
	v.next = (v.next + 1) % len(v.lines)
	begun := v.k.now()
	if mv, err := v.read(c); err == nil {
		v.mail.put(fact{kind: driver.Volts, line: c.line, value: mv, when: v.k.now()})
	}
	return max(v.rest-(v.k.now()-begun), time.Millisecond)
}

func (v *wctdmVolts) read(c *channel) (mv int32, err error) {
	c.meter.mu.Lock()
	defer c.meter.mu.Unlock()
	if c.meter.fd < 0 {
		return 0, errNotOpen
	}
	err = v.k.ioctl(c.meter.fd, reqWctdmStats, v.arg[:])
	return int32(binary.LittleEndian.Uint32(v.arg[:])), err
}

const (
	deadMV    = 3_000 // less says nothing of the polarity
	oddEnough = 2     // readings in a row
)

// measured says a voltage, and corrects the polarity where its events have gone
// astray. Which sign is normal is not known before the first reading: it depends
// on how the two wires are connected.
func (b *Board) measured(c *channel, at int, mv int32) {
	b.say(c, driver.Volts, at, mv)
	sign := int8(1)
	switch {
	case mv > -deadMV && mv < deadMV || c.act.heard: // ringing is an alternating voltage
		c.act.odd = 0
		return
	case mv < 0:
		sign = -1
	}
	if c.act.normal == 0 {
		c.act.normal = sign
		if c.act.reversed {
			c.act.normal = -sign
		}
	}
	if c.act.reversed == (sign != c.act.normal) {
		c.act.odd = 0
		return
	}
	if c.act.odd++; c.act.odd >= oddEnough {
		c.act.odd = 0
		b.reverses(c, at, 0)
	}
}
