package console

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"vaad/access"
	"vaad/alarm"
	"vaad/api"
	"vaad/api/text"
)

// lineOfAlarm is the line that an alarm is about, 0 if it is about none. The
// subject of a line's alarm is its number, bare or behind a word.
func lineOfAlarm(a alarm.Alarm) int {
	if k, ok := alarm.Find(a.Code); !ok || k.Subject != "line" {
		return 0
	}
	subject := a.Subject
	if i := strings.LastIndexByte(subject, ' '); i >= 0 {
		subject = subject[i+1:]
	}
	n, err := strconv.Atoi(subject)
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// seesAlarm says whether an alarm concerns the caller, who wants to do that with it: those
// of other people's lines do not.
func (c *caller) seesAlarm(v access.Verb, a alarm.Alarm) bool {
	return c.scope.Allows(v, lineOfAlarm(a))
}

// AlarmsInput says which alarms are wanted, in which language.
type AlarmsInput struct {
	All      bool     `query:"all" doc:"Also those that have ended, newest first"`
	Text     string   `query:"text" maxLength:"200" doc:"Words in code, subject, text, comment or who acknowledged it"`
	Severity string   `query:"severity" enum:"warning,critical" doc:"Only these"`
	Code     string   `query:"code" maxLength:"64" doc:"Only this one"`
	From     api.Time `query:"from" doc:"Came up last not before this moment"`
	To       api.Time `query:"to" doc:"Came up first before this moment"`
	Limit    int      `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"With all: rows of one page"`
	Before   uint64   `query:"before" doc:"With all: only alarms with a smaller number"`
	Lang     string   `header:"Accept-Language" maxLength:"200" doc:"Language of text and remedy: en or zh"`
}

func (in *AlarmsInput) takes(a *alarm.Alarm, words *api.Alarm) bool {
	if in.Severity != "" && in.Severity != string(a.Severity) || in.Code != "" && in.Code != a.Code ||
		!in.From.IsZero() && a.Last.Before(in.From) || !in.To.IsZero() && !a.First.Before(in.To) {
		return false
	}
	want := strings.ToLower(in.Text)
	for _, s := range []string{a.Code, a.Subject, words.Text, a.Comment, a.AckedBy} {
		if strings.Contains(strings.ToLower(s), want) {
			return true
		}
	}
	return false
}

func (s *Server) alarms(ctx context.Context, in *AlarmsInput) (*body[api.Page[api.Alarm]], error) {
	lang := text.Match(in.Lang)
	out := api.Page[api.Alarm]{Items: []api.Alarm{}}
	take := func(rows []alarm.Alarm) (full bool) {
		for _, a := range rows {
			if !who(ctx).seesAlarm(access.AlarmRead, a) {
				continue
			}
			if w := alarmOf(a, lang); in.takes(&a, &w) {
				if in.All && len(out.Items) == in.Limit {
					out.Next = itoa(out.Items[in.Limit-1].ID)
					return true
				}
				out.Items = append(out.Items, w)
			}
		}
		return false
	}
	if !in.All {
		take(s.cfg.Alarms.Active())
		return &body[api.Page[api.Alarm]]{out}, nil
	}
	for before := in.Before; ; {
		rows, err := s.cfg.Alarms.History(before, 1000)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
		if take(rows) || len(rows) < 1000 {
			return &body[api.Page[api.Alarm]]{out}, nil
		}
		before = rows[len(rows)-1].ID
	}
}

// alarmOf puts an alarm into words. The cause is {reason} in the texts; whoever
// raised it may have called it error. Where it has a code, its words and its
// remedy are told. What is not known shows as a dash.
func alarmOf(a alarm.Alarm, lang string) api.Alarm {
	args := text.Args{"subject": a.Subject}
	for _, name := range text.Names("alarm." + a.Code) {
		if args[name] == "" {
			args[name] = "–"
		}
	}
	for k, v := range a.Args {
		args[k] = v
	}
	if e := a.Args["error"]; e != "" {
		args["reason"] = e
	}
	keepWords(lang, a.Code, args)
	remedy := text.Text(lang, "alarm."+a.Code+".remedy", args)
	if words, what := faultWords(lang, a.Args["code"]); words != "" {
		args["reason"], remedy = cause(lang, a.Args["code"], a.Args["reason"]), what
	}
	if words, what := usbCause(lang, a.Code, a.Args["code"], a.Args["reason"]); words != "" {
		args["reason"], remedy = words, what
	}
	if list := a.Args["alarms"]; list != "" {
		args["alarms"], remedy = spanWords(lang, strings.Split(list, ","))
	}
	out := api.Alarm{
		ID: a.ID, Code: a.Code, Subject: a.Subject, Line: lineOfAlarm(a), Severity: string(a.Severity), State: "active",
		Momentary: a.Momentary, Text: text.Text(lang, "alarm."+a.Code, args), Remedy: remedy,
		Args: a.Args, Count: a.Count, First: a.First.UTC(), Last: a.Last.UTC(), AckedBy: a.AckedBy, Acked: moment(a.Acked), Comment: a.Comment,
		Ended: moment(a.Ended), EndedBy: a.EndedBy,
	}
	if k, ok := alarm.Find(a.Code); ok {
		out.Kind = k.Subject
	}
	switch {
	case !a.Active():
		out.State = "ended"
	case a.AckedBy != "":
		out.State = "acknowledged"
	}
	return out
}

// AlarmInput names an alarm.
type AlarmInput struct {
	ID uint64 `path:"id" doc:"Number of the alarm"`
}

// AckInput acknowledges an alarm.
type AckInput struct {
	AlarmInput
	Body *api.AckAlarm
}

func (s *Server) ack(ctx context.Context, in *AckInput) (*done, error) {
	c := who(ctx)
	line, code, mine := 0, "", false
	for _, a := range s.cfg.Alarms.Active() {
		if a.ID == in.ID && c.seesAlarm(access.AlarmAck, a) {
			line, code, mine = lineOfAlarm(a), a.Code, true
		}
	}
	if !mine {
		return nil, fail("no-alarm", itoa(in.ID))
	}
	e, comment := access.Entry{Verb: access.AlarmAck, Object: itoa(in.ID), Line: line, Detail: map[string]string{"code": code}}, ""
	if in.Body != nil && strings.TrimSpace(in.Body.Comment) != "" {
		comment = strings.TrimSpace(in.Body.Comment)
		e.Detail["comment"] = comment
	}
	return nil, s.act(ctx, e, func(*access.Entry) error { return s.cfg.Alarms.Ack(in.ID, c.Name, comment) })
}

// AlarmWords are what an alarm is in a language, what to do, and the address on the console
// where it is.
func AlarmWords(a alarm.Alarm, lang string) (words, remedy, place string, line int) {
	w := alarmOf(a, lang)
	switch w.Kind {
	case "line":
		place = "/lines"
		if w.Line > 0 {
			place += "/" + strconv.Itoa(w.Line)
		}
	case "board", "span":
		place = "/boards"
	case "disk", "job", "target":
		place = "/storage"
	case "file":
		place = "/system"
	default:
		place = "/alarms"
	}
	return w.Text, w.Remedy, place, w.Line
}
