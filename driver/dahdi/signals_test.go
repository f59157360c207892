package dahdi

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"vaad/driver"
)

// A rig is a board of one line per signalling, without the machinery that moves
// audio: what signalling does, on its own.
type rig struct {
	t *testing.T
	k *fakeKernel
	b *Board
	c *channel  // of the first line
	f *fakeChan // the same, below
}

// newRig opens a channel for each of the signallings; analog ones are ports.
func newRig(t *testing.T, sigs ...uint32) *rig {
	t.Helper()
	k := newFake()
	k.addSpan("card", "mixed", lawA, sigs...)
	b := &Board{k: k, id: "dahdi", log: slog.New(slog.DiscardHandler)}
	spans := 0
	for i, sig := range sigs {
		c := channel{k: k, number: i + 1, span: 1, line: -1, sig: sig, law: driver.ALaw, fd: -1}
		if c.isHDLC() {
			b.info.Spans = append(b.info.Spans, driver.Span{Number: spans + 1, Channels: 31, DChannel: 16})
			d := &dchannel{channel: c, index: spans}
			spans++
			b.dchannels = append(b.dchannels, d)
			if err := d.open(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		c.line = len(b.channels)
		c.analog = classOf(sig) == classFXO || classOf(sig) == classFXS
		b.channels = append(b.channels, &c)
		b.info.Lines = append(b.info.Lines, driver.Line{Port: i + 1, Law: driver.ALaw, Caps: driver.CapTx | driver.CapEC})
	}
	for _, c := range b.channels {
		c.act = acting{}
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.state = laneLive
	}
	b.rx = driver.NewFrame(b.info)
	r := &rig{t: t, k: k, b: b, f: k.chans[1]}
	if len(b.channels) > 0 {
		r.c = b.channels[0]
	}
	k.calls = nil
	return r
}

// step is one frame: commands are carried out, what happened is drained.
func (r *rig) step(commands ...driver.Command) []string {
	r.t.Helper()
	tx := driver.NewFrame(r.b.info)
	tx.Commands = commands
	r.b.rx.Reset()
	r.b.carryOut(tx, r.b.rx)
	for _, c := range r.b.channels {
		r.b.drainEvents(c, 40)
	}
	r.b.letAllGo()
	for _, d := range r.b.dchannels {
		d.receive(r.b, r.b.rx, 40)
	}
	r.b.rx.Pos += driver.Block
	r.b.rx.Seq++
	r.k.advance(20)
	var said []string
	for _, e := range r.b.rx.Events {
		s := fmt.Sprintf("%v %d @%d", e.Kind, e.Value, e.At)
		if len(e.Data) > 0 {
			s += " " + string(e.Data)
		}
		said = append(said, s)
	}
	return said
}

// steps takes n frames and returns all that was said.
func (r *rig) steps(n int) (said []string) {
	r.t.Helper()
	for range n {
		said = append(said, r.step()...)
	}
	return said
}

// expect compares what was said.
func (r *rig) expect(got []string, want ...string) {
	r.t.Helper()
	if !slices.Equal(got, want) {
		r.t.Errorf("said %q, want %q", got, want)
	}
}

// asked lists the requests that reached the kernel since the last call, without
// questions.
func (r *rig) asked() (did []string) {
	for _, c := range r.k.calls {
		if name := requestNames[c.req]; name != "" {
			did = append(did, fmt.Sprintf("%s %d", name, c.value))
		}
	}
	r.k.calls = nil
	return did
}

var requestNames = map[uint32]string{0: "write", reqHook: "hook", reqSetParams: "times", reqDial: "dial", reqEchoCancel: "ec",
	reqSetCadence: "cadence", reqSetPolarity: "polarity", reqOnHookTransfer: "oht", reqVMWI: "vmwi", reqSetTxBits: "bits"}
