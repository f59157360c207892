package main

import (
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/access"
	"vaad/console"
	"vaad/store"
)

// sharingDoc is about links by which recordings are heard without an account.
type sharingDoc struct {
	Enabled bool `json:"enabled"`  // links may be made and used; while it is off none holds
	MaxDays int  `json:"max_days"` // a link holds at most so long
}

func (s sharingDoc) validate() error {
	if s.MaxDays < 1 || s.MaxDays > 3650 {
		return fmt.Errorf("max_days: %d is not within 1 to 3650", s.MaxDays)
	}
	return nil
}

// sharing is what the console needs for links.
func (d *running) sharing() *console.Sharing {
	return &console.Sharing{Shares: shares{d.db}, Maker: d.maker, Policy: func() console.SharePolicy {
		s := d.sec.sharing.Get(d.doc)
		return console.SharePolicy{Enabled: s.Enabled, MaxDays: s.MaxDays}
	}}
}

// maker is who made a link as they are now: their account, or the user of this machine,
// with the rights that they have today. A token's limit stays; without the token there is nobody.
func (d *running) maker(a access.Actor) (access.Actor, bool) {
	switch {
	case a.ID != "":
		u, err := d.access.FindUser(a.ID)
		if err != nil || u.ID != a.ID || !u.Enabled {
			return a, false
		}
		if _, token, _ := strings.Cut(a.Name, "/"); a.Kind == access.Token && !slices.ContainsFunc(d.access.Tokens(a.ID), func(t access.TokenInfo) bool {
			return t.Name == token && (t.Expires.IsZero() || time.Now().Before(t.Expires))
		}) {
			return a, false
		}
		a.Name, a.Grants = u.Name, u.Grants
		return a, true
	case a.Kind == access.Local:
		first, others := groupsOf(a.UID)
		now, err := d.access.FromPeerCred(a.UID, first, others)
		return now, err == nil
	case a.Kind == access.Link: // made by a user of this machine for themselves
		u, err := user.Lookup(a.Name)
		if err != nil {
			return a, false
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			return a, false
		}
		first, others := groupsOf(uid)
		now, err := d.access.FromPeerCred(uid, first, others)
		return now, err == nil
	case a.Kind == access.Setup:
		return a, !d.access.HasAdministrator() // then there is somebody to ask for their rights
	}
	return a, false
}

// groupsOf are the first group of a user of this machine, and the others.
func groupsOf(uid int) (first int, others []int) {
	first = -1
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return first, nil
	}
	if n, err := strconv.Atoi(u.Gid); err == nil {
		first = n
	}
	names, err := u.GroupIds()
	if err != nil {
		return first, nil
	}
	for _, g := range names {
		if n, err := strconv.Atoi(g); err == nil {
			others = append(others, n)
		}
	}
	return first, others
}

// shares keeps links in state.db. Docs: docs/formats/state.md.
type shares struct{ db *store.DB }

func shareRows() store.Bucket[console.Share] { return store.NewBucket[console.Share]("shares") }

func allShares(tx *store.Tx) (all []console.Share, err error) {
	err = shareRows().Range(tx, "", "", func(_ string, s console.Share) bool {
		all = append(all, s)
		return true
	})
	return all, err
}

// All lists them by ID.
func (s shares) All() (all []console.Share, err error) {
	err = s.db.View(func(tx *store.Tx) error {
		all, err = allShares(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	return all, nil
}

// Get is one, if there is one.
func (s shares) Get(id string) (one console.Share, ok bool, err error) {
	err = s.db.View(func(tx *store.Tx) (err error) {
		one, ok, err = shareRows().Get(tx, id)
		return err
	})
	return one, ok, err
}

// Put keeps a new one, and forgets those that check names.
func (s shares) Put(one console.Share, check func([]console.Share) ([]string, error)) error {
	return s.db.Update(func(tx *store.Tx) error {
		all, err := allShares(tx)
		if err != nil {
			return err
		}
		old, err := check(all)
		if err != nil {
			return err
		}
		for _, id := range old {
			if err := shareRows().Delete(tx, id); err != nil {
				return err
			}
		}
		return shareRows().Put(tx, one.ID, one)
	})
}

// Change changes one.
func (s shares) Change(id string, f func(*console.Share) error) (one console.Share, ok bool, err error) {
	err = s.db.Update(func(tx *store.Tx) (err error) {
		if one, ok, err = shareRows().Get(tx, id); err != nil || !ok {
			return err
		}
		if err := f(&one); err != nil {
			return err
		}
		return shareRows().Put(tx, id, one)
	})
	return one, ok, err
}
