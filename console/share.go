package console

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
	"vaad/recorder/index"
)

// A Share is a link to a recording as it is kept: without its secret.
type Share struct {
	ID        string       `json:"id"`
	Hash      string       `json:"hash"` // SHA-256 of the secret, hex
	Recording string       `json:"recording"`
	Line      int          `json:"line"`
	Maker     access.Actor `json:"maker"`
	Created   time.Time    `json:"created"`
	Expires   time.Time    `json:"expires"`
	Times     int          `json:"times,omitempty"` // 0 = any number
	Opened    int          `json:"opened,omitempty"`
	Last      time.Time    `json:"last,omitzero"`
	Download  bool         `json:"download,omitempty"`
	Note      string       `json:"note,omitempty"`
	Revoked   time.Time    `json:"revoked,omitzero"`
}

// Shares keeps links.
type Shares interface {
	All() ([]Share, error)
	Get(id string) (Share, bool, error)
	// Put keeps a new one; check sees all that there are in the same transaction, says
	// which are not to be kept any more, and may refuse.
	Put(s Share, check func(all []Share) (old []string, err error)) error
	// Change changes one; false: there is none. What f refuses is not kept.
	Change(id string, f func(*Share) error) (Share, bool, error)
}

// Sharing says whether and how recordings are shared by links.
type Sharing struct {
	Shares Shares
	Policy func() SharePolicy
	// Maker is who made a share as they are now; false: they may not come in any more.
	Maker func(access.Actor) (access.Actor, bool)
}

// SharePolicy is what the settings say about links.
type SharePolicy struct {
	Enabled bool
	MaxDays int
}

// Limits of links.
const (
	maxShares    = 5000
	maxOwnShares = 500
	shareKept    = 90 * 24 * time.Hour // after its end a link is still listed
)

// shareRoutes are those of links: the last three need no session, but the link.
func shareRoutes() []route {
	const get, post, remove = http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{"share", post, "/recordings/{id}/share", access.Share, "Sharing", "Make a link by which a recording can be heard without an account", with((*Server).share)},
		{"shares", get, "/shares", access.Share, "Sharing", "Links that were made, newest first", with((*Server).shares)},
		{"share-revoke", remove, "/shares/{share}", access.Share, "Sharing", "End a link at once", with((*Server).revokeShare)},

		{"shared-open", post, "/shared", anybody, "Sharing", "Open a link by its secret", with((*Server).openShare)},
		{"shared-peaks", get, "/shared/{ticket}/peaks", anybody, "Sharing", "How loud the shared recording is", with((*Server).sharedPeaks)},
		{"shared-audio", get, "/shared/{ticket}/audio", anybody, "Sharing", "Hear the shared recording; Range is understood", withStream((*Server).sharedAudio, "audio/wav")},
	}
}

// NewShareInput is a link to be made.
type NewShareInput struct {
	RecordingInput
	Body api.NewShare
}

// share makes a link. Whoever makes it must be allowed what it lets others do.
func (s *Server) share(ctx context.Context, in *NewShareInput) (*body[api.Shared], error) {
	policy, err := s.sharing()
	if err != nil {
		return nil, err
	}
	row, err := s.find(ctx, access.Share, in.ID)
	if err == nil {
		row, err = s.find(ctx, access.Play, in.ID)
	}
	if err == nil && in.Body.Download {
		row, err = s.find(ctx, access.Export, in.ID)
	}
	if err != nil {
		return nil, err
	}
	if code := unshareable(&row); code != "" {
		return nil, failLine(code, row.Line, row.ID)
	}
	lang := languageOf(ctx)
	f := &faults{lang: lang}
	if most := float64(24 * policy.MaxDays); in.Body.Hours > most {
		f.add("hours", fmt.Sprint(in.Body.Hours), "share-hours", text.Args{"most": strconv.Itoa(24 * policy.MaxDays), "days": strconv.Itoa(policy.MaxDays)})
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	now := s.cfg.Now().UTC()
	secret := rand.Text()
	one := Share{ID: rand.Text()[:12], Hash: hashed(secret), Recording: row.ID, Line: row.Line, Maker: who(ctx).Actor, Created: now,
		Expires: now.Add(time.Duration(in.Body.Hours * float64(time.Hour))).Truncate(time.Second), Times: in.Body.Times, Download: in.Body.Download, Note: strings.TrimSpace(in.Body.Note)}
	e := access.Entry{Verb: access.Share, Object: row.ID, Line: row.Line, Detail: map[string]string{"act": "share", "share": one.ID, "expires": one.Expires.Format(time.RFC3339),
		"times": strconv.Itoa(one.Times), "download": strconv.FormatBool(one.Download)}}
	err = s.act(ctx, e, func(*access.Entry) error {
		return s.cfg.Sharing.Shares.Put(one, func(all []Share) ([]string, error) { return roomForShare(&one, all) })
	})
	if err != nil {
		return nil, err
	}
	out := api.Shared{Share: s.shareOf(&one), Path: "/share/#" + one.ID + "." + secret}
	if s.cfg.Address != nil && s.cfg.Address() != "" {
		out.URL = strings.TrimSuffix(s.cfg.Address(), "/") + out.Path
	}
	return &body[api.Shared]{out}, nil
}

// sharing is what the settings say; an error where links are switched off.
func (s *Server) sharing() (SharePolicy, error) {
	if s.cfg.Sharing == nil {
		return SharePolicy{}, fail("not-available", "")
	}
	p := s.cfg.Sharing.Policy()
	if !p.Enabled {
		return p, fail("share-off", "")
	}
	return p, nil
}

// unshareable is why a recording cannot be shared, as a problem's code; "" = it can.
func unshareable(r *index.Row) string {
	switch r.State {
	case index.StateErased:
		return "erased"
	case index.StateTrash:
		return "in-trash"
	case index.StateOpen:
		return "being-recorded"
	}
	return ""
}

func hashed(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

// opens says whether a secret is the one of the link.
func (one *Share) opens(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(hashed(secret)), []byte(one.Hash)) == 1
}

func (one *Share) mine(c *caller) bool {
	m := &one.Maker
	return m.ID == c.ID && (m.ID != "" || m.Name == c.Name && m.Kind == c.Kind)
}

// roomForShare refuses more links than there is room for, and names those that are long over.
func roomForShare(one *Share, all []Share) (old []string, err error) {
	own, others := 0, 0
	for i := range all {
		a := &all[i]
		switch {
		case one.Created.Sub(a.Expires) > shareKept:
			old = append(old, a.ID)
		case a.Revoked.IsZero() && one.Created.Before(a.Expires):
			others++
			if a.Maker.ID == one.Maker.ID && a.Maker.Name == one.Maker.Name {
				own++
			}
		}
	}
	if others >= maxShares || own >= maxOwnShares {
		return nil, fail("shares-full", "")
	}
	return old, nil
}

// SharesInput chooses links.
type SharesInput struct {
	Recording string `query:"recording" maxLength:"26" doc:"Only links to this recording"`
}

// shares lists links: the caller's own, and for who may change everything those of all.
func (s *Server) shares(ctx context.Context, in *SharesInput) (*body[api.Page[api.Share]], error) {
	if s.cfg.Sharing == nil {
		return nil, fail("not-available", "")
	}
	all, err := s.cfg.Sharing.Shares.All()
	if err != nil {
		return nil, err
	}
	c := who(ctx)
	out := api.Page[api.Share]{Items: []api.Share{}}
	for i := range all {
		if one := &all[i]; manages(c, one) && (in.Recording == "" || one.Recording == in.Recording) {
			out.Items = append(out.Items, s.shareOf(one))
		}
	}
	slices.SortFunc(out.Items, func(a, b api.Share) int { return b.Created.Compare(a.Created) })
	out.Total = int64(len(out.Items))
	return &body[api.Page[api.Share]]{out}, nil
}

// manages says who may see and end a link: who made it, and who may change everything.
func manages(c *caller, one *Share) bool {
	return one.mine(c) || c.scope.Everywhere(access.SettingsWrite) && c.scope.Allows(access.Share, one.Line)
}

func (s *Server) shareOf(one *Share) api.Share {
	_, _, why := s.alive(one, access.Play)
	state := "open"
	switch now := s.cfg.Now(); {
	case !one.Revoked.IsZero():
		state = "revoked"
	case !now.Before(one.Expires):
		state = "expired"
	case one.Times > 0 && one.Opened >= one.Times:
		state = "used-up"
	case why != "":
		state = "barred"
	}
	return api.Share{ID: one.ID, Recording: one.Recording, Line: one.Line, By: one.Maker.Name, Created: one.Created.UTC(), Expires: one.Expires.UTC(),
		Times: one.Times, Opened: one.Opened, Last: moment(one.Last), Download: one.Download, Note: one.Note, State: state}
}

// ShareInput names a link.
type ShareInput struct {
	Share string `path:"share" maxLength:"40" doc:"ID of the share"`
}

// revokeShare ends a link. What is being heard by it ends too.
func (s *Server) revokeShare(ctx context.Context, in *ShareInput) (*done, error) {
	if s.cfg.Sharing == nil {
		return nil, fail("not-available", "")
	}
	c := who(ctx)
	e := access.Entry{Verb: access.Share, Detail: map[string]string{"act": "revoke", "share": in.Share}}
	return &done{}, s.act(ctx, e, func(e *access.Entry) error {
		one, ok, err := s.cfg.Sharing.Shares.Change(in.Share, func(one *Share) error {
			if !manages(c, one) {
				return fail("no-share", in.Share)
			}
			if one.Revoked.IsZero() {
				one.Revoked = s.cfg.Now().UTC()
			}
			return nil
		})
		if err == nil && !ok {
			err = fail("no-share", in.Share)
		}
		if err == nil {
			e.Object, e.Line = one.Recording, one.Line
		}
		return err
	})
}
