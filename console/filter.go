package console

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/calls"
	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// A filter that asks for what cannot be finds nothing, which looks like an
// answer. So it is refused, with the name of the parameter and what it takes.

// faults are what is wrong with the parameters of a request.
type faults struct {
	lang string
	all  []api.ProblemError
}

// add tells of one parameter, in the caller's language.
func (f *faults) add(param string, value any, key string, args text.Args) {
	if s, ok := value.(string); ok && len(s) > maxEcho {
		value = s[:maxEcho] + "…"
	}
	f.all = append(f.all, api.ProblemError{Location: "query." + param, Message: text.Text(f.lang, "invalid."+key, args), Value: value})
}

// err is what the request is answered with, if anything is wrong with it.
func (f *faults) err() error {
	if len(f.all) == 0 {
		return nil
	}
	p := fail("invalid", "")
	p.Errors = f.all
	return p
}

// codes wants codes that have words in a group of the catalogue: all that there
// are have. Some of these words are of no use in a filter.
func (f *faults) codes(param string, given []string, group string, but ...string) {
	if len(given) == 0 {
		return
	}
	var known []string
	for _, k := range text.Keys(text.English) {
		if code, ok := strings.CutPrefix(k, group+"."); ok && !slices.Contains(but, code) {
			known = append(known, code)
		}
	}
	for _, v := range given {
		if !slices.Contains(known, v) {
			f.add(param, v, "one-of", text.Args{"values": strings.Join(known, ", ")})
		}
	}
}

// length wants a number of seconds; the framework has looked at its bounds.
func (f *faults) length(param string, v float64) {
	if math.IsNaN(v) {
		f.add(param, "NaN", "number", nil)
	}
}

func (f *faults) id(param, v string) {
	if v != "" && !isID(v) {
		f.add(param, v, "id", nil)
	}
}

func (f *faults) day(param, v string) {
	if v != "" && !archive.Day(v).Valid() {
		f.add(param, v, "day", nil)
	}
}

// isID says whether a text has the form of a ULID.
func isID(v string) bool {
	return len(v) == 26 && strings.Trim(strings.ToUpper(v), "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ""
}

// faultyLines wants lines that there are, that settings have, or that had whatever is
// asked for; had says so of one.
func (s *Server) faultyLines(f *faults, sc access.Scope, v access.Verb, wanted []int, had func(int) (bool, error)) error {
	if len(wanted) == 0 {
		return nil
	}
	known := slices.DeleteFunc(s.lineNumbers(), func(n int) bool { return !sc.Allows(v, n) })
	for _, n := range wanted {
		ok := slices.Contains(known, n)
		if !ok && sc.Allows(v, n) {
			var err error
			if ok, err = had(n); err != nil {
				return err
			}
		}
		if !ok {
			f.add("line", n, "line", text.Args{"lines": ranges(known)})
		}
	}
	return nil
}

// lineNumbers are the lines that boards or settings have, in order.
func (s *Server) lineNumbers() []int {
	all := map[int]bool{}
	for _, l := range s.cfg.Lines.Lines() {
		all[l.Number] = true
	}
	for key := range s.lineSettings() {
		if n, err := strconv.Atoi(key); err == nil {
			all[n] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// lineSettings is the section of the lines, as far as it is of interest here.
func (s *Server) lineSettings() (all map[string]struct{ Board string }) {
	if raw, err := s.cfg.Settings.Get("lines"); err == nil {
		_ = json.Unmarshal(raw, &all) // settings have validated it
	}
	return all
}

// ranges is a list of rising numbers for people: 1-8, 12.
func ranges(all []int) string {
	var out []string
	for i := 0; i < len(all); {
		k := i
		for k+1 < len(all) && all[k+1] == all[k]+1 {
			k++
		}
		one := strconv.Itoa(all[i])
		if k > i {
			one += "-" + strconv.Itoa(all[k])
		}
		out, i = append(out, one), k+1
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, ", ")
}

// common looks at what searches for recordings and for calls have in common.
func (f *faults) common(in *api.Filter) {
	f.length("min_duration", in.MinDuration)
	if !in.From.IsZero() && !in.To.IsZero() && !in.From.Before(in.To) {
		f.add("to", in.To, "to", nil)
	}
}

// checkSearch says what a search for recordings to do that with asks for that cannot
// be. What it takes from a saved search, and times in words, stand in their fields afterwards.
func (s *Server) checkSearch(ctx context.Context, v access.Verb, in *api.RecordingFilter) error {
	sc, f := who(ctx).scope, &faults{lang: languageOf(ctx)}
	if err := s.settle(ctx, f, in); err != nil {
		return err
	}
	f.common(&in.Filter)
	f.length("max_duration", in.MaxDuration)
	if in.MaxDuration > 0 && in.MinDuration > in.MaxDuration {
		f.add("max_duration", in.MaxDuration, "max-duration", nil)
	}
	in.Classes = s.classNames(in.Classes)
	f.codes("side", in.Sides, "side")
	f.codes("trigger", in.Triggers, "trigger", "off", "auto")
	f.codes("codec", in.Codecs, "codec")
	f.codes("outcome", in.Outcomes, "outcome")
	f.codes("answered_by", in.AnsweredBy, "answered-by")
	f.codes("ended_by", in.EndedBy, "ended-by")
	f.day("trashed_from", in.TrashedFrom)
	f.day("trashed_to", in.TrashedTo)
	if in.TrashedTo != "" && in.TrashedTo < in.TrashedFrom {
		f.add("trashed_to", in.TrashedTo, "to", nil)
	}
	f.id("call", in.Call)
	f.id("conversation", in.Conversation)
	any := func(x index.Filter) (bool, error) {
		x.Limit, x.States = 1, []string{index.StateOpen, index.StateSealed, index.StateRecovered, index.StateTrash, index.StateErased}
		p, err := s.cfg.Index.Query(ctx, x)
		return len(p.Rows) > 0 || p.Rebuilding, err
	}
	if err := s.faultyLines(f, sc, v, in.Lines, func(n int) (bool, error) { return any(index.Filter{Lines: []int{n}}) }); err != nil {
		return err
	}
	err := s.faultyBoards(f, in.Boards, func(b string) (bool, error) {
		return any(index.Filter{Lines: scopeLines(sc, v), Boards: []string{b}})
	})
	if err != nil {
		return err
	}
	return f.err()
}

// faultyBoards is faultyLines of boards.
func (s *Server) faultyBoards(f *faults, wanted []string, had func(string) (bool, error)) error {
	if len(wanted) == 0 {
		return nil
	}
	known := s.boardNames()
	for _, b := range wanted {
		if slices.Contains(known, b) {
			continue
		}
		ok, err := had(b)
		if err != nil {
			return err
		}
		if !ok {
			f.add("board", b, "one-of", text.Args{"values": strings.Join(known, ", ")})
		}
	}
	return nil
}

// boardNames are the boards that are configured or that settings have.
func (s *Server) boardNames() []string {
	all := map[string]bool{}
	for _, b := range s.cfg.Lines.Boards() {
		all[b.ID] = true
	}
	for _, l := range s.lineSettings() {
		all[l.Board] = true
	}
	delete(all, "")
	return slices.Sorted(maps.Keys(all))
}

// checkCalls says what a search for calls asks for that cannot be.
func (s *Server) checkCalls(ctx context.Context, in *api.Filter) error {
	f := &faults{lang: languageOf(ctx)}
	f.common(in)
	err := s.faultyLines(f, who(ctx).scope, access.Calls, in.Lines, func(n int) (bool, error) {
		p, err := s.cfg.Calls.Query(ctx, calls.Filter{Lines: []int{n}, Limit: 1})
		return len(p.Rows) > 0, err
	})
	if err != nil {
		return err
	}
	return f.err()
}

// translate puts what the framework says of a parameter into the caller's
// language; what has no words stays as it is.
func translate(lang, message string) string {
	for _, known := range []struct{ shape, key string }{
		{`^expected value to be one of "(.*)"$`, "one-of"},
		{`^expected number >= (.*)$`, "least"},
		{`^expected number <= (.*)$`, "most"},
		{`^expected length >= (.*)$`, "longer"},
		{`^expected length <= (.*)$`, "shorter"},
		{`^expected array length <= (.*)$`, "fewer"},
		{`^expected string to be (.*)$`, "be"},
		{`^expected required property (.*) to be present$`, "missing"},
		{`^(?:invalid float|expected number)$`, "number"},
		{`^(?:invalid integer|expected integer)$`, "integer"},
		{`^(?:invalid boolean|expected boolean)$`, "boolean"},
		{`^invalid date/time`, "time"},
		{`^unknown query parameter$`, "unknown"},
		{`^required \w+ parameter is missing$`, "required"},
	} {
		if m := regexp.MustCompile(known.shape).FindStringSubmatch(message); m != nil {
			return text.Text(lang, "invalid."+known.key, text.Args{"values": fmt.Sprint(m[len(m)-1])})
		}
	}
	return message
}
