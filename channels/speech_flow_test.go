package channels

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
)

// play plays what must be possible.
func (r *rig) play(p Play) {
	r.t.Helper()
	if err := r.ask(p.Line, item{id: p.ID, play: &p}); err != nil {
		r.t.Fatal(err)
	}
}

// talking is a rig whose telephone is in a call.
func talking(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, mixedInfo(), mixedPlan())
	r.ms(200)
	r.wish(Wish{Line: 1, Kind: WishCall})
	r.ms(5000)
	r.board(1, driver.OffHook, 0)
	r.await(1, CallAnswered, 100)
	r.ms(100)
	return r
}

func TestALoopOfWholeBlocksGoesOn(t *testing.T) {
	for _, n := range []int{1, 159, 160, 161, 320, 8000} {
		p := player{}
		p.take(Play{Loop: true, Audio: []Audio{{PCM: slices.Repeat([]int16{7}, n)}}})
		var block [driver.Block]int16
		for range 200 {
			clear(block[:])
			p.fill(block[:])
			if slices.Index(block[:], 0) >= 0 || !p.on() {
				t.Fatalf("a loop of %d samples ends", n)
			}
		}
	}
	p := player{}
	p.take(Play{Loop: true, Audio: []Audio{{PCM: []int16{}}, {Tone: 200}}})
	p.fill(make([]int16, driver.Block))
	if p.on() {
		t.Error("a loop of nothing goes on")
	}
}

func TestWhatTheBoardDropsIsNotPlayedNorRecorded(t *testing.T) {
	r := talking(t)
	pcm := make([]int16, 10*driver.Block)
	for i := range pcm {
		pcm[i] = int16(1000 + i)
	}
	r.play(Play{ID: "p", Line: 1, Audio: []Audio{{PCM: pcm}}})
	from := r.l.next
	r.tick(3)
	r.late = true
	r.tick(1) // the board says it with this frame: what answers it is dropped
	before := len(r.heard[0])
	r.tick(1)
	if slices.ContainsFunc(r.heard[0][before:], func(v int16) bool { return v != 0 }) {
		t.Error("something is sent in answer to a late frame")
	}
	r.tick(10)
	want := slices.Concat(pcm[:4*driver.Block], make([]int16, driver.Block), pcm[4*driver.Block:])
	got := r.heard[0][from : from+int64(len(want))]
	if !slices.Equal(got, want) {
		t.Error("what is played does not wait")
	}
	code, rec := make([]byte, len(want)), make([]byte, len(want))
	g711.Encode(code, want, g711.ALaw)
	if n, err := mustLine(t, r.s, 1).Read(rec, 0, from); n != len(rec) || err != nil || !bytes.Equal(rec, code) {
		t.Errorf("the side that is sent is not recorded as it was: %d %v", n, err)
	}
	if e := r.await(1, Played, 100); e.Text != "end" || e.Value != int64(len(pcm)) || e.Request != "p" {
		t.Errorf("played: %+v", e)
	}
}

func TestEarsHearNoEchoOfOurs(t *testing.T) {
	r := talking(t)
	r.echo[0] = 0.5
	r.play(Play{ID: "p", Line: 1, StopOn: "5", Audio: []Audio{{Keys: "12345"}, {MS: 1000}}})
	if e := r.await(1, Played, 4000); e.Text != "end" {
		t.Errorf("its own key ended it: %+v", e)
	}
	cn, _ := tone.Country("CN")
	r.play(Play{Line: 1, Audio: []Audio{{PCM: sound(cn.Busy, 8000)}}})
	r.ms(9000)
	for _, k := range []EventKind{Key, Tone} {
		if got := find(r.all, k); len(got) != 0 {
			t.Errorf("it heard itself: %+v", got)
		}
	}
	r.all = nil
	r.play(Play{ID: "q", Line: 1, StopOn: "5", Loop: true, Audio: []Audio{{PCM: sound(cn.Ringback, 4000)}}})
	r.ms(1000)
	r.says[0] = presses(t, "5")
	if e := r.await(1, Played, 1000); e.Text != "key 5" || e.Request != "q" {
		t.Errorf("played: %+v", e)
	}
}

func TestACardsCancellerWorksInCallsWithoutData(t *testing.T) {
	r := newRig(t, mixedInfo(), mixedPlan())
	r.ms(6000)
	call := func() {
		r.all = nil
		r.board(3, driver.RingBegin, 0)
		r.ms(1000)
		r.board(3, driver.RingEnd, 0)
		r.await(3, CallBegin, 1000)
		r.isTold(3)
		r.wish(Wish{Line: 3, Kind: WishAnswer})
		r.tick(2)
		r.isTold(3, driver.GoOffHook, driver.SetEC)
	}
	call()
	r.wish(Wish{Line: 3, Kind: WishRelease})
	r.tick(2)
	r.isTold(3, driver.GoOnHook, driver.SetEC)
	r.ms(10_000)
	call()
	r.says[2] = sound(tone.Cadence{Bursts: []tone.Burst{{Sines: []tone.Sine{{Hz: 2100, DBm0: -12}}, On: 3000}}, Times: 1}, 3000)
	r.await(3, Modem, 3000)
	r.tick(2)
	r.isTold(3, driver.SetEC)
	r.says[2] = nil
	r.ms(3000)
	r.isTold(3)
	r.wish(Wish{Line: 3, Kind: WishRelease})
	r.tick(2)
	r.isTold(3, driver.GoOnHook)
	r.ms(10_000)
	call() // data is over with its call
	r.configure(LineConfig{Number: 3, Port: 3, Use: driver.Unused})
	r.tick(1)
	r.isTold(3, driver.GoOnHook, driver.SetEC)
}

func TestACancellerKeepsWhatItKnows(t *testing.T) {
	r := talking(t)
	r.board(1, driver.RoundTrip, 320)
	v := r.l.find(mustLine(t, r.s, 1)).speech
	e := v.echo
	c := mixedPlan()[0]
	c.Name = "other"
	r.configure(c)
	if now := r.l.find(mustLine(t, r.s, 1)).speech; now != v || now.echo != e {
		t.Error("another name costs the line its canceller")
	}
	c.Active.EchoMS = 128
	r.configure(c)
	if v.echo == e || v.delay != 320 {
		t.Error("a new tail does not count")
	}
	c.Active.EchoMS = noEcho
	r.configure(c)
	if v.echo != nil {
		t.Error("it is not off")
	}
	r.ms(100)
}

func TestAnImpossiblePlayIsRefused(t *testing.T) {
	s, _ := stepper(t, newFake(bInfo(1), nil), Config{Plan: planOf{use: driver.Trunk}})
	nan := 0.0
	nan /= nan
	for _, p := range []Play{{GainDB: nan, Audio: []Audio{{MS: 1}}}, {GainDB: 61, Audio: []Audio{{MS: 1}}}, {Audio: []Audio{{MS: -1}}}, {Audio: []Audio{{MS: maxAudioMS + 1}}}} {
		p.Line = 1
		var no *WishError
		if _, err := s.Play(t.Context(), p); !errors.As(err, &no) || no.Code != "bad-audio" {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// Two boards, of which one hangs while a line of the other is to join its mix.
func TestAJoiningThatIsGivenUpLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		boards := [2]*fakeBoard{}
		for i := range boards {
			boards[i] = newFake(bInfo(1), func(n int, _, _ *driver.Frame) error {
				if i == 0 && n == 50 {
					<-hang
					return driver.ErrGone
				}
				return boards[i].tick()
			})
		}
		s := started(t, Config{Boards: []BoardConfig{{ID: "a", Driver: opener(boards[0])}, {ID: "b", Driver: opener(boards[1])}},
			Plan: planFunc(func(id string, _ driver.Info) ([]LineConfig, error) {
				return []LineConfig{{Number: int(id[0]-'a') + 1, Port: 1, Use: driver.Trunk}}, nil
			})})
		defer close(hang)
		time.Sleep(500 * time.Millisecond)
		if _, err := s.Join(t.Context(), Joining{Mix: "m", Line: 1}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // it hangs
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := s.Join(ctx, Joining{Mix: "m", Line: 2}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("joined: %v", err)
		}
		time.Sleep(5 * time.Second) // it is given up
		s.homes.mu.Lock()
		n := len(s.homes.of)
		s.homes.mu.Unlock()
		if n != 0 {
			t.Errorf("%d homes are kept", n)
		}
		if _, err := s.Join(t.Context(), Joining{Mix: "m", Line: 2}); err != nil {
			t.Errorf("the mix cannot be made anew: %v", err)
		}
	})
}

func TestNothingCanBeWishedBeforeTheFirstFrame(t *testing.T) {
	s, l := stepper(t, newFake(mixedInfo(), nil), Config{Plan: rigPlan{lines: mixedPlan()}})
	for _, it := range []item{{wish: &Wish{Kind: WishCall, Number: "1"}}, {play: &Play{}}, {quiet: true}, {leave: true}, {join: &Joining{Mix: "m"}}, {join: &Joining{Mix: "m"}, far: true}} {
		it.line = mustLine(t, s, 2)
		if err := l.take(it); !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v", it.name(), err)
		}
	}
	if len(l.tx.Commands) != 0 || len(l.mixes) != 0 {
		t.Error("something was done all the same")
	}
}

func TestAWishToABoardThatHangsIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		var b *fakeBoard
		b = newFake(bInfo(1), func(n int, _, _ *driver.Frame) error {
			if n == 20 {
				<-hang
			}
			return b.tick()
		})
		s := started(t, Config{Boards: []BoardConfig{{ID: "a", Driver: opener(b)}}, Plan: planOf{use: driver.Trunk}})
		defer close(hang)
		time.Sleep(time.Second)
		begun := time.Now()
		if _, err := s.Wish(t.Context(), Wish{Line: 1, Kind: WishCall, Number: "1"}); !errors.Is(err, ErrGone) {
			t.Errorf("answered: %v", err)
		}
		if after := time.Since(begun); after > 3*time.Second {
			t.Errorf("answered after %v", after)
		}
	})
}

func TestAMixWhoseBoardIsGoneBeginsAnew(t *testing.T) {
	var h homes
	gone, other := &board{}, &board{loop: &loop{}}
	h.begin("m", gone)
	h.joined("m")
	if at := h.begin("m", other); at != other {
		t.Error("it is looked for on a board that does not run")
	}
	h.left("m")
	h.joined("m")
	if at := h.begin("m", gone); at != other {
		t.Error("it has left its board")
	}
	h.end("m")
	h.left("m")
	if len(h.of) != 0 {
		t.Error("it is left behind")
	}
}

// Blocks that never came teach the canceller nothing: the echo behind them is as weak as before.
func TestFillerTeachesTheCancellerNothing(t *testing.T) {
	v := newSpeech(&view{use: driver.Station, info: driver.Line{Kind: driver.FXS, Caps: driver.CapTx}})
	seed := uint32(1)
	block := func(pos int64, filler bool) (residue float64) {
		var pcm [driver.Block]int16
		for i := range v.sent {
			seed = seed*1664525 + 1013904223
			v.sent[i] = int16(seed>>16) / 8
			if pcm[i] = v.sent[i] / 2; filler {
				pcm[i] = 0
			}
		}
		if filler {
			v.filler = pos + driver.Block
		}
		v.echoes = echoTail
		v.takeIn(pcm[:], pos)
		return dsp.DBm0(dsp.Measure(v.said[:]).MeanSquare())
	}
	pos := int64(0)
	step := func(filler bool) float64 { pos += driver.Block; return block(pos, filler) }
	for range 200 {
		step(false)
	}
	before := step(false)
	for range 25 {
		step(true)
	}
	step(false)
	if after := step(false); after > before+6 {
		t.Errorf("an echo of %.1f dBm0 is one of %.1f", before, after)
	}
}
