package console

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// maxMoments is how many entries one timeline may have: some thousand keys are a story
// that nobody reads to its end.
const maxMoments = 5000

// timeline is the story of a recording for players: what has a place on the time line,
// with begin and end put together, and what people marked.
func (s *Server) timeline(ctx context.Context, in *RecordingInput) (*body[api.Timeline], error) {
	row, err := s.find(ctx, access.SearchRecords, in.ID)
	if err != nil {
		return nil, err
	}
	if row.State == index.StateErased {
		return nil, failLine("erased", row.Line, row.ID)
	}
	st, err := s.cfg.Archive.Story(row.Day, row.ID)
	if err != nil {
		return nil, noAudio(row, err)
	}
	out := api.Timeline{ID: row.ID, Duration: inSeconds(row.Samples), Items: moments(languageOf(ctx), &st, &row)}
	if out.More = len(out.Items) > maxMoments; out.More {
		out.Items = out.Items[:maxMoments]
	}
	return &body[api.Timeline]{out}, nil
}

// tracks says on which track of the time line a kind of entry stands. What is missing
// stands on none: it has no moment, or pictures tell it better.
func trackOf(kind string) string {
	switch kind {
	case "key", "digit", "key-start", "key-stop", "keys-sent":
		return "key"
	case "tone":
		return "tone"
	case "modem", "modem-rule":
		return "fax"
	case "held":
		return "hold"
	case archive.EntryMasked:
		return "masked"
	case "muted", "not-muted":
		return "muted"
	case archive.EntryGap, archive.EntryDamaged, "events-lost", archive.EntrySideLost, archive.EntryRecovered, "files-removed":
		return "gap"
	case "beep", "announce":
		return "beep"
	case archive.EntryAnswered, archive.EntryCallEnd, "call-begin", "call-waiting", "ring-begin", "off-hook", "on-hook", "flash", "alerting", "parallel-pick-up":
		return "call"
	case "pause", "resume", "polarity", "battery", "no-battery", "alarm", "manual-start", "manual-stop", "rule", "clock", "caller-id-failed", "long-off-hook", "played":
		return "event"
	}
	return ""
}

// lasts says of which kinds the value is a length in samples.
func lasts(kind string) bool {
	switch kind {
	case archive.EntryGap, archive.EntryMasked, archive.EntryDamaged, "muted", "not-muted", "beep", "key", "digit", "key-start", "key-stop", "played":
		return true
	}
	return false
}

// pairs says of which kinds one entry tells the begin (value 1) and another the end (0).
func pairs(kind string) bool { return kind == "tone" || kind == "modem" || kind == "held" }

// moments puts a story and marks in the order of time.
func moments(lang string, st *archive.Story, row *index.Row) []api.Moment {
	out := []api.Moment{}
	open := map[string]int{} // begun, by kind, text and side: where in out
	for i := range st.Entries {
		e := &st.Entries[i]
		track := trackOf(e.Kind)
		if track == "" {
			continue
		}
		m := api.Moment{At: inSeconds(e.At), Track: track, Kind: e.Kind, Code: cmp.Or(e.Text, e.Code), Side: e.Side, Actor: e.Actor, Text: momentText(lang, e)}
		if lasts(e.Kind) {
			m.Length = inSeconds(max(0, e.Value))
		}
		if pairs(e.Kind) {
			key := e.Kind + "\x00" + e.Text + "\x00" + e.Side
			if begun, is := open[key]; e.Value == 0 && is {
				out[begun].Length = round(max(0, m.At-out[begun].At), 3)
				delete(open, key)
			}
			if e.Value == 0 {
				continue
			}
			open[key] = len(out)
		}
		if last := len(out) - 1; last >= 0 && e.Kind == archive.EntryMasked && continues(&out[last], &m) {
			out[last].Length = round(m.At+m.Length-out[last].At, 3)
			continue
		}
		out = append(out, m)
	}
	for _, at := range open { // it went on to the end
		out[at].Length = round(max(0, inSeconds(row.Samples)-out[at].At), 3)
	}
	for _, k := range row.Marks {
		out = append(out, api.Moment{At: inSeconds(k.At), Track: "mark", Kind: archive.ActMark, Text: cmp.Or(k.Text, text.Text(lang, "story.mark", nil)), Code: k.Text, Actor: k.Actor, Time: moment(k.Time)})
	}
	slices.SortStableFunc(out, func(a, b api.Moment) int { return cmp.Compare(a.At, b.At) })
	return out
}

// continues says that a part that was left out follows on the one before: a pause is
// told in several entries.
func continues(a, b *api.Moment) bool {
	return a.Kind == b.Kind && a.Side == b.Side && a.Code == b.Code && b.At-(a.At+a.Length) < 0.005
}

// momentText says what happened: the kind, what about it, and how it is known.
func momentText(lang string, e *archive.Entry) string {
	group := "story"
	if _, ok := text.Lookup(lang, group+"."+e.Kind); !ok {
		group = "fact"
	}
	parts := []string{codeWords(lang, group, e.Kind)}
	add := func(group, code string) {
		if code != "" {
			parts = append(parts, codeWords(lang, group, code))
		}
	}
	switch e.Kind {
	case "tone":
		add("heard-tone", e.Text)
	case "modem", "modem-rule":
		add("heard-modem", e.Text)
	case archive.EntryAnswered:
		add("answered-by", e.Text)
	case archive.EntryCallEnd:
		add("ended-by", e.Text)
		add("outcome", e.Code)
	case "call-begin": // its ID says nothing to people
	case "caller-id-failed":
		add("caller-lost", e.Text)
	case archive.EntryMasked:
		add("masked-by", e.Code)
		add("", e.Text)
	default:
		add("", e.Text)
	}
	return strings.Join(parts, " · ")
}

// codeWords are the words for a code, or the code where it has none.
func codeWords(lang, group, code string) string {
	if words, ok := text.Lookup(lang, group+"."+code); ok {
		return words
	}
	return code
}
