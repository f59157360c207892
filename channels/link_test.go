package channels

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vaad/driver"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// setup1 is a call of the network in timeslot 1.
const setup1 = "n 0802 0001 05 04038090A3 1803A98381 700581 38383838"

// onePair makes a line of timeslot 1 only.
func onePair(string, driver.Info) ([]LineConfig, error) {
	return []LineConfig{{Number: 1, Port: 1, LocalPort: 32, Use: driver.Tap}}, nil
}

// linkOf runs a wire with a plan for so many ticks.
func (w *wire) linkOf(t *testing.T, plan planFunc, n int) (*System, *loop, *Reader) {
	t.Helper()
	s, l := stepper(t, w.board(t), Config{Plan: plan})
	r := s.Subscribe("link", true)
	ticks(t, s, l, n)
	return s, l, r
}

// said shows the calls that events tell of.
func said(evs []Event) (all []string) {
	for _, e := range evs {
		switch e.Kind {
		case CallBegin, CallAnswered, CallEnd:
			all = append(all, strings.TrimSpace(fmt.Sprintf("%d %s %s", e.Line, e.Kind, e.EndedBy)))
		}
	}
	return all
}

func wantSaid(t *testing.T, r *Reader, want ...string) {
	t.Helper()
	evs, _ := r.Drain(nil)
	if got := said(evs); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// Ports that a technician gave the other way round are the same line.
func TestLineWhosePortsAreExchangedHearsItsCallsAndNamesItsSidesRight(t *testing.T) {
	w := &wire{script: map[int]string{10: setup1}}
	s, _, r := w.linkOf(t, func(string, driver.Info) ([]LineConfig, error) {
		return []LineConfig{{Number: 1, Port: 32, LocalPort: 1, Use: driver.Tap}}, nil
	}, 20)
	wantSaid(t, r, "1 call-begin")
	sides := mustLine(t, s, 1).Sides()
	if len(sides) != 2 || sides[0].Name != "network" || sides[1].Name != "local" {
		t.Errorf("%+v", sides)
	}
}

func TestLinesOfOneDirectionEachHearTheirCalls(t *testing.T) {
	w := &wire{script: map[int]string{10: setup1}}
	s, _, r := w.linkOf(t, func(string, driver.Info) ([]LineConfig, error) {
		return []LineConfig{{Number: 1, Port: 1, Use: driver.Tap}, {Number: 2, Port: 32, Use: driver.Tap}}, nil
	}, 20)
	wantSaid(t, r, "1 call-begin", "2 call-begin")
	if sides := mustLine(t, s, 2).Sides(); len(sides) != 1 || sides[0].Name != "local" {
		t.Errorf("%+v", sides)
	}
}

func TestSpansThatSayWhichTheyBelongToAreNotPairedByOrder(t *testing.T) {
	info := linkInfo()
	info.Spans[0].Pair, info.Spans[0].User, info.Spans[1].Pair = 2, true, 1
	k := links(info)
	if len(k) != 1 || k[0].spans != [2]int{1, 0} {
		t.Fatalf("%+v", k)
	}
	if !Followed(info, 0) || !Followed(info, 40) {
		t.Error("a line of the link is not followed")
	}
	info.Spans[1].DChannel = 0
	if Followed(info, 0) {
		t.Error("a line is followed without a D-channel")
	}
}

func TestLineAddedDuringACallIsToldOfIt(t *testing.T) {
	w := &wire{script: map[int]string{10: setup1, 12: "u 0802 8001 07", 40: "u 0802 8001 45 08028090"}}
	s, l, r := w.linkOf(t, func(string, driver.Info) ([]LineConfig, error) {
		return []LineConfig{{Number: 1, Port: 1, LocalPort: 32, Use: driver.Unused}}, nil
	}, 20)
	line := mustLine(t, s, 1)
	run, err := prepare(l.info, line, LineConfig{Number: 1, Port: 1, LocalPort: 32, Use: driver.Tap}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.replace(l.find(line), run); err != nil {
		t.Fatal(err)
	}
	ticks(t, s, l, 30)
	wantSaid(t, r, "1 call-begin", "1 call-answered", "1 call-end cleared-local")
}

func TestLineOfABoardThatComesBackIsNotGone(t *testing.T) {
	w := &wire{talk: func(n int) bool { return n > 30 }}
	s, l, r := w.linkOf(t, linkPairs, 10)
	for _, run := range l.runs {
		run.gone(&l.out, l.next)
	}
	plan, _ := linkPairs("", l.info)
	l.b.runs = l.runs
	l.runs = l.b.populate(l.info, plan)
	for _, run := range l.runs {
		l.install(run, nil, l.next)
	}
	l.rewire()
	ticks(t, s, l, 20)
	if st := mustLine(t, s, 1).Status().State; st != Unknown {
		t.Errorf("the line is %s", st)
	}
	ticks(t, s, l, 300)
	wantSaid(t, r, "1 call-begin", "1 call-answered")
}

func TestRestartEndsACallThatWasFoundByVoice(t *testing.T) {
	for _, restart := range []string{"n 0802 0000 46 79 01 87", "n 0802 0000 46 1803A98381 79 01 80"} {
		w := &wire{talk: func(n int) bool { return n < 300 }, script: map[int]string{320: restart}}
		_, _, r := w.linkOf(t, linkPairs, 330)
		wantSaid(t, r, "1 call-begin", "1 call-answered", "1 call-end channel-restart")
	}
}

// Two timeslots carry something: which of them the message means is not known.
func TestClearingOfAnUnknownCallEndsNoneWhereSeveralCanBeMeant(t *testing.T) {
	w := &wire{talk: func(int) bool { return true }, noise: true, script: map[int]string{5: "n 0802 7001 62", 400: "u 0802 7001 45 08028090"}}
	_, _, r := w.linkOf(t, linkPairs, 420)
	wantSaid(t, r, "1 call-begin", "1 call-answered")
}

func TestCallWhoseClearingIsLostEndsWhenItsTimeslotIsIdleForLong(t *testing.T) {
	w := &wire{script: map[int]string{10: setup1, 20: "u 0802 8001 07", 100: "skip n", 101: "n 0802 0000 7D"}}
	_, _, r := w.linkOf(t, onePair, 20+59*50)
	wantSaid(t, r, "1 call-begin", "1 call-answered")
	_, _, r = (&wire{script: w.script}).linkOf(t, onePair, 30+60*50)
	wantSaid(t, r, "1 call-begin", "1 call-answered", "1 call-end idle-code")
}

func TestSilentAndSwappedLinksShow(t *testing.T) {
	w := &wire{script: map[int]string{1000: "n 0802 7001 62", 1100: "u 0802 7001 62"}}
	s, l, _ := w.linkOf(t, onePair, 89*50)
	silent := func() []bool {
		all := s.Boards()[0].Spans
		return []bool{all[0].Silent, all[1].Silent}
	}
	if got := silent(); got[0] || got[1] {
		t.Error("silent too soon")
	}
	ticks(t, s, l, 2*50+1000) // 91 s after the network's side spoke, 89 s after the user's
	if got := silent(); !got[0] || got[1] {
		t.Error(got)
	}
	l.spans[0].raise(driver.AlarmRed) // an alarm says more
	if silent()[0] {
		t.Error("silent with an alarm")
	}
	for i := range 6 {
		w.script[5600+i] = "x 0802 7001 62"
	}
	ticks(t, s, l, 200)
	if all := s.Boards()[0].Spans; !all[0].Swapped || all[1].Swapped {
		t.Errorf("%+v", all)
	}
}

func TestWhatALinkCountsShows(t *testing.T) {
	reg := prometheus.NewRegistry()
	w := &wire{script: map[int]string{10: setup1, 20: "skip n", 21: "n 0802 7001 62"}}
	s, l := stepper(t, w.board(t), Config{Plan: planFunc(linkPairs), Registerer: reg})
	ticks(t, s, l, 100)
	ks := l.links[0].stats
	names, _ := linkKinds(&ks.shown)
	var got []string
	for i, n := range names {
		got = append(got, fmt.Sprint(n, " ", testutil.ToFloat64(ks.of[i])))
	}
	if want := "[frame 2 bad 0 repeated 0 lost 1 unexpected 0 unknown-call 1 no-timeslot 0]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %v", got, want)
	}
	if testutil.ToFloat64(ks.up) != 1 {
		t.Error("the link is not up")
	}
}

func TestKeysPressedInACallOfALinkAreToldWithTheirSide(t *testing.T) {
	w := &wire{script: map[int]string{10: setup1, 20: "u 0802 8001 07", 400: "u 0802 0001 45", 410: "u 0802 8001 7B 2C0139"}, local: (&scene{t: t}).keys("5#")}
	_, _, r := w.linkOf(t, onePair, 420)
	evs, _ := r.Drain(nil)
	var got []string
	for _, e := range find(evs, Key) {
		got = append(got, fmt.Sprint(e.Text, " ", e.Side, " ", e.By))
	}
	if want := []string{"5 local keys", "# local keys", "9 local q931"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCallThatMovesWhileItRingsIsNotMissed(t *testing.T) {
	w := &wire{script: map[int]string{10: setup1, 20: "u 0802 8001 01 1803A98385", 30: "u 0802 8001 07"}}
	_, _, r := w.linkOf(t, linkPairs, 40)
	evs, _ := r.Drain(nil)
	e := find(evs, CallEnd)
	if len(e) != 1 || e[0].EndedBy != "moved" || e[0].Missed || e[0].Facts.Outcome != "unknown" {
		t.Errorf("%+v", e)
	}
}

// A direction that is lost makes every frame of the other one wait a little.
func TestMessagesThatAlwaysWaitTakeNoMoreAndMoreRoom(t *testing.T) {
	var q linkQueue
	for n := range 100_000 {
		q.push([]byte{byte(n), byte(n >> 8), byte(n >> 16)}, int64(n))
		if n < 3 {
			continue
		}
		if f := q.pop(); f.at != int64(n-3) || f.frame[0] != byte(n-3) || q.head().at != int64(n-2) {
			t.Fatalf("after %d: %+v", n, f)
		}
	}
	if cap(q.all) > 4*keepPlaces {
		t.Errorf("%d places", cap(q.all))
	}
}

// Who speaks at the moment of the release is the call that ends, not another.
func TestLastWordsOfACallAreNoNewCall(t *testing.T) {
	for begin := 360; begin <= 410; begin += 5 {
		w := &wire{talk: func(n int) bool { return n >= begin && n < 425 }, script: map[int]string{10: setup1, 20: "u 0802 8001 07",
			400: "u 0802 8001 45 08028090", 402: "n 0802 0001 4D", 403: "u 0802 8001 5A"}}
		_, _, r := w.linkOf(t, onePair, 500)
		wantSaid(t, r, "1 call-begin", "1 call-answered", "1 call-end cleared-local")
	}
}

// Whatever a link says, while people talk, are silent, and settings change:
// calls of a line begin and end in turn, and times do not go back.
func TestCallsOfALineComeInTurnWhateverItsLinkSays(t *testing.T) {
	kinds := []string{"05", "0D", "02", "01", "07", "7B", "45", "4D", "5A", "28", "33", "2D", "7D 140100", "62", "60"}
	slots := []string{"", "1803A98381", "1803A98382", "1803A18381", "1801A3"}
	for _, seed := range []uint64{1, 2, 5} {
		rnd := rand.New(rand.NewPCG(seed, 9))
		w := &wire{script: map[int]string{}, talk: func(n int) bool { return n/97%3 != 0 }, noise: seed%2 == 0}
		for n := 5; n < 1500; n += 1 + rnd.IntN(20) {
			ref := 1 + rnd.IntN(3)
			if rnd.IntN(2) == 0 {
				ref |= 0x8000
			}
			who := []string{"n", "u", "n", "u", "x"}[rnd.IntN(5)]
			w.script[n] = fmt.Sprintf("%s 0802 %04x %s %s", who, ref, kinds[rnd.IntN(len(kinds))], slots[rnd.IntN(len(slots))])
			switch rnd.IntN(25) {
			case 0:
				w.script[n] = who + " 0802 0000 46 1803A98381 790180"
			case 1:
				w.script[n] = "skip n"
			}
		}
		s, l, r := w.linkOf(t, func(string, driver.Info) ([]LineConfig, error) {
			return []LineConfig{{Number: 1, Port: 1, LocalPort: 32, Use: driver.Tap}, {Number: 2, Port: 2, LocalPort: 33, Use: driver.Tap}}, nil
		}, 1)
		for n := 0; n < 1500; n += 100 {
			ticks(t, s, l, 100)
			line := mustLine(t, s, 1)
			c := line.view.Load().cfg
			if c.Use, c.LocalPort = driver.Tap, 32; n%300 == 200 {
				c.Use, c.LocalPort = driver.Unused, 0
			}
			run, err := prepare(l.info, line, c, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.replace(l.find(line), run); err != nil {
				t.Fatal(err)
			}
		}
		ticks(t, s, l, 50)
		evs, _ := r.Drain(nil)
		up, last, known := map[int]bool{}, map[int]int64{}, int64(0)
		for _, e := range evs {
			if e.Known < known || e.Pos > e.Known {
				t.Fatalf("seed %d: %+v, known after %d", seed, e, known)
			}
			known = e.Known
			switch e.Kind {
			case CallBegin, CallAnswered, CallEnd:
				if up[e.Line] == (e.Kind == CallBegin) || e.Pos < last[e.Line] {
					t.Fatalf("seed %d: %s of line %d at %d, after %d, up %v", seed, e.Kind, e.Line, e.Pos, last[e.Line], up[e.Line])
				}
				up[e.Line], last[e.Line] = e.Kind != CallEnd, e.Pos
			}
		}
		if n := len(find(evs, CallBegin)); n < 3 {
			t.Errorf("seed %d: %d calls only", seed, n)
		}
	}
}
