package route

import (
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
	StartTLS = "starttls" // required
	TLS      = "tls"      // from the first byte
	Plain    = "none"     // only for a server on the same machine or network
)

// mailTime is how long one try may take.
const mailTime = time.Minute

// Mail sends messages to people.
type Mail struct {
	Host     string
	Port     int    // 0 = the usual one
	Security string // StartTLS, TLS or Plain
	User     string // "" = it asks for none
	Password string // file that it stands in
	From     string
	To       []string
	TLS      *tls.Config // nil = the system's roots

	Words func(Message) (subject, body string)
}

// Kind is "mail".
func (m *Mail) Kind() string { return "mail" }

// Send sends one message to all.
func (m *Mail) Send(ctx context.Context, of Message) error {
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	if m.Host == "" {
		return errors.New("there is no mail server: set mail.server")
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(m.From), msg.To(m.To...)); err != nil {
		return err
	}
	subject, body := m.Words(of)
	msg.Subject(strings.Map(printable, subject))
	msg.SetDateWithValue(of.Time)
	at := strings.LastIndexByte(m.From, '@')
	msg.SetMessageIDWithValue(of.ID + "@" + strings.TrimRight(m.From[at+1:], "> "))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody is on holiday for it
	msg.SetBodyString(mail.TypeTextPlain, body)
	c, err := m.client()
	if err != nil {
		return err
	}
	if err := c.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("mail server %s: %w", m.Host, err)
	}
	return nil
}

func (m *Mail) client() (*mail.Client, error) {
	opts := []mail.Option{mail.WithTimeout(mailTime)}
	switch m.Security {
	case TLS:
		opts = append(opts, mail.WithSSLPort(false))
	case Plain:
		opts = append(opts, mail.WithTLSPortPolicy(mail.NoTLS))
	default:
		opts = append(opts, mail.WithTLSPortPolicy(mail.TLSMandatory))
	}
	if m.Port != 0 {
		opts = append(opts, mail.WithPort(m.Port))
	}
	if m.TLS != nil {
		opts = append(opts, mail.WithTLSConfig(m.TLS))
	}
	if m.User != "" {
		password, err := os.ReadFile(m.Password)
		if err != nil {
			return nil, fmt.Errorf("password of the mail server: %w", err)
		}
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.User), mail.WithPassword(strings.TrimSpace(string(password))))
	}
	return mail.NewClient(m.Host, opts...)
}
