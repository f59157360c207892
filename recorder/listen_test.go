package recorder

import (
	"context"
	"errors"
	"io"
	"testing"

	"vaad/driver"
	"vaad/dsp/wav"
)

func TestListenStreamsTheLineFromNowOn(t *testing.T) {
	r := newRig(t, newBoard(1, driver.MuLaw), LineConfig{}, nil)
	r.to(5 * second)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := r.rec.Listen(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	info, err := wav.Parse(s)
	if err != nil || info.Format != wav.MuLaw {
		t.Fatalf("the stream begins with %+v, %v", info, err)
	}
	r.to(8 * second)
	got := make([]byte, 3*second)
	if _, err := io.ReadFull(s, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != string(wantAudio(0, 5*second, 3*second)) {
		t.Error("the stream is not what the line carries")
	}
	cancel()
	if _, err := s.Read(got); err != io.EOF {
		t.Errorf("after its end: %v", err)
	}
	if _, err := r.rec.Listen(ctx, 7); !errors.Is(err, ErrNoLine) {
		t.Errorf("listening to a line that is not there: %v", err)
	}
}

func TestAListenerThatSleepsMissesAudioAndHoldsUpNobody(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Continuous}, nil)
	r.to(1 * second)
	s, err := r.rec.Listen(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	r.to(100 * second)
	if _, err := wav.Parse(s); err != nil {
		t.Fatal(err)
	}
	if got, err := s.(*listener).more(); got || err != nil { // it finds that the ring has overtaken it
		t.Errorf("it hears something of what it missed, %v", err)
	}
	done := make(chan []byte)
	go func() {
		b := make([]byte, second)
		_, _ = io.ReadFull(s, b)
		done <- b
	}()
	r.to(102 * second)
	if b := <-done; string(b) != string(wantAudio(0, 100*second, second)) {
		t.Error("the listener does not hear the line as it is now")
	}
}
