package console

import (
	"testing"
	"time"

	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/index"
)

func TestATimelinePutsBeginAndEndTogether(t *testing.T) {
	st := archive.Story{Entries: []archive.Entry{
		{At: 100, Kind: "caller", Text: "123"},
		{At: -800, Kind: "ring-begin"},
		{At: 8000, Kind: "tone", Text: "dial", Value: 1, Side: "network"},
		{At: 8100, Kind: "key", Text: "5", Value: 800, Side: "local"},
		{At: 24000, Kind: "tone", Text: "dial", Side: "network"},
		{At: 30000, Kind: "masked", Value: 800, Code: "pause", Text: "card number", Actor: "ann"},
		{At: 30800, Kind: "masked", Value: 1600, Code: "pause", Text: "card number", Actor: "ann"},
		{At: 40000, Kind: "held", Value: 1},
		{At: 50000, Kind: "gap", Value: 400},
		{At: 60000, Kind: "voice-begin"},
	}}
	row := &index.Row{Samples: 80_000, Marks: []index.Mark{{At: 48_000, Actor: "bob", Text: "here", Time: time.Unix(0, 0)}}}
	got := moments("en", &st, row)
	want := []api.Moment{
		{At: -0.1, Track: "call", Kind: "ring-begin"},
		{At: 1, Length: 2, Track: "tone", Kind: "tone", Code: "dial", Side: "network"},
		{At: 1.013, Length: 0.1, Track: "key", Kind: "key", Code: "5", Side: "local"},
		{At: 3.75, Length: 0.3, Track: "masked", Kind: "masked", Code: "card number", Actor: "ann"},
		{At: 5, Length: 5, Track: "hold", Kind: "held"},
		{At: 6, Track: "mark", Kind: "mark", Code: "here", Actor: "bob"},
		{At: 6.25, Length: 0.05, Track: "gap", Kind: "gap"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d moments: %+v", len(got), got)
	}
	for i, w := range want {
		g := got[i]
		if g.Text == "" || g.Text == g.Kind && g.Kind != "ring-begin" {
			t.Errorf("%d has no words: %+v", i, g)
		}
		g.Text, g.Time = "", nil
		if g != w {
			t.Errorf("%d is %+v, want %+v", i, g, w)
		}
	}
	if got[3].Text != "Left out on purpose · recording was paused · card number" {
		t.Errorf("masked: %q", got[3].Text)
	}
}
