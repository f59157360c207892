package voicemodem

import "vaad/driver"

// caps are the powers of every voice modem. Reversals and breaks of the loop are
// passed on where a modem tells of them; none says beforehand whether it does.
const caps = driver.CapTx | driver.CapHook | driver.CapRingDetect

// eventError is how exact events are: RING comes somewhere in the burst.
const eventError = 500 * driver.MS

// info says what the modem is.
func (e *engine) info(at modem) driver.Info {
	in := driver.Info{Driver: "voicemodem", Model: e.model, Serial: at.number, Location: at.tty}
	if in.Model == "" {
		in.Model = at.model
	}
	if in.Model == "" {
		in.Model = "voice modem"
	}
	if at.port != "" {
		in.Location = "USB " + at.usbPort() + ", " + at.tty
	}
	l := driver.Line{Port: 1, Kind: driver.FXO, Law: e.format.coding.law(), Caps: caps, EventError: eventError, RoundTrip: fullRoundTrip, Name: e.opt.Name}
	if e.half {
		l.RoundTrip = halfRoundTrip
	}
	_ = l.Use.UnmarshalText([]byte(e.opt.Use)) // checked
	in.Lines = []driver.Line{l}
	return in
}
