package console

import (
	"context"
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
	All    bool   `query:"all" doc:"Also those that have ended, newest first"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"With all: rows of one page"`
	Before uint64 `query:"before" doc:"With all: only alarms with a smaller number"`
	Lang   string `header:"Accept-Language" maxLength:"200" doc:"Language of text and remedy: en or zh"`
}

func (s *Server) alarms(ctx context.Context, in *AlarmsInput) (*body[api.Page[api.Alarm]], error) {
	rows := s.cfg.Alarms.Active()
	if in.All {
		var err error
		if rows, err = s.cfg.Alarms.History(in.Before, in.Limit); err != nil {
			return nil, err
		}
	}
	lang := text.Match(in.Lang)
	out := api.Page[api.Alarm]{Items: []api.Alarm{}}
	for _, a := range rows {
		if who(ctx).seesAlarm(access.AlarmRead, a) {
			out.Items = append(out.Items, alarmOf(a, lang))
		}
	}
	if in.All && len(rows) == in.Limit {
		out.Next = itoa(rows[len(rows)-1].ID)
	}
	return &body[api.Page[api.Alarm]]{out}, nil
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
	if list := a.Args["alarms"]; list != "" {
		args["alarms"], remedy = spanWords(lang, strings.Split(list, ","))
	}
	out := api.Alarm{
		ID: a.ID, Code: a.Code, Subject: a.Subject, Line: lineOfAlarm(a), Severity: string(a.Severity), State: "active",
		Momentary: a.Momentary, Text: text.Text(lang, "alarm."+a.Code, args), Remedy: remedy,
		Args: a.Args, Count: a.Count, First: a.First.UTC(), Last: a.Last.UTC(), AckedBy: a.AckedBy, Acked: moment(a.Acked),
		Ended: moment(a.Ended), EndedBy: a.EndedBy,
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

func (s *Server) ack(ctx context.Context, in *AlarmInput) (*done, error) {
	c := who(ctx)
	line, mine := 0, false
	for _, a := range s.cfg.Alarms.Active() {
		if a.ID == in.ID && c.seesAlarm(access.AlarmAck, a) {
			line, mine = lineOfAlarm(a), true
		}
	}
	if !mine {
		return nil, fail("no-alarm", itoa(in.ID))
	}
	e := access.Entry{Verb: access.AlarmAck, Object: itoa(in.ID), Line: line}
	return nil, s.act(ctx, e, func(*access.Entry) error { return s.cfg.Alarms.Ack(in.ID, c.Name) })
}
