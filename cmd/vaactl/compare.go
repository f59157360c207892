package main

import (
	"slices"
	"strings"

	"vaad/channels"
	"vaad/driver/framelog"
)

// How a fact of today stands to those of then.
const (
	asBefore = "same"
	moved    = "moved"   // at another moment
	changed  = "changed" // with other values
	onlyThen = "only-then"
	onlyNow  = "only-now"
	wasUp    = "was-up" // different, of a call that was up already when the log begins: it does not have how it began
	atEdge   = "edge"   // only one of them, at the log's very beginning or end, where the log does not have all that led to it
)

const (
	near   = rate / 2  // facts of one kind that are nearer to each other are one fact
	still  = rate / 20 // a fact has not moved by less: 50 ms
	margin = 3 * rate  // how long the beginning and the end are
)

// A told is one fact, as it is told now if it is, and how that is different.
type told struct {
	Fact framelog.Note
	Then *framelog.Note // for changed and moved
	Is   string
}

func (t *told) different() bool { return t.Is != asBefore && t.Is != atEdge && t.Is != wasUp }

// compared says whether a kind of fact follows from what a board delivers.
func compared(kind string) bool {
	switch channels.EventKind(kind) {
	case channels.LineState, channels.RingBegin, channels.RingEnd, channels.OffHook, channels.OnHook, channels.Flash, channels.Polarity,
		channels.LoopBreak, channels.NoFeed, channels.Feed, channels.CallBegin, channels.CallAnswered, channels.CallEnd, channels.CallWaiting,
		channels.Numbers, channels.Digit, channels.Key, channels.VoiceBegin, channels.VoiceEnd, channels.Tone, channels.Modem,
		channels.CallerFailed, channels.Gap:
		return true
	}
	return false
}

// kin says that two facts may be the same one: of one kind on one side.
func kin(a, b *framelog.Note) bool {
	return a.Line == b.Line && a.Kind == b.Kind && a.Side == b.Side && (a.Kind != "tone" && a.Kind != "modem" || a.Value == b.Value)
}

// alike says that two facts have the same values. How long a key was, and how
// sure it is, may be a little different.
func alike(a, b *framelog.Note) bool {
	x, y := *a, *b
	for _, n := range []*framelog.Note{&x, &y} {
		n.Pos, n.Known, n.Learnt = 0, 0, nil
		if n.Kind == string(channels.Key) || n.Kind == string(channels.Digit) {
			n.Value = 0
		}
	}
	return x.To == y.To && x.Value == y.Value && x.Text == y.Text && x.By == y.By && x.Direction == y.Direction && x.AnsweredBy == y.AnsweredBy &&
		x.EndedBy == y.EndedBy && x.Caller == y.Caller && x.Called == y.Called && x.Name == y.Name && x.Missed == y.Missed
}

// compare pairs what was told then with what is told now, of a log over
// [from, to): first what has the same values, nearest first, then what is left.
func compare(then, now []framelog.Note, from, to int64) []told {
	type pair struct{ then, now int }
	gone := make([]bool, len(then))
	done := make([]bool, len(now))
	of := map[int]int{} // now → then
	match := func(good func(a, b *framelog.Note) bool) {
		var all []pair
		for i := range then {
			for k := range now {
				if !gone[i] && !done[k] && kin(&then[i], &now[k]) && distance(&then[i], &now[k]) <= near && good(&then[i], &now[k]) {
					all = append(all, pair{i, k})
				}
			}
		}
		slices.SortStableFunc(all, func(a, b pair) int {
			return int(distance(&then[a.then], &now[a.now]) - distance(&then[b.then], &now[b.now]))
		})
		for _, p := range all {
			if !gone[p.then] && !done[p.now] {
				gone[p.then], done[p.now], of[p.now] = true, true, p.then
			}
		}
	}
	match(alike)
	match(func(_, _ *framelog.Note) bool { return true })
	var rows []told
	for k := range now {
		r := told{Fact: now[k], Is: onlyNow}
		if i, ok := of[k]; ok {
			r.Then, r.Is = &then[i], changed
			if alike(&then[i], &now[k]) {
				r.Is = moved
				if distance(&then[i], &now[k]) <= still {
					r.Is, r.Then = asBefore, nil
				}
			}
		}
		rows = append(rows, r)
	}
	for i := range then {
		if !gone[i] {
			rows = append(rows, told{Fact: then[i], Is: onlyThen})
		}
	}
	for i := range rows {
		if r := &rows[i]; r.Is != asBefore && (r.Fact.Pos < from+margin || max(r.Fact.Pos, r.Fact.Known) > to-margin) {
			r.Is = atEdge
		}
	}
	until := upUntil(then, now, from, to)
	for i := range rows {
		if r := &rows[i]; r.different() && ofCall(r.Fact.Kind) && r.Fact.Pos <= until[r.Fact.Line] {
			r.Is = wasUp
		}
	}
	slices.SortStableFunc(rows, func(a, b told) int {
		if d := a.Fact.Pos - b.Fact.Pos; d != 0 {
			return int(d)
		}
		return a.Fact.Line - b.Fact.Line
	})
	return rows
}

// ofCall says whether a fact follows from all of a call, and not only from what
// is heard or measured at the moment: voices are heard above what was noise
// before, tones have cadences that take some time.
func ofCall(kind string) bool {
	switch channels.EventKind(kind) {
	case channels.LineState, channels.CallBegin, channels.CallAnswered, channels.CallEnd, channels.CallWaiting, channels.Numbers,
		channels.Digit, channels.CallerFailed, channels.VoiceBegin, channels.VoiceEnd, channels.Tone:
		return true
	}
	return false
}

// upUntil is for each line that had a call when the log began where that call
// ended. The notes tell: of such a call they have no beginning. Where they have
// nothing of any call, it went on until the end if one is found today at the
// very beginning.
func upUntil(then, now []framelog.Note, from, to int64) map[int]int64 {
	up, seen := map[int]int64{}, map[int]bool{}
	for _, n := range then {
		switch kind := channels.EventKind(n.Kind); {
		case kind == channels.CallBegin:
			seen[n.Line] = true
		case kind == channels.CallEnd && !seen[n.Line]:
			up[n.Line], seen[n.Line] = n.Pos+near, true
		case (kind == channels.CallAnswered || kind == channels.Numbers || kind == channels.CallWaiting) && !seen[n.Line]:
			up[n.Line] = to // unless its end is told
		}
	}
	for _, n := range now {
		if n.Kind == string(channels.CallBegin) && !seen[n.Line] && n.Pos < from+margin {
			up[n.Line] = to
		}
	}
	return up
}

func distance(a, b *framelog.Note) int64 {
	if d := a.Pos - b.Pos; d >= 0 {
		return d
	}
	return b.Pos - a.Pos
}

// words is a fact without its kind, for people.
func (s *session) words(n *framelog.Note) string {
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	add(s.code("state", n.To))
	add(s.code("direction", n.Direction))
	add(s.code("answered-by", n.AnsweredBy))
	add(s.code("ended-by", n.EndedBy))
	if n.Missed {
		add(s.t("cli.was-missed"))
	}
	add(printable(s.about(n.Kind, n.Text)))
	if n.Kind == string(channels.Tone) || n.Kind == string(channels.Modem) {
		add(s.t(map[bool]string{true: "cli.replay-on", false: "cli.replay-off"}[n.Value == 1]))
	}
	if n.Caller != "" || n.Called != "" {
		add(printable(n.Caller) + " → " + printable(n.Called))
	}
	add(printable(n.Name))
	if n.By != "" {
		add("(" + printable(s.code("known-by", n.By)) + ")")
	}
	if n.Side != "" && n.Side != "mixed" {
		add(s.code("side", n.Side))
	}
	if len(parts) == 0 {
		return "✓"
	}
	return strings.Join(parts, " ")
}
