package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/drivertest"
	"vaad/driver/framelog"
)

// record writes a log of some seconds of a scene that ends while it rings, and
// returns its path, the events and the codes of line 1.
func record(t *testing.T, seconds int) (path string, events []string, codes []byte) {
	t.Helper()
	dir := t.TempDir()
	scene := filepath.Join(dir, "s.json")
	text := `{"format":1,"voices":{"a":{}},"callers":[{"lines":[1],"start":0,"steps":[{"reversal":true},{"say":"a","for":1},{"ring":20}]}]}`
	if err := os.WriteFile(scene, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, fmt.Sprintf(`{"scene":%q,"count":2}`, scene))
	var log bytes.Buffer
	w, err := framelog.NewWriter(&log, r.b.Info(), time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for range seconds * 50 {
		events = append(events, r.tick()...)
		codes = append(codes, r.rx.LineCode(0)...)
		if err := w.Write(r.rx, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "log.vfl")
	if err := os.WriteFile(path, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, events, codes
}

func openReplayRig(t *testing.T, path, more string) *rig {
	t.Helper()
	clock := &fakeClock{}
	b, err := openWith("", fmt.Sprintf(`{"replay":%q%s}`, path, more), WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return &rig{t: t, b: nil, clock: clock, tx: driver.NewFrame(b.Info()), rx: driver.NewFrame(b.Info()), board: b}
}

func TestReplayDoesWhatTheBoardDid(t *testing.T) {
	path, events, codes := record(t, 2)
	r := openReplayRig(t, path, `,"loop":false`)
	if in := r.board.Info(); !in.Simulated || in.Virtual || len(in.Lines) != 2 || in.Driver != "sim" {
		t.Errorf("info %+v", in)
	}
	began := r.clock.Now()
	var got []string
	var heard []byte
	for range 100 {
		got = append(got, r.tick()...)
		heard = append(heard, r.rx.LineCode(0)...)
	}
	if !slices.Equal(got, events) || !bytes.Equal(heard, codes) {
		t.Errorf("another story:\n got %q\nwant %q", got, events)
	}
	if d := r.clock.Now() - began; d != 2*time.Second {
		t.Errorf("2 s took %v", d)
	}
	want(t, r.tick(), "1:ring-end@0", "1:polarity@0", "1:volts@0=-48000", "2:volts@0=-48000")
	if r.rx.LineCode(0)[0] != driver.ALaw.Silence() || r.rx.Pos != 16000 || r.rx.Seq != 100 {
		t.Error("after its end the line is not silent, or its positions do not go on")
	}
	r.tx.Command(driver.GoOffHook, 1, 0, 0, nil)
	if ev := r.tick(); len(ev) != 1 || !strings.HasPrefix(ev[0], "2:refused") {
		t.Errorf("a command: %q", ev)
	}
}

func TestReplayBeginsAgain(t *testing.T) {
	path, events, _ := record(t, 2)
	r := openReplayRig(t, path, "")
	for round := range 3 {
		var got []string
		for range 100 {
			got = append(got, r.tick()...)
		}
		if round > 0 {
			want(t, got[:2], "1:ring-end@0", "1:polarity@0")
			got = got[2:]
		}
		if w := without(slices.Clone(events), "state"); !slices.Equal(without(got, "state"), w) {
			t.Errorf("round %d:\n got %q\nwant %q", round, got, w)
		}
	}
}

func TestReplayOfNoLogIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	for _, write := range []bool{false, true} {
		if write {
			if err := os.WriteFile(path, []byte("no log at all"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := openWith("", fmt.Sprintf(`{"replay":%q}`, path)); err == nil || !strings.Contains(err.Error(), "replay: ") {
			t.Errorf("written %v: %v", write, err)
		}
	}
}

func TestReplayWhoseLogIsMissingIsNoFaultOfTheConfiguration(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "not-there-yet.frames")
	if err := Driver().Check(driver.Config{ID: "b", Options: json.RawMessage(fmt.Sprintf(`{"replay":%q}`, missing))}); err != nil {
		t.Error("it would keep all other boards from starting:", err)
	}
}

func TestReplayIsABoard(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time")
	}
	path, _, _ := record(t, 2)
	drivertest.TestBoard(t, func(t *testing.T) driver.Board {
		b, err := openWith("", fmt.Sprintf(`{"replay":%q}`, path))
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}
