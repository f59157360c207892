package api

import (
	"context"
	"net/http"
)

// TestMail is the body of a request to send a mail, to see that it comes.
type TestMail struct {
	To string `json:"to" minLength:"3" maxLength:"200" doc:"Address"`
}

// TestMail has the daemon send a mail to an address. It waits until the server has taken it.
func (c *Client) TestMail(ctx context.Context, to string) error {
	return c.call(ctx, http.MethodPost, "/settings/test-mail", nil, TestMail{To: to}, nil)
}
