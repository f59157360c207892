package console

import (
	"context"
	"net/http"
	"net/mail"

	"vaad/access"
	"vaad/api"
)

// mailRoutes are the routes about the mail server.
func mailRoutes() []route {
	return []route{{"test-mail", http.MethodPost, "/settings/test-mail", access.SettingsWrite, "Settings", "Send a mail by the mail server of the settings, to see that it comes", with((*Server).testMail)}}
}

// TestMailInput says who gets a mail.
type TestMailInput struct{ Body api.TestMail }

func (s *Server) testMail(ctx context.Context, in *TestMailInput) (*done, error) {
	if s.cfg.TestMail == nil {
		return nil, fail("not-available", "")
	}
	if err := s.overPath(ctx, access.SettingsWrite, ""); err != nil {
		return nil, err
	}
	to, err := mail.ParseAddress(in.Body.To)
	if err != nil {
		return nil, fail("invalid", quote(in.Body.To)+" is no address")
	}
	e := access.Entry{Verb: access.SettingsWrite, Object: "mail", Detail: map[string]string{"act": "test", "to": to.Address}}
	err = s.act(ctx, e, func(*access.Entry) error { return s.cfg.TestMail(ctx, languageOf(ctx), to.Address) })
	if err != nil {
		return nil, fail("mail-failed", err.Error())
	}
	return &done{}, nil
}
