package api

import (
	"context"
	"net/http"
	"net/url"
)

// A SavedSearch is a search under a name, for one person or shared with roles. Its
// query is what GET /recordings takes; times in words ("period") are kept as words.
type SavedSearch struct {
	ID      string            `json:"id" doc:"Opaque name of the search"`
	Name    string            `json:"name" doc:"What its owner calls it"`
	Owner   string            `json:"owner" doc:"Who saved it"`
	Mine    bool              `json:"mine" doc:"The caller is its owner"`
	Roles   []string          `json:"roles" nullable:"false" doc:"Roles that it is shared with"`
	Query   map[string]string `json:"query" doc:"Parameters as GET /recordings takes them, lists comma-separated"`
	Columns []string          `json:"columns" nullable:"false" doc:"Columns of tables; none: all"`
	Changed Time              `json:"changed" doc:"When it was last saved"`
}

// NewSearch is the body of a request to save a search.
type NewSearch struct {
	Name    string            `json:"name" minLength:"1" maxLength:"100" doc:"What to call it; each owner has a name once"`
	Query   map[string]string `json:"query" doc:"Parameters as GET /recordings takes them, lists comma-separated"`
	Columns []string          `json:"columns,omitempty" nullable:"false" maxItems:"64" doc:"Columns of tables; none: all"`
	Roles   []string          `json:"roles,omitempty" nullable:"false" maxItems:"8" doc:"Roles to share it with; none: it is the caller's own"`
}

// SavedSearches asks for the caller's searches and those shared with the caller.
func (c *Client) SavedSearches(ctx context.Context) (Page[SavedSearch], error) {
	return ask[Page[SavedSearch]](ctx, c, http.MethodGet, "/searches", nil, nil)
}

// SaveSearch saves a search under a new name, or replaces the one with that ID.
func (c *Client) SaveSearch(ctx context.Context, id string, n NewSearch) (SavedSearch, error) {
	if id != "" {
		return ask[SavedSearch](ctx, c, http.MethodPut, "/searches/"+url.PathEscape(id), nil, n)
	}
	return ask[SavedSearch](ctx, c, http.MethodPost, "/searches", nil, n)
}

// RemoveSearch removes a saved search.
func (c *Client) RemoveSearch(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/searches/"+url.PathEscape(id), nil, nil, nil)
}
