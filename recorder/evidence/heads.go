package evidence

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A SignedHead is what a checkpoint says of the log that is signed along.
type SignedHead struct {
	Audit string    // "ROWS HASH"
	Time  time.Time // of signing
}

// AuditHeads reads what the checkpoints of a recordings' folder, and the newest that the
// key's folder keeps, say of the log that is signed along. Checkpoints that none of the
// key's folder's public keys has signed say nothing.
func AuditHeads(recordings, keys string) ([]SignedHead, error) {
	public, err := PublicKeys(keys)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(recordings, NotesFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	last, err := LastAnchor(keys)
	if err != nil {
		return nil, err
	}
	var all []SignedHead
	for _, text := range append(ReadNotes(b), ReadNotes(last)...) {
		if cp, err := ParseCheckpoint(text, public); err == nil && cp.key != "" && cp.Audit != "" {
			all = append(all, SignedHead{cp.Audit, cp.Time})
		}
	}
	return all, nil
}
