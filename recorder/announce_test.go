package recorder

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/recorder/rules"
)

// slowPlayer is asked to play, and answers when the test says so.
type slowPlayer struct {
	mu    sync.Mutex
	asked []func(request string, err error)
}

func (p *slowPlayer) Announce(_ string, _ rules.Announce, done func(string, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, done)
}

func (p *slowPlayer) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

func (p *slowPlayer) answer(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[n](fmt.Sprint("r", n), nil)
}

func TestACallWhoseAnnouncementWasNotHeardToItsEndIsNotRecordedWhereThatMustBe(t *testing.T) {
	// A step is an answer of the player, "early:" how its play ended before that was
	// taken, or how its play ended.
	for _, c := range []struct {
		steps     []string
		otherwise string
		asked     int
		kept      bool
		codes     []string
	}{
		{[]string{"answer", "end"}, rules.ElseDeny, 1, true, []string{"playing", "played"}},
		{[]string{"answer", "stopped", "answer", "end"}, rules.ElseDeny, 2, true, []string{"playing", "stopped", "played"}},
		{[]string{"answer", "stopped", "answer", "stopped"}, rules.ElseDeny, 2, false, nil},
		{[]string{"answer", "stopped", "answer", "stopped"}, rules.ElseRecord, 2, true, []string{"playing", "stopped", "stopped"}},
		{[]string{"early:end", "answer"}, rules.ElseDeny, 1, true, []string{"playing", "played"}},
		{[]string{"early:stopped", "answer", "early:stopped", "answer"}, rules.ElseDeny, 2, false, nil},
		{[]string{"answer"}, rules.ElseDeny, 1, false, nil}, // the call ends while it plays
		{nil, rules.ElseDeny, 1, false, nil},                // … and before it plays
		{nil, rules.ElseRecord, 1, true, []string{"playing", "failed"}},
	} {
		set, err := rules.New(rules.Doc{List: []rules.Rule{{Name: "told", Record: true, Announce: "recording-announcement", AnnounceElse: c.otherwise}}}, nil, nil, nil, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		p := &slowPlayer{}
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, func(_ *rig, rc *Config, _ *channels.Config) {
			rc.Rules, rc.Announcer = func() *rules.Set { return set }, p
		})
		now := func() (n telling) {
			_ = r.rec.ask("look", 1, func(w *watch, _ int64) error { n = w.announced; return nil })
			return n
		}
		r.at(second, 1, driver.RingBegin, 0)
		r.at(2*second, 1, driver.RingEnd, 0)
		r.hook(4*second, 1, true) // it is answered
		for s := int64(1); s <= 10; s++ {
			r.to(s * second)
		}
		until(t, "it to be asked for", func() bool { return p.times() == 1 })
		for _, step := range c.steps {
			if step == "answer" {
				n := p.times()
				p.answer(n - 1)
				until(t, "the answer to be taken", func() bool { return now() != asking || p.times() > n })
				continue
			}
			how := step
			if rest, ok := strings.CutPrefix(step, "early:"); ok {
				how = rest
			}
			_ = r.rec.ask("end", 1, func(w *watch, pos int64) error {
				w.event(&channels.Event{Line: 1, Kind: channels.Played, Pos: pos, Known: pos, Time: w.line.Time(pos), Request: fmt.Sprint("r", p.times()-1), Text: how})
				return nil
			})
		}
		r.hook(12*second, 1, false)
		r.to(20 * second)
		all := r.settle()
		if len(all) == 1 != c.kept || p.times() != c.asked {
			t.Errorf("%v, else %s: %d recordings, asked for %d times", c.steps, c.otherwise, len(all), p.times())
		}
		if got := slices.Contains(r.calls.whys(), WhyNotAnnounced); got != (!c.kept || slices.Contains(c.codes, "failed")) {
			t.Errorf("%v, else %s: the journal was told %v", c.steps, c.otherwise, r.calls.whys())
		}
		for _, l := range all {
			var codes []string
			for _, e := range entriesOf(r.story(l), entryAnnounce) {
				codes = append(codes, e.Code)
			}
			if !slices.Equal(codes, c.codes) {
				t.Errorf("%v, else %s: the story says %v", c.steps, c.otherwise, codes)
			}
		}
		r.close()
	}
}
