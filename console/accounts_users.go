package console

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"vaad/access"
	"vaad/api"
)

func userOf(u *access.User, c *caller) api.User {
	return api.User{ID: u.ID, Name: u.Name, Display: u.Display, Language: u.Language, Enabled: u.Enabled, Grants: grantsOf(u.Grants), MustChange: u.MustChange,
		TOTP: u.TOTP, Recovery: u.Recovery, Created: u.Created.UTC(), PasswordSet: u.PasswordSet.UTC(), LastLogin: moment(u.LastLogin), LastAddress: u.LastAddress,
		LockedUntil: moment(u.LockedUntil), Sessions: u.Sessions, Tokens: u.Tokens, Me: u.ID == c.ID}
}

func words[T ~string](all []T) []string {
	out := []string{}
	for _, v := range all {
		out = append(out, string(v))
	}
	return out
}

func verbs(all []string) (out []access.Verb) {
	for _, v := range all {
		out = append(out, access.Verb(v))
	}
	return out
}

func grantsOf(all []access.Grant) []api.Grant {
	out := []api.Grant{}
	for _, g := range all {
		out = append(out, api.Grant{Role: string(g.Role), Groups: append([]string{}, g.Groups...), More: words(g.More), Less: words(g.Less)})
	}
	return out
}

func grantsIn(all []api.Grant) (out []access.Grant) {
	for _, g := range all {
		out = append(out, access.Grant{Role: access.Role(g.Role), Groups: slices.Clone(g.Groups), More: verbs(g.More), Less: verbs(g.Less)})
	}
	return out
}

// grantWords is what the audit log says of rights: it must show who gave what to whom.
func grantWords(all []access.Grant) string {
	var out []string
	for _, g := range all {
		one := string(g.Role)
		if len(g.Groups) > 0 {
			one += "@" + strings.Join(g.Groups, "+")
		}
		for _, v := range g.More {
			one += " +" + string(v)
		}
		for _, v := range g.Less {
			one += " -" + string(v)
		}
		out = append(out, one)
	}
	return strings.Join(out, ", ")
}

// overUsers wants the right on every line, and no more rights of the account, as it is and as it is to
// be, than the caller has: who manages accounts does not become more by it.
func (s *Server) overUsers(ctx context.Context, object string, all ...[]access.Grant) error {
	if err := s.wholeBox(ctx, access.Users, object); err != nil {
		return err
	}
	for _, grants := range all {
		if !who(ctx).scope.Covers(s.cfg.Access.Scope(access.Actor{Grants: grants})) {
			s.denied(ctx, access.Users, object, 0)
			return fail("beyond-rights", object)
		}
	}
	return nil
}

// UserInput names an account.
type UserInput struct {
	User string `path:"user" maxLength:"64" doc:"ID of the account, or its name"`
}

// onUser does something to an account, and audits it.
func (s *Server) onUser(ctx context.Context, key, act string, becomes []access.Grant, do func(u access.User, e *access.Entry) (access.User, error)) (*body[api.User], error) {
	u, err := s.cfg.Access.FindUser(key)
	if err != nil {
		return nil, said(ctx, err)
	}
	if err := s.overUsers(ctx, u.Name, u.Grants, becomes); err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.Users, Object: u.Name, Detail: map[string]string{"act": act}}
	err = s.act(ctx, e, func(e *access.Entry) error {
		u, err = do(u, e)
		return err
	})
	if err != nil {
		return nil, said(ctx, err)
	}
	return &body[api.User]{userOf(&u, who(ctx))}, nil
}

func (s *Server) users(ctx context.Context, _ *empty) (*body[api.Page[api.User]], error) {
	if err := s.wholeBox(ctx, access.Users, "users"); err != nil {
		return nil, err
	}
	out := &body[api.Page[api.User]]{api.Page[api.User]{Items: []api.User{}}}
	all := s.cfg.Access.Users()
	for i := range all {
		out.Body.Items = append(out.Body.Items, userOf(&all[i], who(ctx)))
	}
	out.Body.Total = int64(len(all))
	return out, nil
}

func (s *Server) user(ctx context.Context, in *UserInput) (*body[api.User], error) {
	if err := s.wholeBox(ctx, access.Users, in.User); err != nil {
		return nil, err
	}
	u, err := s.cfg.Access.FindUser(in.User)
	if err != nil {
		return nil, said(ctx, err)
	}
	return &body[api.User]{userOf(&u, who(ctx))}, nil
}

func wished(w *api.UserWish, must bool) access.NewUser {
	return access.NewUser{Name: w.Name, Display: w.Display, Language: w.Language, Enabled: w.Enabled == nil || *w.Enabled, Grants: grantsIn(w.Grants), MustChange: must}
}

// made is a password for somebody else to be told: 60 bits, without letters that are
// mistaken for others. They choose another one at the first log-in.
func made() string {
	t := strings.ToLower(rand.Text())
	return t[:4] + "-" + t[4:8] + "-" + t[8:12]
}

// NewUserInput is an account to be made.
type NewUserInput struct{ Body api.NewUser }

func (s *Server) newUser(ctx context.Context, in *NewUserInput) (*body[api.UserMade], error) {
	n := wished(&in.Body.UserWish, in.Body.MustChange == nil || *in.Body.MustChange)
	if err := s.overUsers(ctx, quote(n.Name), n.Grants); err != nil {
		return nil, err
	}
	out := &body[api.UserMade]{}
	password := in.Body.Password
	if password == "" {
		password = made()
		out.Body.Password = password
	}
	e := access.Entry{Verb: access.Users, Object: n.Name, Detail: map[string]string{"act": "new", "grants": grantWords(n.Grants)}}
	err := s.act(ctx, e, func(*access.Entry) error {
		u, err := s.cfg.Access.CreateUser(ctx, n, password)
		out.Body.User = userOf(&u, who(ctx))
		return err
	})
	if err != nil {
		return nil, said(ctx, err)
	}
	return out, nil
}

// ChangeUserInput is what an account is to be.
type ChangeUserInput struct {
	UserInput
	Body api.UserWish
}

func (s *Server) changeUser(ctx context.Context, in *ChangeUserInput) (*body[api.User], error) {
	return s.onUser(ctx, in.User, "change", grantsIn(in.Body.Grants), func(u access.User, e *access.Entry) (access.User, error) {
		n := wished(&in.Body, u.MustChange)
		e.Detail["grants"], e.Detail["before"] = grantWords(n.Grants), grantWords(u.Grants)
		if n.Name != u.Name {
			e.Detail["name"] = n.Name
		}
		if n.Enabled != u.Enabled {
			e.Detail["enabled"] = map[bool]string{true: "true", false: "false"}[n.Enabled]
		}
		return s.cfg.Access.ChangeUser(u.ID, n, who(ctx).session)
	})
}

func (s *Server) removeUser(ctx context.Context, in *UserInput) (*done, error) {
	_, err := s.onUser(ctx, in.User, "remove", nil, func(u access.User, _ *access.Entry) (access.User, error) {
		return u, s.cfg.Access.RemoveUser(u.ID)
	})
	return &done{}, err
}

// ResetInput is another password for an account.
type ResetInput struct {
	UserInput
	Body api.ResetPassword
}

func (s *Server) resetPassword(ctx context.Context, in *ResetInput) (*body[api.UserMade], error) {
	out := &body[api.UserMade]{}
	password := in.Body.Password
	if password == "" {
		password = made()
		out.Body.Password = password
	}
	u, err := s.onUser(ctx, in.User, "password", nil, func(u access.User, _ *access.Entry) (access.User, error) {
		return s.cfg.Access.SetPassword(ctx, u.ID, password, in.Body.MustChange == nil || *in.Body.MustChange, who(ctx).session)
	})
	if err != nil {
		return nil, err
	}
	out.Body.User = u.Body
	return out, nil
}

func (s *Server) unlockUser(ctx context.Context, in *UserInput) (*body[api.User], error) {
	return s.onUser(ctx, in.User, "unlock", nil, func(u access.User, _ *access.Entry) (access.User, error) { return s.cfg.Access.Unlock(u.ID) })
}

func (s *Server) removeTOTP(ctx context.Context, in *UserInput) (*body[api.User], error) {
	return s.onUser(ctx, in.User, "totp-remove", nil, func(u access.User, _ *access.Entry) (access.User, error) { return s.cfg.Access.RemoveTOTP(u.ID) })
}
