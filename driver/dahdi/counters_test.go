package dahdi

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"vaad/driver"
)

func newWatch(t *testing.T, k *fakeKernel, digital, analog []int) *spanWatch {
	t.Helper()
	w, err := newSpanWatch(k, digital, analog)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAlarmsOfDAHDIAreThoseOfTheContract(t *testing.T) {
	for dahdi, want := range map[uint32]int32{
		0: 0, alarmRed: driver.AlarmRed, alarmYellow: driver.AlarmYellow, alarmBlue: driver.AlarmBlue,
		alarmLoopback: driver.AlarmLoopback, alarmRecover: driver.AlarmRed, alarmLOS: driver.AlarmRed, alarmLFA: driver.AlarmRed,
		alarmNotOpen: 0, alarmYellow | alarmLFA | alarmRed: driver.AlarmRed | driver.AlarmYellow,
	} {
		if got := alarmsOf(dahdi); got != want {
			t.Errorf("alarms %#x are %#x, want %#x", dahdi, got, want)
		}
	}
}

func TestSpanAlarmIsSaidWithinAQuarterOfASecondAndOnce(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigClear)
	s := k.addSpan("card", "E1", lawA, sigClear)
	w := newWatch(t, k, []int{1, 2}, nil)
	said := func() (all []string) {
		for f, ok := w.mail.take(); ok; f, ok = w.mail.take() {
			all = append(all, fmt.Sprintf("%v %d %d", f.kind, f.line, f.value))
		}
		return all
	}
	if rest := w.step(); rest > 250*time.Millisecond || said() != nil {
		t.Errorf("rests %v; nothing was to be said", rest)
	}
	s.alarms = alarmRed | alarmLOS
	w.step()
	w.step()
	s.alarms = alarmRecover
	w.step()
	s.alarms = 0
	w.step()
	if got := said(); fmt.Sprint(got) != "[span-alarm 1 1 span-alarm 1 0]" {
		t.Errorf("said %q", got)
	}
}

func TestCountersOfSpansAndCards(t *testing.T) {
	k := newFake()
	s := k.addSpan("card", "E1", lawA, sigClear, sigHDLCFCS)
	other := k.addSpan("card", "E1", lawA, sigClear)
	port := k.addSpan("analog", "FXO", lawMu, sigFXSKS)
	s.irqs, other.irqs, port.irqs = 100, 100, 7
	k.tree["proc/dahdi/1"] = &fstest.MapFile{Data: []byte("Span 1: FAKE/1 \"fake span\" HDB3/CCS \n\tBPV count: 3\n\tTiming slips: 42\n\n\t   1 FAKE/1/1 Clear \n")}
	b := &Board{dchannels: []*dchannel{{index: 0}}}
	b.watch.spans = newWatch(t, k, []int{1, 2}, []int{3})
	b.watch.spans.step()
	s.bpv, s.crc4, s.ebit, s.fas, s.errsec, s.sync = 1, 2, 3, 4, 5, 1
	s.irqs, other.irqs, port.irqs = 103, 103, 9
	for range countEvery {
		b.watch.spans.step()
	}
	b.overruns.Add(8)
	b.underruns.Add(9)
	b.dchannels[0].aborts.Add(1)
	b.dchannels[0].badFCS.Add(2)
	b.dchannels[0].overruns.Add(3)
	var c driver.Counters
	b.Counters(&c)
	want := driver.SpanCounters{SyncSource: 1, BPV: 1, CRC: 2, EBit: 3, FAS: 4, ErroredSeconds: 5, Slips: 42, HDLCAborts: 1, HDLCBadFCS: 2, HDLCOverruns: 3}
	if c.Overruns != 8 || c.Underruns != 9 || c.IRQMisses != 5 || len(c.Spans) != 2 || c.Spans[0] != want || c.Spans[1] != (driver.SpanCounters{}) {
		t.Errorf("counted %+v, want 5 missed interrupts and %+v", c, want)
	}
	if n := testing.AllocsPerRun(10, func() { b.Counters(&c) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMissedInterruptsSurviveAReloadOfTheCardsDriver(t *testing.T) {
	var w wrapped
	for _, n := range []uint32{50, 60, 3, 10} {
		w.add(n)
	}
	if w.total != 20 {
		t.Errorf("%d, want 10 before and 10 after", w.total)
	}
}

func TestSpanThatHasGoneIsNotAnAlarm(t *testing.T) {
	k := newFake()
	w := newWatch(t, k, []int{4}, nil)
	w.step()
	if f, ok := w.mail.take(); ok {
		t.Errorf("said %+v", f)
	}
}

func TestSpanWatchClosesItsFile(t *testing.T) {
	k := newFake()
	w := newWatch(t, k, nil, nil)
	w.finish()
	if len(k.fds) != 0 {
		t.Errorf("%d files are open", len(k.fds))
	}
}

func FuzzSlips(f *testing.F) {
	f.Add([]byte("\tTiming slips: 42\n"), uint64(42))
	f.Add([]byte("Timing slips: "), uint64(0))
	f.Add([]byte("Timing slips: 99999999999999999999999"), uint64(0))
	f.Fuzz(func(t *testing.T, text []byte, _ uint64) {
		if n := parseSlips(text); n > 1<<44 {
			t.Fatalf("%d slips", n)
		}
	})
}
