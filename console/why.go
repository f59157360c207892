package console

import (
	"context"
	"strconv"
	"strings"

	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/rules"
)

// WhyInput names a call, and the language of the words.
type WhyInput struct {
	CallInput
	Language string `header:"Accept-Language" doc:"Language of the words: en or zh"`
}

// why says how everything about a call is known.
func (s *Server) why(ctx context.Context, in *WhyInput) (*body[api.Why], error) {
	c, err := s.callByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &body[api.Why]{api.Why{Call: c, Reasons: reasons(&c, text.Match(in.Language))}}, nil
}

// known is a code, or "unknown" where there is none.
func known(code string) string {
	if code == "" {
		return "unknown"
	}
	return code
}

// reasons puts into words how a call is known, in the order in which it goes.
func reasons(c *api.Call, lang string) []api.Reason {
	out := []api.Reason{}
	say := func(about, value, code string, args ...string) {
		a := text.Args{"value": value}
		for i := 0; i+1 < len(args); i += 2 {
			a[args[i]] = args[i+1]
		}
		out = append(out, api.Reason{About: about, Value: value, Code: code, Text: text.Text(lang, "because."+about+"."+code, a)})
	}
	if c.By != "" {
		say("begun", c.By, "switched")
	}
	say("direction", c.Direction, known(c.DirectionBy), "rings", strconv.Itoa(c.Rings))
	switch {
	case c.Withheld != "":
		say("caller", "", c.Withheld)
	case c.CallerBy == "" && c.Caller != "" && c.By != "":
		say("caller", strings.TrimSpace(c.Caller+" "+c.Name), "switched")
	case c.CallerBy != "":
		say("caller", strings.TrimSpace(c.Caller+" "+c.Name), c.CallerBy)
	case c.CallerLost != "":
		say("caller", "", c.CallerLost)
	case c.Direction == "in":
		say("caller", "", "silent")
	default:
		say("caller", c.Caller, "unknown")
	}
	say("called", c.Called, known(c.CalledBy), "dialled", c.Dialled, "percent", strconv.Itoa(c.Sure))
	if c.Sure < 100 {
		out[len(out)-1].Sure = c.Sure
	}
	if c.Dialled != "" && c.Dialled != c.Called {
		say("called", c.Dialled, "prefix")
	}
	if c.Redirected != "" {
		say("redirected", c.Redirected, "q931")
	}
	if c.Connected != "" {
		say("connected", c.Connected, "q931")
	}
	if c.Data {
		say("bearer", "", "data")
	}
	answer := known(c.AnsweredBy)
	if answer == "connect" && c.Group == "" && strings.HasPrefix(c.By, "station ") {
		answer = "switched" // of a telephone that called: no network is there
	}
	say("answer", instant(c.Answered), answer)
	for _, w := range c.Waiting {
		say("waiting", strings.TrimSpace(w.Caller+" "+w.Name), "heard")
	}
	if c.TransferredFrom != "" {
		say("transferred", c.TransferredFrom, "from")
	}
	if c.TransferredTo != "" {
		say("transferred", c.TransferredTo, "to")
	}
	if c.End != nil {
		say("end", text.Code(lang, "ended-by", c.EndedBy), "known")
		out[len(out)-1].Code, out[len(out)-1].Value = c.EndedBy, instant(c.End)
	}
	if c.Cause != 0 {
		say("cause", strconv.Itoa(c.Cause), "q850", "words", text.Code(lang, "cause", strconv.Itoa(c.Cause)))
	}
	if c.Outcome != "" {
		say("outcome", c.Outcome, c.Outcome)
	}
	if name, rest, ok := strings.Cut(c.Rule, ":"); ok {
		outcome, _, _ := strings.Cut(rest, ":")
		out = append(out, api.Reason{About: "rule", Value: name, Code: outcome, Text: ruleWords(lang, rules.CodePrefix+c.Rule)})
	}
	for _, w := range strings.Split(c.Why, ",") {
		if w != "" {
			out = append(out, api.Reason{About: "recording", Value: strings.Join(c.Recordings, " "), Code: w, Text: text.Code(lang, "why", w)})
		}
	}
	return out
}

func instant(t *api.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}
