package main

import (
	"bufio"
	"io/fs"
	"math"
	"os"
	"path"
	"regexp"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sys/unix"
)

// liveHeap is the metric go_gc_heap_live_bytes: what is still used after a collection, whose
// slope tells of a leak; what is in use at a moment also has garbage in it.
var liveHeap = collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/gc/heap/live:bytes$`)}

// usage is what this process has taken of what it may take.
type usage struct {
	memory     int64 // bytes that only it has: heap, stacks and the rings beside the heap
	memoryMost int64 // bytes before the kernel slows it down or ends it; 0: not known
	beside     int64 // of memory, what Go's runtime does not manage
	files      int   // open descriptors
	filesMost  int   // 0: not known
	sockets    int   // of files
	goroutines int
}

// readUsage asks the kernel and Go's runtime. What cannot be read is 0.
func readUsage(system fs.FS) usage {
	u := usage{memory: ownMemory(system), memoryMost: memoryBound(system), goroutines: runtime.NumGoroutine()}
	u.files, u.sockets = descriptors()
	var most unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &most); err == nil && most.Cur < math.MaxInt32 {
		u.filesMost = int(most.Cur)
	}
	managed := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(managed)
	u.beside = max(0, u.memory-int64(managed[0].Value.Uint64()-managed[1].Value.Uint64()))
	return u
}

// ownMemory is RssAnon of proc_pid_status(5): files that are mapped can be dropped
// by the kernel and count for nothing.
func ownMemory(system fs.FS) int64 { return kilobytes(system, "proc/self/status", "RssAnon:") }

// memoryBound is the least that any control group above this process, or the machine,
// allows it: memory.high and memory.max of cgroups(7), or memory.limit_in_bytes of version 1.
func memoryBound(system fs.FS) int64 {
	most := kilobytes(system, "proc/meminfo", "MemTotal:")
	least := func(file string) {
		b, err := fs.ReadFile(system, file)
		if err != nil {
			return
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && n > 0 && (most == 0 || n < most) { // "max" is none
			most = n
		}
	}
	f, err := system.Open("proc/self/cgroup")
	if err != nil {
		return most
	}
	defer func() { _ = f.Close() }() // it is only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mount, names := "", []string(nil)
		switch {
		case parts[0] == "0":
			mount, names = "sys/fs/cgroup", []string{"memory.high", "memory.max"}
		case parts[1] == "memory":
			mount, names = "sys/fs/cgroup/memory", []string{"memory.limit_in_bytes"}
		default:
			continue
		}
		for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
			for _, name := range names {
				least(path.Join(mount, at, name))
			}
			if at == "/" {
				break
			}
		}
	}
	return most
}

// kilobytes reads a line as "Name:   123 kB" and gives bytes.
func kilobytes(system fs.FS, file, name string) int64 {
	b, err := fs.ReadFile(system, file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}

// descriptors counts what is open, and how many of them are sockets.
func descriptors() (all, sockets int) {
	const dir = "/proc/self/fd"
	d, err := os.Open(dir)
	if err != nil {
		return 0, 0
	}
	names, _ := d.Readdirnames(-1) // as far as it can be read
	_ = d.Close()                  // it is only read
	for _, n := range names {
		if to, err := os.Readlink(dir + "/" + n); err == nil {
			all++
			if strings.HasPrefix(to, "socket:") {
				sockets++
			}
		}
	}
	return all, sockets
}
