package dahdi

import (
	"encoding/binary"
	"slices"
	"testing"

	"vaad/driver"
)

func TestEventMeansWhatItMeansOnThatSignalling(t *testing.T) {
	for _, row := range []struct {
		name  string
		sig   uint32
		event int32
		want  []string
	}{
		{"ring on FXO", sigFXSKS, evRingBegin, []string{"ring-begin 0 @40"}},
		{"ring end on FXO, 50 ms late", sigFXSLS, evRingOffHook, []string{"ring-end 0 @0"}},
		{"telephone picked up", sigFXOKS, evRingOffHook, []string{"off-hook 0 @40"}},
		{"telephone put down that was not up", sigFXOLS, evOnHook, nil},
		{"far end seizes", sigEM, evRingOffHook, []string{"off-hook 0 @40"}},
		{"flash", sigFXOKS, evWinkFlash, []string{"flash 500 @40"}},
		{"wink", sigEM, evWinkFlash, []string{"flash 500 @40"}},
		{"flash on FXO: none", sigFXSKS, evWinkFlash, nil},
		{"reversal", sigFXSKS, evPolarity, []string{"polarity 1 @40"}},
		{"reversal on FXS: none", sigFXOKS, evPolarity, nil},
		{"no battery", sigFXSKS, evAlarm, []string{"battery 0 @40"}},
		{"battery that was there", sigFXSKS, evNoAlarm, nil},
		{"span alarm", sigClear, evAlarm, []string{"channel-alarm 1 @40"}},
		{"span alarm that was not there", sigCAS, evNoAlarm, nil},
		{"lamp on", sigFXSKS, evNeonMWIOn, []string{"mwi 1 @40"}},
		{"lamp off", sigFXSKS, evNeonMWIOff, []string{"mwi 0 @40"}},
		{"pulse digit", sigFXOKS, evPulseDigit | '7', []string{"pulse-digit 55 @40"}},
		{"twelve pulses", sigFXOKS, evPulseDigit | '#', nil},
		{"pulses begin", sigFXOKS, evPulseStart, nil},
		{"key down", sigFXSKS, evDTMFDown | 'A', []string{"digit-begin 65 @40"}},
		{"key up", sigClear, evDTMFUp | '5', []string{"digit-end 53 @40"}},
		{"bits of a neighbour", sigCAS, evBitsChanged, nil},
		{"bits on a channel without", sigFXSKS, evBitsChanged, nil},
		{"echo canceller off", sigFXSKS, evECDisabled, []string{"ec-state 0 @40"}},
		{"dialled what nobody asked for", sigFXSKS, evDialComplete, nil},
		{"seized by ground start", sigFXSGS, evHookComplete, nil},
		{"an event that is not known", sigFXSKS, 26, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, row.sig)
			r.step() // takes what a fresh channel says
			r.f.happen(row.event)
			r.expect(r.step(), row.want...)
		})
	}
}

func TestEveryRowOfTheEventTableIsReached(t *testing.T) {
	for i := range meanings {
		m := &meanings[i]
		if m.classes == 0 || m.kind == 0 && m.act == nil {
			t.Errorf("row %d of event %d does nothing", i, m.event)
		}
		for j := range i {
			if meanings[j].event == m.event && meanings[j].classes&m.classes != 0 {
				t.Errorf("rows %d and %d are both for event %d", j, i, m.event)
			}
		}
	}
}

func TestPolarityIsAbsolute(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.f.happen(evPolarity, evPolarity, evPolarity)
	r.expect(r.step(), "polarity 1 @40", "polarity 0 @40", "polarity 1 @40")
	if r.c.bits() != driver.StateReversed {
		t.Errorf("state %#x, want reversed", r.c.bits())
	}
}

func TestRingEndComesAfterItsRing(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.f.happen(evRingBegin, evRingOffHook)
	r.expect(r.step(), "ring-begin 0 @40", "ring-end 0 @40")
}

func TestDisconnectIsALoopBreakOfItsLength(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.f.rxHook = 0
	r.f.happen(evOnHook)
	r.expect(r.step())
	r.expect(r.steps(24))
	r.f.rxHook = 1
	r.expect(r.step(), "loop-break 495 @0")
	r.expect(r.steps(3))
}

func TestLongLoopBreakIsALossOfBattery(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.f.rxHook = 0
	r.f.happen(evOnHook)
	r.expect(r.steps(70), "battery 0 @0")
	r.f.rxHook = 1
	r.expect(r.steps(2), "loop-break 1395 @0", "battery 1 @0")
}

func TestCardsOwnBatteryAlarmIsSaidOnce(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.f.rxHook = 0
	r.f.happen(evOnHook)
	r.expect(r.steps(51))
	r.f.alarms = alarmRed
	r.f.happen(evAlarm)
	r.expect(r.steps(10), "battery 0 @0")
	r.f.rxHook = 1 // the card says NOALARM a second later
	r.expect(r.steps(5), "loop-break 1215 @0")
	r.f.alarms = 0
	r.f.happen(evNoAlarm)
	r.expect(r.steps(5), "battery 1 @40")
}

func TestIdleGroundStartLineIsNotDead(t *testing.T) {
	r := newRig(t, sigFXSGS)
	r.f.rxHook = 0
	r.f.happen(evOnHook)
	r.expect(r.steps(200), "loop-break 1015 @0")
}

func TestRingFromBeforeTheOpeningEndsToo(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.f.rxHook = rxRing
	r.c.learn()
	if r.c.bits() != driver.StateRinging {
		t.Errorf("state %#x, want ringing", r.c.bits())
	}
	r.expect(r.steps(5))
	r.f.rxHook = 1
	r.expect(r.steps(5), "ring-end 0 @0")
}

func TestChannelAlarmIsSaidWhenItChanges(t *testing.T) {
	r := newRig(t, sigClear)
	r.f.happen(evAlarm, evAlarm, evNoAlarm, evNoAlarm)
	r.expect(r.step(), "channel-alarm 1 @40", "channel-alarm 0 @40")
}

func TestBitsAreOnlyTheChannelsOwn(t *testing.T) {
	r := newRig(t, sigCAS)
	r.f.rxBits = 0xDD
	r.expect(r.step(), "cas-bits 13 @0") // an open channel says its bits once
	r.f.rxBits = 0x5D
	r.f.happen(evBitsChanged)
	r.expect(r.step())
	r.f.rxBits = 0x55
	r.f.happen(evBitsChanged)
	r.expect(r.step(), "cas-bits 5 @40")
}

func TestTelephoneThatAnswersIsNotRungAnyMore(t *testing.T) {
	r := newRig(t, sigFXOKS)
	r.expect(r.step(driver.Command{Kind: driver.Ring}), "ringer-on 0 @0")
	r.f.happen(evRingerOff, evRingerOn, evRingOffHook)
	r.asked()
	r.expect(r.step(), "ringer-off 0 @40", "ringer-on 0 @40", "off-hook 0 @40", "ringer-off 0 @40")
	if got := r.asked(); !slices.Equal(got, []string{"hook 6"}) {
		t.Errorf("the kernel was asked %q, want RINGOFF", got)
	}
	r.f.happen(evOnHook)
	r.expect(r.step(), "on-hook 0 @40")
}

func TestSecondOffHookAfterALoopBreakIsNoNews(t *testing.T) {
	r := newRig(t, sigFXOKS)
	r.f.happen(evRingOffHook, evRingOffHook, evOnHook, evOnHook)
	r.expect(r.step(), "off-hook 0 @40", "on-hook 0 @40")
}

func TestBuffersRemovalAndUnderrunGoToTheirOwners(t *testing.T) {
	r := newRig(t, sigClear)
	r.f.happen(evReadOverrun, evWriteUnderrun, evRemoved)
	r.expect(r.step())
	if !r.c.over || !r.c.under || !r.c.absent {
		t.Errorf("over %v under %v absent %v, want all", r.c.over, r.c.under, r.c.absent)
	}
}

func TestRemovedChannelEndsTheDrain(t *testing.T) {
	r := newRig(t, sigClear)
	r.f.removed = true
	r.expect(r.step())
	if !r.c.absent {
		t.Error("the removal was not seen")
	}
}

func TestOpenedChannelKnowsItsState(t *testing.T) {
	for _, row := range []struct {
		name   string
		sig    uint32
		set    func(f *fakeChan)
		digits bool
		want   int32
	}{
		{"idle", sigFXSKS, func(*fakeChan) {}, false, 0},
		{"no battery", sigFXSKS, func(f *fakeChan) { f.alarms = alarmRed }, false, driver.StateNoBattery},
		{"telephone off-hook", sigFXOKS, func(f *fakeChan) { f.offHook = 1 }, false, driver.StateOffHook},
		{"far end of E&M seized", sigEM, func(f *fakeChan) { f.offHook = 1 }, true, driver.StateOffHook},
		{"FXO port never says the telephone in parallel", sigFXSKS, func(f *fakeChan) { f.offHook = 1 }, false, 0},
		{"span alarm", sigClear, func(f *fakeChan) { f.alarms = alarmRed }, true, driver.StateAlarm},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := newFake()
			k.addSpan("card", "x", lawA, row.sig)
			row.set(k.chans[1])
			c := &channel{k: k, number: 1, sig: row.sig, fd: -1, analog: !row.digits}
			if err := c.open(); err != nil {
				t.Fatal(err)
			}
			if got := c.bits(); got != row.want {
				t.Errorf("state %#x, want %#x", got, row.want)
			}
		})
	}
}

func TestDrainingAllocatesNothing(t *testing.T) {
	r := newRig(t, sigFXSKS)
	b := r.b
	n := testing.AllocsPerRun(100, func() {
		b.rx.Reset()
		for _, e := range []int32{evRingBegin, evRingOffHook, evPolarity, evDTMFDown | '1', evAlarm, evNoAlarm, evOnHook} {
			b.happened(r.c, e, 10)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever number the kernel says, on whatever channel: the events that come of
// it have an offset, a kind and a value that the contract allows.
func FuzzEvents(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 2, 0, 0, 0}, uint8(0))
	f.Add([]byte{'5', 0, 1, 0, 'A', 0, 2, 0}, uint8(3))
	sigs := []uint32{sigFXSKS, sigFXSLS, sigFXSGS, sigFXOKS, sigFXOLS, sigFXOGS, sigEM, sigEME1, sigCAS, sigClear}
	f.Fuzz(func(t *testing.T, raw []byte, which uint8) {
		r := newRig(t, sigs[int(which)%len(sigs)])
		for i := 0; i+4 <= len(raw) && i < 256; i += 4 {
			r.b.happened(r.c, int32(binary.LittleEndian.Uint32(raw[i:])), int(raw[i])%driver.Block)
		}
		r.b.carryOut(driver.NewFrame(r.b.info), r.b.rx)
		for _, e := range r.b.rx.Events {
			switch {
			case e.Line != 0 || e.At < 0 || e.At >= driver.Block:
				t.Fatalf("%+v", e)
			case e.Kind == driver.PulseDigit && (e.Value < '0' || e.Value > '9'):
				t.Fatalf("pulse digit %d", e.Value)
			case e.Kind == driver.CASBits && (e.Value < 0 || e.Value > 15):
				t.Fatalf("bits %d", e.Value)
			}
		}
	})
}
