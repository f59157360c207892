package channels

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"vaad/driver"
	"vaad/dsp/g711"
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
