package channels

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"vaad/driver"
	"vaad/driver/sim"
	"vaad/driver/sim/peer"
	"vaad/dsp/callerid"
	"vaad/dsp/dtmf"
)

// A telephone plugged into a simulated board is rung, is told who calls, and
// understands it: on the wire, as samples.
func TestATelephoneIsToldWhoCalls(t *testing.T) {
	for _, c := range []struct {
		country  string
		commands string
		coding   callerid.Coding
		alert    bool
	}{
		{"CN", "ring ring-end ring ring-end", callerid.Bell, false},
		{"FR", "ring ring-end ring ring-end", callerid.V23, false},
		{"GB", "reversal reversal ring ring-end ring", callerid.V23, true},
		{"SE", "reversal reversal ring ring-end", callerid.DTMF, false},
	} {
		t.Run(c.country, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "telephone")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			board, err := sim.Driver().Open(t.Context(), driver.Candidate{}, driver.Config{ID: "b1", Dir: dir,
				Options: json.RawMessage(`{"clock":"peers","lines":[{"kind":"fxs","law":"alaw","use":"station"}]}`)})
			if err != nil {
				t.Fatal(err)
			}
			p, err := peer.Dial(dir, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = p.Close() }()
			s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(board)}}, Plan: planFunc(func(string, driver.Info) ([]LineConfig, error) {
				return []LineConfig{{Number: 1, Port: 1, Use: driver.Station, Country: c.country}}, nil
			})})
			var pcm []int16
			var words []string
			var ends, rings []int
			until := 0
			wished := make(chan error, 1)
			err = p.Play(context.Background(), peer.Script{
				Next: func(_ *peer.Peer, n int, block []int16) bool {
					pcm = append(pcm, block...)
					clear(block)
					if n == 5 {
						go func() {
							_, err := s.Wish(context.Background(), Wish{Line: 1, Kind: WishCall, Caller: "075512345", Name: "Ann"})
							wished <- err
						}()
					}
					if len(words) == 0 {
						until = n + 450 // the wish is taken when the line has gone on meanwhile
					}
					return n < until && n < 20_000
				},
				Command: func(_ *peer.Peer, w string) {
					w = strings.Fields(w)[0]
					words = append(words, w)
					switch w {
					case "ring":
						rings = append(rings, len(pcm))
					case "ring-end":
						ends = append(ends, len(pcm))
					}
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := <-wished; err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(words, " "); !strings.HasPrefix(got, c.commands) {
				t.Errorf("commands %q", got)
			}
			m := checkCaller(t, pcm, c.coding)
			ring := rings[0]
			if c.coding != callerid.DTMF && !c.alert { // GR-30-CORE, EN 300 659-1: seizure and mark begin 400 ms before the first byte
				ring = rings[1]
				if from := (int(m.At) - ends[0]) / driver.MS; from < 400+500 || from > 400+1500 {
					t.Errorf("the message begins %d ms after the first burst", from-400)
				}
			}
			if pause := (ring - int(m.End)) / driver.MS; pause < 200 {
				t.Errorf("it rings %d ms after the message", pause)
			}
			if alerts := callerid.NewAlerting().Process(nil, pcm); (len(alerts) == 1) != c.alert {
				t.Errorf("%d alerting tones", len(alerts))
			}
		})
	}
}

// checkCaller returns the one message that was heard.
func checkCaller(t *testing.T, pcm []int16, coding callerid.Coding) *callerid.Message {
	t.Helper()
	r := callerid.New()
	all := r.Flush(r.Process(nil, pcm))
	if coding == callerid.DTMF {
		var k callerid.Keys
		for _, e := range dtmf.New().Process(nil, pcm) {
			all = k.Key(all, e)
		}
	}
	if len(all) != 1 || all[0].Coding != coding {
		t.Fatalf("%d messages", len(all))
	}
	number, _ := all[0].Caller()
	name, _ := all[0].CallerName()
	if number != "075512345" || coding != callerid.DTMF && name != "Ann" {
		t.Errorf("heard %q %q", number, name)
	}
	return &all[0]
}
