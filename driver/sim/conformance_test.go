package sim

import (
	"fmt"
	"testing"

	"vaad/driver"
	"vaad/driver/drivertest"
	"vaad/dsp/g711"
)

func TestBoard(t *testing.T) {
	for _, clock := range []string{"real", "peers"} {
		t.Run(clock, func(t *testing.T) {
			if clock == "real" && testing.Short() {
				t.Skip("it ticks in real time")
			}
			var dir string
			open := func(t *testing.T) driver.Board {
				dir = shortDir(t)
				wall := System()
				if clock == "peers" { // without peers it would tick in real time
					wall = &fakeClock{}
				}
				b, err := openWith(dir, fmt.Sprintf(`{"clock":%q,"scene":"busy-128","spans":[{"channels":3}],
					"lines":[{},{"law":"ulaw","use":"trunk"},{"law":"linear"},{"kind":"fxs"},{"kind":"bchan"},{"kind":"bchan","law":"ulaw"}]}`, clock),
					WithClock(wall))
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			drivertest.TestBoard(t, open, drivertest.Options{Say: func(t *testing.T, b driver.Board, line int, code []byte) {
				l := b.Info().Lines[line]
				r := rig{t: t, b: b.(*Board)}
				p := r.connect(lineSocket(dir, l.Port))
				for ; len(code) > 0; code = code[driver.Block:] {
					pcm := make([]int16, driver.Block)
					g711.Decode(pcm, code[:driver.Block], g711.Law(l.Law))
					p.audio(pcm)
				}
				p.close() // else the peers clock waits for more
			}})
		})
	}
}
