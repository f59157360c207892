package analog

import (
	"cmp"

	"vaad/driver"
)

const (
	idleSlow  = 60 * driver.Rate // the idle voltage is tracked that slowly
	idleFast  = 3 * driver.Rate  // … one that is quite another, when it has lasted
	oddLasts  = 5 * driver.Rate  // longer than the ripple of any ringing
	offUp     = 10 * driver.Rate
	offDown   = 60 * driver.Rate
	offSettle = 1 * driver.Rate // transients after picking up
	idleLeast = 5000            // mV: no telephone works on less
	idleMost  = 100000          // mV
	offLeast  = 500             // mV
)

// Learnt is what a tap has learnt about its line: what settings keep, so that a
// restart begins where it left. Zero values are not known yet.
type Learnt struct {
	IdleMV    int32 `json:"idle_mv,omitempty"`     // voltage on-hook, without sign
	OffHookMV int32 `json:"off_hook_mv,omitempty"` // voltage off-hook
	RingGapMS int32 `json:"ring_gap_ms,omitempty"` // longest pause between bursts

	CallerID  Format `json:"caller_id,omitempty"`   // how its exchange says who calls
	DialHz    int32  `json:"dial_hz,omitempty"`     // its own dial tone, where no country has it
	BusyHz    int32  `json:"busy_hz,omitempty"`     // its own tone after the far end has hung up
	BusyOnMS  int32  `json:"busy_on_ms,omitempty"`  // … its burst
	BusyOffMS int32  `json:"busy_off_ms,omitempty"` // … and pause
}

// Or is what was learnt and, where that is nothing, what more holds.
func (l Learnt) Or(more Learnt) Learnt {
	if l.IdleMV == 0 {
		l.IdleMV, l.OffHookMV = more.IdleMV, more.OffHookMV
	}
	if l.BusyHz == 0 {
		l.BusyHz, l.BusyOnMS, l.BusyOffMS = more.BusyHz, more.BusyOnMS, more.BusyOffMS
	}
	l.RingGapMS, l.CallerID, l.DialHz = cmp.Or(l.RingGapMS, more.RingGapMS), cmp.Or(l.CallerID, more.CallerID), cmp.Or(l.DialHz, more.DialHz)
	return l
}

// learning tracks the idle and the off-hook voltage. µV, so that slow tracking
// does not stand still on rounding.
type learning struct {
	idle, offHook int64
	since         int64 // the level is believed since
	odd           int64 // the voltage is a quarter off the idle one since; never: it is not
}

// threshold is between the two levels; 60 % of idle until off-hook is learnt.
func (l *learning) threshold() int32 {
	switch {
	case l.idle == 0:
		return firstThreshold
	case l.offHook == 0:
		return int32(l.idle / 1000 * 60 / 100)
	}
	return int32(min(max((l.idle+l.offHook)/2, l.idle*30/100), l.idle*80/100) / 1000)
}

// noneBelow is the voltage that is no battery: 3 V, or less where a PBX feeds so
// little that two telephones off-hook come near it.
func (l *learning) noneBelow() int32 {
	if l.offHook > 0 {
		return int32(min(noBatteryBelow, l.offHook/2000))
	}
	return noBatteryBelow
}

func (l *learning) settled(_ level, pos int64) { l.since = pos }

// learn takes a voltage of the level that is believed.
func (l *learning) learn(at level, mv int32, pos, dt int64) {
	uv := int64(mv) * 1000
	switch {
	case at == levelOn && l.idle == 0:
		l.idle = uv
	case at == levelOn:
		tau := l.pace(uv, pos)
		l.idle = min(max(track(l.idle, uv, dt, tau, tau), idleLeast*1000), idleMost*1000)
	case at == levelOff && pos-l.since < offSettle:
	case at == levelOff && l.offHook == 0:
		l.offHook = max(uv, offLeast*1000)
	case at == levelOff:
		l.offHook = max(track(l.offHook, uv, dt, offUp, offDown), offLeast*1000)
	}
}

// pace says how fast the idle voltage follows; never: not at all.
func (l *learning) pace(uv, pos int64) int64 {
	if d := uv - l.idle; d <= l.idle/4 && -d <= l.idle/4 {
		l.odd = never
		return idleSlow
	}
	if l.odd == never {
		l.odd = pos
	}
	if pos-l.odd < oddLasts {
		return never
	}
	return idleFast
}

// relearnIdle takes the present off-hook voltage for the idle one, if it can be.
func (l *learning) relearnIdle() bool {
	if l.offHook < firstThreshold*1000 {
		return false
	}
	l.idle, l.offHook = l.offHook, 0
	return true
}

// track moves v towards x as a low-pass with time constant up or down samples.
func track(v, x, dt, up, down int64) int64 {
	tau := down
	if x > v {
		tau = up
	}
	if tau == never {
		return v
	}
	dt = min(max(dt, 0), driver.Rate)
	return v + (x-v)*dt/(tau+dt)
}

// A memory is what a line is known by: what was seen of its voltage, rings,
// messages and tones, and what was learnt of them.
type memory struct {
	hook   hook
	ring   ring
	caller caller
	own    ownTones
}

// configured takes the operator's values, ms and mV; 0: learnt.
func (k *memory) configured(thresholdMV, ringGapMS, gapMS int) {
	k.hook.fixed = int32(max(thresholdMV, 0))
	k.ring.fixed = int64(max(ringGapMS, 0)) * driver.MS
	k.ring.country = int64(max(gapMS, 0)) * driver.MS
	if k.ring.country == 0 {
		k.ring.country = countryGap
	}
}

// Learnt returns what was learnt so far.
func (t *Tap) Learnt() Learnt { return t.learnt() }

// SetLearnt gives back what was learnt before. Values that cannot be are not
// taken.
func (t *Tap) SetLearnt(l Learnt) { t.setLearnt(l) }

func (k *memory) learnt() Learnt {
	return Learnt{
		IdleMV:    int32(k.hook.idle / 1000),
		OffHookMV: int32(k.hook.offHook / 1000),
		RingGapMS: int32(k.ring.gap / driver.MS),
		CallerID:  k.caller.format,
		DialHz:    int32(k.own.dialHz),
		BusyHz:    int32(k.own.busyHz),
		BusyOnMS:  int32(k.own.busyOn),
		BusyOffMS: int32(k.own.busyOff),
	}
}

func (k *memory) setLearnt(l Learnt) {
	k.hook.idle, k.hook.offHook, k.ring.gap = 0, 0, 0
	if l.IdleMV >= idleLeast && l.IdleMV <= idleMost {
		k.hook.idle = int64(l.IdleMV) * 1000
		if l.OffHookMV >= offLeast && l.OffHookMV < l.IdleMV {
			k.hook.offHook = int64(l.OffHookMV) * 1000
		}
	}
	if l.RingGapMS > 0 {
		k.ring.learn(int64(l.RingGapMS) * driver.MS)
	}
	if l.CallerID < nFormat {
		k.caller.format, k.caller.before = l.CallerID, l.CallerID
	}
	k.own = ownTones{}
	audible := func(hz int32) bool { return hz >= 100 && hz <= 1900 }
	if audible(l.DialHz) {
		k.own.dialHz = int(l.DialHz)
	}
	if audible(l.BusyHz) && l.BusyOnMS > 0 && l.BusyOffMS > 0 {
		k.own.busyHz, k.own.busyOn, k.own.busyOff = int(l.BusyHz), int(l.BusyOnMS), int(l.BusyOffMS)
	}
}

// suppose takes what others have learnt where nothing was.
func (k *memory) suppose(more Learnt) {
	now := k.learnt()
	if all := now.Or(more); all != now {
		history := k.ring
		k.setLearnt(all)
		if now.RingGapMS > 0 {
			k.ring = history
		}
	}
}

// Threshold returns the voltage between off-hook and on-hook now in use, mV.
func (t *Tap) Threshold() int32 { return t.hook.threshold() }
