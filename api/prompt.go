package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
)

// A Prompt is something that vaad can say or play in a language.
type Prompt struct {
	Name    string `json:"name" doc:"Its name, as queue/please-wait"`
	Lang    string `json:"lang" doc:"Its language"`
	Text    string `json:"text,omitempty" doc:"What it says, where that is known"`
	Source  string `json:"source" doc:"Whose recording is played: own (of this site), installed, or missing"`
	Length  Number `json:"length_s,omitempty" doc:"Seconds"`
	Trouble string `json:"trouble,omitempty" doc:"What is wrong with its file (English)"`
}

// Prompts lists what vaad can say or play, by language and name.
func (c *Client) Prompts(ctx context.Context) ([]Prompt, error) {
	p, err := ask[Page[Prompt]](ctx, c, http.MethodGet, "/prompts", nil, nil)
	return p.Items, err
}

// promptQuery names a prompt; lang "" is the site's.
func promptQuery(lang, name string) url.Values {
	q := url.Values{"name": {name}}
	if lang != "" {
		q.Set("lang", lang)
	}
	return q
}

// PromptAudio writes a prompt to w as it is played, a WAV of 8 kHz.
func (c *Client) PromptAudio(ctx context.Context, lang, name string, w io.Writer) (int64, error) {
	return c.copy(ctx, "/prompts/audio", promptQuery(lang, name), w)
}

// PutPrompt makes a WAV file this site's own recording of a prompt.
func (c *Client) PutPrompt(ctx context.Context, lang, name string, recording []byte) error {
	r, err := c.request(ctx, http.MethodPut, "/prompts/audio", promptQuery(lang, name), bytes.NewReader(recording))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "audio/wav")
	resp, err := c.send(r)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// RemovePrompt removes this site's own recording; that of the installed set is
// played again.
func (c *Client) RemovePrompt(ctx context.Context, lang, name string) error {
	return c.call(ctx, http.MethodDelete, "/prompts/audio", promptQuery(lang, name), nil, nil)
}
