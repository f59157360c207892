package analog

import (
	"encoding/binary"
	"slices"

	"vaad/driver"
	"vaad/dsp/callerid"
)

// When the message of who calls is sent. The windows are Bellcore GR-30-CORE's
// and EN 300 659-1's, and China's YDN 069 as Bellcore's; the figures leave room for the
// 20…100 ms by which a board is late.
const (
	messageAfter  = 700              // ms after the end of the first burst: 500…1500 (GR-30, YDN 069), 500…2000 (EN 300 659-1)
	reversedFor   = 300              // ms of reversed polarity before the first sound: 200 at least (EN 300 659-1 annex C), 100 (SIN 227)
	openBefore    = 250              // ms of open path before keys where nothing announces them
	alertFor      = 100              // ms of alerting tone: 88…110 (SIN 227), 90…110 (EN 300 659-1)
	alertPause    = 60               // ms behind it: 45 at least (EN 300 659-1, SIN 227)
	ringAfter     = 350              // ms from message to ringing: 200 at least, 200…500 where it comes first (EN 300 659-1 annex C)
	keyOn, keyOff = 70, 70           // ms
	openBehind    = 300              // ms by which the path is open for longer than it takes
	burstSlack    = 300 * driver.MS  // the end of a burst that the board does not tell is taken for granted so late
	sentSlack     = 1000 * driver.MS // a message whose end is not told is over so late
	shortestFirst = 500              // ms of a single burst: what every telephone takes for ringing
)

// The phases of ringing.
const (
	notRinging = iota
	bursting   // the single burst
	messaging  // who calls is being sent
	resting    // the pause before the ringing that goes on
	ringingOn
)

// ringing is how far ringing has come.
type ringing struct {
	phase    int
	on       bool  // the ringer, as the board says
	from     int64 // where the burst began, or was ordered
	length   int64 // of the single burst, samples
	end      int64 // where it ended; 0: none was rung
	reversed bool
	message  []byte // FSK
	keys     string
	steps    []int      // ms on, ms off, … of the ringing that goes on
	wire     [32]byte   // the same for the board
	room     [2 * 3]int // for the steps of cadences of ours
}

func (s *Station) beginIn() {
	o := &s.order
	c := Call{Direction: In, AnsweredBy: ByNone, DirectionBy: FromRing, Caller: o.Caller, Name: o.Name, Called: s.cfg.Extension}
	if c.Called != "" {
		c.CalledBy = OwnNumber
	}
	if o.Private {
		c.Caller, c.Name, c.Withheld = "", "", Private
	}
	s.begin(c)
	r := &s.ring
	*r = ringing{from: s.now}
	r.steps = s.cadenceOf(o.Cadence, r.room[:0])
	r.message, r.keys = s.tells.message(o)
	switch {
	case r.message == nil && r.keys == "":
		s.ringOn()
	case s.tells.before:
		if s.tells.reversal {
			r.reversed = true
			s.command(driver.SetPolarity, 1, nil)
		}
		s.sendMessage()
	default:
		first := max(r.steps[0], shortestFirst)
		r.phase, r.length = bursting, int64(first)*driver.MS
		s.command(driver.RingBurst, int32(first), nil)
		s.wait(stBurstOver, s.now+r.length+burstSlack)
	}
}

// sendMessage sends who calls: after the single burst, or at once.
func (s *Station) sendMessage() {
	r := &s.ring
	a := Act{Kind: PlayMessage, Coding: s.tells.coding, Data: r.message, Keys: r.keys, OnMS: keyOn, OffMS: keyOff}
	switch {
	case r.phase == bursting:
		if r.end == 0 { // the board does not tell
			r.end = r.from + r.length
		}
		a.AfterMS = max(messageAfter-int((s.now-r.end)/driver.MS), 0)
	case r.reversed:
		a.AfterMS = reversedFor
	default:
		a.AfterMS = openBefore
	}
	lasts := a.AfterMS + len(r.keys)*(keyOn+keyOff)
	if r.message != nil {
		t := callerid.OnHook()
		lasts += 1000 * (t.Seizure + t.Mark + t.After + 10*len(r.message)) / 1200
	}
	if s.tells.alert {
		a.AlertMS = alertFor
		lasts += alertFor + alertPause
	}
	r.phase = messaging
	s.command(driver.OnHookTransmit, int32(lasts+openBehind), nil)
	s.act(a)
	s.wait(stMessageOver, s.now+int64(lasts)*driver.MS+sentSlack)
}

func (s *Station) messageSent() { s.rest(s.now + ringAfter*driver.MS) }

// noMessage: the board cannot do what the message takes; the ringing goes on
// as if it had been sent.
func (s *Station) noMessage() {
	s.act(Act{Kind: Quiet})
	s.rest(s.now)
}

// rest waits for the ringing that goes on: with the country's pause after a
// single burst, and not before earliest.
func (s *Station) rest(earliest int64) {
	r := &s.ring
	s.straighten()
	at := earliest
	if r.end > 0 {
		at = max(at, r.end+int64(r.steps[len(r.steps)-1])*driver.MS)
	}
	r.phase = resting
	s.wait(stRingOn, at)
}

// ringOn rings until the call is over.
func (s *Station) ringOn() {
	r := &s.ring
	b := r.wire[:0]
	for _, v := range r.steps {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	r.phase, s.due = ringingOn, never
	s.command(driver.Ring, 0, b)
}

// silence ends all that ringing has begun.
func (s *Station) silence() {
	r := &s.ring
	s.out.Acts = slices.DeleteFunc(s.out.Acts, forOnHook) // wanted in the same block, and not done yet
	s.command(driver.RingStop, 0, nil)
	s.act(Act{Kind: Quiet})
	s.straighten()
	r.phase, r.message, r.keys = notRinging, nil, ""
	if r.on {
		r.on = false
		s.emit(RingEnd, 0)
	}
}

// forOnHook reports whether an act is only for a telephone that is on-hook.
func forOnHook(a Act) bool {
	return a.Kind == PlayMessage || a.Kind == Command && (a.Do == driver.Ring || a.Do == driver.RingBurst || a.Do == driver.OnHookTransmit)
}

// straighten takes back the reversal that announced the message.
func (s *Station) straighten() {
	if s.ring.reversed {
		s.ring.reversed = false
		s.command(driver.SetPolarity, 0, nil)
	}
}

func (s *Station) ringerOn() {
	r := &s.ring
	if r.phase == notRinging || r.on {
		return
	}
	r.on = true
	if r.phase == bursting {
		r.from = s.now
	}
	s.call.Rings++
	s.at = s.now
	s.emit(RingBegin, 0)
}

func (s *Station) ringerOff() {
	r := &s.ring
	if !r.on { // that of an earlier call
		return
	}
	r.on = false
	s.at = s.now
	s.emit(RingEnd, 0)
	if r.phase == bursting {
		r.end = s.now
		s.step(stBurstOver, s.now)
	}
}

// cadenceOf says how a call rings: calls from outside as the country's exchanges
// ring, those from inside with a double burst (a single one where the country
// has a double one), and those that come back with three short ones.
func (s *Station) cadenceOf(name string, room []int) []int {
	country := s.country.Ring // a test says that boards can ring so
	pause := max(country[len(country)-1], 2000)
	switch {
	case name == "inside" && len(country) > 2:
		return append(room, 1000, pause)
	case name == "inside":
		return append(room, 400, 200, 400, pause)
	case name == "recall":
		return append(room, 300, 200, 300, 200, 300, pause)
	}
	return country
}
