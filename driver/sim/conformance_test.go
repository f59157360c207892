package sim

import (
	"fmt"
	"testing"

	"vaad/driver"
	"vaad/driver/drivertest"
)

func TestBoard(t *testing.T) {
	for _, clock := range []string{"real", "peers"} {
		for _, law := range []string{"alaw", "ulaw", "linear"} {
			t.Run(clock+"/"+law, func(t *testing.T) {
				drivertest.TestBoard(t, func(t *testing.T) driver.Board {
					wall := System()
					if clock == "peers" { // without peers it would tick in real time
						wall = &fakeClock{}
					}
					b, err := openWith(shortDir(t), fmt.Sprintf(
						`{"clock":%q,"law":%q,"spans":[{"channels":3}],"lines":[{},{"use":"trunk"},{"kind":"fxs"},{"kind":"bchan"},{"kind":"bchan"}]}`, clock, law),
						WithClock(wall))
					if err != nil {
						t.Fatal(err)
					}
					return b
				})
			})
		}
	}
}
