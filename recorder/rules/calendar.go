package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Calendar says when people work. Periods are wall-clock time, as 08:30-12:00; one
// whose end is not after its beginning goes on into the next day and belongs to the
// day on which it begins. 00:00-24:00 is the whole day. Times that a change of the
// clock repeats count both times, those that it leaves out do not come.
type Calendar struct {
	Zone     string   `json:"zone"` // as Asia/Shanghai; "" = the machine's
	Mon      []string `json:"mon"`
	Tue      []string `json:"tue"`
	Wed      []string `json:"wed"`
	Thu      []string `json:"thu"`
	Fri      []string `json:"fri"`
	Sat      []string `json:"sat"`
	Sun      []string `json:"sun"`
	Holidays []string `json:"holidays"` // 2026-10-01, 2026-10-01..2026-10-07, or 01-01 of every year
	Holiday  []string `json:"holiday"`  // periods of holidays
	Days     []Day    `json:"days"`     // exceptions; they win over holidays
}

// A Day is a date with periods of its own, or those of a weekday.
type Day struct {
	Date    string   `json:"date"` // 2026-10-10
	Periods []string `json:"periods"`
	As      string   `json:"as"` // mon … sun: it is worked as on that weekday
}

// maxPeriods is how many periods a day may have, and maxDates how many dates a list.
const (
	maxPeriods = 48
	maxDates   = 1_000
)

const wholeDay = 24 * 60

// A period is minutes of a day, [from, to); to may be in the next day.
type period struct{ from, to int }

// calendar is a Calendar, read.
type calendar struct {
	zone     *time.Location
	week     [7][]period // by time.Weekday
	holiday  []period
	yearly   map[string]bool     // 01-02
	holidays []dates             //
	days     map[string][]period // 2006-01-02
}

type dates struct{ from, to string }

var weekdays = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (c *Calendar) weekday(d time.Weekday) []string {
	return [7][]string{c.Sun, c.Mon, c.Tue, c.Wed, c.Thu, c.Fri, c.Sat}[d]
}

// Validate names everything that is wrong, by key.
func (c Calendar) Validate() error {
	_, err := c.read(time.Local)
	return err
}

func (c *Calendar) read(local *time.Location) (*calendar, error) {
	var errs []error
	bad := func(key string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	out := &calendar{zone: local, yearly: map[string]bool{}, days: map[string][]period{}}
	if c.Zone != "" {
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			err = fmt.Errorf("%q is not known to this machine; use a name as Asia/Shanghai", c.Zone)
		} else {
			out.zone = zone
		}
		bad("zone", err)
	}
	periods := func(key string, all []string) (ps []period) {
		if len(all) > maxPeriods {
			bad(key, fmt.Errorf("%d periods; at most %d are possible", len(all), maxPeriods))
			return nil
		}
		for i, s := range all {
			p, err := readPeriod(s)
			bad(key+"."+strconv.Itoa(i), err)
			ps = append(ps, p)
		}
		return ps
	}
	for d, name := range weekdays {
		out.week[d] = periods(name, c.weekday(time.Weekday(d)))
	}
	out.holiday = periods("holiday", c.Holiday)
	if len(c.Holidays) > maxDates || len(c.Days) > maxDates {
		bad("holidays", fmt.Errorf("at most %d dates are possible, and as many days", maxDates))
		return nil, errors.Join(errs...)
	}
	for i, s := range c.Holidays {
		bad("holidays."+strconv.Itoa(i), out.readHoliday(s))
	}
	for i, d := range c.Days {
		key := "days." + strconv.Itoa(i)
		if !goodDate(d.Date) {
			bad(key+".date", fmt.Errorf("%q is no date; write it as 2026-10-10", d.Date))
		}
		if _, ok := out.days[d.Date]; ok {
			bad(key+".date", fmt.Errorf("%s stands here twice", d.Date))
		}
		out.days[d.Date] = periods(key+".periods", d.Periods)
		if d.As == "" {
			continue
		}
		at := -1
		for w, name := range weekdays {
			if name == d.As {
				at = w
			}
		}
		switch {
		case at < 0:
			bad(key+".as", fmt.Errorf("%q is no weekday; use one of %q", d.As, weekdays))
		case len(d.Periods) > 0:
			bad(key+".as", errors.New("the day has periods of its own already"))
		default:
			out.days[d.Date] = out.week[at]
		}
	}
	return out, errors.Join(errs...)
}

func (c *calendar) readHoliday(s string) error {
	from, to, isRange := strings.Cut(s, "..")
	switch {
	case isRange && goodDate(from) && goodDate(to) && from <= to:
		c.holidays = append(c.holidays, dates{from, to})
	case !isRange && goodDate(s):
		c.holidays = append(c.holidays, dates{s, s})
	case !isRange && goodDate("2000-"+s): // a leap year: 02-29 is a date
		c.yearly[s] = true
	default:
		return fmt.Errorf("%q: write 2026-10-01, 2026-10-01..2026-10-07, or 01-01 for every year", s)
	}
	return nil
}

func goodDate(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Format(time.DateOnly) == s
}

func readPeriod(s string) (p period, err error) {
	a, b, ok := strings.Cut(s, "-")
	from, ok1 := minutes(a)
	to, ok2 := minutes(b)
	if !ok || !ok1 || !ok2 || from == wholeDay {
		return p, fmt.Errorf("%q is no period; write it as 08:30-12:00", s)
	}
	if to <= from {
		to += wholeDay
	}
	return period{from, to}, nil
}

// minutes reads 00:00 to 24:00.
func minutes(s string) (n int, ok bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	return h*60 + m, m < 60 && (h < 24 || h == 24 && m == 0)
}

// contains says whether t is within a period.
func (c *calendar) contains(t time.Time) bool {
	t = t.In(c.zone)
	y, mo, d := t.Date()
	today := time.Date(y, mo, d, 12, 0, 0, 0, time.UTC) // noon: a date, whatever the clock does
	now := t.Hour()*60 + t.Minute()
	return within(c.of(today), now) || within(c.of(today.AddDate(0, 0, -1)), now+wholeDay)
}

func within(all []period, now int) bool {
	for _, p := range all {
		if now >= p.from && now < p.to {
			return true
		}
	}
	return false
}

// of is the periods that begin on a date.
func (c *calendar) of(date time.Time) []period {
	s := date.Format(time.DateOnly)
	if p, ok := c.days[s]; ok {
		return p
	}
	if c.yearly[s[len("2006-"):]] {
		return c.holiday
	}
	for _, h := range c.holidays {
		if s >= h.from && s <= h.to {
			return c.holiday
		}
	}
	return c.week[date.Weekday()]
}
