package keep

import "context"

// A Fullness is how full the disk is, as the policy sees it.
type Fullness string

// How full the disk is.
const (
	Roomy    Fullness = "ok"
	NearFull Fullness = "near"    // below Warn: the alarm is up, nothing is deleted yet
	AtLimit  Fullness = "reserve" // below the reserve: the policy acts
)

// DiskState is where the disk stands, and what was done about it.
type DiskState struct {
	Fullness Fullness `json:"fullness"`
	Free     int64    `json:"free"`
	Total    int64    `json:"total"`
	Warn     int64    `json:"warn"`
	Reserve  int64    `json:"reserve"`
	When     WhenFull `json:"when"`
	Stopped  bool     `json:"stopped"` // no new recordings begin
	Deleted  Totals   `json:"deleted"` // by this look
}

type fullness struct{ state DiskState }

// Watch looks at the clock and at the disk, and does what the policy says when
// the reserve is reached: call it every minute. The alarm is always raised by an
// earlier look than the one that deletes.
func (e *Engine) Watch(ctx context.Context) (DiskState, error) { return DiskState{}, ctx.Err() }
