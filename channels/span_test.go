package channels

import (
	"slices"
	"strings"
	"testing"

	"vaad/driver"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// spanInfo describes a board of E1 spans with three lines and a D-channel each.
func spanInfo(numbers ...int) driver.Info {
	info := driver.Info{Driver: "fake", Model: "Fake"}
	for _, n := range numbers {
		info.Spans = append(info.Spans, driver.Span{Number: n, Channels: 31, DChannel: 16, Tap: true})
		for slot := 1; slot <= 3; slot++ {
			info.Lines = append(info.Lines, driver.Line{Port: 31*(n-1) + slot, Kind: driver.BChan, Law: driver.ALaw, Span: n, Timeslot: slot})
		}
	}
	return info
}

// pairs taps each line of the first span with its local side on the second;
// the last one is not used.
func pairs(string, driver.Info) ([]LineConfig, error) {
	return []LineConfig{{Number: 1, Port: 1, LocalPort: 32, Use: driver.Tap}, {Number: 2, Port: 2, Use: driver.Tap}, {Number: 3, Port: 3}}, nil
}

func TestSpanAlarmsAreToldOfTheBoardAndOfEachLineOnIt(t *testing.T) {
	b := newFake(spanInfo(1, 2), func(n int, _, rx *driver.Frame) error {
		switch n {
		case 2:
			rx.Event(driver.SpanAlarm, 0, 80, driver.AlarmRed|driver.AlarmBlue, nil)
		case 3: // said again: no news
			rx.Event(driver.SpanAlarm, 0, 0, driver.AlarmRed|driver.AlarmBlue, nil)
		case 4:
			rx.Event(driver.SpanAlarm, 1, 0, driver.AlarmYellow, nil)
		case 6:
			rx.Event(driver.SpanAlarm, 0, 0, 0, nil)
		}
		fillPattern(rx, 6)
		return nil
	})
	reg := prometheus.NewRegistry()
	s, l := stepper(t, b, Config{Plan: planFunc(pairs), Registerer: reg})
	r := s.Subscribe("test", true)
	ticks(t, s, l, 5)
	st := s.Boards()[0].Spans
	if len(st) != 2 || !slices.Equal(st[0].Alarms, []string{"red", "blue"}) || !slices.Equal(st[1].Alarms, []string{"yellow"}) {
		t.Errorf("%+v", st)
	}
	want := `
# HELP vaad_span_alarm 1 while the span has that alarm.
# TYPE vaad_span_alarm gauge
vaad_span_alarm{alarm="blue",board="b1",span="1"} 1
vaad_span_alarm{alarm="blue",board="b1",span="2"} 0
vaad_span_alarm{alarm="loopback",board="b1",span="1"} 0
vaad_span_alarm{alarm="loopback",board="b1",span="2"} 0
vaad_span_alarm{alarm="red",board="b1",span="1"} 1
vaad_span_alarm{alarm="red",board="b1",span="2"} 0
vaad_span_alarm{alarm="yellow",board="b1",span="1"} 0
vaad_span_alarm{alarm="yellow",board="b1",span="2"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "vaad_span_alarm"); err != nil {
		t.Error(err)
	}
	ticks(t, s, l, 5)
	if st := s.Boards()[0].Spans; len(st[0].Alarms) != 0 || len(st[1].Alarms) != 1 {
		t.Errorf("%+v", st)
	}
	evs, _ := r.Drain(nil)
	type told struct {
		line  int
		pos   int64
		value int64
		text  string
	}
	var got []told
	for _, e := range find(evs, Alarm) {
		got = append(got, told{e.Line, e.Pos, e.Value, e.Text})
	}
	const red, blue, yellow = driver.AlarmRed, driver.AlarmBlue, driver.AlarmYellow
	if want := []told{
		{0, 400, red | blue, "span 1: red, blue"}, {1, 400, red | blue, "span 1: red, blue"}, {2, 400, red | blue, "span 1: red, blue"},
		{0, 640, yellow, "span 2: yellow"}, {1, 640, yellow, "span 2: yellow"}, // its local side lies there
		{0, 960, 0, "span 1"}, {1, 960, 0, "span 1"}, {2, 960, 0, "span 1"},
	}; !slices.Equal(got, want) {
		t.Errorf("told\n%v, want\n%v", got, want)
	}
	if len(find(evs, Gap)) > 0 {
		t.Error("an alarm took audio away")
	}
	s.boards[0].finish(l, driver.ErrGone)
	if st := s.Boards()[0].Spans; len(st) != 2 || len(st[1].Alarms) != 0 {
		t.Errorf("of a board that is gone: %+v", st)
	}
}

func TestDChannelIsUpWhileItIsHeard(t *testing.T) {
	b := newFake(spanInfo(1), func(n int, _, rx *driver.Frame) error {
		if n == 10 {
			rx.Event(driver.DChannel, 0, 0, 0, []byte{2, 1, 1, 1})
		}
		return nil
	})
	s, l := stepper(t, b, Config{})
	up := func() bool { return s.Boards()[0].Spans[0].DChannelUp }
	ticks(t, s, l, 10)
	if up() {
		t.Error("it is up before anything was heard")
	}
	ticks(t, s, l, 1490)
	if !up() {
		t.Error("it is not up although it was heard less than 30 s ago")
	}
	ticks(t, s, l, 20)
	if up() {
		t.Error("it is up after 30 s of silence")
	}
}

func TestUnderrunsAndBadFramesAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	b := newFake(spanInfo(1), func(n int, _, rx *driver.Frame) error {
		rx.Event(driver.Underrun, n%3, 0, 40, nil)
		for _, kind := range []int32{driver.DErrFCS, driver.DErrFCS, driver.DErrOverrun, 9} {
			rx.Event(driver.DChannelErr, 0, 0, kind, nil)
		}
		return nil
	})
	s, l := stepper(t, b, Config{Registerer: reg, Plan: planFunc(pairs)})
	ticks(t, s, l, 3)
	want := `
# HELP vaad_board_dchannel_errors_total D-channel frames received that were bad, as the board told of each.
# TYPE vaad_board_dchannel_errors_total counter
vaad_board_dchannel_errors_total{board="b1",kind="abort",span="1"} 0
vaad_board_dchannel_errors_total{board="b1",kind="fcs",span="1"} 6
vaad_board_dchannel_errors_total{board="b1",kind="overrun",span="1"} 3
# HELP vaad_board_underrun_samples_total Samples of silence that were sent because nothing else was there, all lines together.
# TYPE vaad_board_underrun_samples_total counter
vaad_board_underrun_samples_total{board="b1"} 120
# HELP vaad_board_unknown_events_total Events of the board about lines or spans it does not have.
# TYPE vaad_board_unknown_events_total counter
vaad_board_unknown_events_total{board="b1"} 3
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "vaad_board_dchannel_errors_total",
		"vaad_board_underrun_samples_total", "vaad_board_unknown_events_total"); err != nil {
		t.Error(err)
	}
	if st := s.Boards()[0]; st.Underrun != 120 {
		t.Errorf("%+v", st)
	}
}
