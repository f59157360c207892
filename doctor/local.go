package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Local is a View of the machine below a folder, which is / but in tests. The
// caller adds user, country, taps and what the daemon says.
func Local(root string) View {
	return View{
		Root: os.DirFS(root),
		Owner: func(name string) (Owner, error) {
			st, err := os.Stat(filepath.Join(root, name))
			if err != nil {
				return Owner{}, err
			}
			sys, ok := st.Sys().(*syscall.Stat_t)
			if !ok {
				return Owner{}, fmt.Errorf("owner of %s: this system does not say", name)
			}
			return Owner{UID: int(sys.Uid), GID: int(sys.Gid), Mode: st.Mode().Perm()}, nil
		},
		Disk:  usage,
		Clock: clock,
	}
}

// usage asks about the folder, or the nearest one above it that exists.
func usage(folder string) (Usage, error) {
	var st syscall.Statfs_t
	for {
		err := syscall.Statfs(folder, &st)
		if err == nil {
			break
		}
		up := filepath.Dir(folder)
		if !os.IsNotExist(err) || up == folder {
			return Usage{}, &fs.PathError{Op: "statfs", Path: folder, Err: err}
		}
		folder = up
	}
	size := uint64(st.Bsize)
	return Usage{Bytes: st.Blocks * size, FreeBytes: st.Bavail * size, Inodes: st.Files, FreeInodes: st.Ffree}, nil
}

// unsynchronised is the kernel's mark of a clock that nobody sets (adjtimex(2):
// STA_UNSYNC).
const unsynchronised = 0x40

func clock() (Clock, error) {
	var t syscall.Timex
	if _, err := syscall.Adjtimex(&t); err != nil { // reads: no mode is set
		return Clock{}, fmt.Errorf("adjtimex: %w", err)
	}
	return Clock{Synchronised: t.Status&unsynchronised == 0, MaxError: time.Duration(t.Maxerror) * time.Microsecond}, nil
}
