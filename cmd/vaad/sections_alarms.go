package main

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vaad/alarm"
	"vaad/alarm/route"
	"vaad/settings"
)

// alarmRouteDoc is one way by which people are told of alarms. Docs: docs/alarms.md.
type alarmRouteDoc struct {
	Off          bool     `json:"off"`           // it tells nothing
	Severities   []string `json:"severities"`    // warning, critical; none: both
	Codes        []string `json:"codes"`         // alarms by name, a * at the end for any rest; none: all
	Subjects     []string `json:"subjects"`      // what they are about, in the same way
	Groups       []string `json:"groups"`        // only alarms of lines of these groups
	MailTo       []string `json:"mail_to"`       // addresses
	Webhook      string   `json:"webhook"`       // address that messages are posted to, instead of mail
	WebhookRoots string   `json:"webhook_roots"` // file of certificates that are trusted for it; "" = the system's
	DelayS       int      `json:"delay_s"`       // a condition is told when it has lasted so long
	RepeatMin    int      `json:"repeat_min"`    // told again so often until it is acknowledged; 0 = never
	Ended        bool     `json:"ended"`         // its end is told too
	QuietFrom    string   `json:"quiet_from"`    // 22:00: from then warnings wait; "" = never
	QuietTo      string   `json:"quiet_to"`      // 07:00
	Flood        int      `json:"flood"`         // messages in 5 min; more come in one
	Console      string   `json:"console"`       // address under which people reach the console, for links; "" = none
}

// alarmSections is the part of the settings that is about telling people of alarms.
type alarmSections struct {
	alarmRoutes settings.Section[map[string]alarmRouteDoc]
}

func newAlarmSections() alarmSections {
	return alarmSections{settings.NewMap("alarm_routes", func(string) alarmRouteDoc { return defaultAlarmRoute() },
		func(key string, d alarmRouteDoc) error { return d.validate(key) })}
}

func defaultAlarmRoute() alarmRouteDoc {
	return alarmRouteDoc{Severities: []string{}, Codes: []string{}, Subjects: []string{}, Groups: []string{}, MailTo: []string{}, Ended: true, Flood: 10}
}

// Bounds of routes.
const (
	maxAlarmRoutes = 20
	maxRouteList   = 50
	maxDelayS      = 24 * 3600
	maxRepeatMin   = 7 * 24 * 60
)

func (d alarmRouteDoc) validate(key string) error {
	var errs []error
	bad := func(k, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", k, fmt.Sprintf(format, args...)))
	}
	if key == "" || len(key) > 32 || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		bad("", "%q is no name of a route: use up to 32 lower-case letters, digits and hyphens", key)
	}
	for i, s := range d.Severities {
		if s != string(alarm.Warning) && s != string(alarm.Critical) {
			bad(fmt.Sprint("severities.", i), "%q is not known; use warning or critical", s)
		}
	}
	for i, c := range d.Codes {
		start, any := strings.CutSuffix(c, "*")
		if !slices.ContainsFunc(alarm.Table(), func(k alarm.Kind) bool { return k.Code == c || any && strings.HasPrefix(k.Code, start) }) {
			bad(fmt.Sprint("codes.", i), "there is no alarm %q", c)
		}
	}
	for k, list := range map[string][]string{"codes": d.Codes, "subjects": d.Subjects, "groups": d.Groups, "mail_to": d.MailTo} {
		if len(list) > maxRouteList || slices.ContainsFunc(list, func(s string) bool { return len(s) > 320 }) {
			bad(k, "too much: at most %d of at most 320 characters", maxRouteList)
		}
	}
	for i, to := range d.MailTo {
		if _, err := mail.ParseAddress(to); err != nil {
			bad(fmt.Sprint("mail_to.", i), "%q is no address", to)
		}
	}
	switch {
	case len(d.MailTo) > 0 && d.Webhook != "":
		bad("webhook", "a route goes one way: leave mail_to empty, or make a second route")
	case len(d.MailTo) == 0 && d.Webhook == "" && !d.Off:
		bad("mail_to", "nobody is told: name an address, or a webhook")
	}
	if d.Webhook != "" {
		if err := route.BadURL(d.Webhook); err != nil {
			bad("webhook", "%v", err)
		}
	}
	if d.WebhookRoots != "" && !filepath.IsAbs(d.WebhookRoots) {
		bad("webhook_roots", "%q: give the whole path of a file, from /", d.WebhookRoots)
	}
	within := func(k string, v, lo, hi int) {
		if v < lo || v > hi {
			bad(k, "%d: must be %d…%d", v, lo, hi)
		}
	}
	within("delay_s", d.DelayS, 0, maxDelayS)
	within("repeat_min", d.RepeatMin, 0, maxRepeatMin)
	within("flood", d.Flood, 1, 1000)
	if (d.QuietFrom == "") != (d.QuietTo == "") {
		bad("quiet_to", "give both ends of the quiet hours, or none")
	}
	for k, s := range map[string]string{"quiet_from": d.QuietFrom, "quiet_to": d.QuietTo} {
		if _, err := clockMinutes(s); err != nil {
			bad(k, "%q is no time of day: write it as 22:00", s)
		}
	}
	if d.Console != "" {
		if u, err := url.Parse(d.Console); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			bad("console", "%q is no address: write it as https://vaad.example.org", d.Console)
		}
	}
	return errors.Join(errs...)
}

// clockMinutes is a time of day in minutes after midnight; "" is 0.
func clockMinutes(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, err
	}
	return t.Hour()*60 + t.Minute(), nil
}

// checkAlarmRoutes looks across sections: what routes name must be there.
func (s sections) checkAlarmRoutes(v settings.View) (errs []error) {
	routes, groups := s.alarmRoutes.In(v), s.groups.In(v)
	if len(routes) > maxAlarmRoutes {
		errs = append(errs, fmt.Errorf("alarm_routes: %d are too many: at most %d", len(routes), maxAlarmRoutes))
	}
	for name, d := range routes {
		if len(d.MailTo) > 0 && !d.Off && s.mail.In(v).Server == "" {
			errs = append(errs, fmt.Errorf("alarm_routes.%s.mail_to: there is no mail server yet: set mail.server first", name))
		}
		for i, g := range d.Groups {
			if _, ok := groups[g]; !ok {
				errs = append(errs, fmt.Errorf("alarm_routes.%s.groups.%d: there is no group %q", name, i, g))
			}
		}
	}
	return errs
}
