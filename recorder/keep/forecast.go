package keep

import (
	"context"
	"time"
)

// A Forecast says when the disk will be full.
type Forecast struct {
	At        time.Time `json:"at"`
	Free      int64     `json:"free"`
	Reserve   int64     `json:"reserve"`
	PerDay    int64     `json:"per_day"`    // bytes, mean of ByWeekday
	ByWeekday [7]int64  `json:"by_weekday"` // bytes that a usual day brings, from Sunday (UTC); the median of the last four
	Known     int       `json:"known"`      // days of the last 28 that there were recordings at all
	Days      int       `json:"days"`       // until the reserve is reached, retention counted in; -1 = not within ten years
	Full      time.Time `json:"full,omitzero"`
	Gross     int       `json:"gross"` // days until then if nothing were deleted; -1 = not within ten years
}

// Forecast says when the disk will be full if days go on like the last 28.
func (e *Engine) Forecast(ctx context.Context) (Forecast, error) { return Forecast{}, ctx.Err() }

// Unsaved is what will be due soon and is not backed up.
type Unsaved struct {
	Within  time.Duration `json:"within"`
	Lost    Totals        `json:"lost"`    // will be deleted before they are backed up
	Waiting Totals        `json:"waiting"` // will be kept until they are: their class says so
	Items   []Item        `json:"items"`   // the first that will be lost, at most PlanItems
	AtLeast bool          `json:"at_least,omitempty"`
}

// Unsaved says what will be due within a time and is not backed up, and raises
// or clears AlarmUnsaved.
func (e *Engine) Unsaved(ctx context.Context, within time.Duration) (Unsaved, error) {
	return Unsaved{Within: within}, ctx.Err()
}
