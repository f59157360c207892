package channels

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"
	"vaad/dsp/progress"
)

// bInfo describes a board of n digital channels without a D-channel: lines that
// can be spoken on and have no signalling.
func bInfo(n int) driver.Info {
	info := driver.Info{Driver: "fake", Model: "Fake"}
	for i := range n {
		info.Lines = append(info.Lines, driver.Line{Port: i + 1, Kind: driver.BChan, Law: driver.ALaw, Caps: driver.CapTx})
	}
	return info
}

// A room is a board of n lines on which line i says says[i], stepped by the test.
type room struct {
	t    *testing.T
	s    *System
	l    *loop
	feed *Reader
	says []int16
	sent [][]int16 // the last block sent on each line
}

func newRoom(t *testing.T, n int) *room {
	t.Helper()
	r := &room{t: t, says: make([]int16, n), sent: make([][]int16, n)}
	board := newFake(bInfo(n), func(_ int, tx, rx *driver.Frame) error {
		for i := range n {
			r.sent[i] = slices.Clone(tx.LinePCM(i))
			pcm := rx.LinePCM(i)
			for k := range pcm {
				pcm[k] = r.says[i]
			}
		}
		return nil
	})
	r.s, r.l = stepper(t, board, Config{Plan: planOf{use: driver.Trunk}})
	r.feed = r.s.Subscribe("test", true)
	r.tick(1)
	return r
}

func (r *room) tick(n int) {
	r.t.Helper()
	for range n {
		if err := r.l.tick(); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *room) ask(line int, it item) error {
	it.line = mustLine(r.t, r.s, line)
	return r.l.take(it)
}

func (r *room) join(line int, mix string, role Role, to int) {
	r.t.Helper()
	if err := r.ask(line, item{id: "j", join: &Joining{Mix: mix, Line: line, Role: role, To: to}}); err != nil {
		r.t.Fatal(err)
	}
}

// hears checks the sample that each line is sent.
func (r *room) hears(want ...int16) {
	r.t.Helper()
	r.tick(2)
	for i, w := range want {
		if got := r.sent[i][80]; got != w {
			r.t.Errorf("line %d hears %d, want %d", i+1, got, w)
		}
	}
}

func (r *room) events() []Event {
	r.s.feed.round()
	evs, _ := r.feed.Drain(nil)
	return evs
}

func TestEachHearsAllOthersAndNotItself(t *testing.T) {
	r := newRoom(t, 4)
	r.says = []int16{100, 200, 400, 800}
	r.hears(0, 0, 0, 0)
	r.join(1, "a", Talker, 0)
	r.join(2, "a", Talker, 0)
	r.hears(200, 100, 0, 0)
	r.join(3, "a", Talker, 0)
	r.hears(600, 500, 300, 0)
	r.join(4, "a", Listener, 0)
	r.hears(600, 500, 300, 700)
	r.join(4, "a", Whisperer, 2)
	r.hears(600, 1300, 300, 700)
	r.join(4, "a", Talker, 0)
	r.hears(1400, 1300, 1100, 700)
	r.join(3, "b", Talker, 0)
	r.hears(1000, 900, 0, 300)
	if err := r.ask(1, item{id: "l", leave: true}); err != nil {
		t.Fatal(err)
	}
	r.hears(0, 800, 0, 200)
	var told []string
	for _, e := range r.events() {
		if e.Kind == Joined || e.Kind == Left {
			told = append(told, string(e.Kind)+" "+string(rune('0'+e.Line))+e.Text+e.Request)
		}
	}
	want := []string{"joined 1aj", "joined 2aj", "joined 3aj", "joined 4aj", "left 3a", "joined 3bj", "left 1al"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if len(r.l.mixes) != 2 {
		t.Errorf("%d mixes", len(r.l.mixes))
	}
}

func TestAConferenceOfFortyClipsAndAllocatesNothing(t *testing.T) {
	const n = 40
	r := newRoom(t, n)
	for i := range n {
		r.says[i] = 30000
		r.join(i+1, "c", Talker, 0)
	}
	r.tick(3)
	for i := range n {
		if r.sent[i][7] != 32767 {
			t.Fatalf("line %d hears %d", i+1, r.sent[i][7])
		}
	}
	for i := range n {
		r.says[i] = -30000
	}
	r.tick(2)
	if r.sent[3][7] != -32768 {
		t.Errorf("line 4 hears %d", r.sent[3][7])
	}
	if a := testing.AllocsPerRun(100, r.l.speakAll); a != 0 {
		t.Errorf("%v allocations a block", a)
	}
}

func TestWhatIsPlayedIsHeardInItsOrder(t *testing.T) {
	r := newRoom(t, 2)
	ramp := func(v int16, n int) []int16 { return slices.Repeat([]int16{v}, n) }
	play := func(p Play) {
		t.Helper()
		p.Line = 1
		if err := r.ask(1, item{id: p.ID, play: &p}); err != nil {
			t.Fatal(err)
		}
	}
	play(Play{ID: "a", Audio: []Audio{{PCM: ramp(1000, 100)}, {MS: 10}, {PCM: ramp(3000, 60)}}})
	play(Play{ID: "b", Queue: true, Audio: []Audio{{PCM: ramp(5000, 240)}}})
	r.tick(1)
	if s := r.sent[0]; s[0] != 1000 || s[99] != 1000 || s[100] != 0 || s[159] != 0 {
		t.Errorf("first block %v", s)
	}
	r.tick(1)
	if s := r.sent[0]; s[19] != 0 || s[20] != 3000 || s[79] != 3000 || s[80] != 5000 {
		t.Errorf("second block %v", s)
	}
	r.tick(2)
	if s := r.sent[0]; s[0] != 0 {
		t.Errorf("after the end: %v", s[:4])
	}
	got := find(r.events(), Played)
	if len(got) != 2 || got[0].Request != "a" || got[0].Text != "end" || got[0].Value != 240 || got[1].Request != "b" {
		t.Errorf("played: %+v", got)
	}

	r.says[1] = 700
	r.join(1, "m", Talker, 0)
	r.join(2, "m", Talker, 0)
	play(Play{ID: "c", Over: true, Loop: true, Audio: []Audio{{PCM: ramp(50, 33)}}, StopOn: "#5"})
	r.tick(3)
	if s := r.sent[0]; s[0] != 750 || s[159] != 750 {
		t.Errorf("over the mix: %v", s[:4])
	}
	r.l.find(mustLine(t, r.s, 1)).speech.play.key('4')
	r.l.find(mustLine(t, r.s, 1)).speech.play.key('5')
	r.tick(1)
	if s := r.sent[0]; s[0] != 700 {
		t.Errorf("after the key: %v", s[:4])
	}
	if got = find(r.events(), Played); len(got) != 1 || got[0].Text != "key 5" {
		t.Errorf("played: %+v", got)
	}
	play(Play{ID: "d", Loop: true, Audio: []Audio{{Tone: progress.Record}}}) // China has none
	r.tick(2)
	if got = find(r.events(), Played); len(got) != 1 || got[0].Value != 0 {
		t.Errorf("a tone that there is not: %+v", got)
	}
}

func TestWhatALineCannotDoIsRefusedWithItsReason(t *testing.T) {
	r := newRoom(t, 1)
	var no *WishError
	if err := r.ask(1, item{wish: &Wish{Kind: WishCall, Number: "1"}}); !errors.As(err, &no) || no.Code != "cannot" || no.Wish != "call" {
		t.Errorf("a call without signalling: %v", err)
	}
	for i := range maxPlays + 1 {
		err := r.ask(1, item{play: &Play{Line: 1, Queue: true, Audio: []Audio{{MS: 1000}}}})
		if (err != nil) != (i == maxPlays) {
			t.Errorf("play %d: %v", i, err)
		}
	}
	ctx := t.Context()
	for code, err := range map[string]error{
		"bad-audio": second(r.s.Play(ctx, Play{Line: 1})),
		"bad-keys":  second(r.s.Play(ctx, Play{Line: 1, Audio: []Audio{{Keys: "x"}}})),
		"bad-mix":   second(r.s.Join(ctx, Joining{Line: 1})),
	} {
		if !errors.As(err, &no) || no.Code != code {
			t.Errorf("%s: %v", code, err)
		}
	}
	if _, err := r.s.Join(ctx, Joining{Line: 9, Mix: "a"}); !errors.Is(err, ErrNoLine) {
		t.Errorf("no such line: %v", err)
	}
	tap := newFake(bInfo(1), func(int, *driver.Frame, *driver.Frame) error { return nil })
	s, l := stepper(t, tap, Config{})
	if err := l.tick(); err != nil {
		t.Fatal(err)
	}
	for _, it := range []item{{wish: &Wish{Kind: WishAnswer}}, {play: &Play{}}, {quiet: true}, {leave: true}, {join: &Joining{Mix: "a"}}} {
		it.line = mustLine(t, s, 1)
		if err := l.take(it); !errors.Is(err, driver.ErrTap) {
			t.Errorf("%s on a tap: %v", it.name(), err)
		}
	}
}

func second(_ Accepted, err error) error { return err }

// Two boards, each with its own clock: what is said on one is heard on the other.
func TestAMixReachesOverBoards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := [2]chan int16{make(chan int16, 4096), make(chan int16, 4096)}
		var boards [2]*fakeBoard
		for i := range boards {
			boards[i] = newFake(bInfo(2), func(_ int, tx, rx *driver.Frame) error {
				select {
				case heard[i] <- tx.LinePCM(0)[80]:
				default:
				}
				pcm := rx.LinePCM(0)
				for k := range pcm {
					pcm[k] = int16(1000 * (i + 1))
				}
				return boards[i].tick()
			})
		}
		c := Config{Boards: []BoardConfig{{ID: "a", Driver: opener(boards[0])}, {ID: "b", Driver: opener(boards[1])}},
			Plan: planFunc(func(id string, _ driver.Info) ([]LineConfig, error) {
				base := map[string]int{"a": 0, "b": 10}[id]
				return []LineConfig{{Number: base + 1, Port: 1, Use: driver.Trunk}, {Number: base + 2, Port: 2, Use: driver.Trunk}}, nil
			})}
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		feed := s.Subscribe("test", true)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		time.Sleep(100 * time.Millisecond)
		for _, n := range []int{1, 11} {
			if _, err := s.Join(t.Context(), Joining{ID: "x", Mix: "m", Line: n}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		for i := range heard {
			for len(heard[i]) > 1 {
				<-heard[i]
			}
			if got, want := <-heard[i], int16(2000-1000*i); got < want-8 || got > want+8 { // it was resampled
				t.Errorf("board %d hears %d, want %d", i, got, want)
			}
		}
		_ = boards[0].Close() // the mix's own board goes
		time.Sleep(time.Second)
		var left []int
		evs, _ := feed.Drain(nil)
		for _, e := range find(evs, Left) {
			left = append(left, e.Line)
		}
		slices.Sort(left)
		if !slices.Equal(left, []int{1, 11}) {
			t.Errorf("left: %v", left)
		}
		s.homes.mu.Lock()
		defer s.homes.mu.Unlock()
		if len(s.homes.of) != 0 {
			t.Errorf("homes are kept: %v", s.homes.of)
		}
	})
}
