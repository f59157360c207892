package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/recorder/backup/target"
)

func TestTargetsAreUnderstoodAsPeopleWriteThem(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "nas.json")
	if err := os.WriteFile(file, []byte(`{"kind":"folder","folder":{"path":"/mnt/nas"},"schedule":"daily 01:30"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for spec, want := range map[string]func(target.Config) bool{
		"/media/usb/vaad": func(c target.Config) bool { return c.Kind == target.KindFolder && c.Folder.Path == "/media/usb/vaad" },
		"usb":             func(c target.Config) bool { return filepath.IsAbs(c.Folder.Path) },
		file: func(c target.Config) bool {
			return c.Kind == target.KindFolder && c.Folder.Path == "/mnt/nas" && c.StallS == 60
		},
		"sftp://vaad@host:2222/~/a/b?host_key=" + key + "&key=/srv/id": func(c target.Config) bool {
			return c.SFTP.Address == "host:2222" && c.SFTP.User == "vaad" && c.SFTP.Path == "a/b" && c.SFTP.Key == "/srv/id"
		},
		"sftp://vaad@host/srv/vaad?host_key=" + key + "&password=env:PW": func(c target.Config) bool {
			return c.SFTP.Path == "/srv/vaad" && c.SFTP.Password == "env:PW"
		},
		"s3://s3.example.org/box/site/one?access_key=/a&secret_key=credential:s&region=eu&plain=true": func(c target.Config) bool {
			return c.S3.Endpoint == "s3.example.org" && c.S3.Bucket == "box" && c.S3.Prefix == "site/one" && c.S3.Plain && c.S3.Region == "eu"
		},
	} {
		c, err := readSpec(spec)
		if err == nil {
			err = c.Validate()
		}
		if err != nil || !want(c) {
			t.Errorf("%s: %v %+v", spec, err, c)
		}
	}
	for spec, says := range map[string]string{
		"sftp://vaad:hunter2@host/x":                        "does not stand in an address",
		"sftp://vaad@host/x?kee=/srv/id":                    "kee is not known",
		"sftp://vaad@host/x":                                "sftp.key",
		"s3://host/bucket?access_key=AKID&secret_key=/s":    "access_key",
		"s3://host/bucket?plain=perhaps":                    "plain",
		filepath.Join(dir, "missing.json"):                  "no such file",
		"sftp://vaad@host:x/%zz?password=hunter2\x00":       "cannot be read as an address",
		"s3://host/bucket?access_key=/a&secret_key=hunter2": "secret_key",
	} {
		_, err := openSpec(spec)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, must say %q", spec, err, says)
		} else if strings.Contains(strings.ReplaceAll(err.Error(), spec, ""), "hunter2") {
			t.Errorf("a secret is repeated: %v", err)
		}
	}
}
