package main

import (
	"context"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"vaad/api/text"
	"vaad/recorder/evidence/anchor"
)

// tsaTime is how long an authority may take to answer.
const tsaTime = time.Minute

// anchors gives checkpoints to people and to a time stamp authority until the
// context ends.
func (d *running) anchors(ctx context.Context) error {
	recordings := filepath.Join(d.cfg.Root, "recordings")
	byMail := &anchor.Mail{Settings: func() anchor.MailSettings {
		e := d.sec.evidence.Get(d.doc)
		return anchor.MailSettings{Server: d.sec.mail.Get(d.doc).server(), To: e.MailTo, Every: time.Duration(e.MailHours) * time.Hour, Box: d.sec.site.Get(d.doc).Name}
	}, Texts: func(box string, newest anchor.Note, n int) (subject, body string) {
		args := text.Args{"box": box, "number": strconv.FormatInt(newest.Number, 10), "count": strconv.Itoa(n), "key": newest.Origin,
			"lines": strconv.FormatInt(newest.Size, 10), "time": newest.Time.UTC().Format("2006-01-02 15:04:05 UTC")}
		lang := d.sec.site.Get(d.doc).Language
		return text.Text(lang, "mail.checkpoints.subject", args), text.Text(lang, "mail.checkpoints.body", args) + "\n"
	}}
	byAuthority := &anchor.TSA{Recordings: recordings, Client: &http.Client{Timeout: tsaTime}, Logger: d.log, Now: time.Now, Settings: func() anchor.TSASettings {
		e := d.sec.evidence.Get(d.doc)
		return anchor.TSASettings{Address: e.TSA, Roots: e.TSARoots, Every: time.Duration(e.TSAHours) * time.Hour}
	}}
	wake := make(chan struct{}, 1)
	defer d.sec.evidence.Subscribe(d.doc, func(evidenceDoc) { ring(wake) })()
	defer d.sec.mail.Subscribe(d.doc, func(mailDoc) { ring(wake) })()
	return anchor.Run(ctx, anchor.Config{Wake: wake, Recordings: recordings, State: filepath.Join(d.cfg.Root, "evidence", "anchored"),
		Ways: []anchor.Way{byMail, byAuthority}, Alarms: d.alarms, Logger: d.log, Registerer: d.reg})
}
