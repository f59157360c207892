package archive

import (
	"errors"
	"fmt"
	"io/fs"
)

// Stored is what the files of a sealed recording take on the disk: its sides, as
// they are or encrypted, and its story. It reads no contents. One that is not
// there is [fs.ErrNotExist].
func (r *Reader) Stored(day Day, id string, sides []string) (bytes int64, err error) {
	if err := validID(id); err != nil {
		return 0, err
	}
	if !day.Valid() {
		return 0, fmt.Errorf("%q is not a day like 2026-11-22: %w", day, ErrNotFound)
	}
	names := []string{id + extStory}
	for _, s := range sides {
		if err := validSide(s); err != nil {
			return 0, err
		}
		names = append(names, wavName(id, s))
	}
	for _, name := range names {
		fi, err := r.disk.Stat(day.file(name))
		if errors.Is(err, fs.ErrNotExist) {
			fi, err = r.disk.Stat(day.file(name + extEnc))
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		bytes += fi.Size()
	}
	return bytes, nil
}
