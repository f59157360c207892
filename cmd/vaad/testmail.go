package main

import (
	"context"
	"crypto/rand"
	"time"

	"vaad/alarm/route"
	"vaad/api/text"
)

// testMail sends a mail by the server of the settings. It waits until that has taken it.
func (d *running) testMail(ctx context.Context, lang, to string) error {
	m := route.Mail{Server: d.sec.mail.Get(d.doc).server(), To: []string{to},
		Words: func(route.Message) (subject, body string) {
			args := text.Args{"box": d.sec.site.Get(d.doc).Name}
			return text.Text(lang, "mail.test.subject", args), text.Text(lang, "mail.test.body", args) + "\n"
		}}
	return m.Send(ctx, route.Message{V: 1, ID: rand.Text(), Kind: "test", Time: time.Now()})
}
