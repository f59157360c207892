package anchor

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"vaad/messaging/post"

	mail "github.com/wneessen/go-mail"
)

// MailSettings say who gets checkpoints.
type MailSettings struct {
	Server post.Server
	To     []string      // nobody: the way is closed
	Every  time.Duration // at least so long between two mails
	Box    string        // name of this box
}

// Mail sends new checkpoints to people.
type Mail struct {
	Settings func() MailSettings
	Texts    func(box string, newest Note, count int) (subject, body string)
	TLS      *tls.Config // nil = the system's roots
}

// Name is "mail".
func (m *Mail) Name() string { return "mail" }

// Every is how often it is due; 0 where nobody is to get any.
func (m *Mail) Every() time.Duration {
	if s := m.Settings(); len(s.To) > 0 {
		return s.Every
	}
	return 0
}

// Keep sends the notes in one attachment, as the file of an anchor has them.
func (m *Mail) Keep(ctx context.Context, notes []Note) error {
	s := m.Settings()
	newest := notes[len(notes)-1]
	msg, err := s.Server.Letter(s.To, fmt.Sprintf("%s.%d.", newest.Origin, newest.Number))
	if err != nil {
		return err
	}
	subject, body := m.Texts(s.Box, newest, len(notes))
	msg.Subject(subject)
	msg.SetDate()
	msg.SetBodyString(mail.TypeTextPlain, body)
	var file bytes.Buffer
	for _, n := range notes {
		file.Write(n.Text)
		file.WriteByte('\n')
	}
	if err := msg.AttachReader(fmt.Sprintf("%s-%09d.checkpoints", newest.Origin, newest.Number), &file); err != nil {
		return err
	}
	return s.Server.Send(ctx, msg, m.TLS)
}
