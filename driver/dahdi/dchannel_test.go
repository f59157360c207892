package dahdi

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

func TestFramesComeWithoutTheirFCSOnBothKindsOfDChannel(t *testing.T) {
	for _, sig := range []uint32{sigHDLCFCS, sigHardHDLC} {
		r := newRig(t, sig)
		r.f.deliver([]byte("frame one\x12\x34"))
		r.f.deliver([]byte("x\x12\x34"))
		r.f.deliver([]byte("\x12\x34"))
		r.expect(r.step(), "d-channel 0 @40 frame one", "d-channel 0 @40 x")
	}
}

func TestFrameIsSentWithRoomForItsFCS(t *testing.T) {
	r := newRig(t, sigHDLCFCS)
	r.expect(r.step(driver.Command{Kind: driver.SendDChannel, Data: []byte("hello")}))
	if len(r.f.frames) != 1 || !bytes.Equal(r.f.frames[0], []byte("hello\x00\x00")) {
		t.Errorf("written %q", r.f.frames)
	}
}

func TestSpoiltFramesAreSaidAndCounted(t *testing.T) {
	r := newRig(t, sigHDLCFCS)
	r.f.happen(evAbort, evBadFCS, evBadFCS, evOverrun, evReadOverrun, evAlarm, evNoAlarm)
	r.f.deliver([]byte("ok\x00\x00"))
	r.expect(r.step(), "d-channel-error 1 @40", "d-channel-error 2 @40", "d-channel-error 2 @40",
		"d-channel-error 3 @40", "d-channel-error 3 @40", "d-channel 0 @40 ok")
	d := r.b.dchannels[0]
	if d.aborts.Load() != 1 || d.badFCS.Load() != 2 || d.overruns.Load() != 2 {
		t.Errorf("counted %d aborts, %d bad, %d overruns", d.aborts.Load(), d.badFCS.Load(), d.overruns.Load())
	}
}

func TestDChannelHasRoomFor32FramesOfTheLargestSize(t *testing.T) {
	r := newRig(t, sigHDLCFCS)
	if r.f.numbufs != 32 || r.f.blocksize != 1024 {
		t.Errorf("%d buffers of %d bytes", r.f.numbufs, r.f.blocksize)
	}
}

func TestTappedSpanIsNeverWrittenTo(t *testing.T) {
	r := newRig(t, sigHDLCFCS)
	r.b.dchannels[0].tap = true
	said := r.step(driver.Command{Kind: driver.SendDChannel, Data: []byte("hello")})
	if len(said) != 1 || !strings.Contains(said[0], driver.ErrTap.Error()) || len(r.asked()) != 0 {
		t.Errorf("said %q", said)
	}
}

func TestFrameThatCannotBeSentIsRefusedWithTheReason(t *testing.T) {
	for _, row := range []struct {
		name string
		set  func(r *rig)
		data string
		want string
	}{
		{"empty", func(*rig) {}, "", "1 to 1022 bytes"},
		{"too long", func(*rig) {}, strings.Repeat("x", 1023), "1 to 1022 bytes"},
		{"closed", func(r *rig) { r.b.dchannels[0].fd = -1 }, "x", "not open"},
		{"removed", func(r *rig) { r.f.removed = true }, "x", "removed"},
	} {
		r := newRig(t, sigHDLCFCS)
		row.set(r)
		said := r.step(driver.Command{Kind: driver.SendDChannel, Data: []byte(row.data)})
		if len(said) != 1 || !strings.Contains(said[0], row.want) {
			t.Errorf("%s: said %q, want %q", row.name, said, row.want)
		}
	}
	r := newRig(t, sigFXSKS)
	r.b.info.Spans = []driver.Span{{Number: 1}}
	if said := r.step(driver.Command{Kind: driver.SendDChannel, Data: []byte("x")}); len(said) != 1 || !strings.Contains(said[0], "no D channel") {
		t.Errorf("said %q", said)
	}
}

func TestWaitingEventDoesNotKeepAFrameFromBeingSent(t *testing.T) {
	r := newRig(t, sigHDLCFCS)
	r.f.happen(evAbort)
	r.expect(r.step(driver.Command{Kind: driver.SendDChannel, Data: []byte("x")}), "d-channel-error 1 @0")
	if len(r.f.frames) != 1 {
		t.Errorf("%d frames written", len(r.f.frames))
	}
}

func TestRemovedDChannelIsSeen(t *testing.T) {
	r := newRig(t, sigHardHDLC)
	r.f.removed = true
	r.expect(r.step())
	if !r.b.dchannels[0].absent {
		t.Error("the removal was not seen")
	}
}

func TestReceivingFramesAllocatesNothing(t *testing.T) {
	r := newRig(t, sigHDLCFCS)
	frame := bytes.Repeat([]byte("x"), 262)
	d := r.b.dchannels[0]
	d.k = frames{r.k, frame}
	if n := testing.AllocsPerRun(50, func() {
		r.b.rx.Reset()
		d.receive(r.b, r.b.rx, 10)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(r.b.rx.Events) != 2*buffers {
		t.Errorf("%d frames", len(r.b.rx.Events))
	}
}

// frames is a kernel in which a frame always waits.
type frames struct {
	kernel
	frame []byte
}

func (f frames) read(_ int, b []byte) (int, error) { return copy(b, f.frame[:16]), nil }
func (f frames) ioctl(int, uint32, []byte) error   { return unix.EINVAL }
