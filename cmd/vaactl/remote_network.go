package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"vaad/api"
)

type networkCmd struct {
	Show        networkShowCmd        `cmd:"" default:"withargs"`
	On          networkOnCmd          `cmd:""`
	Off         networkOffCmd         `cmd:""`
	Confirm     networkConfirmCmd     `cmd:""`
	Revert      networkRevertCmd      `cmd:""`
	Certificate networkCertificateCmd `cmd:""`
	Authority   networkAuthorityCmd   `cmd:""`
}

type networkShowCmd struct{}

func (networkShowCmd) Run(s *session) error { return s.network(s.client.Network(s.ctx)) }

// network prints how the box is reached.
func (s *session) network(n api.Network, err error) error {
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(n)
	}
	t := s.table("network-door", "network-address", "network-open", "network-urls")
	for _, d := range n.Doors {
		open := "yes"
		if !d.Open {
			open = "no"
		}
		at := strings.Join(d.URLs, "  ")
		if d.Text != "" {
			at = d.Text
		}
		t.row(s.t("cli.network-kind-"+d.Kind), printable(d.Address), s.t("cli.network-"+open), printable(at))
	}
	if err := t.print(s.out); err != nil {
		return err
	}
	var certs []string
	add := func(key, v string) {
		if v != "" {
			certs = append(certs, s.t("cli."+key)+": "+printable(v))
		}
	}
	show := func(key string, c *api.Certificate) {
		if c != nil {
			add(key, s.t("cli.network-certificate-is", "subject", c.Subject, "issuer", c.Issuer, "ends", when(c.Ends), "days", strconv.Itoa(c.Days)))
			add("network-fingerprint", c.SHA256)
		}
	}
	show("network-certificate", n.Certificate)
	if n.Certificate != nil {
		add("network-names", strings.Join(n.Certificate.Names, ", "))
	}
	show("network-authority", n.Authority)
	add("network-outside", strings.Join(n.Outside, ", "))
	add("network-uncovered", strings.Join(n.Uncovered, ", "))
	add("network-fault", n.FaultText)
	for _, line := range certs {
		if err := s.say("%s", line); err != nil {
			return err
		}
	}
	if n.Trial != nil {
		return s.say("%s", s.t("cli.network-trial", "by", printable(n.Trial.By), "seconds", strconv.Itoa(int(n.Trial.Seconds))))
	}
	return nil
}

type networkOnCmd struct {
	Port    int      `placeholder:"PORT"`
	Name    []string `placeholder:"NAME"`
	Address []string `placeholder:"ADDRESS"`
}

// Run turns the network on, and says where the box is reached then.
func (c networkOnCmd) Run(s *session) error {
	values := map[string]any{"network.enabled": true}
	if c.Port != 0 {
		values["network.port"] = c.Port
	}
	if len(c.Name) > 0 {
		values["network.names"] = c.Name
	}
	if len(c.Address) > 0 {
		values["network.addresses"] = c.Address
	}
	for _, path := range []string{"network.port", "network.names", "network.addresses", "network.enabled"} { // on last: at once with what it is to be
		if v, ok := values[path]; ok {
			if err := s.setAny(path, v); err != nil {
				return err
			}
		}
	}
	return s.settled()
}

func (s *session) setAny(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = s.client.Set(s.ctx, path, b, "")
	return err
}

// settled waits until doors are as settings want them, and prints them.
func (s *session) settled() error {
	n, err := s.client.Network(s.ctx)
	if err != nil {
		return err
	}
	return s.network(n, nil)
}

type networkOffCmd struct{}

func (networkOffCmd) Run(s *session) error {
	if err := s.setAny("network.enabled", false); err != nil {
		return err
	}
	return s.settled()
}

type networkConfirmCmd struct{}

func (networkConfirmCmd) Run(s *session) error { return s.network(s.client.ConfirmNetwork(s.ctx)) }

type networkRevertCmd struct{}

func (networkRevertCmd) Run(s *session) error { return s.network(s.client.RevertNetwork(s.ctx)) }

type networkCertificateCmd struct {
	File string `arg:"" type:"existingfile"`
	Key  string `type:"existingfile" placeholder:"FILE"`
	Use  bool
}

// Run gives the box a certificate.
func (c networkCertificateCmd) Run(s *session) error {
	cert, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	var key []byte
	if c.Key != "" {
		if key, err = os.ReadFile(c.Key); err != nil {
			return err
		}
	}
	return s.network(s.client.GiveCertificate(s.ctx, api.NewCertificate{Certificate: string(cert), Key: string(key), Use: c.Use}))
}

type networkAuthorityCmd struct {
	New bool
	Out string `short:"o" type:"path" placeholder:"FILE"`
}

// Run prints or saves the authority for clients to trust, or has another one made.
func (c networkAuthorityCmd) Run(s *session) error {
	if c.New {
		if _, err := s.client.NewAuthority(s.ctx); err != nil {
			return err
		}
	}
	pem, err := s.client.AuthorityPEM(s.ctx)
	if err != nil {
		return err
	}
	if c.Out != "" {
		return os.WriteFile(c.Out, []byte(pem), 0o644) //nolint:gosec // everybody may have it
	}
	_, err = s.out.Write([]byte(pem))
	return err
}

type setupCmd struct{}

// Run prints the link that the first run begins with, for this machine's administrator,
// and how far the first run is.
func (setupCmd) Run(s *session) error {
	link, err := s.client.SetupLink(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(link)
	}
	state, err := s.client.Setup(s.ctx)
	if err != nil {
		return err
	}
	key := "cli.setup-over"
	if link.Open {
		key = "cli.setup-open"
	}
	if err := s.say("%s", s.t(key)); err != nil {
		return err
	}
	for _, u := range link.URLs {
		if err := s.say("  %s", u); err != nil {
			return err
		}
	}
	if link.QR != "" && strings.HasPrefix(link.URLs[0], "https://") {
		if err := s.say("\n%s", link.QR); err != nil {
			return err
		}
	}
	if len(link.URLs) > 0 && link.Open && !strings.HasPrefix(link.URLs[0], "https://") {
		if err := s.say("%s", s.t("cli.setup-here-only")); err != nil {
			return err
		}
	}
	t := s.table("setup-step", "setup-state")
	for _, step := range state.Steps {
		t.row(s.t("setup-step."+step.ID), s.t("setup-state."+step.State))
	}
	return t.print(s.out)
}
