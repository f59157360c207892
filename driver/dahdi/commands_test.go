package dahdi

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

func cadence(ms ...uint16) (b []byte) {
	for _, v := range ms {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func TestCommandIsCarriedOut(t *testing.T) {
	for _, row := range []struct {
		name string
		sig  uint32
		up   bool // off-hook before
		cmd  driver.Command
		did  []string
		said []string
	}{
		{"seize", sigFXSKS, false, driver.Command{Kind: driver.GoOffHook, At: 7}, []string{"hook 1"}, []string{"off-hook 0 @7"}},
		{"seize again", sigFXSKS, true, driver.Command{Kind: driver.GoOffHook}, nil, nil},
		{"release", sigFXSLS, true, driver.Command{Kind: driver.GoOnHook}, []string{"hook 0"}, []string{"on-hook 0 @159"}},
		{"release E&M", sigEM, false, driver.Command{Kind: driver.GoOnHook}, []string{"hook 0"}, nil},
		{"release what is released", sigFXSLS, false, driver.Command{Kind: driver.GoOnHook}, []string{"hook 0"}, nil},
		{"seize E&M", sigEM, false, driver.Command{Kind: driver.GoOffHook}, []string{"hook 1"}, nil},
		{"flash", sigFXSKS, true, driver.Command{Kind: driver.SendFlash, Value: 100}, []string{"times 1", "hook 3"}, nil},
		{"pulses", sigFXSKS, true, driver.Command{Kind: driver.PulseDial, Value: 33<<16 | 67, Data: []byte("10")}, []string{"times 1", "dial 2"}, nil},
		{"ring", sigFXOKS, false, driver.Command{Kind: driver.Ring}, []string{"cadence 1000", "hook 5"}, []string{"ringer-on 0 @0"}},
		{"ring by a cadence", sigFXOLS, false, driver.Command{Kind: driver.Ring, Data: cadence(400, 200, 400, 2000)}, []string{"cadence 400", "hook 5"}, []string{"ringer-on 0 @0"}},
		{"one burst", sigFXOKS, false, driver.Command{Kind: driver.RingBurst, Value: 300, At: 200}, []string{"cadence 300", "hook 5"}, []string{"ringer-on 0 @159"}},
		{"stop what does not ring", sigFXOKS, false, driver.Command{Kind: driver.RingStop}, nil, nil},
		{"reverse", sigFXOKS, false, driver.Command{Kind: driver.SetPolarity, Value: 1}, []string{"polarity 1"}, nil},
		{"break the loop", sigFXOKS, true, driver.Command{Kind: driver.SendLoopBreak, Value: 500}, []string{"hook 1", "hook 0"}, nil},
		{"transmit on-hook", sigFXOKS, false, driver.Command{Kind: driver.OnHookTransmit, Value: 2000}, []string{"oht 2000"}, nil},
		{"bits", sigCAS, false, driver.Command{Kind: driver.SetCAS, Value: 13}, []string{"bits 13"}, nil},
		{"lamp", sigFXOKS, false, driver.Command{Kind: driver.SetMWI, Value: 1}, []string{"vmwi 1"}, nil},
		{"echo canceller on", sigFXSKS, false, driver.Command{Kind: driver.SetEC, Value: 1}, []string{"ec 128"}, []string{"ec-state 1 @0"}},
		{"echo canceller off", sigClear, false, driver.Command{Kind: driver.SetEC, Value: 0}, []string{"ec 0"}, []string{"ec-state 0 @0"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t, row.sig)
			r.step()
			r.asked()
			r.c.act.offHook = row.up
			r.expect(r.step(row.cmd), row.said...)
			if did := r.asked(); !slices.Equal(did, row.did) {
				t.Errorf("the kernel was asked %q, want %q", did, row.did)
			}
		})
	}
}

func TestEveryCommandHasARowOrIsForSpans(t *testing.T) {
	for _, k := range driver.Commands() {
		if !k.OnSpan() && (int(k) >= len(orders) || orders[k].do == nil) {
			t.Errorf("%v has no row", k)
		}
	}
}

func TestWhatALineCannotDoIsRefusedAndNeverReachesTheKernel(t *testing.T) {
	for _, sig := range []uint32{sigFXSKS, sigFXOKS, sigEM, sigCAS, sigClear} {
		for _, k := range driver.Commands() {
			if k.OnSpan() || orders[k].classes&classOf(sig) != 0 {
				continue
			}
			r := newRig(t, sig)
			r.step()
			r.asked()
			said := r.step(driver.Command{Kind: k, Value: 500, Data: []byte("12")})
			if len(said) != 1 || !strings.HasPrefix(said[0], "refused ") || len(r.asked()) != 0 {
				t.Errorf("%v on %#x: said %q", k, sig, said)
			}
		}
	}
}

func TestSenselessValuesAreRefusedAndNeverReachTheKernel(t *testing.T) {
	for _, row := range []struct {
		sig uint32
		up  bool
		cmd driver.Command
	}{
		{sigFXSKS, true, driver.Command{Kind: driver.SendFlash, Value: 0}},
		{sigFXSKS, true, driver.Command{Kind: driver.SendFlash, Value: 5001}},
		{sigFXSKS, false, driver.Command{Kind: driver.SendFlash, Value: 100}},
		{sigFXSKS, true, driver.Command{Kind: driver.PulseDial}},
		{sigFXSKS, true, driver.Command{Kind: driver.PulseDial, Data: []byte("12#")}},
		{sigFXSKS, true, driver.Command{Kind: driver.PulseDial, Data: bytes.Repeat([]byte("1"), 65)}},
		{sigFXSKS, true, driver.Command{Kind: driver.PulseDial, Value: 4<<16 | 60, Data: []byte("1")}},
		{sigFXSKS, true, driver.Command{Kind: driver.PulseDial, Value: -1, Data: []byte("1")}},
		{sigFXSKS, false, driver.Command{Kind: driver.PulseDial, Data: []byte("1")}},
		{sigFXOKS, false, driver.Command{Kind: driver.Ring, Data: cadence(400)}},
		{sigFXOKS, false, driver.Command{Kind: driver.Ring, Data: cadence(400, 10)}},
		{sigFXOKS, false, driver.Command{Kind: driver.Ring, Data: make([]byte, 36)}},
		{sigFXOKS, false, driver.Command{Kind: driver.RingBurst, Value: 19}},
		{sigFXOKS, false, driver.Command{Kind: driver.RingBurst, Value: 60_001}},
		{sigFXOKS, true, driver.Command{Kind: driver.Ring}},
		{sigFXOKS, false, driver.Command{Kind: driver.SetPolarity, Value: 2}},
		{sigFXOKS, true, driver.Command{Kind: driver.SendLoopBreak, Value: 60}},
		{sigFXOKS, false, driver.Command{Kind: driver.SendLoopBreak, Value: 500}},
		{sigFXOLS, true, driver.Command{Kind: driver.SendLoopBreak, Value: 500}},
		{sigFXOKS, false, driver.Command{Kind: driver.OnHookTransmit, Value: 0}},
		{sigFXOKS, true, driver.Command{Kind: driver.OnHookTransmit, Value: 100}},
		{sigFXOKS, false, driver.Command{Kind: driver.SetMWI, Value: -1}},
		{sigCAS, false, driver.Command{Kind: driver.SetCAS, Value: 16}},
		{sigClear, false, driver.Command{Kind: driver.SetEC, Value: 2}},
	} {
		r := newRig(t, row.sig)
		r.step()
		r.asked()
		r.c.act.offHook = row.up
		said := r.step(row.cmd)
		if did := r.asked(); len(said) != 1 || !strings.HasPrefix(said[0], "refused ") || len(did) != 0 {
			t.Errorf("%+v: said %q, the kernel was asked %q", row.cmd, said, did)
		}
	}
}

func TestTapIsNeverToldToAct(t *testing.T) {
	for _, sig := range []uint32{sigFXSKS, sigFXOKS, sigEM, sigCAS, sigClear} {
		for _, k := range driver.Commands() {
			if k.OnSpan() {
				continue
			}
			r := newRig(t, sig)
			r.step()
			r.c.tap = true
			r.asked()
			said := r.step(driver.Command{Kind: k, Value: 1, Data: []byte("12")})
			if did := r.asked(); len(said) != 1 || !strings.Contains(said[0], driver.ErrTap.Error()) || len(did) != 0 {
				t.Errorf("%v: said %q, the kernel was asked %q", k, said, did)
			}
		}
	}
}

func TestKernelsRefusalSaysWhyAndWhatToDo(t *testing.T) {
	for _, row := range []struct {
		sig  uint32
		up   bool
		cmd  driver.Command
		req  uint32
		err  error
		want string
	}{
		{sigFXSKS, true, driver.Command{Kind: driver.SendFlash, Value: 100}, reqHook, unix.EBUSY, "flash: the line is on-hook, or it was seized less than 600 ms ago"},
		{sigFXSKS, true, driver.Command{Kind: driver.PulseDial, Data: []byte("1")}, reqDial, unix.ENODATA, "loadzone"},
		{sigFXOKS, false, driver.Command{Kind: driver.Ring}, reqHook, unix.ENODATA, "loadzone"},
		{sigFXOKS, false, driver.Command{Kind: driver.Ring}, reqHook, unix.EBUSY, "not idle"},
		{sigFXOKS, false, driver.Command{Kind: driver.SetPolarity}, reqSetPolarity, unix.ENOTTY, "driver does not know"},
		{sigFXOKS, false, driver.Command{Kind: driver.SetMWI}, reqVMWI, unix.EINVAL, "present state"},
		{sigFXOKS, false, driver.Command{Kind: driver.OnHookTransmit, Value: 10}, reqOnHookTransfer, unix.ENODEV, "removed"},
		{sigFXSKS, false, driver.Command{Kind: driver.GoOffHook}, reqHook, unix.EIO, "off-hook: input/output error"},
		{sigFXOKS, true, driver.Command{Kind: driver.SendLoopBreak, Value: 500}, reqHook, unix.EBUSY, "800 ms"},
	} {
		r := newRig(t, row.sig)
		r.step()
		r.c.act.offHook = row.up
		r.f.fails[row.req] = row.err
		said := r.step(row.cmd)
		if len(said) != 1 || !strings.HasPrefix(said[0], "refused ") || !strings.Contains(said[0], row.want) {
			t.Errorf("%v with %v: said %q, want %q", row.cmd.Kind, row.err, said, row.want)
		}
		if r.c.busy() || r.c.act.ringing {
			t.Errorf("%v with %v is taken for begun", row.cmd.Kind, row.err)
		}
	}
}

func TestCardThatAlwaysSendsOnHookNeedNotKnowTheRequest(t *testing.T) {
	r := newRig(t, sigFXOKS)
	r.step()
	r.f.fails[reqOnHookTransfer] = unix.ENOTTY
	r.expect(r.step(driver.Command{Kind: driver.OnHookTransmit, Value: 1500}))
}

func TestEchoCancellerThatIsNotConfiguredIsRefused(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.b.info.Lines[0].Caps = driver.CapTx
	if said := r.step(driver.Command{Kind: driver.SetEC, Value: 1}); len(said) != 1 || !strings.Contains(said[0], "echocanceller") {
		t.Errorf("said %q", said)
	}
}

func TestClosedLineRefusesWithItsReason(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.c.fd, r.c.fault = -1, unix.EBUSY
	if said := r.step(driver.Command{Kind: driver.GoOffHook}); len(said) != 1 || !strings.Contains(said[0], "device or resource busy") {
		t.Errorf("said %q", said)
	}
}

func TestCommandsForLinesThatAreNotThereAreIgnored(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.expect(r.step(driver.Command{Kind: driver.GoOffHook, Line: 1}, driver.Command{Kind: driver.GoOffHook, Line: -1},
		driver.Command{Kind: driver.SendDChannel, Line: 0}, driver.Command{Kind: driver.CommandKind(200), Line: 7}))
}

func TestUnknownCommandIsRefused(t *testing.T) {
	r := newRig(t, sigFXSKS)
	if said := r.step(driver.Command{Kind: driver.CommandKind(200)}); len(said) != 1 {
		t.Errorf("said %q", said)
	}
}

func TestFlashAndPulsesAreDoneWhenTheKernelSaysSo(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.step(driver.Command{Kind: driver.GoOffHook})
	r.expect(r.step(driver.Command{Kind: driver.SendFlash, Value: 250}))
	if got := r.f.times[paramsFlashTime]; got != 250 {
		t.Errorf("flash of %d ms", got)
	}
	if said := r.step(driver.Command{Kind: driver.PulseDial, Data: []byte("1")}); len(said) != 1 || !strings.Contains(said[0], errBusy.Error()) {
		t.Errorf("said %q while the flash goes on", said)
	}
	r.f.happen(evHookComplete)
	r.expect(r.step(), "dial-done 0 @40")

	r.expect(r.step(driver.Command{Kind: driver.PulseDial, Data: []byte("305")}))
	if !r.c.act.dialling {
		t.Error("nothing keeps the audio from cancelling the pulses")
	}
	if r.f.times[paramsPulseMake] != usualMake || r.f.times[paramsPulseBreak] != usualBreak || string(bytes.TrimRight(r.f.data[reqDial][4:], "\x00")) != "P305" {
		t.Errorf("make %d break %d digits %q", r.f.times[paramsPulseMake], r.f.times[paramsPulseBreak], r.f.data[reqDial][4:10])
	}
	r.f.happen(evDialComplete)
	r.expect(r.step(), "dial-done 0 @40")
	if r.c.busy() {
		t.Error("still busy")
	}
}

func TestReleaseEndsDialling(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.step(driver.Command{Kind: driver.GoOffHook})
	r.step(driver.Command{Kind: driver.PulseDial, Data: []byte("9")})
	r.expect(r.step(driver.Command{Kind: driver.GoOnHook}), "on-hook 0 @159")
	if r.c.busy() || !r.c.emptied {
		t.Errorf("busy %v, state %v", r.c.busy(), r.c.state)
	}
}

func TestReleaseAndSeizureInOneFrameComeInTheirOrder(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.step(driver.Command{Kind: driver.GoOffHook})
	r.asked()
	r.expect(r.step(driver.Command{Kind: driver.GoOnHook}, driver.Command{Kind: driver.GoOffHook, At: 3}), "on-hook 0 @3", "off-hook 0 @3")
	if did := r.asked(); !slices.Equal(did, []string{"hook 0", "hook 1"}) {
		t.Errorf("the kernel was asked %q", did)
	}
}

func TestReleaseThatTheKernelRefusesIsSaid(t *testing.T) {
	r := newRig(t, sigFXSKS)
	r.step(driver.Command{Kind: driver.GoOffHook})
	r.f.fails[reqHook] = unix.EIO
	if said := r.step(driver.Command{Kind: driver.GoOnHook}); len(said) != 1 || !strings.HasPrefix(said[0], "refused 2 ") {
		t.Errorf("said %q", said)
	}
}

func TestReleaseLosesNoAudio(t *testing.T) {
	k := newFake()
	k.addSpan("card", "FXO", lawMu, sigFXSKS, sigFXSKS, sigFXSKS)
	k.before = func(c *fakeCall) {
		if c.req == reqHook && c.value == hookOnHook { // dahdi_hangup
			k.chans[c.channel].full, k.chans[c.channel].part, k.chans[c.channel].queue = nil, nil, nil
		}
	}
	d := sit(t, k, `{"use": "trunk"}`)
	d.run(10)
	for i := range 20 {
		k.advance(i) // what the caller does takes time
		kind := driver.GoOffHook
		if i%2 == 1 {
			kind = driver.GoOnHook
		}
		d.tx.Command(kind, i%3, 0, 0, nil)
		d.run(5)
	}
	for i := range d.b.channels {
		if d.lost[i] != 0 {
			t.Errorf("line %d lost %d samples", i, d.lost[i])
		}
	}
}

func TestBurstRingsOnce(t *testing.T) {
	r := newRig(t, sigFXOKS)
	r.step(driver.Command{Kind: driver.RingBurst, Value: 300})
	arg := r.f.data[reqSetCadence]
	if on, off := binary.LittleEndian.Uint32(arg), binary.LittleEndian.Uint32(arg[4:]); on != 300 || off != forever {
		t.Errorf("cadence %d on, %d off", on, off)
	}
	r.asked()
	r.f.happen(evRingerOff)
	r.expect(r.step(), "ringer-off 0 @40")
	if did := r.asked(); !slices.Equal(did, []string{"hook 6"}) {
		t.Errorf("the kernel was asked %q, want RINGOFF", did)
	}
	r.expect(r.step(driver.Command{Kind: driver.RingStop}))
}

func TestNewRingEndsTheOneBefore(t *testing.T) {
	r := newRig(t, sigFXOKS)
	r.step(driver.Command{Kind: driver.Ring})
	r.asked()
	r.expect(r.step(driver.Command{Kind: driver.Ring, Data: cadence(200, 200)}), "ringer-off 0 @0", "ringer-on 0 @0")
	if did := r.asked(); !slices.Equal(did, []string{"hook 6", "cadence 200", "hook 5"}) {
		t.Errorf("the kernel was asked %q", did)
	}
}

func TestCommandsThatChangeNothingAllocateNothing(t *testing.T) {
	r := newRig(t, sigFXSKS, sigFXOKS, sigCAS)
	r.k.before = func(*fakeCall) {}
	tx := driver.NewFrame(r.b.info)
	if n := testing.AllocsPerRun(100, func() {
		r.b.rx.Reset()
		r.b.carryOut(tx, r.b.rx)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever a command says, the kernel gets no value that makes no sense, and the
// answer is a Refused event or none.
func FuzzCommands(f *testing.F) {
	f.Add(uint8(1), uint8(0), int32(0), []byte("123"), true)
	f.Add(uint8(9), uint8(0), int32(40<<16|60), []byte("0"), true)
	f.Add(uint8(5), uint8(1), int32(0), cadence(400, 200), false)
	sigs := []uint32{sigFXSKS, sigFXOKS, sigEM, sigCAS, sigClear}
	f.Fuzz(func(t *testing.T, kind, which uint8, value int32, data []byte, up bool) {
		r := newRig(t, sigs[int(which)%len(sigs)])
		r.c.act.offHook = up
		r.k.before = func(c *fakeCall) {
			low, high := int32(0), int32(1)
			switch c.req {
			case reqHook:
				high = hookRingOff
			case reqSetTxBits:
				high = 15
			case reqOnHookTransfer:
				low, high = 1, 60_000
			case reqSetCadence:
				low, high = 20, 65_535
			case reqEchoCancel:
				high = tapsOfEC
			case reqSetPolarity, reqVMWI:
			default:
				return
			}
			if c.value < low || c.value > high {
				t.Fatalf("request %#x with %d", c.req, c.value)
			}
		}
		for _, e := range r.step(driver.Command{Kind: driver.CommandKind(kind), Value: value, Data: data}) {
			if !strings.HasPrefix(e, "refused ") && !strings.Contains(e, "hook") && !strings.HasPrefix(e, "ring") && !strings.HasPrefix(e, "ec-state") && !strings.HasPrefix(e, "cas-bits") {
				t.Fatalf("said %q", e)
			}
		}
	})
}
