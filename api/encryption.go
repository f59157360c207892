package api

import (
	"context"
	"net/http"
	"time"
)

// Encryption is how recordings are encrypted on the disk, and what there is of keys.
type Encryption struct {
	Enabled bool       `json:"enabled" doc:"Audio is encrypted when a recording is sealed"`
	Stories bool       `json:"stories" doc:"Stories are, too"`
	Place   string     `json:"place,omitempty" doc:"Where the master key is, as the settings say; absent: in the keys folder"`
	Master  string     `json:"master,omitempty" doc:"ID of the master key in use; absent: there is none yet"`
	Keys    int        `json:"keys" doc:"Keys of recordings"`
	Erased  int        `json:"erased" doc:"Keys that were erased: their recordings cannot be read any more"`
	Damaged int        `json:"damaged" doc:"Records of keys that cannot be read"`
	Locked  int        `json:"locked" doc:"Keys whose master key is not here"`
	Other   int        `json:"other" doc:"Keys under a master key that is no longer the one in use: rotate"`
	Newest  *time.Time `json:"newest,omitempty" doc:"When the newest key was made"`
	Fault   string     `json:"fault,omitempty" doc:"Why keys cannot be used (English)"`
}

// RotatedKeys says what changing the master key did.
type RotatedKeys struct {
	Keys   int    `json:"keys" doc:"Keys wrapped anew"`
	Kept   int    `json:"kept" doc:"Keys that could not be: their master key is not here"`
	Master string `json:"master" doc:"ID of the master key in use now"`
}

// Encryption says how recordings are encrypted.
func (c *Client) Encryption(ctx context.Context) (Encryption, error) {
	return ask[Encryption](ctx, c, http.MethodGet, "/encryption", nil, nil)
}

// RotateKeys changes the master key.
func (c *Client) RotateKeys(ctx context.Context) (RotatedKeys, error) {
	return ask[RotatedKeys](ctx, c, http.MethodPost, "/encryption/rotate", nil, nil)
}
