package drivertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"runtime"
	"time"

	"vaad/driver"
	"vaad/dsp/g711"
)

func infoIsWhole(s *bench) {
	t, in := s.t, s.in
	if in.Driver == "" || in.Model == "" {
		t.Errorf("driver %q, model %q: both are shown to people", in.Driver, in.Model)
	}
	spans := map[int]driver.Span{}
	for _, p := range in.Spans {
		if _, twice := spans[p.Number]; twice || p.Number < 1 {
			t.Errorf("span number %d: numbers are unique and from 1", p.Number)
		}
		if p.Channels < 1 || p.DChannel < 0 || p.DChannel > p.Channels {
			t.Errorf("span %d: %d channels, D-channel %d", p.Number, p.Channels, p.DChannel)
		}
		spans[p.Number] = p
	}
	ports, slots := map[int]bool{}, map[[2]int]bool{}
	for i, l := range in.Lines {
		if ports[l.Port] || l.Port < 1 {
			t.Errorf("line %d: port %d: ports are unique and from 1", i, l.Port)
		}
		if got := in.LineByPort(l.Port); got != i {
			t.Errorf("line %d: LineByPort(%d) = %d", i, l.Port, got)
		}
		ports[l.Port] = true
		if l.Caps.Has(driver.CapVolts) != (l.VoltsEvery > 0) {
			t.Errorf("line %d: volts %v, every %d samples", i, l.Caps.Has(driver.CapVolts), l.VoltsEvery)
		}
		if l.EventError < 0 || l.RoundTrip < 0 {
			t.Errorf("line %d: event error %d, round trip %d samples", i, l.EventError, l.RoundTrip)
		}
		if l.Span == 0 {
			if l.Timeslot != 0 || l.Kind == driver.BChan {
				t.Errorf("line %d: a %v on timeslot %d without a span", i, l.Kind, l.Timeslot)
			}
			continue
		}
		p, ok := spans[l.Span]
		slot := [2]int{l.Span, l.Timeslot}
		if !ok || l.Timeslot < 1 || l.Timeslot > p.Channels || l.Timeslot == p.DChannel || slots[slot] {
			t.Errorf("line %d: span %d timeslot %d: must exist, once, and not be the D-channel", i, l.Span, l.Timeslot)
		}
		slots[slot] = true
	}
	// Kind, law and use that have no name do not come back.
	text, err := json.Marshal(in)
	var back driver.Info
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || !reflect.DeepEqual(back, in) {
		t.Errorf("Info does not survive JSON: %v\n%+v\n%+v", err, in, back)
	}
}

func infoNeverChanges(s *bench) {
	seen := make(chan driver.Info, 1)
	go func() { seen <- s.b.Info() }() // from any goroutine
	s.watch(nil)
	if got := <-seen; !reflect.DeepEqual(got, s.in) {
		s.t.Errorf("Info was\n%+v\nand from another goroutine is\n%+v", s.in, got)
	}
	if got := s.b.Info(); !reflect.DeepEqual(got, s.in) {
		s.t.Errorf("Info was\n%+v\nand has become\n%+v", s.in, got)
	}
}

func firstFrame(s *bench) { s.step(s.b) } // checker.events has the rule

func framesFollow(s *bench) { s.watch(nil) }

func codesSurvive(s *bench) {
	for _, l := range []g711.Law{g711.ALaw, g711.MuLaw} {
		var code, back [256]byte
		var pcm [256]int16
		for i := range code {
			code[i] = byte(i)
		}
		g711.Decode(pcm[:], code[:], l)
		g711.Encode(back[:], pcm[:], l)
		if code != back {
			s.t.Errorf("law %d: codes change on the way through linear", l)
		}
	}
	s.step(s.b) // whose PCM is Code by these tables
}

func farEndIsHeard(s *bench) {
	code := make([]byte, 2*driver.Block)
	for i := range code {
		code[i] = byte(i * 7) // all 256, no two neighbours alike
	}
	s.step(s.b)
	for i, l := range s.in.Lines {
		if l.Law == driver.Linear {
			continue
		}
		s.o.Say(s.t, s.b, i, code)
		var heard []byte
		for range 100 {
			s.step(s.b)
			heard = append(heard, s.rx.LineCode(i)...)
			if bytes.Contains(heard, code) {
				break
			}
		}
		if !bytes.Contains(heard, code) {
			s.t.Errorf("line %d: what the far end sent was not delivered as sent", i)
		}
	}
}

func closeEndsExchange(s *bench) {
	ticked, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		for {
			if err := s.b.Exchange(s.tx, s.rx); err != nil {
				ended <- err
				return
			}
			select {
			case ticked <- struct{}{}:
			default:
			}
		}
	}()
	for range 3 {
		<-ticked
	}
	closed := make(chan error, 1)
	go func() { closed <- s.b.Close() }()
	select {
	case err := <-ended:
		if !errors.Is(err, driver.ErrGone) {
			s.t.Errorf("Exchange of a closed board returned %v, want driver.ErrGone", err)
		}
	case <-time.After(time.Minute): // a second is promised, of a machine that does not stand still
		s.t.Fatal("Close does not end Exchange")
	}
	if err := <-closed; err != nil {
		s.t.Errorf("Close: %v", err)
	}
	if err := s.b.Close(); err != nil {
		s.t.Errorf("Close again: %v", err)
	}
	if err := s.b.Exchange(s.tx, s.rx); !errors.Is(err, driver.ErrGone) {
		s.t.Errorf("Exchange after Close returned %v, want driver.ErrGone", err)
	}
}

func closeLeavesNothing(s *bench) {
	s.step(s.b)
	_ = s.b.Close()
	before := settled(0, 20)
	for range 3 {
		b := s.open(s.t)
		_ = b.Exchange(s.tx, s.rx)
		_ = b.Close()
	}
	if after := settled(before, 6000); after > before {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		s.t.Errorf("%d goroutines before, %d after three boards were opened and closed:\n%s", before, after, stacks)
	}
}

// settled waits until there are at most that many goroutines, or their number
// has not fallen for so many looks, one each 5 ms, and returns it.
func settled(limit, looks int) int {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	n, same := runtime.NumGoroutine(), 0
	for n > limit && same < looks {
		<-poll.C
		now := runtime.NumGoroutine()
		if same++; now < n {
			same = 0
		}
		n = now
	}
	return n
}

func allocatesNothing(s *bench) {
	warm, frames, tries := 60, 100, 5
	if !s.in.Virtual {
		warm, frames, tries = 15, 15, 25 // with at least one reading of volts; a busy machine does much else in 300 ms
	}
	for range warm {
		if err := s.b.Exchange(s.tx, s.rx); err != nil {
			s.t.Fatal(err)
		}
	}
	// The runtime and earlier tests may allocate meanwhile, a board that
	// allocates does so each time.
	var least uint64
	for try := range tries {
		var a, z runtime.MemStats
		runtime.ReadMemStats(&a)
		for range frames {
			if err := s.b.Exchange(s.tx, s.rx); err != nil {
				s.t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&z)
		if n := z.Mallocs - a.Mallocs; try == 0 || n < least {
			least = n
		}
		if least == 0 {
			return
		}
	}
	s.t.Errorf("at least %d allocations in %d frames", least, frames)
}
