package main

import (
	"fmt"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/target/removable"
	"vaad/recorder/backup/target/s3"
	"vaad/recorder/backup/target/sftp"
)

// openTarget opens a place for backups.
func openTarget(c target.Config) (target.Target, error) {
	switch c.Kind {
	case target.KindFolder:
		return folder.Open(c)
	case target.KindRemovable:
		return removable.Open(c)
	case target.KindS3:
		return s3.Open(c)
	case target.KindSFTP:
		return sftp.Open(c)
	}
	return nil, fmt.Errorf("%s: %w", c.Kind, target.ErrOther)
}
