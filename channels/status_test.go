package channels

import (
	"math"
	"slices"
	"strings"
	"testing"

	"vaad/driver"
	"vaad/dsp/g711"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestLevelsAreThoseOfTheLastTenthOfASecond(t *testing.T) {
	f := newFake(fxoInfo(1), nil)
	f.fill = func(n int, _, rx *driver.Frame) error {
		pcm := rx.LinePCM(0)
		peak := 32768 * math.Pow(10, (-10-3.14)/20) // −10 dBm0
		for i := range pcm {
			pcm[i] = int16(math.Round(peak * math.Sin(2*math.Pi*1000*float64(i)/driver.Rate)))
		}
		if n >= 50 {
			clear(pcm)
		}
		g711.Encode(rx.LineCode(0), pcm, g711.ALaw)
		return nil
	}
	s, l := stepper(t, f, Config{})
	ticks(t, s, l, 50)
	if got := s.Lines()[0].LevelDBm0[0]; math.Abs(got+10) > 0.1 {
		t.Errorf("a tone of -10 dBm0 is shown as %.2f", got)
	}
	ticks(t, s, l, 5)
	if got := s.Lines()[0].LevelDBm0[0]; got > -60 {
		t.Errorf("silence is shown as %.2f", got)
	}
}

func TestMetricsCountWhatHappened(t *testing.T) {
	reg := prometheus.NewRegistry()
	f := newFake(fxoInfo(2), func(n int, _, rx *driver.Frame) error {
		switch n {
		case 5:
			rx.Late = true
			rx.Event(driver.Slip, 0, 0, 2, nil)
		case 6:
			rx.Event(driver.Missed, 1, 0, 3, nil)
			rx.Event(driver.Lost, 1, 0, 80, nil)
			rx.Event(driver.Volts, 17, 0, 0, nil) // no such line
		}
		return nil
	})
	s, l := stepper(t, f, Config{Registerer: reg})
	ticks(t, s, l, 10)
	want := `
# HELP vaad_board_late_frames_total Frames whose time had passed after a stall.
# TYPE vaad_board_late_frames_total counter
vaad_board_late_frames_total{board="b1"} 1
# HELP vaad_board_lost_samples_total Audio samples lost, all lines of the board together.
# TYPE vaad_board_lost_samples_total counter
vaad_board_lost_samples_total{board="b1"} 80
# HELP vaad_board_missed_blocks_total Blocks that never came; the line was given silence.
# TYPE vaad_board_missed_blocks_total counter
vaad_board_missed_blocks_total{board="b1"} 3
# HELP vaad_board_slipped_blocks_total Blocks dropped because they came too late.
# TYPE vaad_board_slipped_blocks_total counter
vaad_board_slipped_blocks_total{board="b1"} 2
# HELP vaad_board_ticks_total Blocks of 20 ms exchanged with the board.
# TYPE vaad_board_ticks_total counter
vaad_board_ticks_total{board="b1"} 10
# HELP vaad_board_unknown_events_total Events of the board about lines or spans it does not have.
# TYPE vaad_board_unknown_events_total counter
vaad_board_unknown_events_total{board="b1"} 1
# HELP vaad_board_up 1 while the board exchanges blocks.
# TYPE vaad_board_up gauge
vaad_board_up{board="b1"} 1
`
	err := testutil.GatherAndCompare(reg, strings.NewReader(want), "vaad_board_late_frames_total", "vaad_board_lost_samples_total",
		"vaad_board_missed_blocks_total", "vaad_board_slipped_blocks_total", "vaad_board_ticks_total",
		"vaad_board_unknown_events_total", "vaad_board_up")
	if err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	b := s.Boards()[0]
	if b.Ticks != 10 || b.Late != 1 || b.Lost != 80 || b.Slips != 2 || b.Missed != 3 || b.Pos != 1600 {
		t.Errorf("%+v", b)
	}
}

func TestEveryStateHasItsOwnCode(t *testing.T) {
	all := States()
	slices.Sort(all)
	if len(slices.Compact(all)) != len(States()) || slices.Contains(all, "") {
		t.Errorf("%v", all)
	}
}
