package target

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// good is a valid Config of each kind.
func good() map[Kind]Config {
	all := map[Kind]Config{}
	for _, k := range Kinds() {
		all[k] = Defaults(k)
	}
	c := all[KindFolder]
	c.Folder = Folder{Path: "/mnt/disk/vaad", Mount: "/mnt/disk"}
	all[KindFolder] = c
	c = all[KindRemovable]
	c.Removable.Label = "VAAD"
	all[KindRemovable] = c
	c = all[KindOptical]
	c.Optical.Staging = "/var/lib/vaad/discs"
	all[KindOptical] = c
	c = all[KindSFTP]
	c.SFTP.Address, c.SFTP.User, c.SFTP.HostKey, c.SFTP.Key = "nas.example:2222", "vaad", "SHA256:"+strings.Repeat("A", 43), "/etc/vaad/nas.key"
	all[KindSFTP] = c
	c = all[KindS3]
	c.S3.Endpoint, c.S3.Bucket, c.S3.AccessKey, c.S3.SecretKey = "s3.example", "vaad", "credential:s3-access", "env:VAAD_S3_SECRET"
	all[KindS3] = c
	return all
}

func TestAConfigSaysEverythingThatIsWrongWithItsKeys(t *testing.T) {
	for k, c := range good() {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
	for _, c := range []struct {
		kind Kind
		set  func(*Config)
		keys string
	}{
		{KindFolder, func(c *Config) { c.Kind = "tape" }, "kind"},
		{KindFolder, func(c *Config) { c.StallS = 0; c.Folder.Path = "relative" }, "stall_s folder.path folder.mount"},
		{KindFolder, func(c *Config) { c.Folder.Path = "/mnt/../etc" }, "folder.path folder.mount"},
		{KindFolder, func(c *Config) { c.Folder.Mount = "/mnt/di" }, "folder.mount"},
		{KindRemovable, func(c *Config) { c.Removable.UUID = "x" }, "removable.label"},
		{KindRemovable, func(c *Config) { c.Removable.Label = "../../etc" }, "removable.label"},
		{KindRemovable, func(c *Config) { c.Removable.Mounts, c.Removable.Folder = "sudo", "/abs" }, "removable.folder removable.mounts"},
		{KindRemovable, func(c *Config) { c.Removable.Mounts = "mount" }, "removable.at"},
		{KindRemovable, func(c *Config) { c.Removable.At = "/mnt" }, "removable.at"},
		{KindOptical, func(c *Config) {
			c.Optical = Optical{Maker: "sh", Burner: []string{"dd"}, Device: "sr0", Keep: -1, Prefix: "a b"}
		},
			"optical.staging optical.bytes optical.maker optical.burner optical.device optical.keep optical.prefix optical.burn_s"},
		{KindSFTP, func(c *Config) { c.SFTP = SFTP{Address: "a b", HostKey: "MD5:aa", Passphrase: "/x"} },
			"sftp.address sftp.user sftp.path sftp.host_key sftp.key sftp.passphrase sftp.keepalive_s"},
		{KindSFTP, func(c *Config) { c.SFTP.Password = "hunter2" }, "sftp.key sftp.password"},
		{KindS3, func(c *Config) {
			c.S3 = S3{Endpoint: "https://s3.example", Bucket: "A_", Prefix: "/x/", CAFile: "ca", Plain: true, StorageClass: "cold storage", PartMB: 1, SecretKey: "wJalrXUtnFEMI/K7MDENG"}
		}, "s3.endpoint s3.bucket s3.prefix s3.access_key s3.secret_key s3.ca_file s3.ca_file s3.storage_class s3.part_mb"},
	} {
		conf := good()[c.kind]
		c.set(&conf)
		err := conf.Validate()
		if err == nil {
			t.Errorf("%s: nothing is wrong for %s", c.kind, c.keys)
			continue
		}
		var keys []string
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			key, text, _ := strings.Cut(e.Error(), ": ")
			if keys = append(keys, key); text == "" {
				t.Errorf("%s: no text", key)
			}
		}
		want := strings.Fields(c.keys)
		slices.Sort(keys)
		slices.Sort(want)
		if !reflect.DeepEqual(keys, want) {
			t.Errorf("%s: %v\nwant %v", c.kind, keys, want)
		}
		for _, secret := range []string{"hunter2", "wJalr"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the secret: %v", err)
			}
		}
	}
}

func TestAConfigIsTheSameAfterJSON(t *testing.T) {
	for k, c := range good() {
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Config
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, c) {
			t.Errorf("%s: %v\n%+v\n%+v", k, err, back, c)
		}
	}
}

func TestAddressesAreTakenApart(t *testing.T) {
	for in, want := range map[string]string{
		"nas": "nas|22", "nas:2222": "nas|2222", "10.0.0.1": "10.0.0.1|22", "[fe80::1]:22": "fe80::1|22", "fe80::1": "fe80::1|22", "[::1]": "::1|22",
		"": "", "nas:": "", "nas:0": "", "nas:99999": "", "a b": "", "-x": "", "nas:ssh": "", "http://x": "", "x/y": "", "nas\n": "",
	} {
		h, p, err := HostPort(in, "22")
		if got := h + "|" + p; (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q: %s, %v", in, got, err)
		}
	}
}

func TestASecretIsReadFromItsPlaceOnly(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) Secret {
		f := filepath.Join(dir, name)
		if err := os.WriteFile(f, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return Secret(f)
	}
	t.Setenv("VAAD_TEST_SECRET", "from the environment")
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	write("cred", "from systemd\n", 0o600)
	for s, want := range map[Secret]string{
		write("a", "from a file\r\n", 0o600): "from a file", write("group", " kept \n\n", 0o640): " kept ",
		"env:VAAD_TEST_SECRET": "from the environment", "credential:cred": "from systemd",
	} {
		if b, err := s.Read(); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", s, b, err)
		}
	}
	for _, s := range []Secret{
		write("open", "seen", 0o644), write("empty", "\n", 0o600), write("large", strings.Repeat("x", maxSecret+1), 0o600), Secret(dir), "/nonexistent",
		"env:", "env:VAAD NOT", "env:VAAD_NONE", "credential:../a", "credential:none", "seen", "relative/seen",
	} {
		if b, err := s.Read(); err == nil || strings.Contains(strings.ReplaceAll(err.Error(), dir, ""), "seen") {
			t.Errorf("%s: %q, %v", s, b, err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, err := Secret("credential:cred").Read(); err == nil {
		t.Error("a credential without a service")
	}
}
