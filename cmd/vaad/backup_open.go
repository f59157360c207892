package main

import (
	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/kinds"
)

// openTarget opens a place for backups.
func openTarget(c target.Config) (target.Target, error) { return kinds.Open(c) }
