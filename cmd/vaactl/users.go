package main

import (
	"bufio"
	"io"
	"os"
	"slices"
	"strings"

	"vaad/api"

	"golang.org/x/sys/unix"
)

type usersCmd struct {
	List   usersListCmd   `cmd:"" default:"1"`
	Show   usersShowCmd   `cmd:""`
	Add    usersAddCmd    `cmd:""`
	Change usersChangeCmd `cmd:""`
	Remove usersRemoveCmd `cmd:""`
	Unlock usersUnlockCmd `cmd:""`
	NoTOTP usersNoTOTPCmd `cmd:"" name:"no-totp"`
	Roles  usersRolesCmd  `cmd:""`
}

type usersListCmd struct{}

// Run lists the accounts.
func (usersListCmd) Run(s *session) error {
	p, err := s.client.Users(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return objects(s, p.Items)
	}
	t := s.table("name", "rights", "second-factor", "last-login", "state")
	for i := range p.Items {
		u := &p.Items[i]
		last := ""
		if u.LastLogin != nil {
			last = when(*u.LastLogin)
		}
		t.row(printable(u.Name), s.grants(u.Grants), map[bool]string{true: s.t("cli.yes"), false: s.t("cli.no")}[u.TOTP], last, s.userState(u))
	}
	return s.list(t, "cli.no-users")
}

// userState is what is not in order with an account.
func (s *session) userState(u *api.User) string {
	var all []string
	if !u.Enabled {
		all = append(all, s.t("cli.user-disabled"))
	}
	if u.LockedUntil != nil {
		all = append(all, s.t("cli.user-locked", "until", when(*u.LockedUntil)))
	}
	if u.MustChange {
		all = append(all, s.t("cli.user-must-change"))
	}
	return strings.Join(all, ", ")
}

// grants puts rights into words, as --grant takes them.
func (s *session) grants(all []api.Grant) string {
	var out []string
	for _, g := range all {
		out = append(out, printable(grantText(g)))
	}
	return strings.Join(out, " ")
}

func grantText(g api.Grant) string {
	one := g.Role
	if len(g.Groups) > 0 {
		one += "@" + strings.Join(g.Groups, "+")
	}
	for _, v := range g.More {
		one += ",+" + v
	}
	for _, v := range g.Less {
		one += ",-" + v
	}
	return one
}

// grantOf reads ROLE[@GROUP[+GROUP…]][,+RIGHT…][,-RIGHT…]. What there is not, the daemon refuses.
func grantOf(text string) (g api.Grant, ok bool) {
	head, rest, _ := strings.Cut(text, ",")
	role, groups, some := strings.Cut(head, "@")
	g = api.Grant{Role: role, Groups: []string{}, More: []string{}, Less: []string{}}
	if some {
		g.Groups = strings.Split(groups, "+")
	}
	for part := range strings.SplitSeq(rest, ",") {
		switch {
		case rest == "":
		case strings.HasPrefix(part, "+"):
			g.More = append(g.More, part[1:])
		case strings.HasPrefix(part, "-"):
			g.Less = append(g.Less, part[1:])
		default:
			return g, false
		}
	}
	return g, role != "" && !slices.Contains(g.Groups, "")
}

func (s *session) readGrants(all []string) ([]api.Grant, error) {
	out := []api.Grant{}
	for _, text := range all {
		g, ok := grantOf(text)
		if !ok {
			return nil, s.usage("grant", "value", text)
		}
		out = append(out, g)
	}
	return out, nil
}

type usersShowCmd struct {
	User string `arg:"" name:"name"`
}

// Run shows one account, with what it may do.
func (c usersShowCmd) Run(s *session) error {
	u, err := s.client.User(s.ctx, c.User)
	if err != nil {
		return err
	}
	return s.user(u)
}

// user prints an account.
func (s *session) user(u api.User) error {
	if s.cli.JSON {
		return s.object(u)
	}
	roles, err := s.client.Roles(s.ctx)
	if err != nil {
		return err
	}
	if err := s.say("%s  %s  %s", printable(u.Name), printable(u.Display), s.userState(&u)); err != nil {
		return err
	}
	t := s.table("right", "lines")
	for _, v := range roles.Verbs {
		if where, ok := s.whereMay(u.Grants, roles.Roles, v); ok {
			t.row(s.code("verb", v), where)
		}
	}
	return s.list(t, "cli.no-rights")
}

// whereMay says on which lines grants allow something.
func (s *session) whereMay(grants []api.Grant, roles []api.RoleRow, verb string) (where string, ok bool) {
	var groups []string
	for _, g := range grants {
		i := slices.IndexFunc(roles, func(r api.RoleRow) bool { return r.Role == g.Role })
		has := i >= 0 && slices.Contains(roles[i].Verbs, verb) || slices.Contains(g.More, verb)
		switch {
		case !has || slices.Contains(g.Less, verb):
		case len(g.Groups) == 0:
			return s.t("cli.all-lines"), true
		default:
			groups = append(groups, g.Groups...)
		}
	}
	slices.Sort(groups)
	groups = slices.Compact(groups)
	return printable(strings.Join(groups, ", ")), len(groups) > 0
}

type usersAddCmd struct {
	Name      string   `arg:""`
	Grant     []string `sep:"none" placeholder:"ROLE[@GROUP]"`
	Display   string   `placeholder:"NAME"`
	Language  string   `enum:",en,zh" default:"" placeholder:"LANG"`
	AskSecret bool     `name:"ask-password"`
}

// Run makes an account. Without --ask-password a password is made and printed.
func (c usersAddCmd) Run(s *session) error {
	grants, err := s.readGrants(c.Grant)
	if err != nil {
		return err
	}
	n := api.NewUser{UserWish: api.UserWish{Name: c.Name, Display: c.Display, Language: c.Language, Grants: grants}}
	if c.AskSecret {
		if n.Password, err = s.secret("cli.new-password"); err != nil {
			return err
		}
	}
	made, err := s.client.CreateUser(s.ctx, n)
	if err != nil {
		return err
	}
	return s.madePassword(made)
}

// madePassword prints the password that was made, if one was: alone on standard output.
func (s *session) madePassword(m api.UserMade) error {
	if s.cli.JSON {
		return s.object(m)
	}
	if m.Password == "" {
		return nil
	}
	tell(s.err, s.t("cli.password-made", "name", printable(m.User.Name)))
	return s.say("%s", m.Password)
}

// secret asks for a password; a terminal does not show it.
func (s *session) secret(question string) (string, error) {
	if f, ok := s.in.(*os.File); ok {
		if was, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err == nil {
			quiet := *was
			quiet.Lflag &^= unix.ECHO
			if err := unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, &quiet); err == nil {
				defer func() {
					_ = unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, was) // the shell sets it anew
					tell(s.err)
				}()
			}
			_, _ = io.WriteString(s.err, s.t(question)+" ")
		}
	}
	line, err := bufio.NewReader(io.LimitReader(s.in, 4096)).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		if err == nil || err == io.EOF {
			err = s.usage("no-password")
		}
		return "", err
	}
	return line, nil
}

type usersChangeCmd struct {
	User     string   `arg:"" name:"name"`
	Grant    []string `sep:"none" placeholder:"ROLE[@GROUP]"`
	Display  *string  `placeholder:"NAME"`
	Language *string  `placeholder:"LANG"`
	Rename   string   `placeholder:"NAME"`
	Enable   bool     `xor:"enabled"`
	Disable  bool     `xor:"enabled"`
}

// Run changes what is given, and leaves the rest. Grants replace all that there are.
func (c usersChangeCmd) Run(s *session) error {
	u, err := s.client.User(s.ctx, c.User)
	if err != nil {
		return err
	}
	enabled := (u.Enabled || c.Enable) && !c.Disable
	w := api.UserWish{Name: u.Name, Display: u.Display, Language: u.Language, Enabled: &enabled, Grants: u.Grants}
	if len(c.Grant) > 0 {
		if w.Grants, err = s.readGrants(c.Grant); err != nil {
			return err
		}
	}
	if c.Display != nil {
		w.Display = *c.Display
	}
	if c.Language != nil {
		w.Language = *c.Language
	}
	if c.Rename != "" {
		w.Name = c.Rename
	}
	u, err = s.client.ChangeUser(s.ctx, u.ID, w)
	if err != nil {
		return err
	}
	return s.user(u)
}

type usersRemoveCmd struct {
	User string `arg:"" name:"name"`
}

func (c usersRemoveCmd) Run(s *session) error { return s.client.RemoveUser(s.ctx, c.User) }

type usersUnlockCmd struct {
	User string `arg:"" name:"name"`
}

func (c usersUnlockCmd) Run(s *session) error {
	_, err := s.client.UnlockUser(s.ctx, c.User)
	return err
}

type usersNoTOTPCmd struct {
	User string `arg:"" name:"name"`
}

func (c usersNoTOTPCmd) Run(s *session) error {
	_, err := s.client.RemoveTOTP(s.ctx, c.User)
	return err
}

type usersRolesCmd struct{}

// Run lists roles with what they may do, and the line groups.
func (usersRolesCmd) Run(s *session) error {
	r, err := s.client.Roles(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(r)
	}
	t := s.table("role", "rights")
	for _, one := range r.Roles {
		t.row(one.Role, strings.Join(one.Verbs, " "))
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	for _, g := range r.Groups {
		if err := s.say("@%s", printable(g.Name)); err != nil {
			return err
		}
	}
	return nil
}
