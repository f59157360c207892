package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/kinds"
)

// openSpec opens a target that a person wrote down:
//
//	/media/usb/vaad                                        a folder
//	sftp://user@host:22/folder?host_key=SHA256:…&key=FILE  a server; a path that begins with /~/ is below its home
//	s3://host:443/bucket/prefix?access_key=FILE&secret_key=FILE
//	target.json                                            an element of backup_targets, as settings export writes it
//
// Secrets are given as files, credential:NAME or env:NAME, never themselves.
func openSpec(spec string) (target.Target, error) {
	c, err := readSpec(spec)
	if err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	return kinds.Open(c)
}

func readSpec(spec string) (target.Config, error) {
	switch {
	case strings.HasPrefix(spec, "sftp://"), strings.HasPrefix(spec, "s3://"):
		return urlSpec(spec)
	case strings.HasSuffix(spec, ".json"):
		b, err := os.ReadFile(spec)
		if err != nil {
			return target.Config{}, err
		}
		c := target.Defaults("")
		if err := json.NewDecoder(bytes.NewReader(b)).Decode(&c); err != nil {
			return c, fmt.Errorf("%s: %w", spec, err)
		}
		c.Name = "backup"
		return c, nil
	}
	path, err := filepath.Abs(spec)
	c := target.Defaults(target.KindFolder)
	c.Name, c.Folder.Path = "backup", path
	return c, err
}

func urlSpec(spec string) (c target.Config, err error) {
	u, err := url.Parse(spec)
	if err != nil {
		return c, errors.New("--from: it cannot be read as an address") // the cause would repeat what may be a secret
	}
	c = target.Defaults(target.Kind(u.Scheme))
	c.Name = "backup"
	q := u.Query()
	var known map[string]func(string) error
	secret := func(to *target.Secret) func(string) error {
		return func(v string) error { *to = target.Secret(v); return nil }
	}
	word := func(to *string) func(string) error { return func(v string) error { *to = v; return nil } }
	yes := func(to *bool) func(string) error {
		return func(v string) (err error) { *to, err = strconv.ParseBool(v); return err }
	}
	if _, given := u.User.Password(); given {
		return c, fmt.Errorf("%s://…: a password does not stand in an address: put it into a file and add ?password=FILE", u.Scheme)
	}
	if u.Scheme == "sftp" {
		c.SFTP.Address, c.SFTP.User = u.Host, u.User.Username()
		if c.SFTP.Path = u.Path; strings.HasPrefix(u.Path, "/~/") {
			c.SFTP.Path = u.Path[len("/~/"):]
		}
		known = map[string]func(string) error{"host_key": word(&c.SFTP.HostKey), "key": secret(&c.SFTP.Key), "passphrase": secret(&c.SFTP.Passphrase),
			"password": secret(&c.SFTP.Password)}
	} else {
		bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
		c.S3.Endpoint, c.S3.Bucket, c.S3.Prefix = u.Host, bucket, prefix
		known = map[string]func(string) error{"access_key": secret(&c.S3.AccessKey), "secret_key": secret(&c.S3.SecretKey), "region": word(&c.S3.Region),
			"plain": yes(&c.S3.Plain), "ca_file": word(&c.S3.CAFile), "host_style": yes(&c.S3.HostStyle)}
	}
	for k, v := range q {
		set, ok := known[k]
		if !ok {
			return c, fmt.Errorf("%s is not known in an address of %s", printable(k), u.Scheme)
		}
		if err := set(v[0]); err != nil {
			return c, fmt.Errorf("%s: %w", k, err)
		}
	}
	return c, nil
}
