package main

import (
	"net/url"
	"slices"
	"strings"

	"vaad/api"
)

type searchesCmd struct {
	List   searchesListCmd   `cmd:"" default:"1"`
	Save   searchesSaveCmd   `cmd:""`
	Run    searchesRunCmd    `cmd:""`
	Remove searchesRemoveCmd `cmd:""`
}

type searchesListCmd struct{}

// Run lists the caller's searches and those shared with the caller.
func (searchesListCmd) Run(s *session) error {
	p, err := s.client.SavedSearches(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, p.Items)
	}
	t := s.table("name", "owner", "shared", "search")
	for _, one := range p.Items {
		var roles []string
		for _, r := range one.Roles {
			roles = append(roles, s.code("role", r))
		}
		t.row(printable(one.Name), printable(one.Owner), strings.Join(roles, ", "), printable(asQuery(one.Query)))
	}
	return s.list(t, "cli.no-searches")
}

// asQuery is a search for people: key=value, sorted.
func asQuery(q map[string]string) string {
	var out []string
	for k, v := range q {
		out = append(out, k+"="+v)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

type searchesSaveCmd struct {
	recordingFilter
	Columns []string `placeholder:"NAME"`
	Share   []string `placeholder:"ROLE"`
	As      string   `arg:"" name:"name"`
}

// Run saves a search, in the place of one of the same name.
func (c searchesSaveCmd) Run(s *session) error {
	af, err := c.wanted(s)
	if err != nil {
		return err
	}
	if c.Limit != nil || c.Saved != "" {
		return s.usage("searches-save")
	}
	n := api.NewSearch{Name: c.As, Query: map[string]string{}, Columns: c.Columns, Roles: c.Share}
	q, err := url.ParseQuery(c.with(af).Encode())
	if err != nil {
		return err
	}
	for k := range q {
		n.Query[k] = q.Get(k)
	}
	p, err := s.client.SavedSearches(s.ctx)
	if err != nil {
		return err
	}
	id := ""
	for _, one := range p.Items {
		if one.Mine && one.Name == strings.TrimSpace(c.As) {
			id = one.ID
		}
	}
	saved, err := s.client.SaveSearch(s.ctx, id, n)
	if err != nil || !s.cli.JSON {
		return err
	}
	return s.object(saved)
}

type searchesRunCmd struct {
	Search string `arg:"" name:"name"`
	recordingsCmd
}

// Run lists what a saved search finds now; other flags replace what it says.
func (c searchesRunCmd) Run(s *session) error {
	c.Saved = c.Search
	return c.recordingsCmd.Run(s)
}

type searchesRemoveCmd struct {
	Search string `arg:"" name:"name"`
}

func (c searchesRemoveCmd) Run(s *session) error { return s.client.RemoveSearch(s.ctx, c.Search) }
