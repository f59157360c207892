package pri

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var full = flag.Bool("full", false, "make 1000 calls with libpri in each way, not 20")

// A liveStack is a Stack as an end of a link with libpri: it keeps what it is
// told, and writes a capture file of what it sends.
type liveStack struct {
	s      *Stack
	out    StackOut
	events chan StackEvent
	file   string
	pcap   *PcapWriter

	crossing func(now int64) // done before the next SETUP of libpri is seen, but after it was sent
}

func newLiveStack(t *testing.T, c StackConfig) *liveStack {
	file := filepath.Join(t.TempDir(), "d.pcap")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	w, err := NewPcapWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	return &liveStack{s: NewStack(c), events: make(chan StackEvent, 1<<16), file: file, pcap: w}
}

func (l *liveStack) told() [][]byte {
	for _, e := range l.out.Events {
		l.events <- e
	}
	frames := l.out.Frames
	for _, f := range frames {
		_ = l.pcap.Write(l.s.cfg.Side, time.Now(), f)
	}
	l.out = StackOut{}
	return frames
}

func (l *liveStack) frame(b []byte, now int64) [][]byte {
	if l.crossing != nil {
		f, _ := ParseFrame(b)
		if m, err := ParseMessage(f.Info); err == nil && m.Type == Setup {
			l.crossing(now)
			l.crossing = nil
		}
	}
	l.s.Frame(&l.out, b, now)
	return l.told()
}

func (l *liveStack) tick(now int64) [][]byte {
	l.s.Tick(&l.out, now)
	return l.told()
}

func (l *liveStack) next() int64 { return l.s.Next() }

// do carries out a wish.
func (l *liveStack) do(p *libpri, f func(s *Stack, o *StackOut, now int64) error) {
	p.t.Helper()
	p.do(func(now int64) [][]byte {
		if err := f(l.s, &l.out, now); err != nil {
			p.t.Logf("refused: %v", err)
		}
		return l.told()
	})
}

// await is the next event of a kind; others are passed over.
func (l *liveStack) await(t *testing.T, k StackEventKind) StackEvent {
	t.Helper()
	late := time.After(patience)
	var others []string
	for {
		select {
		case e := <-l.events:
			if e.Kind == k {
				return e
			}
			others = append(others, wordsOf(e))
		case <-late:
			t.Fatalf("no %v, but %q", k, others)
		}
	}
}

// wellFormed lets an independent reader of the frames that we have sent complain.
func (l *liveStack) wellFormed(t *testing.T) {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Log("tshark is not there to read the frames")
		return
	}
	cmd := exec.Command(tshark, "-n", "-r", l.file, "-Y", "_ws.malformed || _ws.expert.severity >= 0x00800000")
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(l.file))
	if out, err := cmd.Output(); err != nil || len(out) > 0 {
		t.Errorf("tshark: %v\n%s", err, out)
	}
}

// withLibpri brings up a link with libpri.
func withLibpri(t *testing.T, c StackConfig, options ...string) (*liveStack, *libpri) {
	t.Helper()
	l := newLiveStack(t, c)
	kind := c.Switch
	if kind == "" {
		kind = "euroisdn"
	}
	p := startLibpri(t, l, append([]string{role(c.Side), "--switch", kind}, options...)...)
	p.do(func(now int64) [][]byte { l.s.Start(&l.out, now); return l.told() })
	l.await(t, StackLinkUp)
	p.await("DCHAN_UP")
	return l, p
}

// An exchange is a run of calls between a stack and libpri.
type exchange struct {
	t     *testing.T
	l     *liveStack
	p     *libpri
	rand  *rand.Rand
	lossy bool
	calls map[int]*exchanged // by channel
	made  int
	over  int
	bad   int // calls that ended otherwise than wished
}

// exchanged is one call of it.
type exchanged struct {
	ours     bool // we make it
	channel  int
	called   string
	cause    int // of its refusal; 0: it is answered
	clear    int // who clears: 0 we, 1 libpri, 2 both at once
	overlap  bool
	id       CallID
	n        int // libpri's number of it
	answered bool
	asked    bool // clearing was asked for
	free     bool // our timeslot
	gone     bool // libpri's call
	cleared  *Call
	ringing  bool
	began    time.Time
}

func (x *exchange) begin() {
	slots := []int{}
	last, d := 31, 16
	if x.l.s.cfg.T1 {
		last, d = 24, 24
	}
	for i := 1; i <= last; i++ {
		if i != d && x.calls[i] == nil {
			slots = append(slots, i)
		}
	}
	x.made++
	c := &exchanged{ours: x.rand.IntN(2) == 0, channel: slots[x.rand.IntN(len(slots))], called: fmt.Sprintf("8%06d", x.made),
		clear: x.rand.IntN(3), overlap: x.l.s.cfg.Overlap && x.rand.IntN(2) == 0, began: time.Now()}
	if x.rand.IntN(4) == 0 {
		c.cause = []int{1, 17, 19, 21, 27, 31, 34, 38, 42, 50, 57, 88, 127}[x.rand.IntN(13)]
	}
	if !c.ours { // libpri says that of all its calls
		c.overlap = x.l.s.cfg.Overlap
	}
	x.calls[c.channel] = c
	first := c.called
	if c.overlap {
		first = first[:3]
	}
	if !c.ours {
		x.p.say("call %s 139%s %d", first, c.called, c.channel)
		return
	}
	x.l.do(x.p, func(s *Stack, o *StackOut, now int64) (err error) {
		c.id, err = s.Setup(o, SetupOrder{Slot: c.channel, Called: first, Caller: "139" + c.called, Complete: !c.overlap}, now)
		if err != nil {
			delete(x.calls, c.channel)
			x.made--
		}
		return err
	})
	if c.id != 0 && c.overlap {
		x.l.do(x.p, func(s *Stack, o *StackOut, now int64) error { return s.Digits(o, c.id, c.called[3:], now) })
	}
}

// heard takes an event of libpri.
func (x *exchange) heard(e libpriEvent) {
	c := x.calls[e.Channel&0xFF]
	if c == nil || e.Event == "DCHAN_UP" || e.Event == "DCHAN_DOWN" {
		return
	}
	if e.Call > 0 {
		c.n = e.Call
	}
	switch e.Event {
	case "RING":
		if !c.ours || e.Caller != "139"+c.called {
			x.t.Errorf("libpri heard a call of %q in channel %d, where %+v is", e.Caller, e.Channel, *c)
		}
		if c.overlap {
			x.p.say("@%d setupack", c.n)
			return
		}
		x.taken(c, e.Called)
	case "INFO_RECEIVED":
		if c.ours && c.overlap {
			x.taken(c, c.called)
		}
	case "SETUP_ACK":
		x.p.say("@%d info %s", c.n, c.called[3:])
	case "RINGING":
		if !c.ours {
			x.l.do(x.p, func(s *Stack, o *StackOut, now int64) error { return s.Connect(o, c.id, now) })
		}
	case "ANSWER":
		x.answered(c)
	case "HANGUP", "HANGUP_ACK":
		c.gone = true
		x.end(c)
	}
}

// taken: libpri has the whole number of our call.
func (x *exchange) taken(c *exchanged, called string) {
	if called != c.called {
		x.t.Errorf("libpri heard %q, not %q", called, c.called)
	}
	if c.ringing {
		return
	}
	c.ringing = true
	x.p.say("@%d proceeding", c.n)
	if c.cause != 0 {
		x.p.say("@%d hangup %d", c.n, c.cause)
		// Of these libpri makes RELEASE COMPLETE, and has nothing more to say.
		c.gone = slices.Contains([]int{1, 34, 44, 82, 88}, c.cause)
		return
	}
	x.p.say("@%d ringing", c.n)
}

// answered: both have it; now it is cleared.
func (x *exchange) answered(c *exchanged) {
	if c.answered = true; c.asked {
		return
	}
	c.asked = true
	if c.clear > 0 {
		x.p.say("@%d hangup 16", c.n)
	}
	if c.clear != 1 {
		x.l.do(x.p, func(s *Stack, o *StackOut, now int64) error {
			if err := s.Clear(o, c.id, 16, now); err != nil && c.clear == 0 {
				return err
			}
			return nil
		})
	}
}

// told takes an event of ours.
func (x *exchange) told(e StackEvent) {
	c := x.calls[e.Slot]
	if c == nil {
		return
	}
	switch e.Kind {
	case StackSetup:
		c.id = e.CallID
		if c.ours || e.Call.Caller != "139"+c.called {
			x.t.Errorf("a call of %q in %d, where %+v is", e.Call.Caller, e.Slot, *c)
		}
		if e.Call.Complete {
			x.offered(c, e)
		}
	case StackComplete:
		x.offered(c, e)
	case StackAlerting:
		x.p.say("@%d answer", c.n)
	case StackConnected:
		x.answered(c)
	case StackCleared:
		c.cleared = e.Call
	case StackSlotFree:
		c.free = true
		x.end(c)
	}
}

// offered: we have the whole number of libpri's call.
func (x *exchange) offered(c *exchanged, e StackEvent) {
	if e.Call.Called != c.called {
		x.t.Errorf("a call for %q, not %q", e.Call.Called, c.called)
	}
	x.l.do(x.p, func(s *Stack, o *StackOut, now int64) error { return s.Proceed(o, e.CallID, now) })
	x.l.do(x.p, func(s *Stack, o *StackOut, now int64) error {
		if c.cause != 0 {
			return s.Clear(o, e.CallID, c.cause, now)
		}
		return s.Alert(o, e.CallID, now)
	})
}

// end: a call that both have forgotten is over.
func (x *exchange) end(c *exchanged) {
	if !c.free || !c.gone {
		return
	}
	want := c.cause
	if want == 0 {
		want = 16
	}
	if c.cleared == nil || int(c.cleared.Cause.Value) != want || c.answered != (c.cause == 0) {
		x.bad++
		if !x.lossy {
			x.t.Errorf("ended otherwise: %+v, %+v", *c, c.cleared)
		}
	}
	delete(x.calls, c.channel)
	x.over++
}

// run makes so many calls, many at once.
func (x *exchange) run(calls int) {
	x.t.Helper()
	late := time.NewTimer(patience + time.Duration(calls)*time.Second/4)
	for x.over < calls {
		for len(x.calls) < 8 && x.made < calls {
			x.begin()
		}
		select {
		case e, ok := <-x.p.events:
			if !ok {
				x.t.Fatal("libpri has ended")
			}
			x.heard(e)
		case e := <-x.l.events:
			x.told(e)
		case <-late.C:
			for _, c := range x.calls {
				x.t.Errorf("a call does not end: %+v, %+v", *c, c.cleared)
			}
			x.t.FailNow()
		}
	}
}

func (x *exchange) counts() string {
	var s string
	x.p.do(func(int64) [][]byte {
		s = fmt.Sprintf("%d calls, %d otherwise; %+v; %+v", x.over, x.bad, x.l.s.Counts(), x.l.s.LinkCounts())
		if len(x.l.s.legs) > 0 || x.l.s.busy() != 0 {
			x.t.Errorf("%d calls are left", len(x.l.s.legs))
		}
		return nil
	})
	return s
}

func exchangeWith(t *testing.T, c StackConfig, options ...string) *exchange {
	t.Helper()
	l, p := withLibpri(t, c, options...)
	l.await(t, StackRestarted)
	return &exchange{t: t, l: l, p: p, rand: rand.New(rand.NewPCG(7, uint64(c.Side))), calls: map[int]*exchanged{}}
}

func callsToMake() int {
	if *full {
		return 1000
	}
	return 20
}

func TestCallsWithLibpriGoAsBothSidesWish(t *testing.T) {
	for _, side := range bothSides {
		for _, kind := range Switches() {
			t.Run(side.String()+" "+kind, func(t *testing.T) {
				t.Parallel()
				x := exchangeWith(t, StackConfig{Side: side, Switch: kind, T1: dialectOf(kind).american})
				x.run(callsToMake())
				t.Log(x.counts())
				x.l.wellFormed(t)
			})
		}
		for _, kind := range []string{"euroisdn", "qsig"} {
			t.Run(side.String()+" "+kind+" overlap", func(t *testing.T) {
				t.Parallel()
				x := exchangeWith(t, StackConfig{Side: side, Switch: kind, Overlap: true, Numbers: numberPlan(t, "8xxxxxx")}, "--overlap")
				x.run(callsToMake())
				t.Log(x.counts())
				x.l.wellFormed(t)
			})
		}
	}
}

func TestCallsWithLibpriEndOverALossyLink(t *testing.T) {
	for _, side := range bothSides {
		t.Run(side.String(), func(t *testing.T) {
			t.Parallel()
			x := exchangeWith(t, StackConfig{Side: side, Overlap: true, Numbers: numberPlan(t, "8xxxxxx"), Link: LinkConfig{T200: rate / 5, N200: 10}},
				"--overlap", "--timer", "T200=200", "--timer", "N200=10", "--drop", "0.05", "--seed", "11")
			x.lossy = true
			x.run(callsToMake())
			t.Log(x.counts())
			if x.bad > x.over/20 {
				t.Errorf("%d of %d calls did not go as wished", x.bad, x.over)
			}
		})
	}
}

func TestRestartsWithLibpri(t *testing.T) {
	for _, side := range bothSides {
		t.Run(side.String(), func(t *testing.T) {
			t.Parallel()
			l, p := withLibpri(t, StackConfig{Side: side})
			l.await(t, StackRestarted) // the interface
			p.say("call 1 2 17")
			id := l.await(t, StackSetup).CallID
			l.do(p, func(s *Stack, o *StackOut, now int64) error { return s.Connect(o, id, now) })
			p.await("ANSWER")
			l.do(p, func(s *Stack, o *StackOut, now int64) error { s.Restart(o, 17, now); return nil })
			if e := p.await("RESTART"); e.Channel != 17 {
				t.Errorf("libpri was told to restart %d", e.Channel)
			}
			if e := l.await(t, StackRestarted); e.Slot != 17 {
				t.Errorf("restarted %d", e.Slot)
			}
			p.say("restart 18")
			if e := l.await(t, StackRestarted); e.Slot != 18 {
				t.Errorf("libpri has restarted %d", e.Slot)
			}
			p.await("RESTART_ACK")
			l.wellFormed(t)
		})
	}
}

// callUp makes a call of ours that libpri answers.
func (l *liveStack) callUp(p *libpri, slot int) (id CallID) {
	p.t.Helper()
	l.do(p, func(s *Stack, o *StackOut, now int64) (err error) {
		id, err = s.Setup(o, SetupOrder{Slot: slot, Called: "1", Caller: "2", Complete: true}, now)
		return err
	})
	p.await("RING")
	p.say("answer")
	l.await(p.t, StackConnected)
	return id
}

func TestHoldAndKeysWithLibpri(t *testing.T) {
	for _, side := range bothSides {
		t.Run(side.String(), func(t *testing.T) {
			t.Parallel()
			l, p := withLibpri(t, StackConfig{Side: side})
			l.await(t, StackRestarted)
			id := l.callUp(p, 30)
			l.do(p, func(s *Stack, o *StackOut, now int64) error { return s.Hold(o, id, now) })
			p.await("HOLD")
			l.await(t, StackHeld)
			l.do(p, func(s *Stack, o *StackOut, now int64) error { return s.Retrieve(o, id, now) })
			p.await("RETRIEVE")
			l.await(t, StackRetrieved)
			p.say("hold")
			l.await(t, StackHeld)
			p.await("HOLD_ACK")
			p.say("retrieve 30")
			l.await(t, StackRetrieved)
			p.await("RETRIEVE_ACK")
			l.do(p, func(s *Stack, o *StackOut, now int64) error { return s.Digits(o, id, "42#", now) })
			if e := p.await("KEYPAD_DIGIT"); e.Digits != "42#" {
				t.Errorf("libpri heard the keys %q", e.Digits)
			}
			l.do(p, func(s *Stack, o *StackOut, now int64) error { return s.Clear(o, id, 16, now) })
			l.await(t, StackSlotFree)
			l.wellFormed(t)
		})
	}
}

// Both sides call in the same channel at once. libpri leaves it to its program
// what becomes of that; its program refuses the one that it is called by.
func TestGlareWithLibpri(t *testing.T) {
	for _, side := range bothSides {
		t.Run(side.String(), func(t *testing.T) {
			t.Parallel()
			l, p := withLibpri(t, StackConfig{Side: side})
			l.await(t, StackRestarted)
			var id CallID
			p.do(func(int64) [][]byte {
				l.crossing = func(now int64) {
					id, _ = l.s.Setup(&l.out, SetupOrder{Slot: 9, Called: "2", Caller: "138", Complete: true}, now)
				}
				return nil
			})
			p.say("call 1 139 9")
			ring := p.await("RING")
			if side == User {
				p.say("@%d hangup 44", ring.Call)
				e := l.await(t, StackSetup)
				if e.Slot != 9 {
					t.Errorf("the network's call is in %d", e.Slot)
				}
				if c := l.await(t, StackCleared); c.CallID != id || c.Call.Cause.Value != channelTaken {
					t.Errorf("%+v", c.Call)
				}
				return
			}
			if e := p.await("HANGUP"); e.Cause != channelTaken {
				t.Errorf("the user's call was refused with %d", e.Cause)
			}
			p.say("@%d answer", ring.Call)
			if e := l.await(t, StackConnected); e.CallID != id || e.Slot != 9 {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestPartiesReachLibpri(t *testing.T) {
	for _, side := range bothSides {
		for _, kind := range Switches() {
			t.Run(side.String()+" "+kind, func(t *testing.T) {
				t.Parallel()
				d := dialectOf(kind)
				l, p := withLibpri(t, StackConfig{Side: side, Switch: kind, T1: d.american})
				l.await(t, StackRestarted)
				var id CallID
				l.do(p, func(s *Stack, o *StackOut, now int64) (err error) {
					id, err = s.Setup(o, SetupOrder{Called: "2125551234", Caller: "3105551234", Name: "Li Lei", Redirecting: "777", Reason: 1, Complete: true}, now)
					return err
				})
				e := p.await("RING")
				name := ""
				if d.facility || d.display && side == Network {
					name = "Li Lei"
				}
				if e.Called != "2125551234" || e.Caller != "3105551234" || e.Name != name || e.Redirecting != "777" || e.Complete == 0 && d.complete {
					t.Errorf("libpri heard %+v, want the name %q", e, name)
				}
				l.do(p, func(s *Stack, o *StackOut, now int64) error { return s.Clear(o, id, 16, now) })
				l.await(t, StackSlotFree)
				l.do(p, func(s *Stack, o *StackOut, now int64) (err error) {
					_, err = s.Setup(o, SetupOrder{Called: "1", Caller: "3105551234", Private: true, Complete: true}, now)
					return err
				})
				if e := p.await("RING"); e.Presentation&0x60 != 0x20 {
					t.Errorf("libpri heard of a private caller %+v", e)
				}
				l.wellFormed(t)
			})
		}
	}
}
