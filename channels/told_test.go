package channels

import (
	"testing"

	"vaad/driver"
	"vaad/dsp/callerid"
)

// What a board has decoded itself of who calls is the caller of the call that rings;
// other text is nothing to the line.
func TestCallerThatTheBoardHasDecodedIsTheCallers(t *testing.T) {
	r := newRig(t, mixedInfo(), mixedPlan())
	r.ms(3000)
	b, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("02131234567")}, callerid.Field{Type: callerid.Name, Raw: []byte("ANNA")})
	if err != nil {
		t.Fatal(err)
	}
	m, ok := callerid.Parse(b)
	if !ok {
		t.Fatal("no message")
	}
	text := func(s []byte) {
		r.events = append(r.events, driver.Event{Kind: driver.Text, Line: 1, Data: s})
		r.tick(1)
	}
	r.board(2, driver.RingBegin, 0)
	r.ms(1000)
	r.board(2, driver.RingEnd, 0)
	r.ms(1000)
	text([]byte("busy tone"))
	text([]byte("caller-id 8001FF"))
	text(m.AppendText(nil))
	e := r.await(2, Numbers, 500)
	if e.Caller != "02131234567" || e.Name != "ANNA" || e.By != "board" {
		t.Errorf("%q %q by %q", e.Caller, e.Name, e.By)
	}
}

// A board tells who calls after it has heard it: when we have answered meanwhile, it
// is still the caller, and no other call waits.
func TestCallerThatIsToldJustAfterTheAnswerIsTheCallers(t *testing.T) {
	info := mixedInfo()
	info.Lines[1].EventError = 500 * driver.MS
	r := newRig(t, info, mixedPlan())
	r.ms(3000)
	b, err := callerid.Build(callerid.CallSetup, callerid.Field{Type: callerid.Number, Raw: []byte("0213123")})
	if err != nil {
		t.Fatal(err)
	}
	m, ok := callerid.Parse(b)
	if !ok {
		t.Fatal("no message")
	}
	r.board(2, driver.RingBegin, 0)
	r.ms(1000)
	r.board(2, driver.RingEnd, 0)
	r.ms(500)
	r.wish(Wish{ID: "a", Line: 2, Kind: WishAnswer})
	r.ms(100)
	r.events = append(r.events, driver.Event{Kind: driver.Text, Line: 1, Data: m.AppendText(nil)})
	r.tick(1)
	if e := r.await(2, Numbers, 500); e.Caller != "0213123" {
		t.Errorf("%q", e.Caller)
	}
}
