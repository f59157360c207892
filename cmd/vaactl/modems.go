package main

import "vaad/dsp/modemtone"

// modems are tones of faxes, modems and text telephones, told when they end.
type modems struct {
	ear[modemtone.Event]
	open [4]struct { // what may sound at a time: see class
		from int64
		sure bool
	}
}

func newModems() *modems {
	m := &modems{}
	m.ear = ear[modemtone.Event]{d: modemtone.New(), found: m.tone}
	for i := range m.open {
		m.open[i].from = never
	}
	return m
}

func (m *modems) Since() int64 {
	return min(m.open[0].from, m.open[1].from, m.open[2].from, m.open[3].from)
}

// class says which tones take turns: those of one class do.
func class(t modemtone.Tone) int {
	switch t {
	case modemtone.CI, modemtone.CM:
		return 1
	case modemtone.V21, modemtone.JM:
		return 2
	case modemtone.Baudot:
		return 3
	}
	return 0
}

func (m *modems) tone(dst []finding, e *modemtone.Event) []finding {
	open := &m.open[class(e.Tone)]
	switch e.Kind {
	case modemtone.Start:
		open.from, open.sure = e.From, false
		return dst
	case modemtone.Confirm:
		open.sure = true
		return dst
	}
	facts := []fact{{"tone", e.Tone.String()}, {"duration", span(e.To - e.From)}, {"level_dbm0", decimal(e.DBm0)}, {"sure", open.sure}}
	open.from = never
	if e.Hz > 0 {
		facts = append(facts, fact{"hz", decimal(e.Hz)})
	}
	if e.Reversals > 0 {
		facts = append(facts, fact{"reversals", e.Reversals})
	}
	if e.Tone == modemtone.ANSam || e.Tone == modemtone.ANSampr {
		facts = append(facts, fact{"depth", share(e.Depth)})
	}
	if e.Function != modemtone.NoFunction {
		facts = append(facts, fact{"function", e.Function.String()})
	}
	return append(dst, finding{at: e.From, kind: "modem", facts: facts})
}
