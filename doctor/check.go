package doctor

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vaad/driver/dahdi/sysconf"
)

// Check looks at everything and returns what it found, the worst first.
func Check(v View) []Finding {
	c := &checker{View: v, kernel: "?"}
	c.hardware, c.hardwareErr = sysconf.Read(v.Root)
	c.loaded = exists(v.Root, "sys/module/dahdi") || c.hardwareErr == nil
	for _, check := range []func(){c.checkKernel, c.checkPCI, c.checkUSB, c.checkModules, c.checkDevices, c.checkConf,
		c.checkTiming, c.checkSpans, c.checkUse, c.checkCountry, c.checkRights, c.checkMachine, c.checkDaemon} {
		check()
	}
	Sort(c.found)
	return c.found
}

// A checker carries what several checks need.
type checker struct {
	View
	kernel      string
	loaded      bool // DAHDI is
	hardware    sysconf.Hardware
	hardwareErr error
	modules     []string // kernel modules that the cards found need
	other       int      // telephony devices that need no DAHDI
	found       []Finding
}

// add notes a finding; args come as name, value, name, value …
func (c *checker) add(code string, args ...string) {
	f := Finding{Code: code, Severity: severityOf(code)}
	for i := 0; i+1 < len(args); i += 2 {
		if f.Args == nil {
			f.Args = map[string]string{}
		}
		f.Args[args[i]] = args[i+1]
	}
	c.found = append(c.found, f)
}

func severityOf(code string) Severity {
	for _, k := range Table() {
		if k.Code == code {
			return k.Severity
		}
	}
	return Fault // the tests know every code; a new one must be seen
}

// skipped says that something could not be looked at.
func (c *checker) skipped(what string, err error) {
	reason := err.Error()
	var pe *fs.PathError
	if errors.As(err, &pe) {
		reason = "/" + strings.TrimPrefix(pe.Path, "/") + ": " + pe.Err.Error()
	}
	c.add("not-looked", "what", what, "reason", reason)
}

// errNotGiven is the reason for what the caller gave no function for.
var errNotGiven = errors.New("this program was not told how to look")

func exists(root fs.FS, name string) bool {
	_, err := fs.Stat(root, name)
	return err == nil
}

// line reads a file of one line.
func (c *checker) line(name string) (string, error) {
	b, err := fs.ReadFile(c.Root, name)
	return strings.TrimSpace(string(b)), err
}

// text is line where a file that is not there is as good as an empty one.
func (c *checker) text(name string) string {
	s, err := c.line(name)
	if err != nil {
		return ""
	}
	return s
}

// list names what is in a folder, sorted; nothing where it is not there.
func (c *checker) list(folder string) []string {
	entries, err := fs.ReadDir(c.Root, folder)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// match lists files by a pattern as of path.Match, sorted.
func (c *checker) match(pattern string) []string {
	names, err := fs.Glob(c.Root, pattern)
	if err != nil { // a pattern of ours that is malformed
		return nil
	}
	return names
}

// driverOf is the driver that a device of sysfs is bound to, "" if to none.
func (c *checker) driverOf(device string) string {
	for line := range strings.Lines(c.text(path.Join(device, "uevent"))) {
		if d, ok := strings.CutPrefix(strings.TrimSpace(line), "DRIVER="); ok {
			return d
		}
	}
	return ""
}

// needs says that a card needs a module.
func (c *checker) needs(module string) {
	if !slices.Contains(c.modules, module) {
		c.modules = append(c.modules, module)
	}
}
