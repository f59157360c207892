package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vaad/api"
	"vaad/recorder/archive"
)

// remoteFlags say which daemon elsewhere is meant, and how it is trusted.
type remoteFlags struct {
	Remote      string `env:"VAAD_REMOTE" placeholder:"NAME"`
	Server      string `env:"VAAD_SERVER" placeholder:"URL"`
	Token       string `env:"VAAD_TOKEN"`
	TokenFile   string `env:"VAAD_TOKEN_FILE" type:"path" placeholder:"FILE"`
	CA          string `name:"ca" env:"VAAD_CA" type:"path" placeholder:"FILE"`
	Fingerprint string `env:"VAAD_FINGERPRINT" placeholder:"SHA256"`
}

// A remote is a daemon elsewhere as it is kept in remotes.json.
type remote struct {
	Server      string `json:"server"`
	Token       string `json:"token,omitempty"`
	CA          string `json:"ca,omitempty"` // PEM
	Fingerprint string `json:"fingerprint,omitempty"`
}

// remotes is the file of a user: with tokens in it, mode 0600.
type remotes struct {
	Version int               `json:"version"`
	Remotes map[string]remote `json:"remotes"`
}

const remotesVersion = 1

func remotesFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "vaad", "remotes.json"), nil
}

// readRemotes reads the file; without one there are none.
func (s *session) readRemotes() (remotes, error) {
	all := remotes{Version: remotesVersion, Remotes: map[string]remote{}}
	file, err := remotesFile()
	if err != nil {
		return all, err
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, err
	}
	if err := json.Unmarshal(b, &all); err != nil || all.Version != remotesVersion || all.Remotes == nil {
		return all, s.refusal("remotes-damaged", "file", file)
	}
	return all, nil
}

// write replaces the file whole, for its owner only.
func (r remotes) write() error {
	file, err := remotesFile()
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return archive.ReplaceFile(file, append(b, '\n'), 0o600)
}

// options joins flags, environment and what is kept of a remote: what is said on the
// command line counts.
func (s *session) options() (api.Options, error) {
	c := s.cli
	o := api.Options{Root: c.Root, Socket: c.Socket, Server: c.Server, Token: c.Token, Fingerprint: c.Fingerprint, Lang: s.lang, Agent: "vaactl/" + version}
	if c.CA != "" {
		b, err := os.ReadFile(c.CA)
		if err != nil {
			return o, err
		}
		o.CA = string(b)
	}
	if c.TokenFile != "" && o.Token == "" {
		b, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return o, err
		}
		o.Token = strings.TrimSpace(string(b))
	}
	if c.Remote == "" {
		return o, nil
	}
	all, err := s.readRemotes()
	if err != nil {
		return o, err
	}
	r, ok := all.Remotes[c.Remote]
	if !ok {
		return o, s.usage("no-remote", "name", strconv.Quote(c.Remote), "names", strings.Join(slices.Sorted(maps.Keys(all.Remotes)), ", "))
	}
	o.Server, o.Token = cmp.Or(o.Server, r.Server), cmp.Or(o.Token, r.Token)
	if o.CA == "" && o.Fingerprint == "" {
		o.CA, o.Fingerprint = r.CA, r.Fingerprint
	}
	return o, nil
}

// connect makes the client that commands talk with.
func (s *session) connect() error {
	o, err := s.options()
	if err != nil {
		return err
	}
	s.client, err = api.New(o)
	return s.wrongOptions(o, err)
}

// wrongOptions says in the user's language what is wrong with them.
func (s *session) wrongOptions(o api.Options, err error) error {
	for _, known := range []struct {
		err error
		key string
	}{{api.ErrServer, "server"}, {api.ErrPlain, "server-plain"}, {api.ErrCA, "ca"}, {api.ErrFingerprint, "fingerprint"}} {
		if errors.Is(err, known.err) {
			return s.usage(known.key, "value", strconv.Quote(o.Server))
		}
	}
	return err
}

type remoteCmd struct {
	Add    remoteAddCmd    `cmd:""`
	List   remoteListCmd   `cmd:"" default:"withargs"`
	Remove remoteRemoveCmd `cmd:""`
}

type remoteAddCmd struct {
	Name string `arg:""`
	URL  string `arg:"" name:"url"`
}

// Run asks the daemon who we are there, so that nothing is kept that does not work.
func (c remoteAddCmd) Run(s *session) error {
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`).MatchString(c.Name) {
		return s.usage("remote-name", "value", strconv.Quote(c.Name))
	}
	s.cli.Remote, s.cli.Server = "", c.URL
	o, err := s.options()
	if err != nil {
		return err
	}
	client, err := api.New(o)
	if err != nil {
		return s.wrongOptions(o, err)
	}
	me, err := client.Me(s.ctx)
	if err != nil {
		return err
	}
	all, err := s.readRemotes()
	if err != nil {
		return err
	}
	server, _, _ := strings.Cut(o.Server, "/?") // of the link that sets up
	all.Remotes[c.Name] = remote{Server: strings.TrimSuffix(server, "/"), Token: o.Token, CA: o.CA, Fingerprint: o.Fingerprint}
	if err := all.write(); err != nil {
		return err
	}
	return s.say("%s", s.t("cli.remote-added", "name", c.Name, "actor", printable(me.Name)))
}

type remoteListCmd struct{}

func (remoteListCmd) Run(s *session) error {
	all, err := s.readRemotes()
	if err != nil {
		return err
	}
	t := s.table("name", "remote-server", "remote-trust", "remote-token")
	for _, name := range slices.Sorted(maps.Keys(all.Remotes)) {
		r := all.Remotes[name]
		trust, token := "system", "no"
		switch {
		case r.Fingerprint != "":
			trust = "fingerprint"
		case r.CA != "":
			trust = "ca"
		}
		if r.Token != "" {
			token = "yes"
		}
		if s.cli.JSON {
			if err := s.object(map[string]string{"name": name, "server": r.Server, "trust": trust, "token": token}); err != nil {
				return err
			}
			continue
		}
		t.row(name, printable(r.Server), s.t("cli.remote-trust-"+trust), s.t("cli.network-"+token))
	}
	if s.cli.JSON {
		return nil
	}
	return t.print(s.out)
}

type remoteRemoveCmd struct {
	Name string `arg:""`
}

func (c remoteRemoveCmd) Run(s *session) error {
	all, err := s.readRemotes()
	if err != nil {
		return err
	}
	if _, ok := all.Remotes[c.Name]; !ok {
		return s.usage("no-remote", "name", strconv.Quote(c.Name), "names", strings.Join(slices.Sorted(maps.Keys(all.Remotes)), ", "))
	}
	delete(all.Remotes, c.Name)
	if err := all.write(); err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	return nil
}
