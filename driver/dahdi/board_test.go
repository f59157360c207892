package dahdi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"vaad/driver"
)

// A desk is an open board above a fake kernel, and what it has delivered.
type desk struct {
	t      failing
	k      *fakeKernel
	b      *Board
	tx, rx *driver.Frame
	base   int64            // the kernel's chunks when the ruler began
	gap    map[int][2]int64 // by line: from, to
	frames int
	late   int
	lost   map[int]int64 // by line
	audio  map[int]int64 // samples of real audio, by line
	events []driver.Event
	away   map[int]bool // lines that may be silent
}

// failing is a test, or a property of one.
type failing interface {
	Helper()
	Fatalf(format string, args ...any)
}

// sit opens a board; options as in the settings.
func sit(t testing.TB, k *fakeKernel, options string) *desk {
	t.Helper()
	b, err := openOn(k, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return &desk{t: t, away: map[int]bool{}, k: k, b: b, tx: driver.NewFrame(b.info), rx: driver.NewFrame(b.info), base: k.chunks - b.ruler.count(),
		gap: map[int][2]int64{}, lost: map[int]int64{}, audio: map[int]int64{}}
}

func openOn(k kernel, options string) (*Board, error) {
	m := &maker{k: k, log: slog.New(slog.DiscardHandler), retry: time.Hour}
	b, err := m.open(context.Background(), driver.Candidate{}, driver.Config{ID: "card", Options: json.RawMessage(options)})
	if err != nil {
		return nil, err
	}
	return b.(*Board), nil
}

// step is one Exchange. What it delivers must be the pattern of each channel at
// the board's position, or a gap that was said.
func (d *desk) step() {
	d.t.Helper()
	if err := d.b.Exchange(d.tx, d.rx); err != nil {
		d.t.Fatalf("frame %d: %v", d.frames, err)
	}
	d.tx.Reset()
	d.events = append(d.events[:0], d.rx.Events...)
	if d.rx.Late {
		d.late++
	}
	d.frames++
	absent := map[int]bool{}
	for _, e := range d.rx.Events {
		switch e.Kind {
		case driver.Lost:
			d.lost[e.Line] += int64(e.Value)
			at := d.rx.Pos + int64(e.At)
			d.gap[e.Line] = [2]int64{at, at + int64(e.Value)}
		case driver.Missed:
			absent[e.Line] = true
		}
	}
	for i, c := range d.b.channels {
		for n, got := range d.rx.LineCode(i) {
			at := d.rx.Pos + int64(n)
			silent := at < 2*driver.Block || d.away[i]
			inGap := at >= d.gap[i][0] && at < d.gap[i][1]
			switch {
			case inGap && got != c.law.Silence():
				d.t.Fatalf("frame %d line %d sample %d: %#x in a gap", d.frames, i, n, got)
			case !inGap && got == pattern(c.number, d.origin()+at):
				d.audio[i]++
			case !inGap && !(got == c.law.Silence() && (silent || absent[i])):
				d.t.Fatalf("frame %d line %d sample %d: %#x, want %#x", d.frames, i, n, got, pattern(c.number, d.origin()+at))
			}
		}
	}
}

// origin is the kernel's sample at the board's position 0.
func (d *desk) origin() int64 { return (d.base + d.b.zero) * chunk }

func (d *desk) run(n int) {
	d.t.Helper()
	for range n {
		d.step()
	}
}

func sigs(n int, sig uint32) []uint32 {
	s := make([]uint32, n)
	for i := range s {
		s[i] = sig
	}
	return s
}

func TestAllChannelsStandAtTheSameSample(t *testing.T) {
	k := newFake()
	k.advance(123)
	k.addSpan("card", "E1", lawA, sigs(31, sigClear)...)
	k.addSpan("card", "E1", lawA, sigs(31, sigClear)...)
	d := sit(t, k, `{}`)
	d.run(100)
	for i := range d.b.channels {
		if d.audio[i] < 100*driver.Block-3 || d.lost[i] != 0 {
			t.Errorf("line %d: %d samples of %d, %d lost", i, d.audio[i], 100*driver.Block, d.lost[i])
		}
	}
	if d.late > 0 {
		t.Errorf("%d frames were late", d.late)
	}
}

// A flush of many channels takes longer than a chunk lasts: the clock goes on
// while they are flushed.
func TestChannelsStandAtTheSameSampleThoughFlushingTakesLong(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(100, sigClear)...)
	n := 0
	k.before = func(c *fakeCall) {
		if c.req == reqFlush {
			if n++; n%23 == 0 {
				k.tick()
			}
		}
	}
	d := sit(t, k, `{}`)
	d.run(50)
	for i := range d.b.channels {
		if d.audio[i] < 48*driver.Block || d.lost[i] != 0 {
			t.Errorf("line %d: %d samples of %d, %d lost", i, d.audio[i], 50*driver.Block, d.lost[i])
		}
	}
}

func TestDelayOf640MsLosesNothing(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(8, sigClear)...)
	d := sit(t, k, `{}`)
	d.run(10)
	for _, ms := range []int{25, 100, 333, 600, 635} {
		k.advance(ms)
		before := d.late
		d.run(60)
		if d.late-before < ms/20-1 {
			t.Errorf("after %d ms %d frames were late", ms, d.late-before)
		}
	}
	for i := range d.b.channels {
		if d.lost[i] != 0 || d.audio[i] < 310*driver.Block-10 {
			t.Errorf("line %d lost %d samples, has %d", i, d.lost[i], d.audio[i])
		}
	}
}

// Whatever the stalls, each line's audio stands where the kernel's clock had it,
// and what is missing was said, to the sample.
func TestLossesAreCountedToTheSample(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := newFake()
		k.addSpan("card", "E1", lawA, sigs(rapid.IntRange(1, 20).Draw(rt, "channels"), sigClear)...)
		seed := rapid.Uint64().Draw(rt, "seed")
		r := rand.New(rand.NewPCG(seed, 1))
		slow := rapid.Bool().Draw(rt, "slow")
		d := sit(t, k, `{}`)
		d.t = rt
		k.before = func(*fakeCall) {
			if slow && r.IntN(200) == 0 {
				k.tick()
			}
		}
		for _, ms := range rapid.SliceOfN(rapid.IntRange(0, 1500), 1, 4).Draw(rt, "stalls") {
			d.run(r.IntN(80) + 1)
			k.advance(ms)
		}
		k.before = nil
		for d.step(); d.rx.Late; {
			d.step()
		}
		d.run(3)
		end := d.rx.Pos + driver.Block
		for i := range d.b.channels {
			if sum := d.lost[i] + d.audio[i]; sum < end-2*driver.Block || sum > end {
				rt.Fatalf("line %d: %d lost and %d heard of %d samples", i, d.lost[i], d.audio[i], end)
			}
		}
		if behind := k.chunks*chunk - (d.origin() + end); behind > 2*driver.Block {
			rt.Fatalf("the board is %d samples behind", behind)
		}
	})
}

func TestLongLossIsAStepOfSeq(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(3, sigClear)...)
	d := sit(t, k, `{}`)
	d.run(10)
	k.advance(60_000)
	frames := d.frames
	d.run(600)
	if d.rx.Seq < 3000 || d.rx.Pos != int64(d.rx.Seq)*driver.Block {
		t.Errorf("after a stall of 60 s and %d frames: Seq %d, Pos %d", d.frames-frames, d.rx.Seq, d.rx.Pos)
	}
}

func TestCloseEndsAWaitingExchange(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(2, sigClear)...)
	d := sit(t, k, `{}`)
	d.step()
	k.mu.Lock()
	k.still = true
	k.mu.Unlock()
	done := make(chan error)
	go func() {
		for {
			if err := d.b.Exchange(d.tx, d.rx); err != nil {
				done <- err
				return
			}
		}
	}()
	k.mu.Lock()
	for k.waiting == 0 {
		k.rang.Wait()
	}
	k.mu.Unlock()
	closed := make(chan error)
	for range 3 { // twice is allowed
		go func() { closed <- d.b.Close() }()
	}
	for range 3 {
		if err := <-closed; err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; !errors.Is(err, driver.ErrGone) {
		t.Errorf("%v, want driver.ErrGone", err)
	}
}

func TestNoAudioForASecondEndsTheBoard(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(2, sigClear)...)
	d := sit(t, k, `{}`)
	d.run(5)
	k.spans[0].stopped = true
	var known *driver.FaultError
	err := d.b.Exchange(d.tx, d.rx)
	if !errors.As(err, &known) || known.Code != CodeStopped {
		t.Errorf("%v", err)
	}
	if again := d.b.Exchange(d.tx, d.rx); again != err {
		t.Errorf("then %v", again)
	}
}

func TestTapIsNeverWrittenNorActedOn(t *testing.T) {
	k := newFake()
	k.addSpan("card", "FXO", lawMu, sigFXSKS, sigFXSKS)
	k.addSpan("card", "E1", lawA, sigClear, sigHDLCFCS)
	k.addSpan("card", "E1", lawA, sigClear, sigHDLCFCS)
	d := sit(t, k, `{"tap": {"network_span": 2, "user_span": 3}}`)
	opened := len(k.calls)
	for _, kind := range driver.Commands() {
		for i := range 4 {
			d.tx.Command(kind, i, 0, 1, []byte{1, 2, 3})
		}
	}
	for i := range d.tx.PCM {
		d.tx.PCM[i] = 1000
	}
	d.run(50)
	for _, c := range k.calls {
		if c.req == 0 {
			t.Fatalf("channel %d was written to", c.channel)
		}
	}
	for _, c := range k.calls[opened:] {
		if c.req != reqFlush && c.req != reqGetEvent && c.req != reqGetParams {
			t.Errorf("channel %d was sent request %#x", c.channel, c.req)
		}
		if c.req == reqFlush && c.value != flushRead {
			t.Errorf("channel %d was flushed (%d)", c.channel, c.value)
		}
	}
	for n, f := range k.chans {
		if !f.readOnly {
			t.Errorf("channel %d is open for writing", n)
		}
	}
	for i, l := range d.b.info.Lines {
		if l.Use != driver.Tap || l.Caps.Has(driver.CapTx) || l.Caps.Has(driver.CapHook) {
			t.Errorf("line %d: %v, %v", i, l.Use, l.Caps.List())
		}
	}
}

func TestBusyLineJoinsLaterInPhase(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(4, sigClear)...)
	k.chans[2].foreign = true
	k.chans[4].foreign = true
	d := sit(t, k, `{}`)
	d.away[1], d.away[3] = true, true
	d.run(20)
	faults := d.b.Faults(nil)
	if len(faults) != 2 || faults[0].Line != 1 || faults[0].Code != CodeBusy {
		t.Fatalf("faults %v", faults)
	}
	if d.audio[1] > driver.Block || d.audio[0] < 19*driver.Block {
		t.Fatalf("heard %v", d.audio)
	}
	k.chans[2].foreign = false
	k.chans[4].foreign = false
	d.b.nursery.attempt()
	before := d.audio[1]
	cleared := 0
	for range 50 {
		d.step()
		for _, e := range d.events {
			if e.Kind == driver.ChannelAlarm && e.Value == 0 {
				cleared++
			}
		}
	}
	if heard := d.audio[1] - before; heard < 45*driver.Block || len(d.b.Faults(nil)) > 0 || cleared != 2 {
		t.Errorf("heard %d samples in 50 frames, faults %v, %d alarms cleared", heard, d.b.Faults(nil), cleared)
	}
	if d.lost[1] != 0 {
		t.Errorf("%d samples are said to be lost", d.lost[1])
	}
	clear(d.away)
	k.advance(1500)
	d.run(150)
	if d.lost[0] == 0 || d.lost[1] == 0 {
		t.Errorf("lost %v", d.lost)
	}
}

func TestRemovalOfOneSpanLeavesTheOther(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(2, sigClear)...)
	k.addSpan("card", "E1", lawA, sigs(2, sigClear)...)
	d := sit(t, k, `{}`)
	d.run(5)
	d.away[2], d.away[3] = true, true
	k.chans[3].happen(evRemoved)
	k.chans[4].happen(evRemoved)
	d.run(20)
	if f := d.b.Faults(nil); len(f) != 2 || f[0].Code != CodeRemoved {
		t.Fatalf("faults %v", f)
	}
	if d.audio[0] < 24*driver.Block {
		t.Errorf("the other span was heard for %d samples", d.audio[0])
	}
	d.b.nursery.attempt()
	d.run(20)
	if len(d.b.Faults(nil)) != 0 || d.audio[2] < 20*driver.Block {
		t.Errorf("after the span is back: faults %v, %d samples", d.b.Faults(nil), d.audio[2])
	}
}

func TestRemovalOfAllEndsTheBoard(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(2, sigClear)...)
	d := sit(t, k, `{}`)
	d.run(5)
	for _, f := range k.chans {
		f.removed = true
	}
	err := d.b.Exchange(d.tx, d.rx)
	var known *driver.FaultError
	if !errors.Is(err, driver.ErrGone) || !errors.As(err, &known) || known.Code != CodeRemoved {
		t.Errorf("%v", err)
	}
}

func TestOpeningSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		make    func(k *fakeKernel)
		options string
		code    string
		says    string
	}{
		"no module":     {func(k *fakeKernel) { k.absent = true }, `{}`, CodeNotLoaded, "modprobe"},
		"permission":    {func(k *fakeKernel) { k.opening[ctlPath] = unix.EACCES }, `{}`, CodePermission, "group"},
		"no card":       {func(k *fakeKernel) {}, `{}`, CodeNoCard, "no card"},
		"unassigned":    {func(k *fakeKernel) { k.addSpan("card", "E1", lawA); delete(k.tree, devicesDir+"/card/span-1/basechan") }, `{}`, CodeNoDriver, "auto_assign"},
		"two":           {func(k *fakeKernel) { k.addSpan("a", "E1", lawA, sigClear); k.addSpan("b", "E1", lawA, sigClear) }, `{}`, CodeAmbiguous, `device = "HW-b"`},
		"not there":     {func(k *fakeKernel) { k.addSpan("a", "E1", lawA, sigClear) }, `{"device":"x"}`, CodeNotFound, `device = "HW-a"`},
		"no signalling": {func(k *fakeKernel) { k.addSpan("a", "E1", lawA, sigNone) }, `{}`, CodeUnconfigured, "dahdi_cfg"},
		"all busy": {func(k *fakeKernel) {
			k.addSpan("a", "E1", lawA, sigClear, sigClear)
			k.chans[1].foreign, k.chans[2].foreign = true, true
		},
			`{}`, CodeBusy, "none of its 2 channels"},
	} {
		k := newFake()
		c.make(k)
		_, err := openOn(k, c.options)
		var known *driver.FaultError
		if !errors.As(err, &known) || known.Code != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		for fd := range k.fds {
			t.Errorf("%s: file %d is left open: %T", name, fd, k.fds[fd])
		}
	}
}

func TestFarEndHearsWhatIsSentWithAConstantDelay(t *testing.T) {
	k := newFake()
	k.addSpan("card", "E1", lawA, sigs(3, sigClear)...)
	d := sit(t, k, `{}`)
	mark := func(n int) {
		for i := range d.tx.PCM {
			d.tx.PCM[i] = 0
		}
		for line := range 3 {
			d.tx.LinePCM(line)[0] = int16(8000 + n)
		}
	}
	delays := func(from int) (out []int64) {
		f := k.chans[1]
		for n := from; n < len(f.sent); n++ {
			if f.sent[n] != f.silence() {
				out = append(out, int64(n)-d.origin())
			}
		}
		return out
	}
	check := func(what string, from int, sent []int64) {
		got := delays(from)
		if len(got) < len(sent)/2 {
			t.Fatalf("%s: %d of %d marks were sent", what, len(got), len(sent))
		}
		for _, at := range got {
			if (at-ahead)%driver.Block != 0 {
				t.Fatalf("%s: a mark was sent at %d, %d samples after the beginning of a frame", what, at, (at-ahead)%driver.Block)
			}
		}
		for i := range got {
			found := false
			for _, s := range sent {
				found = found || got[i] == s+ahead
			}
			if !found {
				t.Fatalf("%s: mark sent at %d belongs to no frame", what, got[i])
			}
		}
	}
	send := func(frames int) (at []int64) {
		for i := range frames {
			mark(i)
			at = append(at, d.b.pos)
			d.step()
		}
		return at
	}
	at := send(30)
	clear(d.tx.PCM)
	d.run(4)
	check("at first", 0, at)
	for _, ms := range []int{15, 30, 45, 90, 333, 600, 900, 2000} {
		k.advance(ms)
		clear(d.tx.PCM)
		d.step()
		for d.rx.Late {
			d.step()
		}
		d.run(5) // 100 ms after the stall the delay is what it was
		from := len(k.chans[1].sent)
		at := send(30)
		clear(d.tx.PCM)
		d.run(4)
		check(fmt.Sprintf("after %d ms", ms), from, at)
	}
	if d.b.underruns.Load() == 0 {
		t.Error("no underrun was counted")
	}
}
