package schedule

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Schedule is a set of instants: certain times of certain days, by the clock on the
// wall of one time zone. Make it with Parse; it does not change.
type Schedule struct {
	text  string
	zone  *time.Location
	times []int // minutes after midnight, ascending; none: never

	// hourly schedules have runs in every hour and go by the face of the clock: an hour
	// that comes twice has its runs twice, and one that is left out has none to make up.
	hourly bool

	months, days, weekdays uint64 // bits 1…12, 1…31, 0…6 (Sunday is 0)

	// either: a day of the month or of the week will do, as cron has it where both are given.
	either bool
	// clamp is a day of the month which in a shorter month is its last day; 0 = none.
	clamp int
}

const (
	allMonths   = 1<<13 - 2
	allDays     = 1<<32 - 2
	allWeekdays = 1<<7 - 1
)

// MaxText is how many bytes the text of a schedule may have.
const MaxText = 200

// Parse reads the text of a schedule for a time zone. It may be words,
//
//	never
//	every 15m | every 6h            minutes that divide an hour, hours that divide a day
//	daily 02:30 | daily 02:30,14:30
//	weekly sun 03:00 | weekly mon,thu 03:00
//	monthly 1 04:00 | monthly last 04:00
//
// or the five fields of cron: minute, hour, day of the month, month, day of the week, with
// names, lists, ranges and steps. "monthly 31" is the last day of months that are shorter;
// cron's day 31 leaves such months out. The error says what is wrong with which word.
func Parse(text string, zone *time.Location) (*Schedule, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("the schedule has more than %d bytes", MaxText)
	}
	if zone == nil {
		zone = time.UTC
	}
	s := &Schedule{text: text, zone: zone, months: allMonths, days: allDays, weekdays: allWeekdays}
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return nil, fmt.Errorf("%q is no schedule: use words like \"daily 02:30\", \"every 15m\", \"weekly sun 03:00\", \"monthly 1 04:00\", \"never\", or five fields of cron", text)
	}
	var err error
	switch words[0] {
	case "never":
		err = count(words, 1, "never")
	case "every":
		if err = count(words, 2, "every 15m"); err == nil {
			err = s.every(words[1])
		}
	case "daily":
		if err = count(words, 2, "daily 02:30"); err == nil {
			err = s.at(words[1])
		}
	case "weekly":
		if err = count(words, 3, "weekly sun 03:00"); err == nil {
			if s.weekdays, err = weekdayField.read(words[1]); err == nil {
				s.weekdays = sunday(s.weekdays)
				err = s.at(words[2])
			}
		}
	case "monthly":
		if err = count(words, 3, "monthly 1 04:00"); err == nil {
			if err = s.monthly(words[1]); err == nil {
				err = s.at(words[2])
			}
		}
	default:
		err = s.cron(words)
	}
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", text, err)
	}
	return s, nil
}

// String is the text that the schedule was read from.
func (s *Schedule) String() string { return s.text }

// Never reports whether it has no run at all.
func (s *Schedule) Never() bool { return len(s.times) == 0 }

func count(words []string, n int, like string) error {
	if len(words) != n {
		return fmt.Errorf("write it like %q", like)
	}
	return nil
}

func (s *Schedule) every(word string) error {
	n, err := strconv.Atoi(strings.TrimRight(word, "mh"))
	switch {
	case err == nil && strings.HasSuffix(word, "m") && len(word) > 1 && n > 0 && n <= 60 && 60%n == 0 && word == strconv.Itoa(n)+"m":
		s.hourly = true
		s.product(1<<24-1, stepped(n, 60))
	case err == nil && n > 0 && n <= 24 && 24%n == 0 && word == strconv.Itoa(n)+"h":
		s.hourly = n == 1
		s.product(stepped(n, 24), 1)
	default:
		return fmt.Errorf("every %s: use minutes that divide an hour (5m, 15m, 30m) or hours that divide a day (1h, 6h, 12h)", word)
	}
	return nil
}

func stepped(step, below int) (set uint64) {
	for i := 0; i < below; i += step {
		set |= 1 << i
	}
	return set
}

// product makes the times of hours and minutes.
func (s *Schedule) product(hours, minutes uint64) {
	for h := range 24 {
		for m := range 60 {
			if hours>>h&1 == 1 && minutes>>m&1 == 1 {
				s.times = append(s.times, h*60+m)
			}
		}
	}
}

func (s *Schedule) at(list string) error {
	for one := range strings.SplitSeq(list, ",") {
		t, err := time.Parse("15:04", one)
		if err != nil || len(one) != 5 {
			return fmt.Errorf("%q is no time of day: write it like 02:30", one)
		}
		s.times = append(s.times, t.Hour()*60+t.Minute())
	}
	slices.Sort(s.times)
	s.times = slices.Compact(s.times)
	return nil
}

func (s *Schedule) monthly(day string) error {
	if day == "last" {
		day = "31"
	}
	n, err := strconv.Atoi(day)
	if err != nil || n < 1 || n > 31 {
		return fmt.Errorf("%q is no day of a month: use 1 to 31, or last", day)
	}
	s.days = 1 << n
	if n > 28 {
		s.clamp = n
	}
	return nil
}

// cron reads five fields.
func (s *Schedule) cron(words []string) error {
	if len(words) != 5 {
		return fmt.Errorf("use words like \"daily 02:30\", or the five fields minute, hour, day, month, weekday; there are %d", len(words))
	}
	minutes, err := minuteField.read(words[0])
	if err != nil {
		return err
	}
	hours, err := hourField.read(words[1])
	if err != nil {
		return err
	}
	if s.days, err = dayField.read(words[2]); err != nil {
		return err
	}
	if s.months, err = monthField.read(words[3]); err != nil {
		return err
	}
	if s.weekdays, err = weekdayField.read(words[4]); err != nil {
		return err
	}
	s.weekdays = sunday(s.weekdays)
	s.either = !strings.HasPrefix(words[2], "*") && !strings.HasPrefix(words[4], "*")
	s.hourly = bits.OnesCount64(hours) == 24
	s.product(hours, minutes)
	if s.Next(time.Unix(0, 0)).IsZero() {
		return fmt.Errorf("no month of the year has such a day")
	}
	return nil
}

// sunday makes cron's day 7 its day 0.
func sunday(set uint64) uint64 { return set&allWeekdays | set>>7&1 }

// A field is one of cron's.
type field struct {
	name     string
	min, max int
	names    []string // of min, min+1, …
}

var (
	minuteField  = field{name: "minute", max: 59}
	hourField    = field{name: "hour", max: 23}
	dayField     = field{name: "day of the month", min: 1, max: 31}
	monthField   = field{name: "month", min: 1, max: 12, names: strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec")}
	weekdayField = field{name: "day of the week", max: 7, names: strings.Fields("sun mon tue wed thu fri sat")}
)

// read gives the bits that a field stands for.
func (f field) read(text string) (set uint64, err error) {
	for part := range strings.SplitSeq(text, ",") {
		span, every, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			if step, err = strconv.Atoi(every); err != nil || step < 1 || step > f.max {
				return 0, fmt.Errorf("%s: %q: the step must be 1 to %d", f.name, part, f.max)
			}
		}
		lo, hi := f.min, f.max
		if f.max == 7 && span == "*" {
			hi = 6 // Sunday once, so that steps count from it
		}
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			if lo, err = f.value(first); err != nil {
				return 0, err
			}
			switch {
			case ranged:
				if hi, err = f.value(last); err != nil {
					return 0, err
				}
				if hi == 0 && lo > 0 && f.max == 7 {
					hi = 7 // fri-sun
				}
			case !stepped:
				hi = lo
			}
			if hi < lo {
				return 0, fmt.Errorf("%s: %q goes backwards", f.name, part)
			}
		}
		for v := lo; v <= hi; v += step {
			set |= 1 << v
		}
	}
	return set, nil
}

func (f field) value(text string) (int, error) {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.min + i, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.min || n > f.max || len(text) > 2 || text[0] == '+' || text[0] == '-' {
		return 0, fmt.Errorf("%s: %q is not within %d to %d", f.name, text, f.min, f.max)
	}
	return n, nil
}
