package console

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"vaad/api"
	"vaad/channels"
	"vaad/driver"
)

// sees is what a watcher of a hub was told by one look.
func (h *hub) sees(w *watcher) news {
	h.look()
	return w.take()
}

func TestMovingLevelsAreReadingsAndChangesAreLines(t *testing.T) {
	f := newFixture(t)
	h := newHub(f.Server) // which looks only when it is told to
	w, _ := h.join("", 0, 10)
	old, _ := h.join("", 0, wholeLines)
	defer h.leave(w)
	defer h.leave(old)
	h.sees(w)
	old.take()
	f.lines.set(2, func(l *channels.LineStatus) {
		l.Sides = []channels.Side{{Name: "network", Law: driver.ALaw}, {Name: "local", Law: driver.ALaw}}
		l.LevelDBm0, l.MilliVolt, l.Pos = []float64{-12.3, -99}, -47_260, 1600
	})
	h.sees(w) // the sides are others: a change
	f.lines.set(2, func(l *channels.LineStatus) { l.LevelDBm0, l.MilliVolt, l.Pos = []float64{-14.8, -99}, -47_960, 3200 })
	n := h.sees(w)
	if len(n.lines) != 0 || len(n.readings) != 1 || !n.due {
		t.Fatalf("a level that moved is told as %+v", n)
	}
	var got api.Reading
	if err := json.Unmarshal([]byte(n.readings[2]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Line != 2 || *got.Volts != -48 || len(got.DBm0) != 2 || *got.DBm0[0] != -15 || got.DBm0[1] != nil || got.Pos != 3200 {
		t.Errorf("%s", n.readings[2])
	}
	if n := old.take(); len(n.lines) == 0 || len(n.readings) != 0 || !strings.Contains(n.lines[2], `"level_dbm0":-15`) {
		t.Errorf("who asked for none is told %+v", n)
	}
	f.lines.set(2, func(l *channels.LineStatus) { l.State = channels.Talking })
	if n := h.sees(w); len(n.lines) != 1 || !strings.Contains(n.lines[2], `"talking"`) {
		t.Errorf("a change is told as %+v", n)
	}
}

func TestWatcherChoosesItsPaceAndHearsThatNothingMoves(t *testing.T) {
	for _, c := range []struct{ asked, looks, messages int }{{10, 10, 10}, {8, 10, 5}, {5, 10, 5}, {1, 20, 2}, {0, 20, 0}, {wholeLines, 20, 0}} {
		f := newFixture(t)
		h := newHub(f.Server) // whose looks are all that there are
		w, _ := h.join("", 0, c.asked)
		got := 0
		for i := range c.looks {
			f.lines.set(1, func(l *channels.LineStatus) { l.LevelDBm0 = []float64{float64(-10 - i)} })
			if n := h.sees(w); n.due {
				got++
				if len(n.readings) == 0 {
					t.Errorf("%d a second: a message of nothing", c.asked)
				}
			}
		}
		if got != c.messages {
			t.Errorf("%d a second: %d messages in %d looks, want %d", c.asked, got, c.looks, c.messages)
		}
		got = 0
		for range looksPerSecond {
			if n := h.sees(w); n.due {
				got++
			}
		}
		if want := min(max(c.asked, 0), 1); got < want || got > 1 {
			t.Errorf("%d a second: %d messages in a second without movement, want %d", c.asked, got, want)
		}
		h.leave(w)
	}
}

func TestReadingsOfOthersLinesAreNotShown(t *testing.T) {
	f := newFixture(t)
	f.cfg.Access.SetGroups(map[string][]int{"front": {2}})
	r := f.request("GET", "/events?levels=10", nil)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	pr := newPipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.as(actor("agent", "front")).ServeHTTP(pr, r.WithContext(ctx))
	}()
	pr.until(t, "event: snapshot")
	for n := range 3 {
		f.lines.set(n+1, func(l *channels.LineStatus) { l.LevelDBm0 = []float64{-33} })
	}
	pr.until(t, `"dbm0":[-33]`)
	cancel()
	<-done
	if s := pr.String(); strings.Contains(s, `"line":1,`) || strings.Contains(s, `"line":3,`) {
		t.Errorf("lines of others are shown: %s", s)
	}
}

func TestImpossiblePacesAreRefused(t *testing.T) {
	f := newFixture(t)
	for _, q := range []string{"levels=11", "levels=-2", "levels=x", "after=" + strings.Repeat("x", 81)} {
		if w := f.do(http.MethodGet, "/events?"+q, nil); w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", q, w.Code)
		}
	}
}
