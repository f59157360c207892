package kinds

import (
	"fmt"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/target/optical"
	"vaad/recorder/backup/target/removable"
	"vaad/recorder/backup/target/s3"
	"vaad/recorder/backup/target/sftp"
)

// Open makes the target of a valid Config. Nothing is asked of the place yet: what
// is wrong with it is the error of each call, so that a target whose server or
// disk is away can be opened, and is there once that comes back. Secrets are read
// here or by the first call.
func Open(c target.Config) (target.Target, error) {
	switch c.Kind {
	case target.KindFolder:
		return opened(folder.Open(c))
	case target.KindRemovable:
		return opened(removable.Open(c))
	case target.KindOptical:
		return opened(optical.Open(c))
	case target.KindSFTP:
		return opened(sftp.Open(c))
	case target.KindS3:
		return opened(s3.Open(c))
	}
	return nil, fmt.Errorf("backup target %s: %w", c.Name, c.Validate())
}

// opened keeps a failed open from being a target that is not nil.
func opened[T target.Target](t T, err error) (target.Target, error) {
	if err != nil {
		return nil, err
	}
	return t, nil
}
