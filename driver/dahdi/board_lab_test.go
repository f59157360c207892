//go:build lab

package dahdi_test

import (
	"testing"

	"vaad/driver"
	"vaad/driver/dahdi/labtest"
	"vaad/driver/drivertest"
)

// The promises of every board, on the two kinds of span: ports, of which one
// side is exchange and the other telephone, and timeslots that carry audio only.
func TestLabPortsKeepThePromisesOfABoard(t *testing.T) {
	a, b := spans(t, "6", 4, labtest.FXSKewl, labtest.FXOKewl, labtest.MuLaw)
	promises(t, device(`, "use": "trunk"`, a), b)
}

func TestLabTelephonePortsKeepThePromisesOfABoard(t *testing.T) {
	a, b := spans(t, "7", 4, labtest.FXOKewl, labtest.FXSKewl, labtest.ALaw)
	promises(t, device(``, a), b)
}

func TestLabTimeslotsKeepThePromisesOfABoard(t *testing.T) {
	a, b := spans(t, "9", 30, labtest.Clear, labtest.Clear, labtest.ALaw)
	promises(t, device(``, a), b)
}

func promises(t *testing.T, options string, peer labtest.Span) {
	said := map[int]*labtest.Channel{}
	drivertest.TestBoard(t, func(t *testing.T) driver.Board {
		b, err := tryOpen(options)
		must(t, err)
		return b
	}, drivertest.Options{Say: func(t *testing.T, b driver.Board, line int, code []byte) {
		port := b.Info().Lines[line].Port
		c := said[port]
		if c == nil {
			c = far(t, peer, port)
			said[port] = c
		}
		for ; len(code) > 0; code = code[driver.Block:] {
			_, err := c.Write(code[:driver.Block], nil)
			must(t, err)
		}
	}})
}
