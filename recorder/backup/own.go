package backup

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// giveTo gives all below a root to the root's owner. Who restores is root, and the
// daemon is not; where somebody else restores, it is theirs already.
func giveTo(root string) error {
	fi, err := os.Stat(root)
	if err != nil {
		return err
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 || st.Uid == 0 {
		return nil
	}
	return filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, int(st.Uid), int(st.Gid))
	})
}
