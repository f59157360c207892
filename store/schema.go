package store

import (
	"fmt"
	"time"
)

// A Migration brings the file from the version before to its own.
type Migration struct {
	Name string
	Up   func(*Tx) error
}

// schema is the row that says what the file is.
type schema struct {
	Format  int       `json:"format"` // of this package: how values are stored
	Version int       `json:"version"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
}

const (
	metaBucket = "_store"
	schemaKey  = "schema"
	format     = 1 // CRC-32C before each value
)

// migrate reads the schema and runs what is missing, all in one transaction.
func (db *DB) migrate(h *handle, rep *Report) error {
	bucket := NewBucket[schema](metaBucket)
	var s schema
	var found bool
	err := h.run(false, func(tx *Tx) (err error) { s, found, err = bucket.Get(tx, schemaKey); return err })
	if err != nil {
		return unwrap(err)
	}
	want := len(db.opt.Migrations)
	rep.From, rep.To = s.Version, want
	switch {
	case found && (s.Version > want || s.Format > format):
		return fmt.Errorf("%w: its schema is %d (format %d), this program knows up to %d (format %d); "+
			"install the newer vaad again, or move the file away and put back a copy from before the upgrade",
			ErrNewer, s.Version, s.Format, want, format)
	case found && s.Version == want:
		return nil
	case !found:
		s.Created = db.opt.Now().UTC()
	case db.opt.Copies != "" && !db.opt.Disposable:
		if _, err := db.copyOf(h); err != nil {
			return fmt.Errorf("copy before migration: %w", err)
		}
	}
	return unwrap(h.run(true, func(tx *Tx) error {
		for i := s.Version; i < want; i++ {
			if err := db.opt.Migrations[i].Up(tx); err != nil {
				return fmt.Errorf("migration %d (%s): %w", i+1, db.opt.Migrations[i].Name, err)
			}
		}
		s.Format, s.Version, s.Name = format, want, db.opt.Name
		return bucket.Put(tx, schemaKey, s)
	}))
}

func unwrap(err error) error {
	if f, ok := err.(*foreign); ok {
		return f.err
	}
	return err
}
