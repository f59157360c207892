package target

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is a sort of place.
type Kind string

// The kinds of targets.
const (
	KindFolder    Kind = "folder"    // a folder: a second disk, a mounted share
	KindRemovable Kind = "removable" // a disk that is plugged in and taken away
	KindOptical   Kind = "optical"   // ISO 9660 images, burnt to discs where there is a burner
	KindSFTP      Kind = "sftp"      // a server over SSH
	KindS3        Kind = "s3"        // an object store
)

// Kinds lists all.
func Kinds() []Kind {
	return []Kind{KindFolder, KindRemovable, KindOptical, KindSFTP, KindS3}
}

// Config is how a target is reached. Only the part of its Kind counts. No field
// holds a secret: see [Secret].
type Config struct {
	Name      string    `json:"-"`       // the key under which the settings know it
	Kind      Kind      `json:"kind"`    // folder, removable, optical, sftp or s3
	StallS    int       `json:"stall_s"` // seconds without progress after which a call fails
	Folder    Folder    `json:"folder"`
	Removable Removable `json:"removable"`
	Optical   Optical   `json:"optical"`
	SFTP      SFTP      `json:"sftp"`
	S3        S3        `json:"s3"`
}

// Folder is a folder on this machine.
type Folder struct {
	Path  string `json:"path"`  // the folder; absolute
	Mount string `json:"mount"` // what must be mounted for it to be there; "" = nothing, the marker file alone tells
}

// Removable is a disk known by the label or UUID of its file system.
type Removable struct {
	Label  string `json:"label"`  // of the file system; one of label and uuid
	UUID   string `json:"uuid"`   // as /dev/disk/by-uuid shows it
	Folder string `json:"folder"` // on the disk; "" = its top
	Mounts string `json:"mounts"` // who mounts it: udisks, systemd, mount or never (somebody else does)
	At     string `json:"at"`     // for systemd and mount: where; absolute
}

// Optical is a staging folder from which images and discs are made.
type Optical struct {
	Staging string   `json:"staging"` // folder for what is collected and for images; absolute
	Bytes   int64    `json:"bytes"`   // what one disc holds
	Maker   string   `json:"maker"`   // program that makes images: xorriso, genisoimage, or a path; "" = the first that is installed
	Burner  []string `json:"burner"`  // command that burns, without a shell; {image} and {volume} are put in; empty = images only
	Device  string   `json:"device"`  // drive that discs are read back from, as /dev/sr0; "" = no reading back
	Keep    int      `json:"keep"`    // so many newest images stay in the staging folder once they are burnt
	Prefix  string   `json:"prefix"`  // of volume names: 1 to 10 of A-Z 0-9 _
	BurnS   int      `json:"burn_s"`  // seconds a burner may take
}

// SFTP is a folder on a server over SSH.
type SFTP struct {
	Address    string `json:"address"` // host or host:port; 22
	User       string `json:"user"`
	Path       string `json:"path"`       // folder on the server; relative to where the login lands, or absolute
	HostKey    string `json:"host_key"`   // SHA256:… fingerprint of the server's key; while it is "", each call fails and shows it
	Key        Secret `json:"key"`        // private key; one of key and password
	Passphrase Secret `json:"passphrase"` // of the private key, where it has one
	Password   Secret `json:"password"`
	KeepAliveS int    `json:"keepalive_s"` // seconds between signs of life
}

// S3 is a bucket of an object store.
type S3 struct {
	Endpoint     string `json:"endpoint"` // host or host:port, no scheme
	Bucket       string `json:"bucket"`   // it must exist
	Prefix       string `json:"prefix"`   // of object names, without slashes at its ends; "" = none
	Region       string `json:"region"`   // "" = as the server says
	AccessKey    Secret `json:"access_key"`
	SecretKey    Secret `json:"secret_key"`
	Plain        bool   `json:"plain"`         // HTTP without TLS: only on a wire of one's own
	CAFile       string `json:"ca_file"`       // PEM file with the CA of the server's certificate; "" = the system's
	HostStyle    bool   `json:"host_style"`    // bucket in the host name instead of the path
	StorageClass string `json:"storage_class"` // as STANDARD_IA; "" = the bucket's
	PartMB       int    `json:"part_mb"`       // MiB a part of a large file has, 5 to 512; 16
}

// Defaults is a Config of that kind with everything that has a usual value.
func Defaults(k Kind) Config {
	return Config{
		Kind: k, StallS: 60,
		Removable: Removable{Mounts: "never"},
		Optical:   Optical{Bytes: 4_700_000_000, Burner: []string{}, Keep: 1, Prefix: "VAAD", BurnS: 7200},
		SFTP:      SFTP{Path: "vaad", KeepAliveS: 15},
		S3:        S3{PartMB: 16},
	}
}

// Stall is how long a call may go without progress.
func (c Config) Stall() time.Duration { return time.Duration(c.StallS) * time.Second }

// Validate says everything that is wrong; each part of the joined error begins
// with its key, as in "sftp.host_key: …".
func (c Config) Validate() error {
	var v faults
	v.within("stall_s", int64(c.StallS), 1, 3600)
	switch c.Kind {
	case KindFolder:
		c.Folder.validate(v.in("folder"))
	case KindRemovable:
		c.Removable.validate(v.in("removable"))
	case KindOptical:
		c.Optical.validate(v.in("optical"))
	case KindSFTP:
		c.SFTP.validate(v.in("sftp"))
	case KindS3:
		c.S3.validate(v.in("s3"))
	default:
		v.add("kind", "must be folder, removable, optical, sftp or s3")
	}
	return v.err()
}

// faults collects what is wrong with a Config.
type faults struct {
	all    *[]error
	prefix string
}

func (v *faults) in(part string) faults {
	if v.all == nil {
		v.all = new([]error)
	}
	return faults{v.all, part + "."}
}

func (v *faults) add(key, format string, args ...any) {
	if v.all == nil {
		v.all = new([]error)
	}
	*v.all = append(*v.all, fmt.Errorf("%s%s: %w", v.prefix, key, fmt.Errorf(format, args...)))
}

func (v *faults) err() error {
	if v.all == nil {
		return nil
	}
	return errors.Join(*v.all...)
}

func (v *faults) within(key string, n, low, high int64) {
	if n < low || n > high {
		v.add(key, "must be %d to %d, not %d", low, high, n)
	}
}

// clean says whether s can stand in a command line, a path or a header: no
// control characters.
func (v *faults) clean(key, s string, max int) {
	if len(s) > max {
		v.add(key, "must have at most %d bytes", max)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		v.add(key, "must not hold control characters")
	}
}
