package main

import (
	"strconv"
	"strings"

	"vaad/api"
)

type shareCmd struct {
	Make shareMakeCmd `cmd:""`
	List shareListCmd `cmd:"" default:"1"`
	End  shareEndCmd  `cmd:""`
}

type shareMakeCmd struct {
	ID       string  `arg:""`
	Hours    float64 `default:"24" placeholder:"HOURS"`
	Times    int     `placeholder:"N"`
	Download bool
	Note     string `placeholder:"TEXT"`
}

// Run makes a link and prints it: it is told this once.
func (c shareMakeCmd) Run(s *session) error {
	out, err := s.client.Share(s.ctx, c.ID, api.NewShare{Hours: c.Hours, Times: c.Times, Download: c.Download, Note: c.Note})
	if err != nil {
		return err
	}
	switch {
	case out.URL != "":
	case s.cli.Server != "":
		out.URL = strings.TrimSuffix(s.cli.Server, "/") + out.Path
	default:
		defer tell(s.err, s.t("cli.share-where"))
	}
	if s.cli.JSON {
		return s.object(out)
	}
	link := out.URL
	if link == "" {
		link = out.Path
	}
	tell(s.err, s.t("cli.share-secret", "until", when(out.Share.Expires)))
	return s.say("%s", link)
}

type shareListCmd struct {
	Recording string `placeholder:"ID"`
}

// Run lists links.
func (c shareListCmd) Run(s *session) error {
	p, err := s.client.Shares(s.ctx, c.Recording)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, p.Items)
	}
	t := s.table("share", "recording", "owner", "expires", "opened", "state")
	for _, one := range p.Items {
		opened := strconv.Itoa(one.Opened)
		if one.Times > 0 {
			opened += "/" + strconv.Itoa(one.Times)
		}
		t.row(one.ID, one.Recording, printable(one.By), when(one.Expires), opened, s.code("share-state", one.State))
	}
	return s.list(t, "cli.no-shares")
}

type shareEndCmd struct {
	IDs []string `arg:"" name:"ids"`
}

// Run ends links, one after the other.
func (c shareEndCmd) Run(s *session) error {
	for _, id := range c.IDs {
		if err := s.client.RevokeShare(s.ctx, id); err != nil {
			return err
		}
	}
	return nil
}
