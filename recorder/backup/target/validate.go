package target

import (
	"encoding/base64"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
)

func (f Folder) validate(v faults) {
	v.folder("path", f.Path)
	if f.Mount != "" {
		v.folder("mount", f.Mount)
		if f.Path != f.Mount && !strings.HasPrefix(f.Path, strings.TrimSuffix(f.Mount, "/")+"/") {
			v.add("mount", "must be path or a folder above it")
		}
	}
}

func (r Removable) validate(v faults) {
	if (r.Label == "") == (r.UUID == "") {
		v.add("label", "give the label or the uuid of the disk's file system, one of both")
	}
	v.clean("label", r.Label, 128)
	v.clean("uuid", r.UUID, 128)
	if strings.Contains(r.Label, "/") || strings.HasPrefix(r.Label, ".") {
		v.add("label", "must not hold a slash or begin with a dot")
	}
	if strings.Contains(r.UUID, "/") || strings.HasPrefix(r.UUID, ".") {
		v.add("uuid", "must not hold a slash or begin with a dot")
	}
	if CheckPrefix(r.Folder) != nil {
		v.add("folder", "must be a plain relative path, or empty")
	}
	if !slices.Contains([]string{"never", "udisks", "systemd", "mount"}, r.Mounts) {
		v.add("mounts", "must be never, udisks, systemd or mount")
	}
	switch r.Mounts {
	case "systemd", "mount":
		v.folder("at", r.At)
	default:
		if r.At != "" {
			v.add("at", "is for mounts systemd and mount only")
		}
	}
}

func (o Optical) validate(v faults) {
	v.folder("staging", o.Staging)
	v.within("bytes", o.Bytes, 1<<20, 200_000_000_000)
	v.clean("maker", o.Maker, 256)
	if !slices.Contains([]string{"", "xorriso", "genisoimage"}, o.Maker) && !path.IsAbs(o.Maker) {
		v.add("maker", "must be xorriso, genisoimage or the path of one of them")
	}
	if len(o.Burner) > 64 {
		v.add("burner", "must have at most 64 words")
	}
	for _, w := range o.Burner {
		v.clean("burner", w, 1024)
	}
	if len(o.Burner) > 0 && !slices.ContainsFunc(o.Burner, func(w string) bool { return strings.Contains(w, "{image}") }) {
		v.add("burner", "must have {image} where the image file stands")
	}
	v.clean("device", o.Device, 256)
	if o.Device != "" && !path.IsAbs(o.Device) {
		v.add("device", "must be absolute, as /dev/sr0")
	}
	v.within("keep", int64(o.Keep), 0, 10_000)
	if o.Prefix == "" || len(o.Prefix) > 10 || strings.Trim(o.Prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		v.add("prefix", "must be 1 to 10 of A-Z, 0-9 and _")
	}
	v.within("burn_s", int64(o.BurnS), 60, 86_400)
}

func (s SFTP) validate(v faults) {
	if _, _, err := HostPort(s.Address, "22"); err != nil {
		v.add("address", "must be host or host:port")
	}
	if s.User == "" {
		v.add("user", "must be given")
	}
	v.clean("user", s.User, 256)
	v.clean("path", s.Path, 1024)
	if s.Path == "" {
		v.add("path", "must be given: the folder on the server, as vaad")
	}
	if s.HostKey != "" && !Fingerprint(s.HostKey) {
		v.add("host_key", "must be the fingerprint of the server's key, as SHA256: and 43 characters; ssh-keygen -lf on the server's /etc/ssh/ssh_host_ed25519_key.pub shows it")
	}
	if (s.Key == "") == (s.Password == "") {
		v.add("key", "give a key or a password, one of both")
	}
	v.secret("key", s.Key)
	v.secret("passphrase", s.Passphrase)
	v.secret("password", s.Password)
	if s.Passphrase != "" && s.Key == "" {
		v.add("passphrase", "is for a key")
	}
	v.within("keepalive_s", int64(s.KeepAliveS), 1, 600)
}

func (s S3) validate(v faults) {
	if _, _, err := HostPort(s.Endpoint, "443"); err != nil {
		v.add("endpoint", "must be host or host:port, without https://")
	}
	if len(s.Bucket) < 3 || len(s.Bucket) > 63 || strings.Trim(s.Bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" ||
		strings.Trim(s.Bucket[:1]+s.Bucket[len(s.Bucket)-1:], ".-") == "" {
		v.add("bucket", "must be 3 to 63 of a-z, 0-9, dot and dash")
	}
	if CheckPrefix(s.Prefix) != nil || len(s.Prefix) > 256 {
		v.add("prefix", "must be a plain path without a slash at either end, or empty")
	}
	v.clean("region", s.Region, 64)
	for key, sec := range map[string]Secret{"access_key": s.AccessKey, "secret_key": s.SecretKey} {
		if sec == "" {
			v.add(key, "must be given: the file it stands in")
		}
		v.secret(key, sec)
	}
	if s.CAFile != "" {
		v.folder("ca_file", s.CAFile)
		if s.Plain {
			v.add("ca_file", "means nothing with plain")
		}
	}
	if strings.Trim(s.StorageClass, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" || len(s.StorageClass) > 64 {
		v.add("storage_class", "must be capital letters, digits and _, as STANDARD_IA")
	}
	v.within("part_mb", int64(s.PartMB), 5, 512)
}

// folder wants a clean absolute path.
func (v *faults) folder(key, p string) {
	v.clean(key, p, 1024)
	if !path.IsAbs(p) || path.Clean(p) != p {
		v.add(key, "must be an absolute path without . or .. parts")
	}
}

func (v *faults) secret(key string, s Secret) {
	if err := s.check(); err != nil {
		v.add(key, "%w", err)
	}
}

// HostPort takes an address apart; port is given where it says none.
func HostPort(address, port string) (string, string, error) {
	host := address
	if h, p, err := net.SplitHostPort(address); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return "", "", &net.AddrError{Err: "bad port", Addr: address}
		}
		host, port = h, p
	} else if strings.Count(address, ":") == 1 {
		return "", "", err
	}
	host = strings.Trim(host, "[]")
	if net.ParseIP(host) != nil {
		return host, port, nil
	}
	ok := host != "" && len(host) <= 253 && host[0] != '-' && host[0] != '.'
	for i := range len(host) {
		b := host[i]
		ok = ok && (b == '.' || b == '-' || b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9')
	}
	if !ok {
		return "", "", &net.AddrError{Err: "not a host", Addr: address}
	}
	return host, port, nil
}

// Fingerprint says whether s has the form SHA256:base64, as ssh-keygen -l prints.
func Fingerprint(s string) bool {
	b, ok := strings.CutPrefix(s, "SHA256:")
	if !ok {
		return false
	}
	sum, err := base64.RawStdEncoding.Strict().DecodeString(b)
	return err == nil && len(sum) == 32
}
