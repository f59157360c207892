package analog

import "vaad/driver"

// moved does what belongs to a change of state rather than to a row: the hook,
// and what is over once it changes.
func (t *Trunk) moved(from State) {
	on, was := holding(t.state), holding(from)
	if t.noFeed && t.state != NoBattery && t.state != Gone && t.state != Unknown {
		t.noFeed = false
		t.emit(BatteryBack, 0)
	}
	if t.state == NoBattery && !t.noFeed {
		t.noFeed = true
		t.emit(BatteryLost, 0)
	}
	switch {
	case on && !was:
		t.command(driver.GoOffHook, 0)
		t.emit(OffHook, 0)
		t.offHook()
	case was && !on:
		t.act(Act{Kind: Quiet})
		if t.state != Gone {
			t.command(driver.GoOnHook, 0)
		}
		t.emit(OnHook, 0)
		t.onHook()
	}
	switch {
	case t.state == OffHookOut:
		t.alone(false)
	case t.state == Releasing:
		t.guard()
	case !on:
		t.alone(true)
	}
}

// offHook begins what lasts as long as we hold the line.
func (t *Trunk) offHook() {
	t.seizedAt, t.sentAt, t.quietAt, t.unclean = t.now, t.now, t.now, t.now
	t.progress, t.regular = progressOf{}, Tone{}
	t.dialOn, t.modem, t.ringsFirst, t.answerAt = false, false, false, 0
	t.flashing, t.flashed, t.back, t.held = false, 0, false, false
	t.noneSince = never
	t.volt, t.amps = newLoad(t.now), newLoad(t.now)
	longest := int64(t.cfg.MaxMS) * driver.MS
	if longest <= 0 {
		longest = longestCall
	}
	t.start(timeLongest, t.now+longest)
	t.sounded()
}

// onHook ends it.
func (t *Trunk) onHook() {
	for i := range nTimer {
		if i != timeState && i != timeFeed && i != timeBurst && i != timeStuckRing {
			t.due[i] = never
		}
	}
	t.script, t.doing, t.sending, t.waits = "", nothingSent, false, false
	t.order.Report = false
	t.dialOn, t.voiceOn, t.noneSince, t.flashing = false, false, never, false
}

// alone says when it changes whether somebody else is off-hook.
func (t *Trunk) alone(is bool) {
	if t.parallel == is {
		t.parallel = !is
		v := int64(1)
		if is {
			v = 0
		}
		t.emit(ParallelPickUp, v)
	}
}

func (t *Trunk) tell(e Event) { t.out.Events = append(t.out.Events, e) }

func (t *Trunk) emit(k EventKind, value int64) {
	t.tell(Event{Kind: k, Pos: t.at, Known: t.now, Value: value})
}

func (t *Trunk) act(a Act) { t.out.Acts = append(t.out.Acts, a) }

func (t *Trunk) command(k driver.CommandKind, value int32) {
	t.act(Act{Kind: Command, Do: k, Value: value})
}
