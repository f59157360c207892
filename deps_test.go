// Package vaad_test holds the rules of the house: who may import whom, that
// every package explains itself, and that nothing runs behind the reader's back.
package vaad_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rules is the allowlist: package → what it may import of ours. A name ending
// in "/*" stands for every package below. Change it on purpose, with the reason
// in the commit, never to make a build pass.
var rules = []struct {
	pkg string
	may []string
}{
	{"store", nil},
	{"upgrade", []string{"api", "store"}}, // asks a daemon as any client does
	{"firmware", []string{"firmware/*"}},
	{"firmware/*", []string{"firmware/*"}}, // messages of the helper and its images: without libusb
	{"api", nil},
	{"api/text", nil},
	{"dsp", nil},
	{"dsp/*", []string{"dsp", "dsp/*"}}, // caller ID stands on fsk and dtmf, and detectors on the tones they find
	{"driver", nil},
	{"driver/framelog", []string{"driver", "dsp", "dsp/*"}},
	{"driver/keys", nil},
	{"driver/sim", []string{"driver", "driver/keys", "dsp", "dsp/*", "driver/framelog", "driver/sim/*"}}, // replays frame logs
	{"driver/dahdi", []string{"driver", "driver/keys", "dsp", "dsp/*", "driver/dahdi/*"}},
	{"driver/dahdi/*", []string{"driver", "dsp", "dsp/*", "driver/dahdi/*"}},
	{"driver/voicemodem", []string{"driver", "driver/keys", "dsp", "dsp/*", "driver/voicemodem/*"}},
	{"driver/voicemodem/*", []string{"driver", "dsp", "dsp/*", "driver/voicemodem/*"}},
	{"driver/*", []string{"driver", "dsp", "dsp/*"}},
	{"doctor", []string{"driver/dahdi/sysconf"}}, // pure checks of the machine; vaactl asks the daemon
	{"channels/numbering", nil},
	{"channels/diagram", nil}, // for tests
	{"channels/*", []string{"driver", "dsp", "dsp/*", "channels/numbering", "channels/diagram"}},
	{"channels", []string{"driver", "dsp", "dsp/*", "channels/*"}},
	{"calls", []string{"channels", "channels/numbering", "calls/*", "dsp", "dsp/*", "store"}},
	{"calls/selftest", []string{"channels", "calls/learn", "dsp", "dsp/*", "driver"}}, // measures a line without taking it
	{"calls/learn", []string{"channels", "dsp", "dsp/*", "driver"}},                   // measures lines by calls: what lines tell and take, and their audio
	{"calls/prompt", []string{"dsp", "dsp/*"}},
	{"calls/prompt/make", []string{"calls/prompt", "dsp", "dsp/*"}}, // makes the set of prompts at build time
	{"recorder/archive", []string{"dsp", "dsp/*", "recorder/evidence", "recorder/archive/*"}},
	{"recorder/archive/*", []string{"recorder/archive", "recorder/archive/*"}}, // keys: days and the cipher
	{"recorder/rules", nil}, // pure: facts in, decisions out
	{"recorder/evidence", []string{"dsp", "dsp/*", "recorder/archive"}},
	{"recorder/evidence/*", []string{"recorder/evidence", "recorder/evidence/*", "recorder/archive", "messaging/post"}}, // who is outside
	{"recorder/backup", []string{"recorder/archive", "recorder/evidence", "recorder/backup/*"}},                         // vaactl restores without a daemon
	{"recorder/backup/*", []string{"recorder/backup/*"}},                                                                // targets know files, not recordings
	{"recorder/redecode", []string{"channels/ears", "dsp", "dsp/*", "recorder/archive"}},                                // stored audio is listened to by the ears of live lines
	{"recorder/schedule", nil}, // when jobs run, and what became of them
	{"recorder", []string{"channels", "calls", "dsp", "dsp/*", "store", "recorder/*", "settings"}},
	{"recorder/*", []string{"channels", "calls", "dsp", "dsp/*", "store", "recorder/*", "settings"}},
	{"faxmodem/*", []string{"dsp", "dsp/*", "faxmodem/*"}},
	{"ivr", []string{"calls", "dsp", "dsp/*", "store", "settings"}},
	{"acd", []string{"calls", "dsp", "dsp/*", "store", "settings"}},
	{"desk", []string{"store", "settings"}},
	{"messaging/post", nil}, // letters to a mail server
	{"messaging", []string{"calls", "faxmodem", "store", "settings"}},
	{"settings", []string{"store"}},
	{"access", []string{"store"}},
	{"access/*", nil}, // certificates
	{"alarm", []string{"store"}},
	{"alarm/route", []string{"alarm", "messaging/post", "store"}},
	{"changelog", nil},
	{"console/history", nil},
	{"console/logs", nil},
	{"console/web", nil}, // the built pages
	{"console", []string{"console/*", "api", "api/*", "firmware/wire", "channels", "calls", "calls/learn", "calls/selftest", "calls/prompt", "recorder", "recorder/*", "settings", "access", "access/*", "alarm", "alarm/*", "ivr", "acd", "desk", "messaging"}},
	{"cmd/vaad-usb", []string{"firmware", "firmware/*", "systemd/journald"}}, // the only program with cgo; its log has the fields that the daemon's has
	{"cmd/vaactl", []string{"api", "api/*", "doctor", "firmware/wire", "firmware/image", "dsp", "dsp/*", "recorder/archive", "recorder/archive/*", "recorder/evidence", "recorder/evidence/*", "recorder/backup", "recorder/backup/*", "driver", "driver/framelog", "channels"}}, // replay: the types of driver stand in what both take
	{"cmd/vaad", []string{"*"}},
	{"lab/appliance/hold", nil},
	{"lab/appliance/plug", []string{"firmware/emulated"}},
	{"lab/modem", []string{"driver/voicemodem/emulator"}}, // for training and tests
	{"systemd", nil},
	{"systemd/journald", nil},
	{"e2e", []string{"api", "driver", "driver/sim/*", "dsp/*"}}, // the built binaries, their sockets and their API
	{"e2e/*", []string{"api", "driver", "driver/sim/*", "dsp/*", "e2e"}},
}

// places says where a third-party module may be imported. Tests may import any.
var places = map[string][]string{
	"go.etcd.io/bbolt":                    {"store"},
	"github.com/google/gousb":             {"firmware"},
	"go.bug.st/serial":                    {"driver/voicemodem", "driver/voicemodem/*", "faxmodem/class1"},
	"github.com/zaf/g711":                 {"dsp/g711"},
	"github.com/alecthomas/kong":          {"cmd/*"},
	"github.com/pelletier/go-toml/v2":     {"cmd/vaad", "cmd/vaad-usb", "firmware/image"},
	"github.com/danielgtaylor/huma/v2":    {"console"},
	"github.com/coreos/go-systemd/v22":    {"cmd/vaad", "systemd/journald"},
	"github.com/oklog/ulid/v2":            {"recorder/archive", "recorder/archive/*", "channels", "calls", "access"},
	"github.com/coder/websocket":          {"console"},
	"github.com/prometheus/client_golang": {"channels", "calls", "recorder", "recorder/*", "store", "access", "alarm", "alarm/*", "console", "console/*", "cmd/vaad"},
	"github.com/prometheus/client_model":  {"alarm", "console", "console/*", "cmd/vaad"},
	"golang.org/x/mod":                    {"recorder/evidence"},
	"filippo.io/age":                      {"recorder/backup", "recorder/backup/*", "cmd/*"},
	"github.com/minio/minio-go/v7":        {"recorder/backup/*"},
	"github.com/pkg/sftp":                 {"recorder/backup/*"},
	"golang.org/x/crypto":                 {"recorder/backup/*"}, // ssh below SFTP
	"github.com/netresearch/go-cron":      {"recorder/schedule"},
	"github.com/xuri/excelize/v2":         {"console", "recorder/export"},
	"github.com/mewkiz/flac":              {"recorder/export"},
	"github.com/digitorus/pkcs7":          {"recorder/evidence/stamp"},
	"github.com/digitorus/timestamp":      {"recorder/evidence", "recorder/evidence/*"},
	"github.com/wneessen/go-mail":         {"messaging/post", "recorder/evidence/anchor", "alarm/route"},
	"github.com/alexedwards/argon2id":     {"access"},
	"github.com/pquerna/otp":              {"access"},
	"github.com/boombuler/barcode":        {"console", "cmd/vaad"}, // QR codes: of a second factor, of the link that sets up
	"golang.org/x/time":                   {"access", "console"},
	"pgregory.net/rapid":                  {"recorder/backup/targettest"}, // a suite of tests that tests of several packages run
	"github.com/pion/mdns/v2":             {"cmd/vaad"},
	"golang.org/x/net":                    {"cmd/vaad"}, // the sockets of mdns
	"golang.org/x/sys":                    {"channels", "driver", "driver/*", "recorder", "recorder/*", "store", "access", "console", "cmd/*", "firmware", "firmware/*", "systemd/journald", "e2e", "e2e/*"},
}

// pure is all of the standard library that dsp and faxmodem may use.
var pure = []string{"errors", "math", "math/bits", "encoding/binary", "io", "strconv", "unsafe"}

func matches(pattern, pkg string) bool {
	if pattern == "*" {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(pkg, base+"/")
	}
	return pattern == pkg
}

func anyMatches(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

// sources parses every Go file of the project, whatever its build tags, and
// calls fn with the package's folder.
func sources(t *testing.T, mode parser.Mode, fn func(dir, file string, f *ast.File, fset *token.FileSet)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != "." && (strings.HasPrefix(n, ".") || n == "testdata" || n == "node_modules" || n == "bin" || n == "run") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		src, err := os.ReadFile(p) // read by the test itself, so that its cache notices a change
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, p, src, mode)
		if err != nil {
			return err
		}
		fn(path.Dir(filepath.ToSlash(p)), p, f, fset)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPackagesImportOnlyWhatTheHouseAllows(t *testing.T) {
	checked := 0
	sources(t, parser.ImportsOnly, func(dir, file string, f *ast.File, _ *token.FileSet) {
		if dir == "." || strings.HasSuffix(file, "_test.go") {
			return
		}
		var may []string
		known := false
		for _, r := range rules {
			if matches(r.pkg, dir) {
				may, known = r.may, true
				break
			}
		}
		if !known {
			t.Errorf("%s: package %s stands in no rule of deps_test.go: say what it may import", file, dir)
			return
		}
		for _, im := range f.Imports {
			p, _ := strconv.Unquote(im.Path.Value)
			checked++
			if ours, ok := strings.CutPrefix(p, "vaad/"); ok {
				if ours != dir && !anyMatches(may, ours) {
					t.Errorf("%s: %s may not import %s; it may import %v", file, dir, ours, may)
				}
				continue
			}
			if strings.Contains(strings.Split(p, "/")[0], ".") {
				allowed := false
				for mod, where := range places {
					if p == mod || strings.HasPrefix(p, mod+"/") {
						allowed = anyMatches(where, dir)
					}
				}
				if !allowed {
					t.Errorf("%s: %s may not import %s", file, dir, p)
				}
				continue
			}
			if dir == "dsp" || strings.HasPrefix(dir, "dsp/") || strings.HasPrefix(dir, "faxmodem/") {
				if !slices.Contains(pure, p) {
					t.Errorf("%s: %s is pure and may not import %s", file, dir, p)
				}
			}
		}
	})
	if checked < 50 {
		t.Errorf("only %d imports were seen: is the test looking at the project?", checked)
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := map[string][]string{}
	sources(t, parser.ParseComments|parser.PackageClauseOnly, func(dir, file string, f *ast.File, _ *token.FileSet) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		if _, ok := comments[dir]; !ok {
			comments[dir] = nil
		}
		if f.Doc != nil && len(strings.Fields(f.Doc.Text())) >= 12 {
			comments[dir] = append(comments[dir], file)
		}
	})
	for dir, files := range comments {
		if len(files) != 1 {
			t.Errorf("package %s has %d package comments %v; it needs one that says what goes in, what comes out and who calls it", dir, len(files), files)
		}
	}
}

func TestNothingRunsAtImport(t *testing.T) {
	sources(t, 0, func(_, file string, f *ast.File, _ *token.FileSet) {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init runs at import; list things in cmd instead", file)
			}
		}
	})
}

func TestNoFileIsAGodFile(t *testing.T) {
	sources(t, parser.PackageClauseOnly, func(_, file string, _ *ast.File, _ *token.FileSet) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "\n"); n > 700 {
			t.Errorf("%s has %d lines: split it by job", file, n)
		}
	})
}
