package recorder

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/recorder/rules"
)

// playerOf notes what is to be announced, and answers as it is told.
type playerOf struct {
	mu    sync.Mutex
	err   error
	asked []rules.Announce
}

func (p *playerOf) Announce(_ string, a rules.Announce, done func(string, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, a)
	done("r1", p.err)
}

func TestAnAnnouncementIsWantedAtTheAnswerAndWithoutItARuleMayDeny(t *testing.T) {
	for _, c := range []struct {
		name      string
		otherwise string
		err       error
		kept      bool
		why       string
	}{
		{"played", rules.ElseDeny, nil, true, ""},
		{"cannot be played, recorded anyway", rules.ElseRecord, errors.New("no such prompt"), true, WhyNotAnnounced},
		{"cannot be played, not recorded", rules.ElseDeny, errors.New("no such prompt"), false, WhyNotAnnounced},
	} {
		set, err := rules.New(rules.Doc{List: []rules.Rule{{Name: "told", Record: true, Announce: "recording-announcement", AnnounceElse: c.otherwise}}}, nil, nil, nil, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		p := &playerOf{err: c.err}
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, func(_ *rig, rc *Config, _ *channels.Config) {
			rc.Rules, rc.Announcer = func() *rules.Set { return set }, p
		})
		r.at(second, 1, driver.RingBegin, 0)
		r.at(2*second, 1, driver.RingEnd, 0)
		r.hook(4*second, 1, true) // it is answered
		for s := int64(1); s <= 10; s++ {
			r.to(s * second)
		}
		until(t, "the announcement to be decided on", func() bool {
			r.decided()
			var now telling
			_ = r.rec.ask("look", 1, func(w *watch, _ int64) error { now = w.announced; return nil })
			return now > asking
		})
		_ = r.rec.ask("end", 1, func(w *watch, pos int64) error {
			w.event(&channels.Event{Line: 1, Kind: channels.Played, Pos: pos, Known: pos, Time: w.line.Time(pos), Request: "r1", Text: "end"})
			return nil
		})
		r.hook(12*second, 1, false)
		r.to(20 * second)
		all := r.settle()
		if (len(all) == 1) != c.kept || len(p.asked) != 1 || p.asked[0].Prompt != "recording-announcement" {
			t.Errorf("%s: %d recordings, asked for %v", c.name, len(all), p.asked)
		}
		if got := slices.Contains(r.calls.whys(), WhyNotAnnounced); got != (c.why != "") {
			t.Errorf("%s: the journal was told %v", c.name, r.calls.whys())
		}
		for _, l := range all {
			if n := len(entriesOf(r.story(l), entryAnnounce)); n == 0 {
				t.Errorf("%s: the story does not say so", c.name)
			}
		}
		r.close()
	}
}
