package schedule

import (
	"slices"
	"time"
)

// searched is how many days are looked at: from one leap day to the next there may be
// eight years.
const searched = 8*366 + 2

// Next is the first due time after t, zero if there is none.
func (s *Schedule) Next(t time.Time) time.Time { return s.seek(t, 1) }

// Last is the newest due time that is not after t, zero if there is none.
func (s *Schedule) Last(t time.Time) time.Time { return s.seek(t, -1) }

// seek walks days from the one before (after) t's, in the direction of way. Where the clock
// is put back at midnight, instants of two days interleave; so one day more is looked at.
func (s *Schedule) seek(t time.Time, way int) (best time.Time) {
	if s.Never() {
		return time.Time{}
	}
	y, m, d := t.In(s.zone).Date()
	day := time.Date(y, m, d-way, 0, 0, 0, 0, time.UTC) // a date, as midnight in UTC
	for range searched {
		had := !best.IsZero()
		if s.on(day) {
			for _, minute := range s.near(day, t, way) {
				for _, at := range s.instants(day.Add(time.Duration(minute) * time.Minute)) {
					if !at.IsZero() && (way > 0) == at.After(t) && (best.IsZero() || at.Before(best) == (way > 0)) {
						best = at
					}
				}
			}
		}
		if had {
			break
		}
		day = day.AddDate(0, 0, way)
	}
	return best
}

// near are those times of a day that may be the one that seek is after: on a day whose
// clocks are not changed it is one at most.
func (s *Schedule) near(day, t time.Time, way int) []int {
	off := s.offset(day.Add(-24 * time.Hour))
	if s.offset(day.Add(48*time.Hour)) != off {
		return s.times
	}
	i, _ := slices.BinarySearchFunc(s.times, t, func(minute int, t time.Time) int {
		if day.Add(time.Duration(minute)*time.Minute - off).After(t) {
			return 1
		}
		return -1
	}) // the first after t
	switch {
	case way > 0 && i < len(s.times):
		return s.times[i : i+1]
	case way < 0 && i > 0:
		return s.times[i-1 : i]
	}
	return nil
}

// on reports whether a date is one of the schedule's.
func (s *Schedule) on(day time.Time) bool {
	y, m, d := day.Date()
	if s.months>>m&1 == 0 {
		return false
	}
	ofMonth, ofWeek := s.days>>d&1 == 1, s.weekdays>>day.Weekday()&1 == 1
	if s.clamp > d && time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day() == d {
		ofMonth = true
	}
	if s.either {
		return ofMonth || ofWeek
	}
	return ofMonth && ofWeek
}

// instants are when the clock on the wall shows wall (given as if it were UTC). A time
// that is left out when clocks are put forward counts as the moment they are; one that
// comes twice counts the first time. Hourly schedules take it as it comes: none, or both.
func (s *Schedule) instants(wall time.Time) [2]time.Time {
	// Offsets lie within a day of each other, so those a day before and after are the
	// ones that may hold at wall.
	before, after := s.offset(wall.Add(-24*time.Hour)), s.offset(wall.Add(24*time.Hour))
	early, late := wall.Add(-before), wall.Add(-after)
	if before == after {
		return [2]time.Time{early.In(s.zone)}
	}
	isEarly, isLate := s.offset(early) == before, s.offset(late) == after
	switch {
	case isEarly && isLate && s.hourly:
		return [2]time.Time{early.In(s.zone), late.In(s.zone)}
	case isEarly:
		return [2]time.Time{early.In(s.zone)}
	case isLate:
		return [2]time.Time{late.In(s.zone)}
	case s.hourly:
		return [2]time.Time{}
	}
	change, _ := early.In(s.zone).ZoneBounds() // early is past the change
	return [2]time.Time{change}
}

// offset is how far the zone is ahead of UTC at t.
func (s *Schedule) offset(t time.Time) time.Duration {
	_, seconds := t.In(s.zone).Zone()
	return time.Duration(seconds) * time.Second
}
