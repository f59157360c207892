package alarm

import (
	"context"
	"log/slog"
	"maps"
	"slices"
)

// A teller writes into the log what begins and what ends: whoever reads only the
// journal learns of alarms too. It is used with Manager.writing held.
type teller struct {
	log  *slog.Logger      // nil: nothing is told
	told map[uint64]string // what was told of an alarm: "began", "ended"
}

const (
	began = "began"
	ended = "ended"
)

// tell takes rows that have changed since the last time.
func (t *teller) tell(rows map[uint64]Alarm) {
	if t.log == nil {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		a := rows[id]
		if t.told[id] == "" {
			t.told[id] = began
			level := slog.LevelWarn
			if a.Severity == Critical {
				level = slog.LevelError
			}
			t.log.LogAttrs(context.Background(), level, "alarm", attributes(a)...)
		}
		if !a.Active() && t.told[id] != ended { // a row that could not be written comes again
			t.told[id] = ended
			t.log.LogAttrs(context.Background(), slog.LevelInfo, "alarm is over", slog.String("alarm", a.Code), slog.String("subject", a.Subject), slog.String("by", a.EndedBy))
		}
	}
}

// written lets go of what has ended and is on the disk.
func (t *teller) written(rows map[uint64]Alarm) {
	for id := range rows {
		if t.told[id] == ended {
			delete(t.told, id)
		}
	}
}

func attributes(a Alarm) []slog.Attr {
	attrs := []slog.Attr{slog.String("alarm", a.Code), slog.String("severity", string(a.Severity)), slog.String("subject", a.Subject)}
	for _, k := range slices.Sorted(maps.Keys(a.Args)) {
		if k != "subject" {
			attrs = append(attrs, slog.String(k, a.Args[k]))
		}
	}
	return attrs
}
