package channels

import (
	"slices"
	"testing"

	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/tone"
)

func TestALiftedTelephoneHearsDialToneAndDials(t *testing.T) {
	r := newRig(t, mixedInfo(), mixedPlan())
	r.ms(200)
	r.board(1, driver.OffHook, 0)
	begun := r.await(1, CallBegin, 100)
	if begun.Request != "" || begun.Direction != Outgoing {
		t.Errorf("began: %+v", begun)
	}
	r.ms(500)
	if on, off := level(r.last(1, 200), 450), level(r.last(1, 200), 800); on < -15 || on > -5 || off > on-30 {
		t.Errorf("dial tone: %.1f dBm0 at 450 Hz, %.1f at 800", on, off)
	}
	r.echo[0] = 0.3 // the telephone's hybrid
	r.says[0] = presses(t, "8002")
	r.ms(600)
	if l := level(r.last(1, 100), 450); l > -50 {
		t.Errorf("dial tone goes on at %.1f dBm0", l)
	}
	if e := r.await(1, NumberComplete, 6000); e.Called != "8002" || e.Text != "timeout" && e.Text != "complete" {
		t.Errorf("number: %+v", e)
	}
	r.wish(Wish{ID: "a", Line: 1, Kind: WishAlert})
	r.ms(500)
	if l := level(r.last(1, 200), 450); l < -15 {
		t.Errorf("ringback: %.1f dBm0", l)
	}
	r.wish(Wish{ID: "b", Line: 1, Kind: WishAnswer})
	if e := r.await(1, CallAnswered, 100); e.AnsweredBy != "connect" {
		t.Errorf("answered: %+v", e)
	}
	r.ms(200)
	if l := level(r.last(1, 100), 450); l > -50 {
		t.Errorf("ringback goes on at %.1f dBm0", l)
	}
	r.wish(Wish{ID: "k", Line: 1, Kind: WishKeys, Keys: "42"})
	if e := r.await(1, KeysSent, 1000); e.Request != "k" {
		t.Errorf("keys sent: %+v", e)
	}
	if got := keysIn(r.last(1, 600)); got != "42" {
		t.Errorf("keys %q", got)
	}
	r.board(1, driver.OnHook, 0)
	if e := r.await(1, CallEnd, 100); e.Request != "" || e.EndedBy != "on-hook" {
		t.Errorf("ended: %+v", e)
	}
	if n := len(find(r.all, Key)); n != 0 {
		t.Errorf("%d keys of ours were taken for the telephone's", n)
	}
}

func TestARungTelephoneLearnsWhoCallsBetweenTheBursts(t *testing.T) {
	r := newRig(t, mixedInfo(), mixedPlan())
	r.ms(200)
	r.wish(Wish{ID: "c", Line: 1, Kind: WishCall, Caller: "075526001", Name: "Li"})
	if e := r.await(1, CallBegin, 100); e.Request != "c" || e.Direction != Incoming {
		t.Errorf("began: %+v", e)
	}
	r.tick(1)
	r.isTold(1, driver.RingBurst)
	r.board(1, driver.RingerOn, 0)
	r.ms(1000)
	r.board(1, driver.RingerOff, 0)
	off := len(r.heard[0])
	r.ms(4500)
	r.isTold(1, driver.OnHookTransmit, driver.Ring)
	rec := callerid.New()
	all := rec.Flush(rec.Process(nil, r.heard[0]))
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	number, _ := all[0].Caller()
	if after := (int(all[0].At) - off) / driver.MS; number != "075526001" || after < 500 || after > 2000 {
		t.Errorf("%q was told %d ms after the burst", number, after)
	}
	r.board(1, driver.RingerOn, 0)
	r.board(1, driver.OffHook, 0)
	if e := r.await(1, CallAnswered, 100); e.AnsweredBy != "off-hook" {
		t.Errorf("answered: %+v", e)
	}
	r.tick(1)
	r.isTold(1, driver.RingStop)
	r.wish(Wish{ID: "e", Line: 1, Kind: WishRelease})
	r.await(1, CallEnd, 100)
}

func TestATrunkDialsAndFollowsItsCall(t *testing.T) {
	cn, _ := tone.Country("CN")
	r := newRig(t, mixedInfo(), mixedPlan())
	r.ms(6000) // whether it rings must be known
	r.state(2, Idle)
	r.wish(Wish{ID: "c", Line: 2, Kind: WishCall, Number: "62345"})
	if e := r.await(2, CallBegin, 100); e.Request != "c" || e.Called != "62345" {
		t.Errorf("began: %+v", e)
	}
	r.tick(1)
	r.isTold(2, driver.GoOffHook)
	r.state(2, Seizing)
	r.echo[1] = 0.3
	before := len(r.heard[1])
	r.dialTone(2)
	r.ms(2000)
	if got := keysIn(r.heard[1][before:]); got != "62345" {
		t.Errorf("it dialled %q", got)
	}
	r.state(2, Proceeding)
	r.says[1] = sound(cn.Ringback, 10_000)
	r.await(2, Alerting, 10_000)
	r.state(2, Alerted)
	r.says[1] = sound(cn.Busy, 10_000)
	if e := r.await(2, CallEnd, 8000); e.EndedBy != "busy-tone" || e.Facts.Outcome != "busy" || e.Request != "" {
		t.Errorf("ended: %+v %+v", e, e.Facts)
	}
	r.tick(1)
	r.isTold(2, driver.GoOnHook)
	if n := len(find(r.all, Key)); n != 0 {
		t.Errorf("%d keys of ours were taken for the exchange's", n)
	}
	r.ms(6000)
	r.events = append(r.events, driver.Event{Kind: driver.RingBegin, Line: 1})
	r.ms(1000)
	r.board(2, driver.RingEnd, 0)
	if e := r.await(2, CallBegin, 3000); e.Request != "" || e.Direction != Incoming {
		t.Errorf("a call that came in: %+v", e)
	}
	r.wish(Wish{ID: "a", Line: 2, Kind: WishAnswer})
	r.await(2, CallAnswered, 100)
	r.wish(Wish{ID: "f", Line: 2, Kind: WishFlash})
	r.tick(1)
	r.isTold(2, driver.GoOffHook, driver.SendFlash)
	r.events = append(r.events, driver.Event{Kind: driver.DialDone, Line: 1})
	if e := r.await(2, Done, 100); e.Request != "f" || e.Text != "flash" {
		t.Errorf("flash: %+v", e)
	}
	r.await(2, Flash, 100)
}

// dialTone is the exchange's until the trunk dials.
func (r *rig) dialTone(line int) {
	r.t.Helper()
	cn, _ := tone.Country("CN")
	src := tone.New(cn.Dial)
	for range 250 {
		var block [driver.Block]int16
		src.Fill(block[:])
		r.says[line-1] = append(r.says[line-1][:0], block[:]...)
		if r.tick(1); mustLine(r.t, r.s, line).Status().State == Dialling {
			return
		}
	}
	r.t.Fatal("5 s of dial tone, and nothing is dialled")
}

func TestPulsesAreDialledByTheBoard(t *testing.T) {
	plan := mixedPlan()
	plan[1].Active.Pulse = true
	r := newRig(t, mixedInfo(), plan)
	r.ms(6000)
	r.wish(Wish{ID: "c", Line: 2, Kind: WishCall, Number: "110"})
	r.dialTone(2)
	r.ms(100)
	r.isTold(2, driver.GoOffHook, driver.PulseDial)
	r.state(2, Dialling)
	r.board(2, driver.DialDone, 0)
	r.tick(1)
	r.state(2, Proceeding)
	if done := find(r.all, Done); len(done) != 0 {
		t.Errorf("nobody asked for %+v", done)
	}
}

func TestABoardThatRefusesEndsTheCall(t *testing.T) {
	r := newRig(t, mixedInfo(), mixedPlan())
	r.ms(6000)
	r.wish(Wish{ID: "c", Line: 2, Kind: WishCall, Number: "110"})
	r.tick(1)
	r.board(2, driver.Refused, int32(driver.GoOffHook))
	if e := r.await(2, Refused, 100); e.Request != "c" {
		t.Errorf("refused: %+v", e)
	}
	if e := r.await(2, CallEnd, 100); e.EndedBy != "refused" {
		t.Errorf("ended: %+v", e)
	}
}

// What is refused of a span is no line's: the first line has the span's index.
func TestARefusedMessageIsNoLines(t *testing.T) {
	r := newRig(t, mixedInfo(), mixedPlan())
	r.board(1, driver.Refused, int32(driver.SendDChannel))
	if got := find(r.all, Refused); len(got) != 0 {
		t.Errorf("told: %+v", got)
	}
}

func TestALineThatIsOursNoMoreIsLetGo(t *testing.T) {
	seized := func(r *rig) {
		r.wish(Wish{ID: "c", Line: 2, Kind: WishCall, Number: "110"})
		r.tick(1)
		r.isTold(2, driver.GoOffHook)
	}
	rung := func(r *rig) {
		r.wish(Wish{ID: "c", Line: 1, Kind: WishCall})
		r.ms(3000)
		r.commands(1)
	}
	plan := mixedPlan()
	for name, c := range map[string]struct {
		begin func(*rig)
		to    LineConfig
		want  driver.CommandKind
	}{
		"unused":        {seized, LineConfig{Number: 2, Port: 2, Use: driver.Unused}, driver.GoOnHook},
		"tap":           {seized, LineConfig{Number: 2, Port: 2, Use: driver.Tap}, driver.GoOnHook},
		"other port":    {seized, LineConfig{Number: 2, Port: 4, Use: driver.Trunk}, driver.GoOnHook},
		"rings, unused": {rung, LineConfig{Number: 1, Port: 1, Use: driver.Unused}, driver.RingStop},
	} {
		t.Run(name, func(t *testing.T) {
			info := mixedInfo()
			info.Lines = append(info.Lines, info.Lines[1])
			info.Lines[3].Port = 4
			r := newRig(t, info, plan)
			r.ms(6000)
			c.begin(r)
			n := c.to.Number
			if err := r.ask(n, item{play: &Play{ID: "p", Line: n, Audio: []Audio{{PCM: slices.Repeat([]int16{9000}, 80_000)}}}}); err != nil {
				t.Fatal(err)
			}
			if err := r.ask(n, item{id: "j", join: &Joining{Mix: "m", Line: n}}); err != nil {
				t.Fatal(err)
			}
			r.ms(100)
			r.all = nil
			r.configure(c.to)
			r.tick(1)
			r.isTold(n, c.want)
			if slices.ContainsFunc(r.last(n, 20), func(v int16) bool { return v != 0 }) {
				t.Error("it goes on to speak")
			}
			if err := r.l.take(item{line: mustLine(t, r.s, n), cmd: driver.Command{Kind: c.want}}); (err != nil) == (name == "other port") {
				t.Errorf("told to act: %v", err)
			}
			r.l.tx.Command(driver.GoOffHook, n-1, 0, 0, nil) // as by a mistake above the guard
			r.ms(200)
			r.isTold(n)
			r.tick(1)
			told := kinds(r.all, n)
			for _, k := range []EventKind{CallEnd, Played, Left} {
				if got := slices.Index(told, k); got < 0 || slices.Contains(told[got+1:], k) {
					t.Errorf("%s is not told once: %v", k, told)
				}
			}
			if e := find(r.all, CallEnd)[0]; e.EndedBy != "reconfigured" {
				t.Errorf("ended: %+v", e)
			}
			if len(r.l.mixes) != 0 {
				t.Error("its mix is left behind")
			}
		})
	}
}

func TestAnotherNameEndsNothing(t *testing.T) {
	r := newRoom(t, 2)
	r.says = []int16{100, 200}
	r.join(1, "a", Talker, 0)
	r.join(2, "a", Talker, 0)
	if err := r.ask(1, item{play: &Play{ID: "p", Line: 1, Over: true, Audio: []Audio{{MS: 1000}}}}); err != nil {
		t.Fatal(err)
	}
	r.hears(200, 100)
	line := mustLine(t, r.s, 1)
	run, err := prepare(r.l.info, line, LineConfig{Number: 1, Port: 1, Use: driver.Trunk, Name: "other"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.l.take(item{line: line, run: run}); err != nil {
		t.Fatal(err)
	}
	r.hears(200, 100)
	if got := r.events(); len(find(got, Left)) != 0 || len(find(got, Played)) != 0 {
		t.Errorf("told %v", kinds(got, 1))
	}
}
