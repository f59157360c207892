package console

import (
	"context"
	"encoding/json"
	"slices"

	"vaad/access"
	"vaad/settings"
)

// keepsRights refuses changes of settings by which callers would get more than they were given:
// how careful log-in is, and where recordings and secrets of the box go, which is for who manages
// accounts, and, for those whose rights hang on groups of lines, which lines are in which group.
// plan says what would change.
func (s *Server) keepsRights(ctx context.Context, plan func() ([]settings.Change, error)) error {
	c := who(ctx)
	manages, grouped := c.scope.Everywhere(access.Users), c.grouped()
	if manages && !grouped {
		return nil
	}
	changes, err := plan()
	if err != nil {
		return err
	}
	for _, one := range changes {
		keys := settings.Keys(one.Path)
		if !manages && ofAdministrators(keys[0]) || grouped && (groupsLines(keys) || namesGroup(keys, one.Old) || namesGroup(keys, one.New)) {
			s.denied(ctx, access.SettingsWrite, one.Path, ofLine(one.Path))
			return fail("beyond-rights", quote(one.Path))
		}
	}
	return nil
}

// ofAdministrators says which sections are for who manages accounts: by them somebody could come
// in more easily, or recordings and files of secrets could be sent to a machine of the sender's.
func ofAdministrators(section string) bool {
	switch section {
	case "security", "sharing", "encryption", "backup", "backup_targets", "mail", "evidence":
		return true
	}
	return false
}

// grouped says whether what the caller may do hangs on groups of lines.
func (c *caller) grouped() bool {
	return c.Limit != nil && len(c.Limit.Groups) > 0 || slices.ContainsFunc(c.Grants, func(g access.Grant) bool { return len(g.Groups) > 0 })
}

// groupsLines says whether a value is the lines of a group, or holds them.
func groupsLines(keys []string) bool {
	return keys[0] == "groups" && (len(keys) < 3 || keys[2] == "lines")
}

// namesGroup says whether a value is the group of a line, or holds one.
func namesGroup(keys []string, value json.RawMessage) bool {
	switch {
	case keys[0] != "lines" || len(keys) > 2 && keys[2] != "group":
		return false
	case len(keys) != 2:
		return true
	}
	var line struct {
		Group string `json:"group"`
	}
	return json.Unmarshal(value, &line) == nil && line.Group != ""
}
