package console

import (
	"strings"

	"vaad/api"
	"vaad/api/text"
	"vaad/channels"
)

// faultWords are the words and the remedy for a code of why a board or a line
// does not work; empty without a language, or where a newer driver has a code
// that the catalogue lacks.
func faultWords(lang, code string) (words, remedy string) { return wordsOf(lang, "fault", code) }

func wordsOf(lang, group, code string) (words, remedy string) {
	if lang == "" || code == "" {
		return "", ""
	}
	words, _ = text.Lookup(lang, group+"."+code)
	remedy, _ = text.Lookup(lang, group+"."+code+".remedy")
	return words, remedy
}

// cause puts why something does not work into one phrase: words, and what the
// driver said. General codes say less than the driver does.
func cause(lang, code, detail string) string {
	words, _ := faultWords(lang, code)
	switch {
	case words == "" || detail != "" && (code == "open-failed" || code == "plan-failed"):
		return detail
	}
	return inBrackets(lang, words, detail)
}

// inBrackets puts a detail behind words, if there is one.
func inBrackets(lang, words, detail string) string {
	switch {
	case detail == "":
		return words
	case lang == text.Chinese:
		return words + "（" + detail + "）"
	}
	return words + " (" + detail + ")"
}

// spanWords are alarms of a span, and what is wrong with a tap, in words, and what to do.
func spanWords(lang string, alarms []string) (words, remedy string) {
	var w, r []string
	for _, a := range alarms {
		one, what := wordsOf(lang, "span-alarm", a)
		w, r = append(w, one), append(r, what)
	}
	stop, sep := "; ", " "
	if lang == text.Chinese {
		stop, sep = "；", ""
	}
	return strings.Join(w, stop), strings.Join(r, sep)
}

func spansOf(all []channels.SpanStatus, lang string) []api.Span {
	var out []api.Span
	for _, s := range all {
		v := api.Span{Span: s.Number, Channels: s.Channels, DChannel: s.DChannel, DChannelUp: s.DChannelUp, Tap: s.Tap,
			Silent: s.Silent, Swapped: s.Swapped, LinkDown: s.LinkDown, Alarms: append([]string{}, s.Alarms...), SyncSource: s.SyncSource}
		wrong := append([]string{}, s.Alarms...)
		if s.Silent {
			wrong = append(wrong, "silent")
		}
		if s.LinkDown {
			wrong = append(wrong, "link-down")
		}
		if s.Swapped {
			wrong = append(wrong, "swapped")
		}
		v.Text, v.Remedy = spanWords(lang, wrong)
		out = append(out, v)
	}
	return out
}

func faultOf(f channels.LineFault, lang string) *api.Fault {
	if f.Code == "" {
		return nil
	}
	out := &api.Fault{Code: f.Code, Detail: f.Detail}
	out.Text, out.Remedy = faultWords(lang, f.Code)
	return out
}

func remarksOf(codes []string, lang string) []api.Remark {
	var out []api.Remark
	for _, c := range codes {
		r := api.Remark{Code: c}
		r.Text, r.Remedy = wordsOf(lang, "line-note", c)
		out = append(out, r)
	}
	return out
}
