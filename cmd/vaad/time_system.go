package main

import (
	"bufio"
	"cmp"
	"context"
	"math"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"vaad/api"
	"vaad/changelog"
	"vaad/recorder/backup/target/folder"

	"golang.org/x/sys/unix"
)

// system is how the machine and the daemon are. What cannot be read is left out.
func (d *running) system() api.System {
	s := api.System{Version: version, Go: runtime.Version(), Clock: clockState(), Disks: []api.Volume{}, Heat: heat(), Changelog: []api.News{}}
	d.times.fill(&s.Clock)
	if b, ok := debug.ReadBuildInfo(); ok {
		for _, v := range b.Settings {
			switch v.Key {
			case "vcs.revision":
				s.Revision = v.Value
			case "vcs.time":
				if t, err := time.Parse(time.RFC3339, v.Value); err == nil {
					s.Built = &t
				}
			}
		}
	}
	s.Package = d.packaged.get()
	s.Package.Kept, s.Package.Update = d.updates.state()
	s.Host = host()
	s.Process = process()
	for what, dir := range map[string]string{"recordings": filepath.Join(d.cfg.Root, "recordings"), "state": d.cfg.Root} {
		if v, ok := volume(what, dir); ok {
			s.Disks = append(s.Disks, v)
		}
	}
	if len(s.Disks) == 2 && s.Disks[0].What != "recordings" {
		s.Disks[0], s.Disks[1] = s.Disks[1], s.Disks[0]
	}
	for _, c := range changelog.Changes() {
		s.Changelog = append(s.Changelog, api.News{Version: c.Version, Name: c.Name, Text: c.Text})
	}
	return s
}

func host() api.Host {
	h := api.Host{Cores: runtime.NumCPU(), Arch: runtime.GOARCH, System: osName()}
	h.Name, _ = os.Hostname() // "" where there is none
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		h.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	var i unix.Sysinfo_t
	if unix.Sysinfo(&i) == nil {
		h.Uptime = api.Number(i.Uptime)
		h.Load = math.Round(float64(i.Loads[0])/65536*100) / 100
	}
	m := fields("/proc/meminfo")
	h.Memory, h.MemoryFree, h.SwapUsed = m["MemTotal"]<<10, m["MemAvailable"]<<10, (m["SwapTotal"]-m["SwapFree"])<<10
	return h
}

func process() api.Process {
	p := api.Process{PID: os.Getpid(), Goroutines: runtime.NumGoroutine(), User: strconv.Itoa(os.Getuid())}
	if u, err := user.Current(); err == nil {
		p.User = cmp.Or(u.Username, p.User)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	p.Heap = int64(m.HeapAlloc)
	p.Memory = fields("/proc/self/status")["VmRSS"] << 10
	if all, err := os.ReadDir("/proc/self/fd"); err == nil {
		p.Descriptors = len(all)
	}
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) == nil {
		p.MaxFiles = int64(min(l.Cur, math.MaxInt64))
	}
	return p
}

// fields reads lines of the kernel as "Name:   123 kB".
func fields(file string) map[string]int64 {
	out := map[string]int64{}
	f, err := os.Open(file)
	if err != nil {
		return out
	}
	defer func() { _ = f.Close() }() // only read
	in := bufio.NewScanner(f)
	for in.Scan() {
		name, rest, ok := strings.Cut(in.Text(), ":")
		if words := strings.Fields(rest); ok && len(words) > 0 {
			if n, err := strconv.ParseInt(words[0], 10, 64); err == nil {
				out[name] = n
			}
		}
	}
	return out
}

func osName() string {
	b, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}

func volume(what, dir string) (api.Volume, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return api.Volume{}, false
	}
	return api.Volume{What: what, Path: dir, Type: fileSystem(dir), Total: int64(st.Blocks) * st.Bsize, Free: int64(st.Bavail) * st.Bsize}, true
}

// fileSystem is the kind of the file system that a folder is on.
func fileSystem(dir string) string {
	all, _ := folder.Mounts() // "" where they cannot be read
	best, kind := -1, ""
	for _, m := range all {
		if strings.HasPrefix(dir+"/", strings.TrimRight(m.Point, "/")+"/") && len(m.Point) >= best { // of two at one place the later one lies above
			best, kind = len(m.Point), m.Type
		}
	}
	return kind
}

// heat is what sensors say that can be read.
func heat() []api.Heat {
	out := []api.Heat{}
	read := func(file string) string {
		b, _ := os.ReadFile(file) // "" where it cannot be read
		return strings.TrimSpace(string(b))
	}
	add := func(name, file string) {
		if n, err := strconv.ParseInt(read(file), 10, 64); err == nil && n > -100_000 && n < 200_000 && len(out) < 32 {
			out = append(out, api.Heat{Name: name, Celsius: math.Round(float64(n)/100) / 10})
		}
	}
	inputs, _ := filepath.Glob("/sys/class/hwmon/hwmon*/temp*_input") // the pattern is right
	for _, in := range inputs {
		chip := read(filepath.Join(filepath.Dir(in), "name"))
		label := read(strings.TrimSuffix(in, "_input") + "_label")
		add(strings.TrimSpace(chip+" "+cmp.Or(label, strings.TrimSuffix(filepath.Base(in), "_input"))), in)
	}
	if len(out) == 0 {
		zones, _ := filepath.Glob("/sys/class/thermal/thermal_zone*")
		for _, z := range zones {
			add(cmp.Or(read(filepath.Join(z, "type")), filepath.Base(z)), filepath.Join(z, "temp"))
		}
	}
	return out
}

// packaging is what apt says of vaad. It is asked beside the caller, and again after an hour.
type packaging struct {
	mu     sync.Mutex
	known  api.Package
	asked  time.Time
	asking bool
}

func (p *packaging) get() api.Package {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.asking && (p.asked.IsZero() || time.Since(p.asked) > time.Hour) {
		p.asking = true
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			k := policy(told(ctx, "apt-cache", "policy", "vaad"))
			p.mu.Lock()
			defer p.mu.Unlock()
			p.known, p.asked, p.asking = k, time.Now(), false
		}()
	}
	return p.known
}

// policy reads what `apt-cache policy` prints.
func policy(out string) (k api.Package) {
	if _, err := exec.LookPath("apt-cache"); err == nil {
		k.Manager = "apt"
	}
	for line := range strings.Lines(out) {
		name, v, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || v == "(none)" {
			continue
		}
		switch name {
		case "Installed":
			k.Installed = v
		case "Candidate":
			k.Available = v
		}
	}
	return k
}
