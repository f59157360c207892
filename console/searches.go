package console

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
)

// A Search is a saved search as it is kept.
type Search struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Owner   string            `json:"owner"`
	Kind    access.Kind       `json:"kind"` // how the owner comes in: a name alone says not who it is
	Roles   []access.Role     `json:"roles,omitempty"`
	Query   map[string]string `json:"query"`
	Columns []string          `json:"columns,omitempty"`
	Changed time.Time         `json:"changed"`
}

// Searches keeps saved searches.
type Searches interface {
	All() ([]Search, error)
	// Put keeps a search under its ID, a new one where that is empty. check sees all
	// that there are in the same transaction, and may refuse.
	Put(s Search, check func(all []Search) error) (Search, error)
	Remove(id string) error
}

// Limits of saved searches.
const (
	maxSearches    = 2000
	maxOwnSearches = 200
)

func (s *Search) mine(c *caller) bool { return s.Owner == c.Name && s.Kind == c.Kind }

// seen says whether a caller may use it: their own, and those of their roles.
func (s *Search) seen(c *caller) bool {
	return s.mine(c) || slices.ContainsFunc(s.Roles, func(r access.Role) bool { return c.Has(r) })
}

// changeable: by its owner, and by who may change the settings of all lines.
func (s *Search) changeable(c *caller) bool {
	return s.mine(c) || s.seen(c) && c.scope.Everywhere(access.SettingsWrite)
}

func searchOf(s *Search, c *caller) api.SavedSearch {
	out := api.SavedSearch{ID: s.ID, Name: s.Name, Owner: s.Owner, Mine: s.mine(c), Roles: []string{}, Query: s.Query, Columns: append([]string{}, s.Columns...), Changed: s.Changed.UTC()}
	for _, r := range s.Roles {
		out.Roles = append(out.Roles, string(r))
	}
	return out
}

// mySearches are those that a caller sees: their own first, then by name.
func (s *Server) mySearches(c *caller) ([]Search, error) {
	if s.cfg.Searches == nil {
		return nil, fail("not-available", "")
	}
	all, err := s.cfg.Searches.All()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(one Search) bool { return !one.seen(c) })
	slices.SortFunc(all, func(a, b Search) int {
		if a.mine(c) != b.mine(c) {
			if a.mine(c) {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return all, nil
}

// searches lists saved searches.
func (s *Server) searches(ctx context.Context, _ *empty) (*body[api.Page[api.SavedSearch]], error) {
	c := who(ctx)
	all, err := s.mySearches(c)
	if err != nil {
		return nil, err
	}
	out := &body[api.Page[api.SavedSearch]]{api.Page[api.SavedSearch]{Items: []api.SavedSearch{}, Total: int64(len(all))}}
	for i := range all {
		out.Body.Items = append(out.Body.Items, searchOf(&all[i], c))
	}
	return out, nil
}

// savedSearch is one by its ID or name: the caller's own, or else the first of that
// name that is shared with the caller.
func (s *Server) savedSearch(c *caller, key string) (Search, error) {
	all, err := s.mySearches(c)
	if err != nil {
		return Search{}, err
	}
	for _, one := range all {
		if one.ID == key || one.Name == key {
			return one, nil
		}
	}
	return Search{}, fail("no-search", key)
}

// SavedInput names a saved search.
type SavedInput struct {
	Search string `path:"search" maxLength:"100" doc:"ID of the search, or its name"`
}

func (s *Server) search(ctx context.Context, in *SavedInput) (*body[api.SavedSearch], error) {
	one, err := s.savedSearch(who(ctx), in.Search)
	if err != nil {
		return nil, err
	}
	return &body[api.SavedSearch]{searchOf(&one, who(ctx))}, nil
}

// NewSearchInput is a search to be saved.
type NewSearchInput struct{ Body api.NewSearch }

func (s *Server) saveSearch(ctx context.Context, in *NewSearchInput) (*body[api.SavedSearch], error) {
	c := who(ctx)
	return s.putSearch(ctx, Search{Owner: c.Name, Kind: c.Kind}, in.Body)
}

// ReplaceSearchInput is what a saved search is to be from now on.
type ReplaceSearchInput struct {
	SavedInput
	Body api.NewSearch
}

func (s *Server) replaceSearch(ctx context.Context, in *ReplaceSearchInput) (*body[api.SavedSearch], error) {
	one, err := s.changeableSearch(ctx, in.Search)
	if err != nil {
		return nil, err
	}
	return s.putSearch(ctx, one, in.Body)
}

func (s *Server) changeableSearch(ctx context.Context, key string) (Search, error) {
	one, err := s.savedSearch(who(ctx), key)
	if err == nil && !one.changeable(who(ctx)) {
		s.denied(ctx, access.SearchRecords, "search "+one.ID, 0)
		err = fail("forbidden", "it belongs to "+one.Owner)
	}
	return one, err
}

// putSearch checks a search as it would be asked, and keeps it.
func (s *Server) putSearch(ctx context.Context, one Search, n api.NewSearch) (*body[api.SavedSearch], error) {
	if s.cfg.Searches == nil {
		return nil, fail("not-available", "")
	}
	lang := languageOf(ctx)
	f := &faults{lang: lang}
	one.Name = strings.TrimSpace(n.Name)
	if one.Name == "" || strings.ContainsFunc(one.Name, unicode.IsControl) {
		f.add("name", n.Name, "search-name", nil)
	}
	wanted := parseQuery(f, n.Query)
	one.Roles = nil
	for _, r := range n.Roles {
		if !slices.Contains(access.Roles(), access.Role(r)) {
			f.add("roles", r, "one-of", text.Args{"values": joined(access.Roles())})
		}
		one.Roles = append(one.Roles, access.Role(r))
	}
	if _, err := columnsOf(f, n.Columns); err != nil {
		return nil, err
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := s.checkSearch(ctx, access.SearchRecords, &wanted); err != nil {
		return nil, err
	}
	one.Query, one.Columns, one.Changed = n.Query, n.Columns, s.cfg.Now().UTC()
	e := access.Entry{Verb: access.SearchRecords, Object: "search " + one.Name, Detail: map[string]string{"act": "save", "roles": strings.Join(n.Roles, ",")}}
	err := s.act(ctx, e, func(*access.Entry) (err error) {
		one, err = s.cfg.Searches.Put(one, func(all []Search) error { return roomFor(&one, all) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return &body[api.SavedSearch]{searchOf(&one, who(ctx))}, nil
}

func joined(all []access.Role) string {
	var out []string
	for _, r := range all {
		out = append(out, string(r))
	}
	return strings.Join(out, ", ")
}

// roomFor refuses a second search of one name and more than there is room for.
func roomFor(one *Search, all []Search) error {
	own, others := 0, 0
	for i := range all {
		if all[i].ID == one.ID {
			continue
		}
		others++
		if all[i].Owner == one.Owner && all[i].Kind == one.Kind {
			own++
			if all[i].Name == one.Name {
				return fail("search-exists", one.Name)
			}
		}
	}
	if others >= maxSearches || own >= maxOwnSearches {
		return fail("searches-full", "")
	}
	return nil
}

func (s *Server) removeSearch(ctx context.Context, in *SavedInput) (*done, error) {
	one, err := s.changeableSearch(ctx, in.Search)
	if err != nil {
		return nil, err
	}
	e := access.Entry{Verb: access.SearchRecords, Object: "search " + one.Name, Detail: map[string]string{"act": "remove"}}
	return &done{}, s.act(ctx, e, func(*access.Entry) error { return s.cfg.Searches.Remove(one.ID) })
}

// settle puts a saved search and words for a time in their places.
func (s *Server) settle(ctx context.Context, f *faults, in *api.RecordingFilter) error {
	if in.Saved != "" {
		one, err := s.savedSearch(who(ctx), in.Saved)
		if err != nil {
			return err
		}
		fill(in, parseQuery(f, one.Query))
		in.Saved = ""
	}
	if in.Period == "" {
		return nil
	}
	from, to, err := period(in.Period, s.cfg.Now().Local())
	switch {
	case errors.Is(err, errPeriod):
		f.add("period", in.Period, "period", nil)
	case !in.From.IsZero() || !in.To.IsZero():
		f.add("period", in.Period, "period-alone", nil)
	default:
		in.From, in.To, in.Period = from, to, ""
	}
	return nil
}
