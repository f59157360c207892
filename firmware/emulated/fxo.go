package emulated

// Registers of the chip behind an FXO port, a DAA of the Si3050's kind, by its data
// sheet: those that mean something here. The others keep what is written to them.
const (
	regInterrupt = 4  // bit 0: the polarity was reversed, bit 7: it rings
	regHook      = 5  // bit 0: off-hook, bit 2: it rings, bit 3: on-hook line monitor
	regCurrent   = 28 // of the loop, in 1.1 mA
	regVolts     = 29 // of the line, signed
	regPCM       = 33 // bit 5: PCM is on, bits 4 and 3: its law, 01 is µ-law and 00 A-law

	hookOff, hookRing, hookMonitor = 1 << 0, 1 << 2, 1 << 3
	pcmOn, pcmLaw, pcmMu           = 1 << 5, 3 << 3, 1 << 3
)

// A port is a DAA with the line at its jack.
type port struct {
	regs [256]byte
	line line

	// What the host was told last.
	rings    bool
	current  byte
	reversed bool
}

// read returns a register as it is now.
func (p *port) read(number byte) byte {
	volts, current := p.line.feed(p.offHook())
	switch number {
	case regVolts:
		return byte(volts)
	case regCurrent:
		return current
	case regHook:
		if b := p.regs[regHook] &^ hookRing; !p.line.rings() {
			return b
		} else {
			return b | hookRing
		}
	}
	return p.regs[number]
}

// write sets a register; the line notices the hook.
func (p *port) write(number, value byte) {
	p.regs[number] = value
	if number == regHook {
		p.line.hook(p.offHook())
	}
}

func (p *port) offHook() bool { return p.regs[regHook]&hookOff != 0 }

// reset is that of a chip without power.
func (p *port) reset() {
	p.regs, p.rings, p.current = [256]byte{}, false, 0
	p.line.hook(false)
}

// open says whether there is audio: the chip passes it off-hook, and on-hook where it
// is told to listen.
func (p *port) open() bool {
	return p.regs[regPCM]&pcmOn != 0 && p.regs[regHook]&(hookOff|hookMonitor) != 0
}

// changes are those that the host has not been told. The board's own controllers poll
// its DAAs, and tell ringing, reversals and the current of lines that are off-hook.
func (p *port) changes(n byte) (ring, toggled bool, told []register) {
	if rings := p.line.rings(); rings != p.rings {
		p.rings, toggled = rings, true
	}
	if p.line.reversed != p.reversed {
		p.reversed = p.line.reversed
		told = append(told, register{port: n, number: regInterrupt, data: 1})
	}
	if current := p.read(regCurrent); current != p.current {
		p.current = current
		if p.offHook() {
			told = append(told, register{port: n, number: regCurrent, data: current})
		}
	}
	return p.rings, toggled, told
}
