package main

import (
	"strings"

	"vaad/api"
)

type passwdCmd struct {
	User      string `arg:"" name:"name"`
	AskSecret bool   `name:"ask-password"`
	Keep      bool
}

// Run gives an account another password: one that is made and printed, or one that is asked for.
func (c passwdCmd) Run(s *session) error {
	must := !c.Keep
	r := api.ResetPassword{MustChange: &must}
	var err error
	if c.AskSecret {
		if r.Password, err = s.secret("cli.new-password"); err != nil {
			return err
		}
	}
	made, err := s.client.ResetPassword(s.ctx, c.User, r)
	if err != nil {
		return err
	}
	return s.madePassword(made)
}

type loginLinkCmd struct {
	User string `placeholder:"NAME"`
}

// Run prints a link that opens a session, once.
func (c loginLinkCmd) Run(s *session) error {
	l, err := s.client.LoginLink(s.ctx, c.User)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(l)
	}
	if strings.HasPrefix(l.Link, "/") {
		tell(s.err, s.t("cli.link-no-page"))
	}
	tell(s.err, s.t("cli.link-once", "until", when(l.Until)))
	return s.say("%s", l.Link)
}
