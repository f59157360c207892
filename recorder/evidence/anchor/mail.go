package anchor

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"
)

// Ways to protect the connection to a mail server.
const (
	StartTLS = "starttls" // required, port 587
	TLS      = "tls"      // from the first byte, port 465
	Plain    = "none"     // port 25; only for a server on the same machine or network
)

// Server is a mail server that takes mail for others (RFC 6409).
type Server struct {
	Host     string
	Port     int    // 0 = the usual one
	Security string // StartTLS, TLS or Plain
	User     string // "" = it asks for none
	Password string // file that it stands in
	From     string // address
}

// MailSettings say who gets checkpoints.
type MailSettings struct {
	Server Server
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
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(s.Server.From), msg.To(s.To...)); err != nil {
		return err
	}
	subject, body := m.Texts(s.Box, newest, len(notes))
	msg.Subject(subject)
	msg.SetDate()
	msg.SetMessageIDWithValue(fmt.Sprintf("%s.%d.%s", newest.Origin, newest.Number, domain(s.Server.From)))
	msg.SetBodyString(mail.TypeTextPlain, body)
	var file bytes.Buffer
	for _, n := range notes {
		file.Write(n.Text)
		file.WriteByte('\n')
	}
	if err := msg.AttachReader(fmt.Sprintf("%s-%09d.checkpoints", newest.Origin, newest.Number), &file); err != nil {
		return err
	}
	c, err := m.client(s.Server)
	if err != nil {
		return err
	}
	if err := c.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("mail server %s: %w", s.Server.Host, err)
	}
	return nil
}

func (m *Mail) client(s Server) (*mail.Client, error) {
	opts := []mail.Option{mail.WithTimeout(time.Minute)}
	switch s.Security {
	case TLS:
		opts = append(opts, mail.WithSSLPort(false))
	case Plain:
		opts = append(opts, mail.WithTLSPortPolicy(mail.NoTLS))
	default:
		opts = append(opts, mail.WithTLSPortPolicy(mail.TLSMandatory))
	}
	if s.Port != 0 {
		opts = append(opts, mail.WithPort(s.Port))
	}
	if m.TLS != nil {
		opts = append(opts, mail.WithTLSConfig(m.TLS))
	}
	if s.User != "" {
		password, err := os.ReadFile(s.Password)
		if err != nil {
			return nil, fmt.Errorf("password of the mail server: %w", err)
		}
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(strings.TrimSpace(string(password))))
	}
	return mail.NewClient(s.Host, opts...)
}

// domain is what stands behind the @ of an address.
func domain(address string) string {
	at := strings.LastIndexByte(address, '@')
	return strings.TrimRight(address[at+1:], "> ")
}
