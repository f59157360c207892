package main

import (
	"strings"
	"time"

	"vaad/api"
)

type tokensCmd struct {
	List   tokensListCmd   `cmd:"" default:"1"`
	Make   tokensMakeCmd   `cmd:""`
	Revoke tokensRevokeCmd `cmd:""`
}

type tokensListCmd struct{}

// Run lists all tokens of the API.
func (tokensListCmd) Run(s *session) error {
	p, err := s.client.Tokens(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, p.Items)
	}
	t := s.table("id", "name", "owner", "rights", "last-used", "expires")
	for _, one := range p.Items {
		rights := strings.Join(one.Verbs, " ")
		if len(one.Groups) > 0 {
			rights += " @" + strings.Join(one.Groups, "+")
		}
		t.row(one.ID, printable(one.Name), printable(one.Owner), printable(rights), whenP(one.Used), whenP(one.Expires))
	}
	return s.list(t, "cli.no-tokens")
}

type tokensMakeCmd struct {
	Name  string   `arg:""`
	Right []string `placeholder:"RIGHT"`
	Group []string `placeholder:"GROUP"`
	Days  int      `placeholder:"N"`
}

// Run makes a token and prints it: it is told this once.
func (c tokensMakeCmd) Run(s *session) error {
	w := api.TokenWish{Name: c.Name, Verbs: c.Right, Groups: c.Group}
	if c.Days > 0 {
		end := time.Now().AddDate(0, 0, c.Days)
		w.Expires = &end
	}
	made, err := s.client.CreateToken(s.ctx, w)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(made)
	}
	tell(s.err, s.t("cli.token-once"))
	return s.say("%s", made.Secret)
}

type tokensRevokeCmd struct {
	ID string `arg:"" name:"id"`
}

func (c tokensRevokeCmd) Run(s *session) error { return s.client.RevokeToken(s.ctx, c.ID) }
