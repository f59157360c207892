package route

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"

	"vaad/messaging/post"

	mail "github.com/wneessen/go-mail"
)

// Mail sends messages to people.
type Mail struct {
	Server post.Server
	To     []string
	TLS    *tls.Config // nil = the system's roots

	Words func(Message) (subject, body string)
}

// Kind is "mail".
func (m *Mail) Kind() string { return "mail" }

// Send sends one message to all.
func (m *Mail) Send(ctx context.Context, of Message) error {
	ctx, cancel := context.WithTimeout(ctx, post.Time)
	defer cancel()
	if m.Server.Host == "" {
		return errors.New("there is no mail server: set mail.server")
	}
	msg, err := m.Server.Letter(m.To, of.ID+"@")
	if err != nil {
		return err
	}
	subject, body := m.Words(of)
	msg.Subject(strings.Map(printable, subject))
	msg.SetDateWithValue(of.Time)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody is on holiday for it
	msg.SetBodyString(mail.TypeTextPlain, body)
	return m.Server.Send(ctx, msg, m.TLS)
}
