package doctor

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vaad/driver/dahdi/sysconf"
)

func (c *checker) checkKernel() {
	kernel, err := c.line("proc/sys/kernel/osrelease")
	if err != nil {
		c.skipped("kernel", err)
		return
	}
	c.kernel = kernel
	c.add("kernel", "kernel", kernel)
}

// dahdiWanted reports whether anything on the machine needs DAHDI.
func (c *checker) dahdiWanted() bool {
	return len(c.modules) > 0 || exists(c.Root, "etc/dahdi/system.conf")
}

// checkModules comes after the cards: without a card that needs it, DAHDI may
// be missing.
func (c *checker) checkModules() {
	if exists(c.Root, "sys/module/dahdi_dummy") {
		c.add("dahdi-dummy")
	}
	files := sysconf.ModuleFiles(c.Root, c.kernel)
	file := files["dahdi"]
	switch {
	case c.loaded:
		version := c.text("sys/module/dahdi/version")
		if version == "" {
			version = "?"
		}
		c.add("dahdi-loaded", "version", version)
		c.compareLoaded(file)
	case !c.dahdiWanted():
		if c.other == 0 {
			c.add("dahdi-absent")
		}
	case file == "":
		c.notBuilt()
	default:
		c.add("dahdi-not-loaded", "kernel", c.kernel)
	}
	c.dkms(file != "")
	c.secureBoot(files)
}

// notBuilt says for which kernels DAHDI is there instead.
func (c *checker) notBuilt() {
	var others []string
	for _, kernel := range c.list("lib/modules") {
		if sysconf.ModuleFiles(c.Root, kernel)["dahdi"] != "" {
			others = append(others, kernel)
		}
	}
	if len(others) == 0 {
		others = []string{"-"}
	}
	c.add("dahdi-not-built", "kernel", c.kernel, "others", strings.Join(others, ", "))
}

// modinfo finds a value of a module's .modinfo section: zero-terminated texts
// NAME=VALUE that stand in the file as they are, unless it is compressed.
func modinfo(file []byte, name string) string {
	key := []byte("\x00" + name + "=")
	at := bytes.Index(file, key)
	if at < 0 {
		return ""
	}
	value, _, _ := bytes.Cut(file[at+len(key):], []byte{0})
	return strings.TrimSpace(string(value))
}

// compareLoaded tells whether the module on disk is for this kernel, and the
// one that runs.
func (c *checker) compareLoaded(file string) {
	if file == "" {
		return // loaded by hand from elsewhere; a restart will tell
	}
	b, err := fs.ReadFile(c.Root, file)
	if err != nil {
		c.skipped("module file", err)
		return
	}
	magic := modinfo(b, "vermagic")
	if magic == "" {
		return // compressed: its folder has to do
	}
	if built, _, _ := strings.Cut(magic, " "); built != c.kernel {
		c.add("dahdi-other-kernel", "file", "/"+file, "built", built, "kernel", c.kernel)
	}
	loaded, installed := c.text("sys/module/dahdi/srcversion"), modinfo(b, "srcversion")
	if loaded != "" && installed != "" && loaded != installed {
		c.add("dahdi-not-reloaded", "loaded", c.text("sys/module/dahdi/version")+" ("+loaded+")", "installed", modinfo(b, "version")+" ("+installed+")")
	}
}

// dkms looks for builds that failed and for what old packages left behind.
func (c *checker) dkms(built bool) {
	const base = "var/lib/dkms/dahdi"
	var versions []string
	for _, v := range c.list(base) {
		dir := path.Join(base, v)
		if strings.HasPrefix(v, "kernel-") || !isDir(c.Root, dir) {
			continue
		}
		versions = append(versions, v)
		if log := dir + "/build/make.log"; !built && c.dahdiWanted() && exists(c.Root, log) {
			c.add("dkms-failed", "version", v, "kernel", c.kernel, "log", "/"+log)
		}
	}
	if len(versions) > 1 {
		c.add("dkms-leftover", "versions", strings.Join(versions, ", "))
	}
}

func isDir(root fs.FS, name string) bool {
	st, err := fs.Stat(root, name)
	return err == nil && st.IsDir()
}

// signed is how a module ends that carries a signature (the kernel's
// include/linux/module_signature.h).
var signed = []byte("~Module signature appended~\n")

// secureBoot reads the firmware's variable: four bytes of attributes, then 1
// where Secure Boot is on (UEFI specification, SecureBoot).
func (c *checker) secureBoot(files map[string]string) {
	const variable = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	b, err := fs.ReadFile(c.Root, variable)
	if err != nil || len(b) < 5 || b[4] != 1 {
		if c.dahdiWanted() || c.loaded {
			c.add("secure-boot")
		}
		return
	}
	var unsigned []string
	some := false
	for _, m := range append([]string{"dahdi"}, c.modules...) {
		file := files[m]
		if file == "" {
			continue
		}
		b, err := fs.ReadFile(c.Root, file)
		if err != nil {
			c.skipped("module file", err)
			continue
		}
		if some = true; !bytes.HasSuffix(b, signed) && strings.HasSuffix(file, ".ko") && !slices.Contains(unsigned, m) {
			unsigned = append(unsigned, m)
		}
	}
	switch {
	case len(unsigned) > 0 && !c.loaded:
		c.add("secure-boot-unsigned", "modules", strings.Join(unsigned, ", "))
	case some:
		c.add("secure-boot-signed")
	}
}
