package sysconf

import (
	"io/fs"
	"path"
	"strings"
)

// ModuleFiles maps the names of the modules that a kernel has on disk to their
// files below the root, from its modules.dep; empty where there is none.
func ModuleFiles(root fs.FS, kernel string) map[string]string {
	files := map[string]string{}
	base := path.Join("lib/modules", kernel)
	for line := range strings.Lines(value(root, base+"/modules.dep")) {
		file, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		name, _, ok := strings.Cut(path.Base(file), ".ko")
		if ok {
			files[strings.ReplaceAll(name, "-", "_")] = path.Join(base, file)
		}
	}
	return files
}

// EchoModule is the module of an echo canceller, "" for that of the hardware
// (dahdi-base.c asks for a module of this name when it is first used).
func EchoModule(name string) string {
	if name = strings.ToLower(name); name == "" || name == "hwec" {
		return ""
	}
	return "dahdi_echocan_" + name
}

// HasModule reports whether a module is loaded, or can be by the running kernel.
// A kernel that lists no modules may have it.
func HasModule(root fs.FS, module string) bool {
	if _, err := fs.Stat(root, "sys/module/"+module); err == nil {
		return true
	}
	files := ModuleFiles(root, value(root, "proc/sys/kernel/osrelease"))
	return len(files) == 0 || files[module] != ""
}
