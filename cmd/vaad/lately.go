package main

import (
	"encoding/json"
	"errors"
	"sync"

	"vaad/channels"
	"vaad/driver"
	"vaad/driver/framelog"
)

// latelyMost is how many facts are kept for frame logs: some minutes of a busy box.
const latelyMost = 8192

// lately keeps what the feed has told of late, so that a frame log has it beside
// the frames and `vaactl replay` can say what is different today.
type lately struct {
	mu    sync.Mutex
	facts []channels.Event // oldest first
}

// told keeps some events more.
func (t *lately) told(evs []channels.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range evs {
		if evs[i].Line != 0 {
			t.facts = append(t.facts, evs[i])
		}
	}
	if over := len(t.facts) - latelyMost; over > latelyMost/4 {
		t.facts = append(t.facts[:0], t.facts[over:]...)
	}
}

// A toldLog notes which part of the feed a frame log covers.
type toldLog struct {
	*framelog.Writer
	info     driver.Info
	from, to int64
	begun    bool
}

// Write takes the position of each frame.
func (l *toldLog) Write(rx, tx *driver.Frame) error {
	if !l.begun {
		l.begun, l.from = true, rx.Pos
	}
	l.to = rx.Pos + driver.Block
	return l.Writer.Write(rx, tx)
}

// add writes what is known of the lines of one board in a log.
func (t *lately) add(l *toldLog, board string, lines []channels.LineStatus, config func(int) channels.LineConfig) error {
	at := map[int]int{} // number → index in the log
	var errs []error
	for _, s := range lines {
		i := l.info.LineByPort(s.Port)
		if s.Board != board || i < 0 || s.Use == driver.Unused {
			continue
		}
		at[s.Number] = i
		learnt, err := json.Marshal(s.Learnt)
		use, err2 := s.Use.MarshalText()
		c := config(s.Number)
		errs = append(errs, err, err2, l.Note(framelog.Note{Kind: framelog.NoteLine, Line: i, Number: s.Number, Use: string(use),
			Country: c.Country, Own: c.Own, Prefix: c.Prefix, Learnt: learnt}))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.facts {
		e := &t.facts[i]
		line, ok := at[e.Line]
		if !ok || e.Board != board || e.Pos < l.from || e.Known > l.to {
			continue
		}
		errs = append(errs, l.Note(framelog.Note{Kind: string(e.Kind), Line: line, Pos: e.Pos, Known: e.Known, Side: e.Side, To: string(e.To),
			Value: e.Value, Text: e.Text, By: e.By, Direction: string(e.Direction), AnsweredBy: e.AnsweredBy, EndedBy: e.EndedBy,
			Caller: e.Caller, Called: e.Called, Name: e.Name, Missed: e.Missed}))
	}
	return errors.Join(errs...)
}
