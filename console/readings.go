package console

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"vaad/access"
	"vaad/api"
)

const (
	looksPerSecond = int(time.Second / linesEvery)
	wholeLines     = -1 // of join: levels within whole lines, as for people at a terminal
)

// A told is what watchers were told of a line.
type told struct {
	bare string // the line without what moves all the time
	now  reading
}

// A reading is what moves all the time.
type reading struct {
	volts  float64
	levels [2]float64
	known  [3]bool // volts, levels
}

// reading takes out of a line what moves all the time.
func readingOf(l *api.Line) (r reading) {
	if l.Volts != nil {
		r.volts, r.known[0] = *l.Volts, true
	}
	for i, side := range l.Sides {
		if i >= len(r.levels) {
			break
		}
		v, ok := l.Levels[side]
		if len(l.Sides) == 1 && l.LevelDBm0 != nil {
			v, ok = *l.LevelDBm0, true
		}
		r.levels[i], r.known[i+1] = v, ok
	}
	return r
}

// appendTo appends what api.Reading would be.
func (r *reading) appendTo(b []byte, l *api.Line, pos int64) []byte {
	b = strconv.AppendInt(append(b, `{"line":`...), int64(l.Line), 10)
	if r.known[0] {
		b = strconv.AppendFloat(append(b, `,"volts":`...), r.volts, 'f', 1, 64)
	}
	b = append(b, `,"dbm0":[`...)
	for i := range min(len(l.Sides), len(r.levels)) {
		if i > 0 {
			b = append(b, ',')
		}
		if r.known[i+1] {
			b = strconv.AppendFloat(b, r.levels[i], 'f', 0, 64)
		} else {
			b = append(b, "null"...)
		}
	}
	return append(strconv.AppendInt(append(b, `],"pos":`...), pos, 10), '}')
}

// look tells all watchers which lines changed since the last look.
func (h *hub) look() {
	h.mu.Lock()
	idle, whole := len(h.watchers) == 0, false
	for w := range h.watchers {
		whole = whole || w.whole
	}
	h.mu.Unlock()
	if idle {
		return
	}
	status := h.s.cfg.Lines.Lines()
	all := h.s.linesOf(status, "")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looks++
	var buf []byte
	for i := range all {
		l := &all[i]
		was, known := h.last[l.Line]
		now := told{now: readingOf(l)}
		bare := *l
		bare.Volts, bare.LevelDBm0, bare.Levels = nil, nil, nil
		now.bare = h.encode(&bare)
		changed, moved := !known || was.bare != now.bare, !known || was.now != now.now
		if !changed && !moved {
			continue
		}
		h.last[l.Line] = now
		line, moving := "", ""
		if changed || whole {
			line = h.encode(l)
		}
		if moved {
			buf = now.now.appendTo(buf[:0], l, status[i].Pos)
			moving = string(buf)
		}
		for w := range h.watchers {
			w.changed(l.Line, changed || w.whole, line, moving)
		}
	}
	for w := range h.watchers {
		w.tick(h.looks)
	}
}

// encode is a line as it goes over the wire.
func (h *hub) encode(l *api.Line) string {
	b, err := json.Marshal(l)
	if err != nil { // cannot be: the type has no such values
		h.s.cfg.Logger.Error("console: a line cannot be encoded", "line", l.Line, "error", err)
		return `{"line":` + strconv.Itoa(l.Line) + `}`
	}
	return string(b)
}

// changed notes that a line has changed, or only what moves all the time.
func (w *watcher) changed(n int, changed bool, line, moving string) {
	w.mu.Lock()
	if changed {
		w.lines[n] = line
	}
	if w.every > 0 && moving != "" {
		w.readings[n] = moving
	}
	w.mu.Unlock()
	if changed {
		w.note()
	}
}

// tick lets readings go out at the watcher's pace: with none that changed once a
// second, so that it knows that it is told.
func (w *watcher) tick(looks uint64) {
	if w.every == 0 || looks%w.every != 0 {
		return
	}
	w.mu.Lock()
	w.due = len(w.readings) > 0 || looks%uint64(looksPerSecond) < w.every
	due := w.due
	w.mu.Unlock()
	if due {
		w.note()
	}
}

// appendLines appends {HEAD"lines":[…]} of those lines that the scope sees, in order. False: there are none.
func appendLines(b *bytes.Buffer, head string, sc access.Scope, all map[int]string) bool {
	var seen []int
	for n := range all {
		if sc.Allows(access.ViewLines, n) {
			seen = append(seen, n)
		}
	}
	slices.Sort(seen)
	b.WriteString(`{` + head + `"lines":[`)
	for i, n := range seen {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(all[n])
	}
	b.WriteString("]}")
	return len(seen) > 0
}
