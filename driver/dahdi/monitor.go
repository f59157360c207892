package dahdi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
	"vaad/driver/keys"
)

// A monitor listens to channels that another program has: two pseudo channels
// for each, one for what it receives and one for what it sends. The board looks
// like a tap of a trunk by two receive-only spans.
//
// It has audio, hook state every 250 ms where the signalling has one, and
// nothing else: events go to the program that has the channel, and so do the
// frames of D channels. What that program does to the audio (gain, echo
// canceller) is heard; while it lets the kernel dial, nothing is received. The
// audio is the channel's own bit for bit, but for the code of −0, which becomes
// that of +0: the kernel mixes in linear. The mode that copies bytes (DIGITALMON)
// is not used: of a channel that nobody has opened yet it gives the same 8 bytes
// for ever. The clock is that of DAHDI's master span; a
// card that is not in step with it slips.
const (
	pseudoPath    = "/dev/dahdi/pseudo"
	monitorPeriod = 250 * time.Millisecond

	networkSpan = 1 // what the channels receive
	localSpan   = 2 // what they send
)

// layMonitor lays out a board of the channels that the option monitor names.
func (o *options) layMonitor(k kernel, id string, in *Inventory) (*plan, error) {
	byNumber := map[int]Channel{}
	for _, d := range in.Devices {
		for _, s := range d.Spans {
			for _, ch := range s.Channels {
				byNumber[ch.Number] = ch
			}
		}
	}
	f := &keys.Faults{Where: fmt.Sprintf("board %q: ", id)}
	p := &plan{info: driver.Info{Driver: "dahdi", Model: "channels of another program", Location: "channels " + o.Monitor}}
	for _, span := range []int{networkSpan, localSpan} {
		p.info.Spans = append(p.info.Spans, driver.Span{Number: span, Channels: len(o.monitor), Tap: true})
		p.spans = append(p.spans, 0) // the kernel has no such span
		for i, n := range o.monitor {
			ch, ok := byNumber[n]
			switch {
			case span == localSpan: // was said of the network's side
			case !ok:
				return nil, fault(CodeNotFound, "open board %q: monitor: there is no DAHDI channel %d; the files of /proc/dahdi list them", id, n)
			case ch.Signalling == sigNone:
				return nil, fault(CodeUnconfigured, "open board %q: monitor: DAHDI channel %d has no signalling; name it in /etc/dahdi/system.conf and run dahdi_cfg", id, n)
			case !carriesAudio(ch.Signalling) && classOf(ch.Signalling) == classClear:
				f.Add("monitor", "channel %d carries data or is part of another channel; leave it out", n)
			}
			p.monitored(k, span, i, ch)
		}
	}
	o.apply(p, f)
	if err := errors.Join(f.Errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// monitored adds one side of one channel.
func (p *plan) monitored(k kernel, span, i int, ch Channel) {
	at := len(p.lines)
	p.lines = append(p.lines, &channel{k: k, number: ch.Number, line: at, key: int32(at), sig: sigClear, law: ch.Law, tap: true,
		name: ch.Name, fd: -1, opens: listenTo(ch.Number, span)})
	p.info.Lines = append(p.info.Lines, driver.Line{Port: at + 1, Kind: driver.BChan, Law: ch.Law, Use: driver.Tap, Span: span, Timeslot: i + 1,
		EventError: int(monitorPeriod * driver.Rate / time.Second), Name: fmt.Sprintf("DAHDI %d", ch.Number)})
}

// listenTo opens a pseudo channel on one side of another channel.
func listenTo(number, span int) func(c *channel) error {
	mode := int32(confMonitor)
	if span == localSpan {
		mode = confMonitorTx
	}
	return func(c *channel) error {
		fd, err := c.k.open(pseudoPath, false)
		if err == unix.ENOMEM {
			return fault(CodeStopped, "listen to DAHDI channel %d: the kernel gives no pseudo channel: nothing gives it the time (no span is running), or there are more than max_pseudo_channels, a parameter of the module dahdi, 512 unless set", number)
		}
		if err != nil {
			return err
		}
		c.fd = fd
		law := int32(lawMu)
		if c.law == driver.ALaw {
			law = lawA
		}
		if err = c.setBuffers(blockBytes); err == nil {
			err = c.set(reqSetLaw, law)
		}
		if err == nil {
			conf := c.arg[:12]
			clear(conf)
			binary.LittleEndian.PutUint32(conf[4:], uint32(number))
			binary.LittleEndian.PutUint32(conf[8:], uint32(mode))
			err = c.k.ioctl(fd, reqSetConf, conf)
		}
		if err != nil {
			c.close()
			return err
		}
		c.act = acting{bits: -1}
		return nil
	}
}

// monitorWatch asks through /dev/dahdi/ctl how monitored channels are.
type monitorWatch struct {
	ctl
	mail    mailbox
	targets []target
	arg     [paramsSize]byte
}

// target is one channel of another program.
type target struct {
	number         int
	network, local int // lines
	off, ring      bool
	alarm, gone    bool
}

func newMonitorWatch(k kernel, channels []*channel) (*monitorWatch, error) {
	fd, err := k.open(ctlPath, false)
	if err != nil {
		return nil, fmt.Errorf("open %s for the state of monitored channels: %w", ctlPath, err)
	}
	w := &monitorWatch{ctl: ctl{k: k, fd: fd}}
	half := len(channels) / 2
	for i, c := range channels[:half] {
		w.targets = append(w.targets, target{number: c.number, network: c.line, local: channels[half+i].line})
	}
	return w, nil
}

func (w *monitorWatch) box() *mailbox { return &w.mail }
func (w *monitorWatch) finish()       { _ = w.k.close(w.fd) }

func (w *monitorWatch) step() time.Duration {
	for i := range w.targets {
		t := &w.targets[i]
		err := w.params(t.number, w.arg[:])
		if gone := err != nil || number(w.arg[:], paramsSig) == sigNone; gone != t.gone {
			if t.gone = gone; gone { // the kernel has ended the monitoring; only a new one helps
				w.tell(factGone, t.network, 0)
				w.tell(factGone, t.local, 0)
				t.off, t.ring, t.alarm = false, false, false
			}
		}
		if !t.gone {
			w.ask(t)
		}
	}
	return monitorPeriod
}

// ask compares what the kernel says with what was said.
func (w *monitorWatch) ask(t *target) {
	p := w.arg[:]
	off, ring := false, false
	switch classOf(uint32(number(p, paramsSig))) {
	case classFXO: // the program's own hook; nobody sees a telephone in parallel
		off, ring = number(p, paramsTxHook) == hookOffHook, number(p, paramsRxHook) == rxRing
	case classFXS:
		off = number(p, paramsOffHook) != 0
	case classEM:
		off = number(p, paramsOffHook) != 0 || number(p, paramsTxHook) == hookOffHook
	}
	t.ring = w.change(t, ring, t.ring, driver.RingBegin, driver.RingEnd)
	t.off = w.change(t, off, t.off, driver.OffHook, driver.OnHook)
	if alarm := number(p, paramsAlarms) != 0; alarm != t.alarm {
		t.alarm = alarm
		w.tell(driver.ChannelAlarm, t.network, flag(alarm))
	}
}

func (w *monitorWatch) change(t *target, now, before bool, begins, ends driver.EventKind) bool {
	if now && !before {
		w.tell(begins, t.network, 0)
	} else if before && !now {
		w.tell(ends, t.network, 0)
	}
	return now
}

func (w *monitorWatch) tell(k driver.EventKind, line int, value int32) {
	w.mail.put(fact{kind: k, line: line, value: value, when: w.k.now()})
}

// suspectOverruns does for pseudo channels what READ_OVERRUN does for others:
// the kernel takes no BUFFER_EVENTS of them. They move with the ruler, so they
// have overrun when more is due than their buffers hold.
func (b *Board) suspectOverruns() {
	if !b.monitors {
		return
	}
	due := b.position(b.ruler.count())
	for _, c := range b.channels {
		if c.state == laneLive && due-b.pos-int64(c.in.have()) > buffers*driver.Block {
			b.overran(c)
		}
	}
}
