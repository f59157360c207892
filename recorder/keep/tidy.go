package keep

import (
	"context"
	"time"

	"vaad/recorder/archive"
)

// A TidyReport is what tidying up found and did.
type TidyReport struct {
	Begin    time.Time                   `json:"begin"`
	End      time.Time                   `json:"end"`
	Found    map[archive.FindingKind]int `json:"found"`
	First    []archive.Finding           `json:"-"` // at most 100
	Repaired int                         `json:"repaired"`
	Left     int                         `json:"left"` // for a person to look at
	Error    string                      `json:"error,omitempty"`
}

// firstFound is how many findings a report has in full.
const firstFound = 100

// Tidy walks through all folders, as fast as it goes as somebody waits for it: files without a journal line are adopted,
// what a crash left is recovered, erasures that were interrupted are finished,
// and what cannot be repaired is reported. Each finding is told once in the life
// of the process.
func (e *Engine) Tidy(ctx context.Context) (TidyReport, error) {
	rep := TidyReport{Begin: e.c.Now().UTC().Round(0), Found: map[archive.FindingKind]int{}}
	err := e.c.Archive.Reconcile(ctx, nil, func(f archive.Finding) {
		rep.Found[f.Kind]++
		if len(rep.First) < firstFound {
			rep.First = append(rep.First, f)
		}
	})
	rep.Repaired = rep.Found[archive.FoundAdopted] + rep.Found[archive.FoundLeftover] + rep.Found[archive.FoundErased]
	for kind, n := range rep.Found {
		if kind != archive.FoundAdopted && kind != archive.FoundLeftover && kind != archive.FoundErased {
			rep.Left += n
		}
	}
	if err != nil {
		rep.Error = err.Error()
	}
	rep.End = e.c.Now().UTC().Round(0)
	return rep, err
}
