package keep

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// A Forecast says when the disk will be full.
type Forecast struct {
	At        time.Time `json:"at"`
	Free      int64     `json:"free"`
	Reserve   int64     `json:"reserve"`
	PerDay    int64     `json:"per_day"`    // bytes, mean of ByWeekday
	ByWeekday [7]int64  `json:"by_weekday"` // bytes that a usual day brings, from Sunday (UTC); the median of the last four
	Known     int       `json:"known"`      // days of the last 28 since the first recording
	Days      int       `json:"days"`       // until the reserve is reached, retention counted in; -1 = not within ten years
	Full      time.Time `json:"full,omitzero"`
	Gross     int       `json:"gross"` // days until then if nothing were deleted; -1 = not within ten years
}

const (
	horizon  = 3652 // days
	lookBack = 28
)

// Forecast says when the disk will be full if days go on like the last 28.
func (e *Engine) Forecast(ctx context.Context) (Forecast, error) {
	now := e.c.Now().UTC()
	p := e.c.Policy()
	f := Forecast{At: now, Days: -1, Gross: -1}
	space, err := e.c.Archive.Space()
	if err != nil {
		return f, err
	}
	f.Free = space.FreeBytes
	f.Reserve, _ = p.Disk.bounds(space.TotalBytes)
	today := now.Truncate(day)
	since := today.AddDate(0, 0, -lookBack)
	byDay, err := e.grown(ctx, index.Filter{States: everywhere(), From: since, To: today})
	if err != nil {
		return f, err
	}
	f.usual(byDay, today)
	if f.Known == 0 {
		return f, nil
	}
	freed, share, err := e.freed(ctx, &p, today)
	if err != nil {
		return f, err
	}
	net, gross := f.Free, f.Free
	for d := range horizon {
		at := today.AddDate(0, 0, d)
		gross -= f.ByWeekday[at.Weekday()]
		net -= f.ByWeekday[at.Weekday()]
		net += freed[archive.DayOf(at)]
		for _, s := range share { // what the days of the forecast bring goes again in its turn
			if s.after > 0 && d >= s.after {
				net += int64(s.part * float64(f.ByWeekday[at.AddDate(0, 0, -s.after).Weekday()]))
			}
		}
		if f.Gross < 0 && gross < f.Reserve {
			f.Gross = d
		}
		if net < f.Reserve {
			f.Days, f.Full = d, at
			break
		}
	}
	return f, nil
}

// usual takes the median of each weekday: a day of great noise changes nothing.
func (f *Forecast) usual(byDay map[archive.Day]int64, today time.Time) {
	var by [7][]int64
	first := slices.Min(append(slices.Collect(keys(byDay)), archive.DayOf(today)))
	for n := range lookBack {
		d := today.AddDate(0, 0, n-lookBack)
		if archive.DayOf(d) < first {
			continue
		}
		f.Known++
		by[d.Weekday()] = append(by[d.Weekday()], byDay[archive.DayOf(d)])
	}
	var sum, have int64
	for w := range by {
		if len(by[w]) > 0 {
			f.ByWeekday[w] = median(by[w])
			sum += f.ByWeekday[w]
			have++
		}
	}
	if have == 0 {
		return
	}
	for w := range by { // of less than a week
		if len(by[w]) == 0 {
			f.ByWeekday[w] = sum / have
		}
	}
	for _, n := range f.ByWeekday {
		f.PerDay += n
	}
	f.PerDay /= 7
}

func keys(m map[archive.Day]int64) func(func(archive.Day) bool) {
	return func(yield func(archive.Day) bool) {
		for d := range m {
			if !yield(d) {
				return
			}
		}
	}
}

func median(v []int64) int64 {
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

func (e *Engine) grown(ctx context.Context, f index.Filter) (map[archive.Day]int64, error) {
	all, err := e.c.Index.Daily(ctx, f)
	m := map[archive.Day]int64{}
	for _, d := range all {
		m[d.Day] += d.Bytes
	}
	return m, err
}

// A share is how much of what comes goes again, and after how many days; 0 = never.
type share struct {
	part  float64
	after int
}

// freed is what retention will give free of what there is, by day, and which part
// of what comes it will give free again. Counts, quotas and deletions by people are
// left out: if anything, the disk is full later than is said.
func (e *Engine) freed(ctx context.Context, p *Policy, today time.Time) (map[archive.Day]int64, []share, error) {
	freed := map[archive.Day]int64{}
	var shares []share
	var sum int64
	var brought []int64
	for _, c := range p.Classes {
		f := index.Filter{States: everywhere(), Classes: p.names(c), From: today.AddDate(0, 0, -lookBack), To: today}
		t, err := e.usage(ctx, f)
		if err != nil {
			return nil, nil, err
		}
		brought = append(brought, t.Bytes)
		sum += t.Bytes
		after := 0
		if !c.Forever && c.Days > 0 {
			after = c.Days + 1
			if c.action() == ToTrash {
				after += c.TrashDays
			}
			f = normals()
			f.Classes = p.names(c)
			there, err := e.grown(ctx, f)
			if err != nil {
				return nil, nil, err
			}
			for d, n := range there {
				at, err := time.Parse(time.DateOnly, string(d))
				if err != nil {
					return nil, nil, fmt.Errorf("day %q: %w", d, err)
				}
				if at = at.AddDate(0, 0, after); at.Before(today) {
					at = today
				}
				freed[archive.DayOf(at)] += n
			}
		}
		shares = append(shares, share{after: after})
		f = in(index.StateTrash)
		f.Classes = p.names(c)
		trash, err := e.usage(ctx, f)
		if err != nil {
			return nil, nil, err
		}
		freed[archive.DayOf(today.AddDate(0, 0, c.TrashDays+1))] += trash.Bytes
	}
	for i := range shares {
		if sum > 0 {
			shares[i].part = float64(brought[i]) / float64(sum)
		}
	}
	return freed, shares, nil
}

// Unsaved is what will be due soon and is not backed up.
type Unsaved struct {
	Within  time.Duration `json:"within"`
	Lost    Totals        `json:"lost"`    // will be erased before they are backed up
	Waiting Totals        `json:"waiting"` // will be kept until they are: their class says so
	Items   []Item        `json:"items"`   // the first that will be lost, at most PlanItems
	AtLeast bool          `json:"at_least,omitempty"`
}

// maxLooked is how many recordings are looked at for Unsaved.
const maxLooked = 200_000

// Unsaved says what will be erased within a time by classes and is not backed up,
// and raises or clears AlarmUnsaved. Without backups nobody is alarmed.
func (e *Engine) Unsaved(ctx context.Context, within time.Duration) (Unsaved, error) {
	u := Unsaved{Within: within, Items: []Item{}}
	p := e.c.Policy()
	then := e.c.Now().Add(within)
	looked := 0
	for _, c := range p.Classes {
		sources := []source{p.trashed(c, then)}
		if !c.Forever && c.Days > 0 {
			at := then
			if c.action() == ToTrash {
				at = at.Add(-days(c.TrashDays))
			}
			sources = append(sources, p.over(c, at))
		}
		all := p
		all.Classes = slices.Clone(p.Classes)
		for i := range all.Classes {
			all.Classes[i].NeedsBackup = false // so that each shows what waits too
		}
		for _, s := range sources {
			err := e.each(ctx, &all, e.agedSurely(s), nil, func(items []Item, _ int) error {
				for _, it := range items {
					to := &u.Lost
					if c.NeedsBackup {
						to = &u.Waiting
					}
					if looked++; it.Backed {
						continue
					}
					to.Count++
					to.Bytes += it.Bytes
					if !c.NeedsBackup && len(u.Items) < PlanItems {
						it.Action = ToErase
						u.Items = append(u.Items, it)
					}
				}
				if looked >= maxLooked {
					u.AtLeast = true
					return errEnough
				}
				return e.pace(ctx)
			})
			if err != nil && err != errEnough {
				return u, err
			}
		}
	}
	if u.Lost.Count > 0 && e.c.Backups != nil {
		e.raise(AlarmUnsaved, map[string]string{"count": fmt.Sprint(u.Lost.Count), "hours": fmt.Sprint(int(within.Hours()))})
	} else {
		e.clear(AlarmUnsaved)
	}
	return u, nil
}

var errEnough = fmt.Errorf("enough was looked at")
