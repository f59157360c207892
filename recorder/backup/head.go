package backup

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"vaad/recorder/backup/target"
)

// formatVersion is of everything on a target: docs/formats/backup.md.
const formatVersion = 1

// A Head is the file vaad-backup.json: whose backup it is.
type Head struct {
	Vaad      string    `json:"vaad"` // backup
	Format    int       `json:"format"`
	ID        string    `json:"id"` // of this backup, random: each medium has its own
	Appliance string    `json:"appliance"`
	Created   time.Time `json:"created"`
	Encrypted bool      `json:"encrypted"`
	Scope     string    `json:"scope,omitempty"`  // not all recordings are there
	Former    []string  `json:"former,omitempty"` // appliances that it was adopted from
}

const headFile = target.Marker

// maxHead is how much of the file is read.
const maxHead = 1 << 20

// ReadHead says whose backup a target holds. [ErrNoBackup]: nobody's.
func ReadHead(ctx context.Context, t target.Target) (Head, error) {
	var h Head
	r, err := t.Get(ctx, headFile, 0, maxHead)
	if errors.Is(err, fs.ErrNotExist) {
		return h, ErrNoBackup
	}
	if err != nil {
		return h, err
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return h, err
	}
	if err := json.Unmarshal(b, &h); err != nil || h.Vaad != "backup" {
		return h, fmt.Errorf("%s is not of a backup of vaad: %w", headFile, errors.Join(ErrNoBackup, err))
	}
	if h.Format > formatVersion {
		return h, fmt.Errorf("format %d: %w", h.Format, ErrNewer)
	}
	return h, nil
}

func writeHead(ctx context.Context, t target.Target, h Head) error {
	b, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	return t.Put(ctx, headFile, int64(len(b)), bytes.NewReader(b))
}

// Adopt makes a target ours: an empty place, or the backup of another appliance,
// of which everything stays (journals that ours would replace go to former/).
// Whether files are encrypted is decided here for good. A target that is ours
// already is left as it is.
func (e *Engine) Adopt(ctx context.Context) (Head, error) {
	unlock, err := e.lock()
	if err != nil {
		return Head{}, err
	}
	defer unlock()
	o := e.options()
	if err := o.Check(); err != nil {
		return Head{}, err
	}
	t, err := e.c.Open(ctx)
	if err != nil {
		return Head{}, err
	}
	defer leave(t)
	h, err := ReadHead(ctx, t)
	switch {
	case err == nil && h.Appliance == e.c.Appliance && h.Encrypted == o.Encrypt:
		return h, nil
	case err == nil && h.Encrypted != o.Encrypt:
		return h, ErrOtherWay
	case err == nil:
		if !slices.Contains(h.Former, h.Appliance) {
			h.Former = append(h.Former, h.Appliance)
		}
	case !errors.Is(err, ErrNoBackup):
		return h, err
	default:
		h = Head{Vaad: "backup", Format: formatVersion, Created: e.c.Now().UTC().Truncate(time.Second), Encrypted: o.Encrypt}
	}
	h.ID, h.Appliance, h.Scope = rand.Text(), e.c.Appliance, o.Scope
	return h, writeHead(ctx, t, h)
}
