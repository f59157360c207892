package console

import (
	"context"
	"net/http"

	"vaad/access"
	"vaad/api"
	"vaad/recorder/archive"
)

// Encryption is the keys of encrypted recordings.
type Encryption interface {
	State() (api.Encryption, error)
	Rotate() (api.RotatedKeys, error)
}

// encryptionRoutes are the routes about encrypted recordings.
func encryptionRoutes() []route {
	return []route{
		{"encryption", http.MethodGet, "/encryption", access.Status, keeping, "How recordings are encrypted, and what there is of keys", with((*Server).encryption)},
		{"encryption-rotate", http.MethodPost, "/encryption/rotate", access.Maintain, keeping, "Put a new master key in use: all keys are wrapped anew", with((*Server).rotateKeys)},
	}
}

// encryption counts keys.
func (s *Server) encryption(context.Context, *empty) (*body[api.Encryption], error) {
	if s.cfg.Encryption == nil {
		return nil, fail("not-available", "")
	}
	out, err := s.cfg.Encryption.State()
	return &body[api.Encryption]{out}, err
}

// rotateKeys changes the master key.
func (s *Server) rotateKeys(ctx context.Context, _ *empty) (*body[api.RotatedKeys], error) {
	if s.cfg.Encryption == nil {
		return nil, fail("not-available", "")
	}
	if !who(ctx).scope.Everywhere(access.Maintain) {
		s.denied(ctx, access.Maintain, "keys", 0)
		return nil, fail("forbidden", "the keys are those of every line, also of those outside your groups")
	}
	var out api.RotatedKeys
	e := access.Entry{Verb: access.Maintain, Object: "keys", Detail: map[string]string{"act": "rotate"}}
	err := s.act(ctx, e, func(e *access.Entry) (err error) {
		out, err = s.cfg.Encryption.Rotate()
		e.Detail = merge(e.Detail, "master", out.Master)
		return err
	})
	if code := archive.Unreadable(err); code != "" {
		return nil, fail(code, err.Error())
	}
	return &body[api.RotatedKeys]{out}, err
}
