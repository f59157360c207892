package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/alarm"
	"vaad/alarm/route"
	"vaad/api/text"
	"vaad/console"
	"vaad/recorder/archive"
)

// notifier tells people of alarms, by the routes of the settings.
type notifier struct {
	*route.Router
	d *running
}

// openRoutes makes the router.
func (d *running) openRoutes(opened *undo) error {
	wake := make(chan struct{}, 1)
	stops := []func(){
		d.sec.alarmRoutes.Subscribe(d.doc, func(map[string]alarmRouteDoc) { ring(wake) }),
		d.sec.mail.Subscribe(d.doc, func(mailDoc) { ring(wake) }),
	}
	opened.add(func() error {
		for _, stop := range stops {
			stop()
		}
		return nil
	})
	n := &notifier{d: d}
	r, err := route.New(route.Config{DB: d.db, Alarms: d.alarms, Routes: n.routes, Words: func(a alarm.Alarm) route.Words { return n.words(a) },
		Box: n.box, Wake: wake, Logger: d.log, Registerer: d.reg})
	if err != nil {
		return fmt.Errorf("alarm routes: %w", err)
	}
	n.Router = r
	d.notifier = n
	return nil
}

// routes are those of the settings that are in use.
func (n *notifier) routes() []route.Route {
	all, server, zone := n.d.sec.alarmRoutes.Get(n.d.doc), n.d.sec.mail.Get(n.d.doc).server(), n.d.location()
	var out []route.Route
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		if c.Off || c.Webhook == "" && len(c.MailTo) == 0 {
			continue
		}
		r := route.Route{Name: name, Console: c.Console, Codes: c.Codes, Subjects: c.Subjects, Groups: c.Groups, Delay: time.Duration(c.DelayS) * time.Second,
			Repeat: time.Duration(c.RepeatMin) * time.Minute, Ended: c.Ended, Flood: c.Flood}
		for _, s := range c.Severities {
			r.Severities = append(r.Severities, alarm.Severity(s))
		}
		r.Quiet.From, _ = clockMinutes(c.QuietFrom) // validated
		r.Quiet.To, _ = clockMinutes(c.QuietTo)
		r.Quiet.Zone = zone
		if c.Webhook != "" {
			secret := n.secretFile(name)
			if !n.Signed(name) {
				secret = ""
			}
			r.Way = &route.Webhook{URL: c.Webhook, Secret: secret, Roots: c.WebhookRoots, Agent: "vaad/" + version, Now: time.Now}
		} else {
			r.Way = &route.Mail{Server: server, To: c.MailTo, Words: n.letter}
		}
		out = append(out, r)
	}
	return out
}

func (n *notifier) box() route.Box {
	b := route.Box{Name: n.d.sec.site.Get(n.d.doc).Name, Version: version}
	if n.d.tree != nil { // the name of the key that signs its evidence
		b.ID, _, _ = strings.Cut(n.d.tree.State().Key, "+")
		b.ID = strings.TrimPrefix(b.ID, "vaad-")
	}
	return b
}

// words are what an alarm is in the site's language.
func (n *notifier) words(a alarm.Alarm) route.Words {
	var w route.Words
	var place string
	w.Text, w.Remedy, place, w.Line = console.AlarmWords(a, n.d.sec.site.Get(n.d.doc).Language)
	if w.Line > 0 {
		w.Group = n.d.sec.lines.Get(n.d.doc)[key(w.Line)].Group
	}
	w.Link = place
	return w
}

// letter is a message as mail.
func (n *notifier) letter(m route.Message) (subject, body string) {
	lang := n.d.sec.site.Get(n.d.doc).Language
	say := func(key string, args text.Args) string { return text.Text(lang, "mail.alarm."+key, args) }
	args := text.Args{"box": m.Box.Name, "route": m.Route, "version": m.Box.Version, "count": strconv.Itoa(len(m.Alarms) + m.More)}
	var b strings.Builder
	if m.Kind == route.Test {
		b.WriteString(say("test", args) + "\n")
	} else if m.Kind != route.Digest && len(m.Alarms) > 0 {
		args["text"], args["severity"] = m.Alarms[0].Text, text.Text(lang, "severity."+string(m.Alarms[0].Severity), nil)
	}
	at := func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 -0700") }
	for _, a := range m.Alarms {
		fmt.Fprintf(&b, "%s: %s\n%s\n", text.Text(lang, "severity."+string(a.Severity), nil), a.Text, say("since", text.Args{"time": at(a.First)}))
		switch a.State {
		case "ended":
			b.WriteString(say("ended", text.Args{"time": at(a.Ended)}) + "\n")
		case "acknowledged":
			b.WriteString(say("acked", text.Args{"actor": a.AckedBy, "comment": a.Comment}) + "\n")
		}
		if a.State != "ended" {
			b.WriteString(say("do", text.Args{"remedy": a.Remedy}) + "\n")
		}
		if a.Link != "" {
			b.WriteString(a.Link + "\n")
		}
		b.WriteString("\n")
	}
	if m.More > 0 {
		b.WriteString(say("more", text.Args{"count": strconv.Itoa(m.More)}) + "\n\n")
	}
	b.WriteString("-- \n" + say("foot", args) + "\n")
	return say("subject."+m.Kind, args), b.String()
}

func (n *notifier) secretFile(name string) string {
	return filepath.Join(n.d.cfg.Root, "secrets", "alarm-"+name)
}

// Signed says whether a route has a secret.
func (n *notifier) Signed(name string) bool { return exists(n.secretFile(name)) }

// NewSecret makes a secret for a route's webhook, in place of the one that there was.
func (n *notifier) NewSecret(name string) (string, error) {
	c, ok := n.d.sec.alarmRoutes.Get(n.d.doc)[name]
	if !ok || c.Webhook == "" {
		return "", route.ErrNone
	}
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	secret := hex.EncodeToString(b[:])
	file := n.secretFile(name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	return secret, archive.ReplaceFile(file, []byte(secret+"\n"), 0o600)
}

// run tells of alarms until ctx ends. Secrets of routes that are gone go too.
func (n *notifier) run(ctx context.Context) error {
	names, err := filepath.Glob(n.secretFile("*"))
	for _, file := range names {
		if _, ok := n.d.sec.alarmRoutes.Get(n.d.doc)[strings.TrimPrefix(filepath.Base(file), "alarm-")]; !ok {
			if rm := os.Remove(file); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
				err = errors.Join(err, rm)
			}
		}
	}
	if err != nil {
		n.d.log.Warn("secrets of alarm routes that are gone could not be removed", "error", err)
	}
	return n.Run(ctx)
}
