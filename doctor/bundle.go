package doctor

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// A Document goes into a bundle beside what is read from the machine.
type Document struct {
	Name string // in the bundle, as daemon/status.json; .json is taken apart by its members
	Data []byte
	Err  error // why it is not there
}

// A Manifest says what a bundle holds.
type Manifest struct {
	Format  int       `json:"format"` // 1
	Made    time.Time `json:"made"`
	Version string    `json:"version"` // of vaactl
	Files   []File    `json:"files"`
	LeftOut []LeftOut `json:"left_out"`
	Masked  int       `json:"masked"` // secrets and telephone numbers taken out
	Notice  string    `json:"notice"`
}

// File is one file of a bundle.
type File struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
	Masked int    `json:"masked,omitempty"`
	Cut    int    `json:"cut_bytes,omitempty"` // left out at its beginning
}

// LeftOut is what is not in a bundle.
type LeftOut struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// maxFile is how much of one file a bundle holds: the end of it.
const maxFile = 1 << 20

const notice = "Passwords, tokens and keys are removed, and the digits of telephone numbers but the last two. Names of lines and people are still there. Recordings, calls and the audit log are never in a bundle."

// patterns are the machine's files that a bundle takes along.
func patterns() []string {
	return []string{
		"proc/version", "proc/interrupts", "proc/modules", "etc/os-release",
		"proc/dahdi/*", "proc/xpp/*", "proc/xpp/*/*", "proc/xpp/*/*/*",
		"etc/dahdi/*", "etc/modprobe.d/*", "etc/modules-load.d/*",
		"sys/module/dahdi*/version", "sys/module/dahdi*/srcversion", "sys/module/dahdi*/parameters/*",
		"sys/module/wc*/version", "sys/module/wc*/srcversion", "sys/module/wc*/parameters/*",
		"sys/module/xp*/version", "sys/module/xp*/srcversion", "sys/module/xp*/parameters/*",
		"sys/module/opvxa1200/srcversion", "sys/module/opvxa1200/parameters/*",
		"sys/bus/pci/devices/*/uevent", "sys/bus/usb/devices/*/uevent",
		"sys/bus/dahdi_devices/devices/*/*", "sys/bus/dahdi_spans/devices/*/*",
	}
}

// Bundle writes a gzipped tar with the findings, the machine's files and the
// documents, all without secrets, and last the manifest.
func Bundle(w io.Writer, v View, version string, found []Finding, docs []Document, now time.Time) (Manifest, error) {
	b := &bundler{now: now, manifest: Manifest{Format: 1, Made: now.UTC(), Version: version, Notice: notice, Files: []File{}, LeftOut: []LeftOut{}}}
	zip := gzip.NewWriter(w)
	b.tar = tar.NewWriter(zip)
	findings, err := json.Marshal(found)
	if err != nil {
		return b.manifest, fmt.Errorf("support bundle: findings: %w", err)
	}
	docs = append([]Document{{Name: "findings.json", Data: findings}}, docs...)
	for _, d := range docs {
		b.document(d)
	}
	b.machine(v.Root)
	for _, name := range []string{"recordings", "calls", "audit"} {
		b.leave(name, "never in a bundle")
	}
	manifest, err := json.MarshalIndent(b.manifest, "", "  ")
	b.write("manifest.json", manifest)
	err = errors.Join(err, b.err, b.tar.Close(), zip.Close())
	if err != nil {
		err = fmt.Errorf("support bundle: %w", err)
	}
	return b.manifest, err
}

type bundler struct {
	tar      *tar.Writer
	now      time.Time
	manifest Manifest
	err      error // of the first write that failed
}

func (b *bundler) leave(name, reason string) {
	b.manifest.LeftOut = append(b.manifest.LeftOut, LeftOut{name, reason})
}

func (b *bundler) write(name string, data []byte) {
	if b.err != nil {
		return
	}
	b.err = b.tar.WriteHeader(&tar.Header{Name: "vaad-support/" + name, Mode: 0o600, Size: int64(len(data)), ModTime: b.now, Format: tar.FormatPAX})
	if b.err == nil {
		_, b.err = b.tar.Write(data)
	}
}

// put writes a file whose secrets were taken out.
func (b *bundler) put(name string, data []byte, masked int) {
	f := File{Name: name, Masked: masked}
	if f.Cut = max(0, len(data)-maxFile); f.Cut > 0 {
		data = data[f.Cut:]
	}
	sum := sha256.Sum256(data)
	f.Bytes, f.SHA256 = len(data), hex.EncodeToString(sum[:])
	b.write(name, data)
	b.manifest.Files = append(b.manifest.Files, f)
	b.manifest.Masked += masked
}

func (b *bundler) document(d Document) {
	if d.Err != nil {
		var r redactor
		b.leave(d.Name, r.text(d.Err.Error()))
		return
	}
	var r redactor
	out := []byte(nil)
	if path.Ext(d.Name) == ".json" {
		var err error
		if out, err = r.json(d.Data); err != nil {
			b.leave(d.Name, "it is no JSON: "+err.Error())
			return
		}
	} else {
		out = []byte(r.text(string(d.Data)))
	}
	b.put(d.Name, out, r.count)
}

// machine takes the files along that can be read.
func (b *bundler) machine(root fs.FS) {
	var names []string
	for _, p := range patterns() {
		found, err := fs.Glob(root, p)
		if err != nil || len(found) == 0 {
			b.leave("/"+p, "not there")
			continue
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if st, err := fs.Stat(root, name); err == nil && st.IsDir() || writeOnly(name) {
			continue
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			b.leave("/"+name, err.Error())
			continue
		}
		var r redactor
		var out string
		if strings.HasPrefix(name, "etc/") {
			out = r.comments(string(data))
		} else { // the kernel's own: no telephone numbers, and many figures
			out = r.secrets(string(data))
		}
		b.put("machine/"+name, []byte(out), r.count)
	}
}

// writeOnly knows attributes that can only be written.
func writeOnly(name string) bool {
	return slices.Contains([]string{"auto_assign", "assign_span", "unassign_span", "command"}, path.Base(name))
}
