package driver_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaad/driver"
	"vaad/driver/drivertest"
)

func TestGuardStopsEveryKindOfCommand(t *testing.T) { drivertest.TestGuard(t) }

// allCaps lets the fake behind the guard refuse nothing by itself.
const allCaps = driver.Caps(1<<14 - 1)

// Whatever is sent in whatever order, and however taps change meanwhile:
// nothing meant for a tap arrives, everything else arrives unchanged and in
// order, and each command that is held back is answered.
func TestGuardLetsNothingThroughToATap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := driver.Info{Driver: "fake", Model: "fake"}
		for i := range rapid.IntRange(0, 6).Draw(t, "lines") {
			in.Lines = append(in.Lines, driver.Line{Port: i + 1, Kind: driver.FXS, Law: driver.ALaw, Caps: allCaps})
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "spans") {
			in.Spans = append(in.Spans, driver.Span{Number: i + 1, Channels: 31, DChannel: 16})
		}
		tap, tapSpan := make([]bool, len(in.Lines)), make([]bool, len(in.Spans))
		fake := drivertest.NewFake(in, nil)
		g := driver.Guard(fake, tap, tapSpan)
		tx, rx := driver.NewFrame(in), driver.NewFrame(in)
		for range rapid.IntRange(1, 4).Draw(t, "ticks") {
			for i := range tap {
				tap[i] = rapid.Bool().Draw(t, "tap")
			}
			for i := range tapSpan {
				tapSpan[i] = rapid.Bool().Draw(t, "tap span")
			}
			tx.Reset()
			fake.Commands, fake.Peak = nil, make([]int, len(in.Lines))
			var pass, stop []driver.Command
			for range rapid.IntRange(0, 12).Draw(t, "commands") {
				c := driver.Command{
					Kind:  rapid.SampledFrom(driver.Commands()).Draw(t, "kind"),
					At:    rapid.IntRange(0, driver.Block-1).Draw(t, "at"),
					Value: rapid.Int32().Draw(t, "value"),
				}
				if data := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data"); len(data) > 0 {
					c.Data = data
				}
				set := tap
				if c.Kind.OnSpan() {
					set = tapSpan
				}
				if len(set) == 0 {
					continue
				}
				c.Line = rapid.IntRange(0, len(set)-1).Draw(t, "line")
				if tx.Command(c.Kind, c.Line, c.At, c.Value, c.Data); set[c.Line] {
					stop = append(stop, c)
				} else {
					pass = append(pass, c)
				}
			}
			for i := range tx.PCM {
				tx.PCM[i] = -3
			}
			if err := g.Exchange(tx, rx); err != nil {
				t.Fatal(err)
			}
			if len(pass)+len(fake.Commands) > 0 && !reflect.DeepEqual(fake.Commands, pass) {
				t.Fatalf("arrived: %+v\nwant: %+v", fake.Commands, pass)
			}
			for i, p := range fake.Peak {
				if (p == 0) != tap[i] {
					t.Fatalf("line %d, tap %v: audio of peak %d", i, tap[i], p)
				}
			}
			rx.Events = slices.DeleteFunc(rx.Events, func(e driver.Event) bool { return e.Kind != driver.Refused })
			if len(rx.Events) != len(stop) {
				t.Fatalf("%d refused, want %d", len(rx.Events), len(stop))
			}
			for i, e := range rx.Events {
				if c := stop[i]; e.Line != c.Line || e.At != c.At || driver.CommandKind(e.Value) != c.Kind || string(e.Data) != driver.ErrTap.Error() {
					t.Fatalf("refused %+v for %+v", e, c)
				}
			}
		}
	})
}

func TestGuardPassesTheBoardsErrorOn(t *testing.T) {
	in := driver.Info{Lines: make([]driver.Line, 1)}
	want := errors.New("pulled out")
	g := driver.Guard(drivertest.NewFake(in, func(int, *driver.Frame) error { return want }), []bool{true}, nil)
	if err := g.Exchange(driver.NewFrame(in), driver.NewFrame(in)); err != want {
		t.Errorf("got %v", err)
	}
}

func TestGuardAllocatesNothing(t *testing.T) {
	in := driver.Info{Lines: []driver.Line{{Port: 1, Kind: driver.FXO, Law: driver.ALaw}}}
	g := driver.Guard(quiet{in}, []bool{true}, nil)
	tx, rx := driver.NewFrame(in), driver.NewFrame(in)
	if n := testing.AllocsPerRun(100, func() {
		tx.Reset()
		tx.Command(driver.GoOffHook, 0, 0, 0, nil)
		rx.Reset()
		_ = g.Exchange(tx, rx)
	}); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
}

type quiet struct{ in driver.Info }

func (q quiet) Info() driver.Info                 { return q.in }
func (q quiet) Exchange(_, _ *driver.Frame) error { return nil }
func (q quiet) Close() error                      { return nil }
