package console

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
)

// accounts is the tag of routes about who comes in.
const accounts = "Accounts"

// accountRoutes are the routes about who comes in, and what they may do.
func accountRoutes() []route {
	const get, post, put, remove = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []route{
		{"login", post, "/login", anybody, accounts, "Open a session with name and password; the answer sets a cookie", with((*Server).logIn)},
		{"logout", post, "/logout", anybody, accounts, "End the caller's session", with((*Server).logOut)},
		{"session-confirm", post, "/session/confirm", anyone, accounts, "Give the password again, as dangerous acts want it", with((*Server).confirm)},
		{"roles", get, "/roles", anyone, accounts, "Roles, rights and line groups to choose from", with((*Server).roles)},

		{"account", get, "/account", anyone, accounts, "The caller's own account", with((*Server).account)},
		{"account-change", put, "/account", anyone, accounts, "Change one's own name for people and language", with((*Server).changeOwn)},
		{"account-password", post, "/account/password", anyone, accounts, "Change one's own password; all other sessions end", with((*Server).ownPassword)},
		{"account-totp", post, "/account/totp", anyone, accounts, "Begin to set up a second factor", with((*Server).beginTOTP)},
		{"account-totp-confirm", post, "/account/totp/confirm", anyone, accounts, "Show that the second factor works: it counts from now on", with((*Server).enrolTOTP)},
		{"account-totp-remove", remove, "/account/totp", anyone, accounts, "Take one's own second factor away", with((*Server).dropTOTP)},
		{"account-recovery", post, "/account/recovery", anyone, accounts, "Make new codes for recovery; the old ones are good no more", with((*Server).newRecovery)},
		{"account-sessions", get, "/account/sessions", anyone, accounts, "One's own sessions", with((*Server).ownSessions)},
		{"account-sessions-end", remove, "/account/sessions", anyone, accounts, "End all one's own sessions but this one", with((*Server).endOwnSessions)},
		{"account-session-end", remove, "/account/sessions/{session}", anyone, accounts, "End one of one's own sessions", with((*Server).endOwnSession)},
		{"account-tokens", get, "/account/tokens", anyone, accounts, "One's own tokens", with((*Server).ownTokens)},
		{"account-token-new", post, "/account/tokens", anyone, accounts, "Make a token that lets a program in, with a part of one's own rights", with((*Server).newToken)},
		{"account-token-revoke", remove, "/account/tokens/{token}", anyone, accounts, "Revoke one of one's own tokens", with((*Server).revokeOwnToken)},

		{"users", get, "/users", access.Users, accounts, "All accounts", with((*Server).users)},
		{"user", get, "/users/{user}", access.Users, accounts, "One account", with((*Server).user)},
		{"user-new", post, "/users", access.Users, accounts, "Make an account", with((*Server).newUser)},
		{"user-change", put, "/users/{user}", access.Users, accounts, "Change an account; where its rights change, its sessions end", with((*Server).changeUser)},
		{"user-remove", remove, "/users/{user}", access.Users, accounts, "Remove an account with its sessions and tokens", with((*Server).removeUser)},
		{"user-password", post, "/users/{user}/password", access.Users, accounts, "Give an account another password; its sessions end", with((*Server).resetPassword)},
		{"user-unlock", post, "/users/{user}/unlock", access.Users, accounts, "Take away all locks that wrong log-ins led to", with((*Server).unlockUser)},
		{"user-totp-remove", remove, "/users/{user}/totp", access.Users, accounts, "Take away the second factor of an account", with((*Server).removeTOTP)},
		{"sessions", get, "/sessions", access.Users, accounts, "All open sessions", with((*Server).sessions)},
		{"session-end", remove, "/sessions/{session}", access.Users, accounts, "End a session", with((*Server).endSession)},
		{"tokens", get, "/tokens", access.Users, accounts, "All tokens of the API", with((*Server).tokens)},
		{"token-revoke", remove, "/tokens/{token}", access.Users, accounts, "Revoke a token", with((*Server).revokeToken)},
		{"login-link", post, "/login-links", access.Users, accounts, "A link that opens a session, once, within ten minutes; through the local socket only", with((*Server).loginLink)},
	}
}

// guarded are acts that want a password that was given lately: who finds a console
// unattended must not be able to stay, or to destroy.
func guarded(id string) bool {
	switch id {
	case "user-new", "user-change", "user-remove", "user-password", "user-totp-remove", "account-totp", "account-totp-remove", "account-recovery", "account-token-new",
		"recording-erase", "recordings-erase", "approve", "erasure-ask", "settings-import", "settings-rollback":
		return true
	}
	return false
}

// admitted is the problem of a caller who may not have a route at the moment, though the
// right is there; nil: they may.
func (s *Server) admitted(c *caller, rt route) *api.Problem {
	switch {
	case c.must == "" || rt.Tag == accounts && rt.Verb == anyone && rt.ID != "account-token-new" || rt.ID == "session": // a token would be a way around it
	case c.must == access.MustChange:
		return fail("must-change-password", "")
	default:
		return fail("must-enrol", "")
	}
	if guarded(rt.ID) && c.session != "" && c.Kind != access.Setup && s.cfg.Now().Sub(c.confirmed) > access.Fresh {
		return fail("confirm-needed", "")
	}
	return nil
}

// said turns an error of accounts into what is answered.
func said(ctx context.Context, err error) error {
	var weak *access.Weak
	var locked *access.Locked
	switch {
	case errors.As(err, &weak):
		p := fail("weak-password", "")
		p.Errors = []api.ProblemError{{Location: "body.password", Message: text.Text(languageOf(ctx), "weak-password."+weak.Reason, text.Args{"least": strconv.Itoa(weak.Least)})}}
		return p
	case errors.As(err, &locked):
		p := fail("locked-out", "")
		p.Remedy = text.Text(languageOf(ctx), "locked-out.wait", text.Args{"seconds": strconv.Itoa(int(math.Ceil(locked.For.Seconds())))})
		return p
	}
	for _, known := range []struct {
		err  error
		code string
	}{
		{access.ErrWrong, "wrong-login"},
		{access.ErrCodeNeeded, "code-needed"},
		{access.ErrCode, "wrong-code"},
		{access.ErrReplay, "used-code"},
		{access.ErrBusy, "busy"},
		{access.ErrNoSession, "no-session"},
		{access.ErrNoUser, "no-user"},
		{access.ErrNoToken, "no-token"},
		{access.ErrExists, "name-taken"},
		{access.ErrName, "bad-name"},
		{access.ErrGrants, "bad-grants"},
		{access.ErrLastAdmin, "last-administrator"},
		{access.ErrFull, "accounts-full"},
		{access.ErrNoEnrol, "no-enrolment"},
		{access.ErrEnrolled, "enrolled"},
	} {
		if errors.Is(err, known.err) {
			detail := ""
			if known.err == access.ErrGrants { // it says which
				detail = err.Error()
			}
			return fail(known.code, detail)
		}
	}
	return err
}

// entered is the answer to who came in: who they are, and the cookie.
type entered struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      api.Actor
}

// LoginInput is what somebody enters.
type LoginInput struct{ Body api.Credentials }

func (s *Server) logIn(ctx context.Context, in *LoginInput) (*entered, error) {
	v := visitOf(ctx)
	secret, e, err := s.cfg.Access.LogIn(ctx, access.Credentials{Name: in.Body.Name, Password: in.Body.Password, Code: in.Body.Code, Origin: v.Origin})
	if err != nil {
		return nil, said(ctx, err)
	}
	c := s.newCaller(e.Actor, nil)
	c.session, c.must = e.Session, e.Must
	return &entered{v.cookieOf(secret), s.apiActor(c)}, nil
}

// left is the answer to who went.
type left struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

// logOut takes the cookie away from whoever asks; a session that is over is no error.
func (s *Server) logOut(ctx context.Context, _ *empty) (*left, error) {
	out := &left{visitOf(ctx).cookieOf("")}
	if c := who(ctx); c != nil && c.session != "" {
		err := s.act(ctx, access.Entry{Verb: access.Account, Object: c.Name, Detail: map[string]string{"act": "log-out"}}, func(*access.Entry) error {
			if err := s.cfg.Access.Revoke(c.session); !errors.Is(err, access.ErrNoSession) {
				return err
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ConfirmInput is a password given again.
type ConfirmInput struct{ Body api.Confirmation }

func (s *Server) confirm(ctx context.Context, in *ConfirmInput) (*entered, error) {
	c, err := s.ownSession(ctx)
	if err != nil {
		return nil, err
	}
	v, secret := visitOf(ctx), ""
	err = s.act(ctx, access.Entry{Verb: access.Account, Object: c.Name, Detail: map[string]string{"act": "confirm"}}, func(*access.Entry) error {
		secret, err = s.cfg.Access.Confirm(ctx, c.session, access.Credentials{Name: c.Name, Password: in.Body.Password, Code: in.Body.Code, Origin: v.Origin})
		return err
	})
	if err != nil {
		return nil, said(ctx, err)
	}
	return &entered{v.cookieOf(secret), s.apiActor(c)}, nil
}

// own is the caller, who needs an account, and to be its owner: no program.
func (s *Server) own(ctx context.Context) (*caller, error) {
	c := who(ctx)
	if c.ID == "" || c.Kind != access.Person {
		return nil, fail("no-account", c.Name)
	}
	return c, nil
}

// ownSession is own, with a session.
func (s *Server) ownSession(ctx context.Context) (*caller, error) {
	c, err := s.own(ctx)
	if err == nil && c.session == "" {
		err = fail("no-session", "")
	}
	return c, err
}
