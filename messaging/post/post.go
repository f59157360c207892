// Package post gives letters to a mail server.
//
//	Server (settings) ─Letter─▶ head, filled in by the caller ─Send─▶ mail server
//
// In: where the mail server is, how its connection is protected, who sends. Out:
// letters that it has taken (RFC 6409), or why it has not. Callers: alarm/route
// tells of alarms, recorder/evidence/anchor sends checkpoints, cmd/vaad says of
// which server. Nothing is kept and nothing tried again here.
package post

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
	StartTLS = "starttls" // required, port 587
	TLS      = "tls"      // from the first byte, port 465
	Plain    = "none"     // port 25; only for a server on the same machine or network
)

// Time is how long one step of the talk with a mail server may take.
const Time = time.Minute

// Server is a mail server that takes mail for others (RFC 6409).
type Server struct {
	Host     string
	Port     int    // 0 = the usual one
	Security string // StartTLS, TLS or Plain
	User     string // "" = it asks for none
	Password string // file that it stands in
	From     string // address
}

// Letter begins a letter from the server's sender; name makes its Message-ID.
func (s Server) Letter(to []string, name string) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(s.From), msg.To(to...)); err != nil {
		return nil, err
	}
	at := strings.LastIndexByte(s.From, '@')
	msg.SetMessageIDWithValue(name + strings.TrimRight(s.From[at+1:], "> "))
	return msg, nil
}

// Send waits until the server has taken a letter. roots may be nil: the system's.
func (s Server) Send(ctx context.Context, msg *mail.Msg, roots *tls.Config) error {
	c, err := s.client(roots)
	if err != nil {
		return err
	}
	if err := c.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("mail server %s: %w", s.Host, err)
	}
	return nil
}

func (s Server) client(roots *tls.Config) (*mail.Client, error) {
	opts := []mail.Option{mail.WithTimeout(Time)}
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
	if roots != nil {
		opts = append(opts, mail.WithTLSConfig(roots))
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
