package dahdi

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// An order is how one command is carried out: on which channels, by what. The
// reason for which it is not becomes a Refused event.
type order struct {
	classes class
	do      func(b *Board, c *channel, cmd *driver.Command) error
}

var orders = [...]order{
	driver.GoOffHook:      {classFXO | classEM, (*Board).goOffHook},
	driver.GoOnHook:       {classFXO | classEM, (*Board).goOnHook},
	driver.SendFlash:      {classFXO | classEM, (*Board).sendFlash},
	driver.SendLoopBreak:  {classFXS, (*Board).breakLoop},
	driver.Ring:           {classFXS, (*Board).ringPhone},
	driver.RingBurst:      {classFXS, (*Board).ringPhone},
	driver.RingStop:       {classFXS, (*Board).ringStop},
	driver.SetPolarity:    {classFXS, (*Board).setPolarity},
	driver.PulseDial:      {classFXO | classEM, (*Board).pulseDial},
	driver.OnHookTransmit: {classFXS, (*Board).onHookTransmit},
	driver.SetCAS:         {classCAS, (*Board).setCAS},
	driver.SetMWI:         {classFXS, (*Board).setMWI},
	driver.SetEC:          {classAll, (*Board).setEC},
}

// Reasons of refusal that need no error of the kernel.
var (
	errNotThisKind = errors.New("a line with this signalling cannot do that")
	errBusy        = errors.New("the line is still dialling")
	errOnHook      = errors.New("the line is on-hook")
	errAnswered    = errors.New("the telephone is off-hook")
	errIdlePhone   = errors.New("the telephone is on-hook: there is no loop to break")
	errNotZeroOne  = errors.New("the value is 0 or 1")
	errFlashLength = errors.New("a flash lasts 10 to 5000 ms")
	errBreakLength = errors.New("a loop break lasts 300 to 1000 ms; DAHDI makes it 500 ms")
	errNoKewl      = errors.New("only a kewlstart port (fxoks in /etc/dahdi/system.conf) can break the loop")
	errBurstLength = errors.New("a ring burst lasts 20 to 60000 ms")
	errCadence     = errors.New("a ringing cadence is 1 to 8 pairs of ms on and ms off, each 20 ms or more")
	errTransmit    = errors.New("on-hook transmission lasts 1 to 60000 ms")
	errBits        = errors.New("signalling bits are 0 to 15")
	errDigits      = errors.New("1 to 64 digits 0 to 9 can be pulse-dialled at once")
	errNoEC        = errors.New("no echo canceller is configured for this channel: set echocanceller in /etc/dahdi/system.conf and run dahdi_cfg")
	errNotOpen     = errors.New("the line does not work: its channel is not open")
	errMakeBreak   = errors.New("make and break of a pulse last 5 to 500 ms")
)

const (
	maxFlashMS  = 5000
	maxBurstMS  = 60_000
	maxDigits   = 64
	maxCadence  = 16        // DAHDI_MAX_CADENCE
	forever     = 3_600_000 // ms: the pause after a single burst, which RINGOFF ends
	tapsOfEC    = 128       // 16 ms
	usualMake   = 40        // ms, where the command does not say
	usualBreak  = 60
	dialReplace = 2 // DAHDI_DIAL_OP_REPLACE
)

// carryOut is called once per Exchange: it does what the commands of tx say, and
// what the ones before have left to be done. What it has to say goes into rx.
func (b *Board) carryOut(tx, rx *driver.Frame) {
	b.rx = rx
	for i := range tx.Commands {
		cmd := &tx.Commands[i]
		if err := b.command(cmd); err != nil {
			rx.Event(driver.Refused, cmd.Line, inFrame(cmd.At), int32(cmd.Kind), []byte(err.Error()))
		}
	}
	for _, c := range b.channels {
		if c.fd < 0 {
			continue
		}
		if c.act.broken {
			b.watchFeed(c)
		}
		if c.act.unsure {
			b.watchRing(c)
		}
		if c.act.fresh {
			c.act.fresh = false
			if classOf(c.sig) == classCAS {
				b.bitsChanged(c, 0, 0)
			}
		}
	}
}

func inFrame(at int) int { return min(max(at, 0), driver.Block-1) }

// command carries out one; the error says why not. Lines and spans that do not
// exist are errors of the caller that no event could name.
func (b *Board) command(cmd *driver.Command) error {
	if cmd.Kind.OnSpan() {
		for _, d := range b.dchannels {
			if d.index == cmd.Line {
				return d.send(b, cmd.Data)
			}
		}
		if cmd.Line >= 0 && cmd.Line < len(b.info.Spans) {
			return errNoDChannel
		}
		return nil
	}
	if cmd.Line < 0 || cmd.Line >= len(b.channels) {
		return nil
	}
	c := b.channels[cmd.Line]
	switch {
	case c.tap:
		return driver.ErrTap
	case c.fd < 0 && c.fault != nil:
		return fmt.Errorf("the line does not work: %w", c.fault)
	case c.fd < 0:
		return errNotOpen
	case int(cmd.Kind) >= len(orders) || orders[cmd.Kind].classes&classOf(c.sig) == 0:
		return errNotThisKind
	}
	return orders[cmd.Kind].do(b, c, cmd)
}

// hook changes the hook state. EINPROGRESS says that it has begun.
func (c *channel) hook(state int32) error {
	err := c.set(reqHook, state)
	if err == unix.EINPROGRESS {
		return nil
	}
	return err
}

// because says what the kernel did not do and why. EBUSY means something else
// with each request: busy says what.
func because(what string, err error, busy string) error {
	why := busy
	switch err {
	case unix.EBUSY:
	case unix.ENOTTY, unix.ENOSYS:
		why = "the card's driver does not know this request"
	case unix.EINVAL:
		why = "the card's driver does not take this on such a channel or in its present state"
	case unix.ENODATA:
		why = "no tone zone is loaded: set loadzone and defaultzone in /etc/dahdi/system.conf and run dahdi_cfg"
	case unix.ENODEV:
		why = "the card was removed"
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %s (%w)", what, why, err)
}

const (
	hookBusy  = "the line is on-hook, or it was seized less than 600 ms ago"
	ringBusy  = "the line is not idle"
	breakBusy = "the last break was less than 800 ms ago"
	otherBusy = "the channel is busy with something else"
)

func (b *Board) goOffHook(c *channel, cmd *driver.Command) error {
	b.letGo(c, inFrame(cmd.At))
	if classOf(c.sig) == classFXO && c.act.offHook {
		return nil // asked again, the kernel would stop what it dials
	}
	if err := c.hook(hookOffHook); err != nil {
		return because("off-hook", err, hookBusy)
	}
	c.act.flashing, c.act.dialling = false, false
	b.own(c, cmd.At, true)
	return nil
}

// goOnHook releases, at the end of this frame: the kernel empties the channel's
// buffers when it does so (dahdi_hangup), and there is the least in them then.
func (b *Board) goOnHook(c *channel, _ *driver.Command) error {
	c.act.release, b.releases = true, true
	return nil
}

// letGo carries out what goOnHook has promised. The channel's audio has to be
// taken in anew after it.
func (b *Board) letGo(c *channel, at int) {
	if !c.act.release {
		return
	}
	c.act.release = false
	if c.fd < 0 {
		return
	}
	if err := c.hook(hookOnHook); err != nil {
		b.rx.Event(driver.Refused, c.line, at, int32(driver.GoOnHook), []byte(because("on-hook", err, otherBusy).Error()))
		return
	}
	c.emptied = true
	c.act.flashing, c.act.dialling = false, false
	b.own(c, at, false)
}

// letAllGo is called when a frame has its audio. While there is a backlog it is
// too early: it would be emptied as well.
func (b *Board) letAllGo() {
	if !b.releases {
		return
	}
	b.releases = false
	for _, c := range b.channels {
		b.letGo(c, driver.Block-1)
	}
}

// own says our own hook state, which an FXO line shows. On E&M OffHook and
// OnHook are the far end's.
func (b *Board) own(c *channel, at int, off bool) {
	if classOf(c.sig) != classFXO || c.act.offHook == off {
		return
	}
	c.act.offHook = off
	k := driver.OnHook
	if off {
		k = driver.OffHook
	}
	b.say(c, k, inFrame(at), 0)
}

// busy reports that the kernel still works on a flash or pulses.
func (c *channel) busy() bool { return c.act.flashing || c.act.dialling }

func (b *Board) sendFlash(c *channel, cmd *driver.Command) error {
	switch {
	case cmd.Value < 10 || cmd.Value > maxFlashMS:
		return errFlashLength
	case c.busy():
		return errBusy
	case classOf(c.sig) == classFXO && !c.act.offHook:
		return errOnHook
	}
	if err := c.setTimes(times{{paramsFlashTime, cmd.Value}}); err != nil {
		return because("set the length of the flash", err, otherBusy)
	}
	if err := c.hook(hookFlash); err != nil {
		return because("flash", err, hookBusy)
	}
	c.act.flashing = true
	return nil
}

// times are fields of struct dahdi_params and what goes into them, in ms.
type times [2]struct {
	at int
	ms int32
}

// setTimes changes some of a channel's times; the kernel takes all at once.
func (c *channel) setTimes(t times) error {
	p := c.arg[:paramsSize]
	clear(p)
	if err := c.k.ioctl(c.fd, reqGetParams, p); err != nil {
		return err
	}
	for _, f := range t {
		if f.at != 0 {
			binary.LittleEndian.PutUint32(p[f.at:], uint32(f.ms))
		}
	}
	return c.k.ioctl(c.fd, reqSetParams, p)
}

// pulseDial leaves the pulses to the kernel, which times them to the ms. Nothing
// may be written to the channel until it is done: that would cancel it.
func (b *Board) pulseDial(c *channel, cmd *driver.Command) error {
	makeMS, breakMS := cmd.Value>>16&0xFFFF, cmd.Value&0xFFFF
	if cmd.Value == 0 {
		makeMS, breakMS = usualMake, usualBreak
	}
	switch {
	case makeMS < 5 || makeMS > 500 || breakMS < 5 || breakMS > 500:
		return errMakeBreak
	case !onlyDigits(cmd.Data):
		return errDigits
	case c.busy():
		return errBusy
	case classOf(c.sig) == classFXO && !c.act.offHook:
		return errOnHook
	}
	if err := c.setTimes(times{{paramsPulseMake, makeMS}, {paramsPulseBreak, breakMS}}); err != nil {
		return because("set the times of the pulses", err, otherBusy)
	}
	var dial [dialSize]byte
	binary.LittleEndian.PutUint32(dial[:], dialReplace)
	dial[4] = 'P'
	copy(dial[5:], cmd.Data)
	if err := c.k.ioctl(c.fd, reqDial, dial[:]); err != nil {
		return because("pulse-dial", err, otherBusy)
	}
	c.act.dialling = true
	return nil
}

func onlyDigits(d []byte) bool {
	for _, c := range d {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(d) >= 1 && len(d) <= maxDigits
}

// ringPhone rings by a cadence or once. The kernel times bursts and pauses; the pause
// after a single burst is so long that RINGEROFF, which begins it, comes first.
func (b *Board) ringPhone(c *channel, cmd *driver.Command) error {
	var cadence [maxCadence]int32
	burst := cmd.Kind == driver.RingBurst
	switch {
	case burst && (cmd.Value < 20 || cmd.Value > maxBurstMS):
		return errBurstLength
	case burst:
		cadence = [maxCadence]int32{cmd.Value, forever}
	case len(cmd.Data) == 0:
		cadence = [maxCadence]int32{1000, 4000} // as Chinese exchanges ring
	case len(cmd.Data)%4 != 0 || len(cmd.Data) > 2*maxCadence:
		return errCadence
	default:
		for i := range len(cmd.Data) / 2 {
			ms := int32(binary.LittleEndian.Uint16(cmd.Data[2*i:]))
			if ms < 20 {
				return errCadence
			}
			cadence[i] = ms
		}
	}
	if c.act.offHook {
		return errAnswered
	}
	b.stopRinging(c, inFrame(cmd.At))
	arg := c.arg[:4*maxCadence]
	for i, ms := range cadence {
		binary.LittleEndian.PutUint32(arg[4*i:], uint32(ms))
	}
	if err := c.k.ioctl(c.fd, reqSetCadence, arg); err != nil {
		return because("set the ringing cadence", err, otherBusy)
	}
	if err := c.hook(hookRing); err != nil {
		return because("ring", err, ringBusy)
	}
	c.act.ringing, c.act.ringer, c.act.burst = true, true, burst
	b.say(c, driver.RingerOn, inFrame(cmd.At), 0)
	return nil
}

func (b *Board) ringStop(c *channel, cmd *driver.Command) error {
	b.stopRinging(c, inFrame(cmd.At))
	return nil
}

// stopRinging ends what we ring. RINGOFF leaves the buffers alone, ONHOOK would
// empty them; it takes a port that does not ring as well.
func (b *Board) stopRinging(c *channel, at int) {
	if !c.act.ringing {
		return
	}
	_ = c.hook(hookRingOff) // fails only where the card has gone, which the next read says
	if c.act.ringer {
		b.say(c, driver.RingerOff, at, 0)
	}
	c.act.ringing, c.act.ringer, c.act.burst = false, false, false
}

// breakLoop interrupts the feed as an exchange does when the far end has hung
// up. The kernel does so when a kewlstart port that is off-hook is released.
func (b *Board) breakLoop(c *channel, cmd *driver.Command) error {
	switch {
	case cmd.Value < 300 || cmd.Value > 1000:
		return errBreakLength
	case c.sig != sigFXOKS:
		return errNoKewl
	case !c.act.offHook:
		return errIdlePhone
	}
	err := c.hook(hookOffHook)
	if err == nil {
		err = c.hook(hookOnHook)
		c.emptied = true
	}
	if err != nil {
		return because("break the loop", err, breakBusy)
	}
	return nil
}

func (b *Board) setPolarity(c *channel, cmd *driver.Command) error {
	if cmd.Value != 0 && cmd.Value != 1 {
		return errNotZeroOne
	}
	if err := c.set(reqSetPolarity, cmd.Value); err != nil {
		return because("set the polarity", err, otherBusy)
	}
	return nil
}

func (b *Board) onHookTransmit(c *channel, cmd *driver.Command) error {
	switch {
	case cmd.Value < 1 || cmd.Value > maxBurstMS:
		return errTransmit
	case c.act.offHook:
		return errAnswered
	}
	// Cards that feed telephones themselves know the request, and need it. Other
	// drivers, as of a channel bank behind a T1, send the audio at all times.
	if err := c.set(reqOnHookTransfer, cmd.Value); err != nil && err != unix.ENOTTY {
		return because("transmit on-hook", err, otherBusy)
	}
	return nil
}

func (b *Board) setCAS(c *channel, cmd *driver.Command) error {
	if cmd.Value < 0 || cmd.Value > 15 {
		return errBits
	}
	if err := c.set(reqSetTxBits, cmd.Value); err != nil {
		return because("set the signalling bits", err, otherBusy)
	}
	return nil
}

func (b *Board) setMWI(c *channel, cmd *driver.Command) error {
	if cmd.Value != 0 && cmd.Value != 1 {
		return errNotZeroOne
	}
	if err := c.set(reqVMWI, cmd.Value); err != nil {
		return because("set the message lamp", err, otherBusy)
	}
	return nil
}

func (b *Board) setEC(c *channel, cmd *driver.Command) error {
	switch { // the kernel says nothing where there is none
	case cmd.Value != 0 && cmd.Value != 1:
		return errNotZeroOne
	case !b.info.Lines[c.line].Caps.Has(driver.CapEC):
		return errNoEC
	}
	if err := c.set(reqEchoCancel, cmd.Value*tapsOfEC); err != nil {
		return because("switch the echo canceller", err, otherBusy)
	}
	b.say(c, driver.ECState, inFrame(cmd.At), cmd.Value)
	return nil
}
