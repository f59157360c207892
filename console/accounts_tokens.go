package console

import (
	"context"
	"slices"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
)

func (s *Server) sessionsOf(c *caller, user string) *body[api.Page[api.Session]] {
	out := &body[api.Page[api.Session]]{api.Page[api.Session]{Items: []api.Session{}}}
	for _, one := range s.cfg.Access.Sessions(user) {
		out.Body.Items = append(out.Body.Items, api.Session{ID: one.ID, Name: one.Name, Kind: string(one.Kind), Created: one.Created.UTC(), Seen: one.Seen.UTC(),
			Until: one.Until.UTC(), Address: one.Address, Agent: one.Agent, Current: one.ID == c.session})
	}
	out.Body.Total = int64(len(out.Body.Items))
	return out
}

func (s *Server) sessions(ctx context.Context, _ *empty) (*body[api.Page[api.Session]], error) {
	if err := s.wholeBox(ctx, access.Users, "sessions"); err != nil {
		return nil, err
	}
	return s.sessionsOf(who(ctx), ""), nil
}

func (s *Server) endSession(ctx context.Context, in *SessionInput) (*done, error) {
	if err := s.wholeBox(ctx, access.Users, "sessions"); err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.Users, Object: "session", Detail: map[string]string{"act": "session-end"}}
	for _, one := range s.cfg.Access.Sessions("") {
		if one.ID == in.Session {
			e.Object, e.Detail["address"] = one.Name, one.Address
		}
	}
	return &done{}, said(ctx, s.act(ctx, e, func(*access.Entry) error { return s.cfg.Access.Revoke(in.Session) }))
}

func tokenOf(t *access.TokenInfo) api.Token {
	return api.Token{ID: t.ID, Name: t.Name, Owner: t.UserName, By: t.By, Verbs: words(t.Limit.Verbs), Groups: append([]string{}, t.Limit.Groups...),
		Created: t.Created.UTC(), Expires: moment(t.Expires), Used: moment(t.Used), Address: t.Address}
}

func tokensOf(all []access.TokenInfo) *body[api.Page[api.Token]] {
	out := &body[api.Page[api.Token]]{api.Page[api.Token]{Items: []api.Token{}, Total: int64(len(all))}}
	for i := range all {
		out.Body.Items = append(out.Body.Items, tokenOf(&all[i]))
	}
	return out
}

func (s *Server) ownTokens(ctx context.Context, _ *empty) (*body[api.Page[api.Token]], error) {
	c, err := s.tokenOwner(ctx)
	if err != nil {
		return nil, err
	}
	all := s.cfg.Access.Tokens(c.ID)
	if c.ID == "" {
		all = slices.DeleteFunc(all, func(t access.TokenInfo) bool { return t.User != "" })
	}
	return tokensOf(all), nil
}

// tokenOwner is the caller, who may have tokens: people with an account, and who manages accounts
// through the local socket. A program makes no others.
func (s *Server) tokenOwner(ctx context.Context) (*caller, error) {
	c := who(ctx)
	if c.Kind == access.Local && c.scope.Everywhere(access.Users) {
		return c, nil
	}
	return s.own(ctx)
}

// TokenInput is a token to be made.
type TokenInput struct{ Body api.TokenWish }

func (s *Server) newToken(ctx context.Context, in *TokenInput) (*body[api.TokenMade], error) {
	c, err := s.tokenOwner(ctx)
	if err != nil {
		return nil, err
	}
	l := access.Limit{Verbs: verbs(in.Body.Verbs), Groups: in.Body.Groups}
	if len(l.Verbs) == 0 {
		l.Verbs = slices.DeleteFunc(access.Verbs(), func(v access.Verb) bool { return v == access.Users || v == access.Erase || !c.scope.May(v) })
	}
	for _, v := range l.Verbs {
		if slices.Contains(access.Verbs(), v) && !c.scope.May(v) {
			return nil, fail("beyond-rights", string(v))
		}
	}
	var expires time.Time
	if in.Body.Expires != nil {
		if expires = *in.Body.Expires; !expires.After(s.cfg.Now()) {
			return nil, fail("bad-expiry", "")
		}
	}
	out := &body[api.TokenMade]{}
	e := access.Entry{Verb: access.Account, Object: "token " + in.Body.Name, Detail: map[string]string{"act": "token-new", "verbs": strings.Join(words(l.Verbs), " "), "groups": strings.Join(l.Groups, " ")}}
	err = s.act(ctx, e, func(*access.Entry) error {
		secret, info, err := s.cfg.Access.CreateToken(c.ID, c.Name, in.Body.Name, l, expires)
		out.Body = api.TokenMade{Token: tokenOf(&info), Secret: secret}
		return err
	})
	if err != nil {
		return nil, said(ctx, err)
	}
	return out, nil
}

// TokenIDInput names a token.
type TokenIDInput struct {
	Token string `path:"token" maxLength:"64" doc:"ID of the token"`
}

func (s *Server) revokeOwnToken(ctx context.Context, in *TokenIDInput) (*done, error) {
	return &done{}, s.ownAct(ctx, "token-revoke", func(c *caller, e *access.Entry) error {
		t, err := s.cfg.Access.RevokeToken(in.Token, c.ID)
		e.Object = "token " + t.Name
		return err
	})
}

func (s *Server) tokens(ctx context.Context, _ *empty) (*body[api.Page[api.Token]], error) {
	if err := s.wholeBox(ctx, access.Users, "tokens"); err != nil {
		return nil, err
	}
	return tokensOf(s.cfg.Access.Tokens("")), nil
}

func (s *Server) revokeToken(ctx context.Context, in *TokenIDInput) (*done, error) {
	if err := s.wholeBox(ctx, access.Users, "tokens"); err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.Users, Object: "token", Detail: map[string]string{"act": "token-revoke"}}
	return &done{}, said(ctx, s.act(ctx, e, func(e *access.Entry) error {
		t, err := s.cfg.Access.RevokeToken(in.Token, "")
		e.Object, e.Detail["owner"] = "token "+t.Name, t.UserName
		return err
	}))
}

// LoginLinkInput says who is to come in.
type LoginLinkInput struct{ Body api.LoginLinkWish }

// loginLink makes a link that opens a session: the way back for a forgotten password. Only who stands
// at the machine may make one.
func (s *Server) loginLink(ctx context.Context, in *LoginLinkInput) (*body[api.LoginLink], error) {
	c := who(ctx)
	if c.Kind != access.Local {
		s.denied(ctx, access.Users, "login-link", 0)
		return nil, fail("local-only", "")
	}
	id, object := "", c.Name
	if in.Body.User != "" {
		u, err := s.cfg.Access.FindUser(in.Body.User)
		if err != nil {
			return nil, said(ctx, err)
		}
		id, object = u.ID, u.Name
	}
	if err := s.overUsers(ctx, object); err != nil {
		return nil, err
	}
	out := &body[api.LoginLink]{}
	e := access.Entry{Verb: access.Users, Object: object, Detail: map[string]string{"act": "login-link"}}
	err := s.act(ctx, e, func(*access.Entry) error {
		secret, until, err := s.cfg.Access.NewLink(id, c.Name)
		address := ""
		if s.cfg.Address != nil {
			address = s.cfg.Address()
		}
		out.Body = api.LoginLink{Link: address + "/?token=" + secret, Until: until.UTC()}
		return err
	})
	if err != nil {
		return nil, said(ctx, err)
	}
	return out, nil
}

// roles is what there is to choose from.
func (s *Server) roles(ctx context.Context, _ *empty) (*body[api.RoleTable], error) {
	c := who(ctx)
	out := api.RoleTable{Roles: []api.RoleRow{}, Verbs: words(access.Verbs()), Groups: []api.LineGroup{}, MinLength: s.cfg.Access.Policy().MinLength}
	for _, row := range access.Table() {
		out.Roles = append(out.Roles, api.RoleRow{Role: string(row.Role), Verbs: words(row.Verbs)})
	}
	for name, lines := range s.cfg.Access.Groups() {
		g := api.LineGroup{Name: name, Lines: []int{}}
		for _, n := range lines {
			if c.scope.Sees(n) && !slices.Contains(g.Lines, n) {
				g.Lines = append(g.Lines, n)
			}
		}
		if len(g.Lines) > 0 || c.scope.Everywhere(access.Users) {
			slices.Sort(g.Lines)
			out.Groups = append(out.Groups, g)
		}
	}
	slices.SortFunc(out.Groups, func(a, b api.LineGroup) int { return strings.Compare(a.Name, b.Name) })
	return &body[api.RoleTable]{out}, nil
}
