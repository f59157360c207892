package recorder

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"

	"pgregory.net/rapid"
)

// A model says in the plainest way what should be recorded of one line, from
// what the feed told and what people did.
type model struct {
	cfg                 LineConfig
	hook, call, stopped bool
	floor               int64
	cur                 *stretch
	done                []stretch
}

// A stretch is an expected recording.
type stretch struct {
	from, to, fired int64
	trigger, by     string
	hooked, kept    bool
	linked          bool // to the one before
}

func (s stretch) String() string {
	return fmt.Sprintf("[%d, %d) %s ended by %s, linked %v", s.from, s.to, s.trigger, s.by, s.linked)
}

func (m *model) begin(fired int64, trigger string, preroll int64) {
	if trigger == Voltage {
		preroll = max(preroll, 5600) // two periods of 250 ms and 200 ms
	}
	if m.cur == nil {
		m.cur = &stretch{from: min(fired, max(fired-preroll, m.floor, 0)), fired: fired, trigger: trigger, kept: trigger != Voltage}
	}
}

func (m *model) end(pos int64, by string) {
	c := m.cur
	if m.cur = nil; c == nil {
		return
	}
	c.to, c.by = pos, by
	if (c.kept || c.to-c.fired >= samples(m.cfg.MinMS)) && c.to > c.from {
		m.done = append(m.done, *c)
	}
}

func (m *model) split(pos int64, by, trigger string) {
	old := m.cur
	old.kept = true
	m.end(pos, by)
	m.cur = &stretch{from: pos, fired: pos, trigger: trigger, hooked: old.hooked, kept: true, linked: pos > old.from || old.linked}
}

func (m *model) upto(k int64) {
	for m.cur != nil && k > m.cur.from+samples(m.cfg.MaxMS) {
		m.split(m.cur.from+samples(m.cfg.MaxMS), EndLength, m.cur.trigger)
	}
}

func (m *model) event(e channels.Event) {
	m.upto(e.Known)
	pre := samples(m.cfg.PrerollMS)
	switch e.Kind {
	case channels.BoardUp:
		if m.cfg.Trigger == Continuous {
			m.begin(e.Pos, Continuous, 0)
		}
	case channels.OffHook:
		m.hook, m.stopped = true, false
		if m.cfg.Trigger == Voltage || m.cfg.Trigger == Continuous {
			m.begin(e.Pos, m.cfg.Trigger, pre)
		}
	case channels.CallBegin:
		m.call, m.stopped = true, false
	case channels.OnHook:
		m.hook, m.call = false, false
		if m.cur != nil && (m.cur.trigger == Voltage || m.cur.hooked) {
			m.end(e.Known, "on-hook")
		}
	}
}

func (m *model) start(p int64) {
	m.upto(p)
	switch {
	case m.cfg.Trigger == Off:
	case m.cur != nil:
		m.cur.kept = true
	default:
		trigger := Manual
		if m.cfg.Trigger == Continuous {
			trigger = Continuous
		}
		m.begin(p, trigger, samples(m.cfg.PrerollMS))
		m.cur.kept = true
		m.cur.hooked = trigger == Manual && m.hook
		m.stopped = false
	}
}

func (m *model) stop(p int64) {
	m.upto(p)
	if m.cur != nil {
		m.end(p, EndManual)
		m.stopped, m.floor = true, p
	}
}

func (m *model) configure(c LineConfig, p int64) {
	m.upto(p)
	old := m.cfg
	m.cfg = c
	wants := c.Trigger == Continuous || c.Trigger == Voltage && m.hook && m.call
	if m.cur == nil {
		if c.Trigger != old.Trigger {
			m.stopped = false
			if wants && c.Trigger == Continuous {
				m.begin(p, Continuous, 0)
			} else if wants {
				m.begin(p, Voltage, samples(c.PrerollMS))
			}
		}
		return
	}
	other := c.Trigger != m.cur.trigger && (m.cur.trigger != Manual || c.Trigger == Off)
	switch {
	case other && wants:
		m.split(p, EndSettings, c.Trigger)
	case other:
		m.end(p, EndSettings)
	case c.Codec != old.Codec:
		m.split(p, EndSettings, m.cur.trigger)
	case p > m.cur.from+samples(c.MaxMS):
		m.split(p, EndLength, m.cur.trigger)
	}
}

// TestEveryRecordingIsExactlyWhatItShould be runs random telephones, people and
// settings and wants every recording to be the right stretch of the line.
func TestEveryRecordingIsExactlyWhatItShouldBe(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const lines = 2
		config := rapid.Custom(func(t *rapid.T) LineConfig {
			return LineConfig{
				Trigger:   rapid.SampledFrom([]string{Off, Manual, Voltage, Voltage, Continuous}).Draw(t, "trigger"),
				PrerollMS: rapid.SampledFrom([]int{0, 500, 2000, 9000}).Draw(t, "preroll"),
				MinMS:     rapid.SampledFrom([]int{0, 0, 3000}).Draw(t, "min"),
				MaxMS:     rapid.SampledFrom([]int{2500, 7001, 3_600_000}).Draw(t, "max"),
				Codec:     G711,
			}.filled()
		})
		first := config.Draw(rt, "settings")
		r := newRig(t, newBoard(lines, driver.ALaw), first, nil)
		defer r.close()
		models := map[int]*model{}
		for n := 1; n <= lines; n++ {
			models[n] = &model{cfg: first}
		}
		read := func() {
			for _, e := range r.events() {
				for n, m := range models {
					if e.Line == n || e.Line == 0 {
						m.event(e)
					}
				}
			}
		}
		off := [lines + 1]bool{}
		r.to(driver.Block)
		pos := r.fed()
		read()
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			n := rapid.IntRange(1, lines).Draw(rt, "line")
			switch rapid.IntRange(0, 7).Draw(rt, "what") {
			case 0:
				_, _ = r.rec.Start(n, "ann") // the model says when it may not
				models[n].start(pos)
			case 1:
				_ = r.rec.Stop(n, "ann")
				models[n].stop(pos)
			case 2:
				c := config.Draw(rt, "settings")
				if err := r.rec.Configure(n, c); err != nil {
					rt.Fatal(err)
				}
				models[n].configure(c, pos)
			case 3, 4:
				off[n] = !off[n]
				r.hook(pos+int64(rapid.IntRange(0, 7999).Draw(rt, "when")), n, off[n])
				fallthrough
			default:
				ms := rapid.SampledFrom([]int{20, 260, 1000, 1500, 5000, 40_000}).Draw(rt, "run")
				r.run(time.Duration(ms) * time.Millisecond)
				pos = r.fed()
				read()
			}
		}
		r.stop()
		read()
		var want []string
		for n := 1; n <= lines; n++ {
			m := models[n]
			m.upto(pos)
			m.end(pos, EndShutdown)
			for _, s := range m.done {
				want = append(want, fmt.Sprintf("line %d %v", n, s))
			}
		}
		var got []string
		ends := map[string]int64{}
		for _, l := range r.settle() {
			s := l.Seal
			if at, ok := ends[s.Previous]; s.Previous != "" && (!ok || at != s.BeginPos) {
				rt.Errorf("the recording [%d +%d) names one before it that ends at %d", s.BeginPos, s.Samples, at)
			}
			ends[l.ID] = s.BeginPos + s.Samples
			got = append(got, fmt.Sprintf("line %d %v", s.Line, stretch{from: s.BeginPos, to: s.BeginPos + s.Samples,
				trigger: s.Trigger, by: s.EndedBy, linked: s.Previous != ""}))
			if string(r.audio(l, "mixed")) != string(wantAudio(s.Line-1, s.BeginPos, s.Samples)) {
				rt.Errorf("the audio of [%d +%d) of line %d is not what the line carried", s.BeginPos, s.Samples, s.Line)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			rt.Fatalf("recorded\n%q\nwant\n%q", got, want)
		}
	})
}
