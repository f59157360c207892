package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"
	"vaad/driver/drivertest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// paced is a board of drivertest that ticks every 20 ms of the bubble's time.
func paced(in driver.Info) *drivertest.Fake {
	return drivertest.NewFake(in, func(int, *driver.Frame) error {
		<-time.After(driver.Tick)
		return nil
	})
}

// refusing makes a driver whose Open fails with what fail says; nil opens the board.
func refusing(fail func(n int) error, board driver.Board) (d driver.Driver, tries *atomic.Int32) {
	tries = &atomic.Int32{}
	return driver.Driver{Name: "fake", Open: func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) {
		if err := fail(int(tries.Add(1))); err != nil {
			return nil, err
		}
		return board, nil
	}}, tries
}

func fault(code string) error {
	return fmt.Errorf("open board b1: %w", &driver.FaultError{Code: code, Err: errors.New("open /dev/dahdi/ctl: it is not there; load dahdi")})
}

func TestDriversCodeIsTheBoardsReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		board := paced(fxoInfo(1))
		board.Script = func(n int, _ *driver.Frame) error {
			<-time.After(driver.Tick)
			if n == 50 {
				return &driver.FaultError{Code: "dahdi-removed", Err: fmt.Errorf("read port 1: %w", driver.ErrGone)}
			}
			return nil
		}
		d, _ := refusing(func(n int) error {
			if n == 1 {
				return fault("dahdi-not-loaded")
			}
			if n > 2 {
				return fault("dahdi-no-card")
			}
			return nil
		}, board)
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: d}}})
		at := func(state BoardState, reason string) {
			t.Helper()
			synctest.Wait()
			if b := s.Boards()[0]; b.State != state || b.Reason != reason {
				t.Fatalf("%s for %q (%s), want %s for %q", b.State, b.Reason, b.Detail, state, reason)
			}
		}
		at(BoardFailed, "dahdi-not-loaded")
		time.Sleep(1500 * time.Millisecond)
		at(BoardRunning, "")
		time.Sleep(time.Second)
		at(BoardGone, "dahdi-removed")
		time.Sleep(2 * time.Second)
		at(BoardGone, "dahdi-no-card")
	})
}

// tried returns how often a board that always fails is opened within d, and
// how often that is logged.
func tried(t *testing.T, code string, d time.Duration) (tries, logged int) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		dr, n := refusing(func(int) error { return fault(code) }, nil)
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: dr}}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		time.Sleep(d)
		s.Close()
		tries, logged = int(n.Load()), strings.Count(log.String(), "board does not run")
	})
	return tries, logged
}

func TestRetryingDoesNotStormAndIsLoggedOnce(t *testing.T) {
	tries, logged := tried(t, "dahdi-no-card", time.Hour)
	if least := 4 + 3600/30; tries < least || tries > least*8/7+2 { // after 1, 2, 4, 8, 16 s, then every 30 s, each up to an eighth earlier
		t.Errorf("opened %d times in an hour, want %d or somewhat more", tries, least)
	}
	if logged != 1 {
		t.Errorf("logged %d times", logged)
	}
}

// Boards that were lost together, as with their bus, are not opened together for ever.
func TestBoardsThatFailTogetherAreNotTriedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		at := map[string]map[time.Duration]bool{}
		var boards []BoardConfig
		for i := range 6 {
			id := fmt.Sprint("b", i)
			at[id] = map[time.Duration]bool{}
			boards = append(boards, BoardConfig{ID: id, Driver: driver.Driver{Name: "fake", Open: func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) {
				mu.Lock()
				defer mu.Unlock()
				at[id][time.Since(began).Truncate(100*time.Millisecond)] = true
				return nil, fault("dahdi-no-card")
			}}})
		}
		s := started(t, Config{Boards: boards})
		time.Sleep(10 * time.Minute)
		s.Close()
		together := 0
		for when := range at["b0"] {
			n := 0
			for _, all := range at {
				if all[when] {
					n++
				}
			}
			if n == len(at) {
				together++
			}
		}
		if together > 3 { // the first attempts are
			t.Errorf("all boards were opened at once %d times of %d", together, len(at["b0"]))
		}
	})
}

func TestWhatNeedsAPersonIsTriedEveryThirtySeconds(t *testing.T) {
	for _, code := range []string{"dahdi-permission", "dahdi-ambiguous"} {
		if tries, _ := tried(t, code, 29*time.Second); tries != 1 {
			t.Errorf("%s: %d attempts in 29 s", code, tries)
		}
		if tries, _ := tried(t, code, 91*time.Second); tries != 4 {
			t.Errorf("%s: %d attempts in 91 s", code, tries)
		}
	}
}

func TestCardThatComesBackIsFoundWithinThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var back atomic.Bool
		d, _ := refusing(func(int) error {
			if back.Load() {
				return nil
			}
			return fault("dahdi-no-card")
		}, paced(fxoInfo(1)))
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: d}}})
		time.Sleep(47 * time.Minute)
		back.Store(true)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if b := s.Boards()[0]; b.State != BoardRunning {
			t.Fatalf("%+v", b)
		}
	})
}

func TestLineThatDoesNotWorkSaysWhyWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		board := paced(fxoInfo(3))
		board.Broken = func() []driver.LineFault {
			if !broken.Load() {
				return nil
			}
			return []driver.LineFault{{Line: 1, Code: "dahdi-busy", Detail: "port 2 belongs to asterisk"}, {Line: 77, Code: "nonsense"}}
		}
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(board)}}})
		codes := func() (c [3]string) {
			synctest.Wait()
			for i, l := range s.Lines() {
				c[i] = l.Fault.Code
			}
			return c
		}
		for _, on := range []bool{false, true, false, true} {
			broken.Store(on)
			time.Sleep(1100 * time.Millisecond)
			want := [3]string{}
			if on {
				want[1] = "dahdi-busy"
			}
			if got := codes(); got != want {
				t.Fatalf("faults %q, want %q", got, want)
			}
		}
		if f := s.Lines()[1].Fault; f.Detail != "port 2 belongs to asterisk" {
			t.Errorf("%+v", f)
		}
		if err := board.Close(); err != nil { // a board that is gone says it for all its lines
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := codes(); got != [3]string{} {
			t.Errorf("faults %q of a board that is gone", got)
		}
	})
}

// hangs is a board that hangs in Exchange and in Faults alike.
type hangs struct {
	*drivertest.Fake
	free chan struct{}
}

func (h hangs) Faults(dst []driver.LineFault) []driver.LineFault {
	<-h.free
	return dst
}

func (h hangs) Exchange(_, _ *driver.Frame) error {
	<-h.free
	return driver.ErrGone
}

func TestBoardThatHangsWhenItIsInspectedIsGivenUpLikeAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := hangs{drivertest.NewFake(fxoInfo(1), nil), make(chan struct{})}
		bad.In.Virtual = false
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(bad, paced(fxoInfo(1)))}}})
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if b := s.Boards()[0]; b.State != BoardRunning || b.Ticks == 0 {
			t.Errorf("%+v", b)
		}
		if err := s.Healthy(); err != nil {
			t.Error(err)
		}
		close(bad.free)
	})
}

func TestCountersOnlyGrowWhateverTheBoardCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now atomic.Pointer[driver.Counters]
		info := spanInfo(1, 2)
		board := func() *drivertest.Fake {
			b := paced(info)
			b.Counted = func(to *driver.Counters) {
				spans := append(to.Spans[:0], now.Load().Spans...)
				*to = *now.Load()
				to.Spans = spans
			}
			return b
		}
		first := board()
		reg := prometheus.NewRegistry()
		of := func(overruns, misses, bpv, aborts uint64) {
			now.Store(&driver.Counters{Overruns: overruns, Underruns: 2 * overruns, IRQMisses: misses,
				Spans: []driver.SpanCounters{{SyncSource: 3, BPV: bpv, HDLCAborts: aborts}}}) // of the second span it says nothing
		}
		of(0, 500, 1000, 0) // since the driver was loaded, long before us
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(first, board())}}, Registerer: reg})
		step := func(what, want string) {
			t.Helper()
			synctest.Wait()
			if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "vaad_board_rx_overruns_total",
				"vaad_board_tx_underruns_total", "vaad_board_irq_misses_total", "vaad_span_bpv_total"); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		page := func(overruns, misses, bpv int) string {
			return fmt.Sprintf(`# HELP vaad_board_irq_misses_total Interrupts that the card's driver missed.
# TYPE vaad_board_irq_misses_total counter
vaad_board_irq_misses_total{board="b1"} %d
# HELP vaad_board_rx_overruns_total Times that received audio was lost because it was not fetched in time.
# TYPE vaad_board_rx_overruns_total counter
vaad_board_rx_overruns_total{board="b1"} %d
# HELP vaad_board_tx_underruns_total Times that a line fell silent because nothing was there to be sent.
# TYPE vaad_board_tx_underruns_total counter
vaad_board_tx_underruns_total{board="b1"} %d
# HELP vaad_span_bpv_total Bipolar violations.
# TYPE vaad_span_bpv_total counter
vaad_span_bpv_total{board="b1",span="1"} %d
`, misses, overruns, 2*overruns, bpv)
		}
		step("what was counted before the daemon began is not its", page(0, 0, 0))
		of(2, 503, 1010, 4)
		time.Sleep(1100 * time.Millisecond)
		step("differences count", page(2, 3, 10))
		of(3, 1, 4, 1) // the driver was loaded again
		time.Sleep(time.Second)
		step("a counter that began anew", page(3, 4, 14))
		of(6, 1, 5, 1)
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // opened again, and asked
		step("a board that was opened again counts from 0", page(9, 4, 15))
		if st := s.Boards()[0].Spans; len(st) != 2 || st[0].SyncSource != 3 || st[1].SyncSource != 0 {
			t.Errorf("%+v", st)
		}
		if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
			t.Error(problems, err)
		}
	})
}

func TestLineSaysWhatItsPortCannotDo(t *testing.T) {
	info := fxoInfo(3)
	info.Lines[1].Caps &^= driver.CapVolts
	info.Lines[2].Caps &^= driver.CapOnHookRx | driver.CapVolts
	info.Lines = append(info.Lines, driver.Line{Port: 4, Kind: driver.FXS, Law: driver.ALaw, Caps: driver.CapTx | driver.CapRing})
	s, l := stepper(t, newFake(info, func(int, *driver.Frame, *driver.Frame) error { return nil }), Config{})
	ticks(t, s, l, 1)
	for i, want := range [][]string{nil, {"no-volts"}, {"no-volts", "no-on-hook-audio"}, nil} {
		if got := s.Lines()[i].Notes; !slices.Equal(got, want) {
			t.Errorf("line %d: %q, want %q", i+1, got, want)
		}
	}
	if st := s.Lines()[2]; st.Use != driver.Unused || st.Reason == "" {
		t.Errorf("a tap that cannot hear on-hook: %+v", st)
	}
}
