package channels

import (
	"fmt"

	"vaad/driver"
)

// A UseError says why a line cannot serve a use.
type UseError struct {
	Port   int
	Use    driver.Use
	Code   string // stable: "wrong-kind", "no-on-hook-audio", "no-tx", "no-hook", "no-ring", "tap-span", "wrong-pair"
	Detail string // what is missing
	Remedy string // what to do
}

func (e *UseError) Error() string {
	return fmt.Sprintf("use port %d as %v: %s; %s", e.Port, e.Use, e.Detail, e.Remedy)
}

// Validate reports whether a line can serve the use asked of it. The error is
// a *UseError with the reason and the remedy.
func Validate(l driver.Line, c LineConfig) error {
	refuse := func(code, detail, remedy string) error {
		return &UseError{Port: l.Port, Use: c.Use, Code: code, Detail: detail, Remedy: remedy}
	}
	if c.LocalPort != 0 && (l.Kind != driver.BChan || c.Use != driver.Tap) {
		return refuse("wrong-pair", "only a digital tap has a second port for the local side", "remove the local port")
	}
	switch c.Use {
	case driver.Tap:
		switch {
		case l.Kind == driver.FXS:
			return refuse("wrong-kind", "an FXS port feeds its line, it cannot listen to one in parallel",
				"connect the line to an FXO port")
		case l.Kind == driver.FXO && !l.Caps.Has(driver.CapOnHookRx):
			return refuse("no-on-hook-audio", "the port cannot hear the line while it is on-hook itself, and a tap always is",
				"for an Astribank load xpd_fxo with caller_id_style=3; voice modems cannot be taps")
		}
	case driver.Trunk:
		switch {
		case l.Kind == driver.FXS:
			return refuse("wrong-kind", "an FXS port faces a telephone, not an exchange", "use it as a station")
		case !l.Caps.Has(driver.CapTx):
			return refuse("no-tx", "the port cannot send audio", "use it as a tap, or another port")
		case l.Kind == driver.FXO && !l.Caps.Has(driver.CapHook):
			return refuse("no-hook", "the port cannot go off-hook", "use it as a tap, or another port")
		}
	case driver.Station:
		switch {
		case l.Kind != driver.FXS:
			return refuse("wrong-kind", "only an FXS port feeds a telephone", "connect the telephone to an FXS port")
		case !l.Caps.Has(driver.CapTx):
			return refuse("no-tx", "the port cannot send audio", "use another port")
		case !l.Caps.Has(driver.CapRing):
			return refuse("no-ring", "the port cannot ring a telephone", "connect the card's ringing supply, or use another port")
		}
	}
	return nil
}
