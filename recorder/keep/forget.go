package keep

import (
	"context"
	"time"

	"vaad/recorder/archive"
)

// A Subject is whose data is to be erased: recordings, or everything with a number.
type Subject struct {
	Number string   `json:"number,omitempty"` // of the caller or the called; exactly this, but for what only makes it easier to read
	IDs    []string `json:"ids,omitempty"`
}

// A Proof says what was erased of a person. It names neither numbers nor names.
// It is JSON for the archive of whoever asked: docs/formats/erasure.md.
type Proof struct {
	V          int          `json:"v"` // 1
	Time       time.Time    `json:"time"`
	Actor      string       `json:"actor"`
	Approved   string       `json:"approved,omitempty"` // by whom
	Reason     string       `json:"reason,omitempty"`
	Erased     []ErasedItem `json:"erased"`
	Refused    []Refused    `json:"refused,omitempty"` // still there
	Calls      int          `json:"calls"`             // rows of the call journal that were blanked
	Checkpoint string       `json:"checkpoint,omitempty"`
	Unproven   string       `json:"unproven,omitempty"` // why there is no checkpoint
}

// An ErasedItem is one recording of a proof.
type ErasedItem struct {
	ID   string      `json:"id"`
	Day  archive.Day `json:"day"`
	Line uint64      `json:"line"` // number of the erase line in the day's journal
	Leaf *ErasedLeaf `json:"leaf,omitempty"`
}

// An ErasedLeaf is the leaf of an erase line in the evidence log.
type ErasedLeaf = archive.ErasedLeaf

// Refused is a recording of a subject that was not erased.
type Refused struct {
	ID   string `json:"id"`
	Code string `json:"code"` // protected, held, open, not-found, failed
	Why  string `json:"why"`
}

// Forget erases the recordings of a person and what the journals say of them:
// numbers, names, notes. Recordings in the trash and erased ones are included.
func (e *Engine) Forget(ctx context.Context, s Subject, actor, approved, reason string) (Proof, error) {
	return Proof{}, ctx.Err()
}
