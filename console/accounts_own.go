package console

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"net/http"

	"vaad/access"
	"vaad/api"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// ownAct does something to the caller's own account, and audits it.
func (s *Server) ownAct(ctx context.Context, act string, do func(c *caller, e *access.Entry) error) error {
	c, err := s.own(ctx)
	if err != nil {
		return err
	}
	e := access.Entry{Verb: access.Account, Object: c.Name, Detail: map[string]string{"act": act}}
	return said(ctx, s.act(ctx, e, func(e *access.Entry) error { return do(c, e) }))
}

func (s *Server) account(ctx context.Context, _ *empty) (*body[api.User], error) {
	c, err := s.own(ctx)
	if err != nil {
		return nil, err
	}
	u, err := s.cfg.Access.FindUser(c.ID)
	if err != nil {
		return nil, said(ctx, err)
	}
	return &body[api.User]{userOf(&u, c)}, nil
}

// OwnInput is what people say of themselves.
type OwnInput struct{ Body api.OwnAccount }

func (s *Server) changeOwn(ctx context.Context, in *OwnInput) (*body[api.User], error) {
	out := &body[api.User]{}
	return out, s.ownAct(ctx, "change", func(c *caller, _ *access.Entry) error {
		u, err := s.cfg.Access.SetOwn(c.ID, in.Body.Display, in.Body.Language)
		out.Body = userOf(&u, c)
		return err
	})
}

// NewPasswordInput is a change of one's own password.
type NewPasswordInput struct{ Body api.NewPassword }

// ownPassword changes the password. Who came with a link need not know the old one, for as
// long as that is new: it is the way back for a forgotten password.
func (s *Server) ownPassword(ctx context.Context, in *NewPasswordInput) (*renewed, error) {
	out := &renewed{}
	return out, s.ownAct(ctx, "password", func(c *caller, _ *access.Entry) error {
		v, secret := visitOf(ctx), ""
		byLink := c.reset && s.cfg.Now().Sub(c.confirmed) <= access.Fresh
		if !byLink {
			if err := s.cfg.Access.Knows(ctx, c.ID, access.Credentials{Name: c.Name, Password: in.Body.Old, Origin: v.Origin}); err != nil {
				return err
			}
		}
		_, err := s.cfg.Access.SetPassword(ctx, c.ID, in.Body.New, false, c.session)
		if err == nil && c.session != "" {
			if secret, err = s.cfg.Access.Renew(c.session, true); err == nil {
				out.SetCookie = []http.Cookie{v.cookieOf(secret)}
			}
		}
		return err
	})
}

// renewed is an answer with another secret of the session.
type renewed struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

// qrPixels is the width of the picture of a second factor.
const qrPixels = 240

func (s *Server) beginTOTP(ctx context.Context, _ *empty) (*body[api.TOTPStart], error) {
	out := &body[api.TOTPStart]{}
	return out, s.ownAct(ctx, "totp-begin", func(c *caller, _ *access.Entry) error {
		name := "vaad"
		if site := s.cfg.Site().Name; site != "" {
			name = site
		}
		e, err := s.cfg.Access.BeginTOTP(c.ID, name)
		if err != nil {
			return err
		}
		picture, err := qrOf(e.URI)
		out.Body = api.TOTPStart{Secret: e.Secret, URI: e.URI, QR: picture}
		return err
	})
}

// qrOf is a QR code (ISO/IEC 18004) as a PNG in a data address, with the quiet zone that
// readers need left to the page.
func qrOf(words string) (string, error) {
	code, err := qr.Encode(words, qr.M, qr.Auto)
	if err == nil {
		code, err = barcode.Scale(code, qrPixels, qrPixels)
	}
	if err != nil {
		return "", fmt.Errorf("draw the QR code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, code); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// TOTPInput is a code of an app.
type TOTPInput struct{ Body api.TOTPCode }

// recovered is codes for recovery, and another secret of the session.
type recovered struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      api.RecoveryCodes
}

func (s *Server) enrolTOTP(ctx context.Context, in *TOTPInput) (*recovered, error) {
	out := &recovered{Body: api.RecoveryCodes{Codes: []string{}}}
	return out, s.ownAct(ctx, "totp-enrol", func(c *caller, _ *access.Entry) (err error) {
		if out.Body.Codes, err = s.cfg.Access.EnrolTOTP(c.ID, in.Body.Code); err != nil || c.session == "" {
			return err
		}
		secret, err := s.cfg.Access.Renew(c.session, false)
		if err == nil {
			out.SetCookie = []http.Cookie{visitOf(ctx).cookieOf(secret)}
		}
		return errors.Join(err, s.cfg.Access.RevokeOthers(c.ID, c.session)) // they came in without it
	})
}

func (s *Server) dropTOTP(ctx context.Context, _ *empty) (*done, error) {
	return &done{}, s.ownAct(ctx, "totp-remove", func(c *caller, _ *access.Entry) error {
		_, err := s.cfg.Access.RemoveTOTP(c.ID)
		return err
	})
}

func (s *Server) newRecovery(ctx context.Context, _ *empty) (*body[api.RecoveryCodes], error) {
	out := &body[api.RecoveryCodes]{api.RecoveryCodes{Codes: []string{}}}
	return out, s.ownAct(ctx, "recovery", func(c *caller, _ *access.Entry) (err error) {
		codes, err := s.cfg.Access.NewRecovery(c.ID)
		if err == nil {
			out.Body.Codes = codes
		}
		return err
	})
}

func (s *Server) ownSessions(ctx context.Context, _ *empty) (*body[api.Page[api.Session]], error) {
	c, err := s.own(ctx)
	if err != nil {
		return nil, err
	}
	return s.sessionsOf(c, c.ID), nil
}

func (s *Server) endOwnSessions(ctx context.Context, _ *empty) (*done, error) {
	return &done{}, s.ownAct(ctx, "sessions-end", func(c *caller, _ *access.Entry) error {
		return s.cfg.Access.RevokeOthers(c.ID, c.session)
	})
}

// SessionInput names a session.
type SessionInput struct {
	Session string `path:"session" maxLength:"64" doc:"ID of the session"`
}

func (s *Server) endOwnSession(ctx context.Context, in *SessionInput) (*done, error) {
	return &done{}, s.ownAct(ctx, "session-end", func(c *caller, e *access.Entry) error {
		for _, one := range s.cfg.Access.Sessions(c.ID) {
			if one.ID == in.Session {
				e.Detail["address"] = one.Address
				return s.cfg.Access.Revoke(one.ID)
			}
		}
		return access.ErrNoSession
	})
}
