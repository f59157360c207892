package doctor

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// checkRights looks whether the daemon's user may open DAHDI's devices. The
// links /dev/dahdi/1 … are not needed and not looked for: Debian's own udev
// rules take them away again.
func (c *checker) checkRights() {
	if !c.loaded {
		return
	}
	good := true
	forbidden := map[Owner][]string{}
	for _, name := range []string{"dev/dahdi/ctl", "dev/dahdi/channel", "dev/dahdi/pseudo", "dev/dahdi/timer"} {
		if !exists(c.Root, name) {
			c.add("device-missing", "file", "/"+name)
			good = false
			continue
		}
		may, owner := c.mayOpen(name)
		if good = may && good; owner != nil {
			forbidden[*owner] = append(forbidden[*owner], "/"+name)
		}
	}
	for _, o := range slices.SortedFunc(maps.Keys(forbidden), func(a, b Owner) int { return cmp.Compare(forbidden[a][0], forbidden[b][0]) }) {
		c.add("device-forbidden", "files", strings.Join(forbidden[o], ", "), "user", c.User, "group", c.groupName(o.GID), "mode", fmt.Sprintf("%04o", o.Mode))
	}
	if good && c.User != "" {
		c.add("device-rights", "user", c.User)
	}
}

// mayOpen reports whether the user may open a device, and whose it is if not.
func (c *checker) mayOpen(name string) (may bool, notOurs *Owner) {
	if c.User == "" {
		return false, nil
	}
	if c.Owner == nil {
		c.skipped("/"+name, errNotGiven)
		return false, nil
	}
	o, err := c.Owner(name)
	if err != nil {
		c.skipped("/"+name, err)
		return false, nil
	}
	uid, groups, ok := c.groups()
	if !ok {
		if !slices.ContainsFunc(c.found, func(f Finding) bool { return f.Code == "no-user" }) {
			c.add("no-user", "user", c.User)
		}
		return false, nil
	}
	want := fs.FileMode(0o006)
	switch {
	case uid == 0:
		return true, nil
	case uid == o.UID:
		want = 0o600
	case slices.Contains(groups, o.GID):
		want = 0o060
	}
	if o.Mode&want == want {
		return true, nil
	}
	return false, &o
}

// groups are the ids of the daemon's user and its groups, from passwd and group.
// A unit's SupplementaryGroups come on top of them; they are read as well.
func (c *checker) groups() (uid int, gids []int, ok bool) {
	for line := range strings.Lines(c.text("etc/passwd")) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) > 3 && f[0] == c.User {
			id, err := strconv.Atoi(f[2])
			gid, err2 := strconv.Atoi(f[3])
			uid, ok = id, err == nil && err2 == nil
			gids = append(gids, gid)
		}
	}
	extra := c.unitGroups()
	for line := range strings.Lines(c.text("etc/group")) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 4 || !slices.Contains(strings.Split(f[3], ","), c.User) && !slices.Contains(extra, f[0]) {
			continue
		}
		if gid, err := strconv.Atoi(f[2]); err == nil {
			gids = append(gids, gid)
		}
	}
	return uid, gids, ok
}

func (c *checker) unitGroups() []string {
	var all []string
	files := append(c.match("etc/systemd/system/vaad.service.d/*.conf"), "usr/lib/systemd/system/vaad.service", "lib/systemd/system/vaad.service", "etc/systemd/system/vaad.service")
	for _, file := range files {
		for line := range strings.Lines(c.text(file)) {
			if g, ok := strings.CutPrefix(strings.TrimSpace(line), "SupplementaryGroups="); ok {
				all = append(all, strings.Fields(g)...)
			}
		}
	}
	return all
}

func (c *checker) groupName(gid int) string {
	for line := range strings.Lines(c.text("etc/group")) {
		if f := strings.Split(line, ":"); len(f) > 2 && f[2] == strconv.Itoa(gid) {
			return f[0]
		}
	}
	return strconv.Itoa(gid)
}
