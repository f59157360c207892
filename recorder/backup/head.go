package backup

import (
	"time"

	"vaad/recorder/backup/target"
)

// formatVersion is of everything on a target: docs/formats/backup.md.
const formatVersion = 1

// A Head is the file vaad-backup.json: whose backup it is.
type Head struct {
	Vaad      string    `json:"vaad"` // backup
	Format    int       `json:"format"`
	Appliance string    `json:"appliance"`
	Created   time.Time `json:"created"`
	Encrypted bool      `json:"encrypted"`
	Scope     string    `json:"scope,omitempty"`  // not all recordings are there
	Former    []string  `json:"former,omitempty"` // appliances that it was adopted from
}

const headFile = target.Marker
