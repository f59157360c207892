package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"vaad/access"
	"vaad/console"
	"vaad/settings"
)

// securityDoc is how careful log-in is.
type securityDoc struct {
	SessionIdleM   int      `json:"session_idle_min"`    // a session ends after so long without use
	SessionH       int      `json:"session_max_h"`       // and so long after the log-in
	Failures       int      `json:"lock_after"`          // wrong log-ins to an account from one address, until it is locked for this address
	WithinM        int      `json:"lock_within_min"`     // … within so long
	PasswordLength int      `json:"password_min_length"` // characters of new passwords
	TOTPRoles      []string `json:"totp_roles"`          // who has one of these roles needs a second factor
}

// securitySections is the part of the settings that is about who comes in.
type securitySections struct {
	security settings.Section[securityDoc]
}

func newSecuritySections() securitySections {
	p := access.DefaultPolicy()
	return securitySections{settings.NewSection("security", securityDoc{SessionIdleM: int(p.Idle.Minutes()), SessionH: int(p.Absolute.Hours()),
		Failures: p.Failures, WithinM: int(p.Within.Minutes()), PasswordLength: p.MinLength, TOTPRoles: []string{}}, securityDoc.validate)}
}

func (s securityDoc) validate() error {
	var errs []error
	for _, f := range []struct {
		key               string
		value, least, top int
	}{
		{"session_idle_min", s.SessionIdleM, 5, 7 * 24 * 60},
		{"session_max_h", s.SessionH, 1, 90 * 24},
		{"lock_after", s.Failures, 3, 50},
		{"lock_within_min", s.WithinM, 1, 24 * 60},
		{"password_min_length", s.PasswordLength, 8, 64},
	} {
		if f.value < f.least || f.value > f.top {
			errs = append(errs, fmt.Errorf("%s: must be %d…%d", f.key, f.least, f.top))
		}
	}
	for _, r := range s.TOTPRoles {
		if !slices.Contains(access.Roles(), access.Role(r)) {
			errs = append(errs, fmt.Errorf("totp_roles: there is no role %q", r))
		}
	}
	return errors.Join(errs...)
}

func (s securityDoc) policy() access.Policy {
	p := access.Policy{Idle: time.Duration(s.SessionIdleM) * time.Minute, Absolute: time.Duration(s.SessionH) * time.Hour,
		Failures: s.Failures, Within: time.Duration(s.WithinM) * time.Minute, MinLength: s.PasswordLength}
	for _, r := range s.TOTPRoles {
		p.TOTP = append(p.TOTP, access.Role(r))
	}
	return p
}

// openAccess makes what decides who may come in. Log-ins are audited; somebody who tries
// passwords raises an alarm.
func (d *running) openAccess(opened *undo) (err error) {
	log := access.NewAudit(d.db, nil)
	d.access, err = access.New(access.Config{DB: d.db, DaemonUID: os.Getuid(), Pool: d.pool, Registerer: d.reg,
		Note: func(e access.Event) {
			if _, err := log.Append(e.Entry()); err != nil {
				d.log.Error("the audit log cannot be written", "verb", access.LogIn, "error", err)
			}
		},
		Attack: func(on bool, wrong int) {
			if on {
				d.alarms.Raise("login-attack", "", map[string]string{"count": strconv.Itoa(wrong)})
				return
			}
			d.alarms.Clear("login-attack", "")
		}})
	if err != nil {
		return err
	}
	groups := d.sec.groups.Subscribe(d.doc, func(g map[string]groupDoc) { d.access.SetGroups(d.lineGroups(g)) })
	policy := d.sec.security.Subscribe(d.doc, func(s securityDoc) { d.access.SetPolicy(s.policy()) })
	opened.add(func() error { groups(); policy(); return nil })
	return nil
}

// pageAddress is where browsers reach the page: on this machine itself, or else over the network;
// "" where no door is open.
func (d *running) pageAddress() string {
	for _, kind := range []console.DoorKind{console.LoopbackDoor, console.NetworkDoor} {
		for _, door := range d.clients.State().Doors {
			if door.Kind == string(kind) && door.Open && len(door.URLs) > 0 {
				return door.URLs[0]
			}
		}
	}
	return ""
}
