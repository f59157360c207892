package schedule

import (
	"strings"
	"sync"
	"testing"
	"time"

	cron "github.com/netresearch/go-cron"
	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func must(t testing.TB, text string, z *time.Location) *Schedule {
	t.Helper()
	s, err := Parse(text, z)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var zones = []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}

// plain says of a date and a time of day whether a run is due by the clock on the wall.
// It is written apart from the parser: the oracle must not learn from what it judges.
type plain struct {
	text   string
	hourly bool
	at     func(y int, m time.Month, d int, w time.Weekday, hour, minute int) bool
}

func lastDay(y int, m time.Month) int {
	switch m {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func plains() []plain {
	return []plain{
		{"daily 02:30", false, func(_ int, _ time.Month, _ int, _ time.Weekday, h, m int) bool { return h == 2 && m == 30 }},
		{"daily 01:45,02:10", false, func(_ int, _ time.Month, _ int, _ time.Weekday, h, m int) bool {
			return h == 1 && m == 45 || h == 2 && m == 10
		}},
		{"every 15m", true, func(_ int, _ time.Month, _ int, _ time.Weekday, _, m int) bool { return m%15 == 0 }},
		{"every 6h", false, func(_ int, _ time.Month, _ int, _ time.Weekday, h, m int) bool { return h%6 == 0 && m == 0 }},
		{"weekly sun 03:00", false, func(_ int, _ time.Month, _ int, w time.Weekday, h, m int) bool {
			return w == time.Sunday && h == 3 && m == 0
		}},
		{"weekly mon,Thu 01:30", false, func(_ int, _ time.Month, _ int, w time.Weekday, h, m int) bool {
			return (w == time.Monday || w == time.Thursday) && h == 1 && m == 30
		}},
		{"monthly 1 04:00", false, func(_ int, _ time.Month, d int, _ time.Weekday, h, m int) bool { return d == 1 && h == 4 && m == 0 }},
		{"monthly last 23:59", false, func(y int, mo time.Month, d int, _ time.Weekday, h, m int) bool {
			return d == lastDay(y, mo) && h == 23 && m == 59
		}},
		{"monthly 30 00:00", false, func(y int, mo time.Month, d int, _ time.Weekday, h, m int) bool {
			return d == min(30, lastDay(y, mo)) && h == 0 && m == 0
		}},
		{"30 2 29 2 *", false, func(_ int, mo time.Month, d int, _ time.Weekday, h, m int) bool {
			return mo == time.February && d == 29 && h == 2 && m == 30
		}},
		{"15 * * * *", true, func(_ int, _ time.Month, _ int, _ time.Weekday, _, m int) bool { return m == 15 }},
		{"*/20 1-3 * mar,oct,nov sun", false, func(_ int, mo time.Month, _ int, w time.Weekday, h, m int) bool {
			return m%20 == 0 && h >= 1 && h <= 3 && (mo == time.March || mo == time.October || mo == time.November) && w == time.Sunday
		}},
		{"0 12 13 * 5", false, func(_ int, _ time.Month, d int, w time.Weekday, h, m int) bool {
			return h == 12 && m == 0 && (d == 13 || w == time.Friday)
		}},
		{"59 23 31 12 *", false, func(_ int, mo time.Month, d int, _ time.Weekday, h, m int) bool {
			return mo == time.December && d == 31 && h == 23 && m == 59
		}},
	}
}

var walkedFrom, walkedTo = time.Date(2026, 12, 30, 0, 0, 0, 0, time.UTC), time.Date(2029, 1, 3, 0, 0, 0, 0, time.UTC)

// walks are the due times of each plain in each zone, found once.
var walks = sync.OnceValue(func() map[string][][]time.Time {
	all := map[string][][]time.Time{}
	for _, name := range zones {
		z, err := time.LoadLocation(name)
		if err != nil {
			panic(err)
		}
		all[name] = walk(plains(), z, walkedFrom, walkedTo)
	}
	return all
})

// walk is every due time of a span, found by walking its minutes one by one: a wall time
// that was shown before does not count again, and what the clock leaps over counts when it
// lands, once. Hourly ones take what the clock shows.
func walk(all []plain, z *time.Location, from, to time.Time) [][]time.Time {
	due := make([][]time.Time, len(all))
	on := func(p plain, t time.Time) bool {
		y, m, d := t.Date()
		return p.at(y, m, d, t.Weekday(), t.Hour(), t.Minute())
	}
	face := func(t time.Time) time.Time { // what the wall shows, as if it were UTC
		_, off := t.In(z).Zone()
		return t.Add(time.Duration(off) * time.Second)
	}
	seen := face(from.Add(-time.Minute)) // the latest that the wall has shown
	for t := from; t.Before(to); t = t.Add(time.Minute) {
		now := face(t)
		for i, p := range all {
			hit := p.hourly && on(p, now)
			for shown := seen.Add(time.Minute); !p.hourly && !hit && !shown.After(now); shown = shown.Add(time.Minute) {
				hit = on(p, shown)
			}
			if hit {
				due[i] = append(due[i], t)
			}
		}
		if now.After(seen) {
			seen = now
		}
	}
	return due
}

func TestEveryDueTimeOfTwoYearsIsExact(t *testing.T) {
	from, to := walkedFrom, walkedTo
	for _, name := range zones {
		z := zone(t, name)
		for i, p := range plains() {
			s, want := must(t, p.text, z), walks()[name][i]
			if len(want) == 0 {
				t.Fatalf("%s: the oracle found nothing", p.text)
			}
			at := from.Add(-time.Second)
			for i, w := range want {
				if at = s.Next(at); !at.Equal(w) {
					t.Fatalf("%s, %s: due time %d is %v, must be %v", name, p.text, i, at, w.In(z))
				}
			}
			if at = s.Next(at); at.Before(to) {
				t.Errorf("%s, %s: %v is one too many", name, p.text, at)
			}
			at = to
			for i := len(want) - 1; i >= 0; i-- {
				if at = s.Last(at.Add(-time.Nanosecond)); !at.Equal(want[i]) {
					t.Fatalf("%s, %s: backwards, due time %d is %v, must be %v", name, p.text, i, at, want[i].In(z))
				}
			}
		}
	}
}

func TestNightsOfDaylightSavingHaveOneRun(t *testing.T) {
	for _, c := range []struct{ zone, text, after, want, then string }{
		{"Europe/Berlin", "daily 02:30", "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"}, // 02:30 is not: 03:00
		{"Europe/Berlin", "daily 02:30", "2027-10-30T12:00:00Z", "2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z"}, // twice: the first
		{"America/New_York", "daily 01:30", "2028-11-04T12:00:00Z", "2028-11-05T05:30:00Z", "2028-11-06T06:30:00Z"},
		{"Australia/Lord_Howe", "daily 02:15", "2027-10-02T00:00:00Z", "2027-10-02T15:30:00Z", "2027-10-03T15:15:00Z"}, // half an hour only
		{"Pacific/Apia", "daily 09:00", "2011-12-29T20:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z"},        // a whole day was left out
		{"America/St_Johns", "daily 23:30", "2010-11-06T12:00:00Z", "2010-11-07T02:00:00Z", "2010-11-08T03:00:00Z"},    // put back past midnight
		{"America/Sao_Paulo", "daily 00:00", "2018-11-03T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},   // no midnight
	} {
		at, _ := time.Parse(time.RFC3339, c.after)
		s := must(t, c.text, zone(t, c.zone))
		first := s.Next(at)
		if got := first.UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s, %s: %s, must be %s", c.zone, c.text, got, c.want)
		}
		if got := s.Next(first).UTC().Format(time.RFC3339); got != c.then {
			t.Errorf("%s, %s: then %s, must be %s", c.zone, c.text, got, c.then)
		}
	}
}

func TestFieldsMeanWhatCronMeans(t *testing.T) {
	other := cron.MustNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DowOrDom)
	rapid.Check(t, func(t *rapid.T) {
		one := func(name string, lo, hi int) string {
			switch rapid.IntRange(0, 4).Draw(t, name) {
			case 0, 1:
				return "*"
			case 2:
				return "*/" + digits(rapid.IntRange(1, hi).Draw(t, name+" step"))
			case 3:
				a := rapid.IntRange(lo, hi).Draw(t, name+" from")
				return digits(a) + "-" + digits(rapid.IntRange(a, hi).Draw(t, name+" to"))
			}
			return digits(rapid.IntRange(lo, hi).Draw(t, name+" a")) + "," + digits(rapid.IntRange(lo, hi).Draw(t, name+" b"))
		}
		text := strings.Join([]string{one("minute", 0, 59), one("hour", 0, 23), one("day", 1, 28), one("month", 1, 12), one("weekday", 0, 6)}, " ")
		if f := strings.Fields(text); strings.HasPrefix(f[2], "*/") || strings.HasPrefix(f[4], "*/") {
			t.Skip("crons differ on whether */2 restricts a day; cron(5) says no, as we do")
		}
		want, err := other.Parse(text)
		if err != nil {
			t.Skip(err)
		}
		want.(*cron.SpecSchedule).Location = time.UTC
		s, err := Parse(text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(1.8e9, 1.9e9).Draw(t, "at"), 0).UTC()
		for range 20 {
			w, got := want.Next(at), s.Next(at)
			if !got.Equal(w) {
				t.Fatalf("%q after %v: %v, another cron says %v", text, at, got, w)
			}
			if back := s.Last(got); !back.Equal(got) {
				t.Fatalf("%q: the last at %v is %v", text, got, back)
			}
			at = w
		}
	})
}

func digits(n int) string {
	if n >= 10 {
		return digits(n/10) + digits(n%10)
	}
	return string(rune('0' + n))
}

func TestWhatIsNoScheduleIsSaidSo(t *testing.T) {
	for text, says := range map[string]string{
		"":                  "is no schedule",
		"sometimes":         "five fields",
		"daily":             "daily 02:30",
		"daily 2:30":        "02:30",
		"daily 24:00":       "no time of day",
		"daily 02:30 03:30": "daily 02:30",
		"every 7m":          "divide an hour",
		"every 90m":         "divide an hour",
		"every 5h":          "divide a day",
		"every -5m":         "divide an hour",
		"every m":           "divide an hour",
		"weekly 03:00":      "weekly sun",
		"weekly soon 03:00": "day of the week",
		"monthly 32 04:00":  "day of a month",
		"monthly 0 04:00":   "day of a month",
		"0 0 31 2 *":        "no month",
		"60 * * * *":        "minute",
		"* 24 * * *":        "hour",
		"* * 0 * *":         "day of the month",
		"* * * 13 *":        "month",
		"* * * * 8":         "day of the week",
		"*/0 * * * *":       "step",
		"5-1 * * * *":       "backwards",
		", * * * *":         "minute",
		"* * * * * *":       "there are 6",
		strings.Repeat("* ", 99) + strings.Repeat(" ", 99): "200 bytes",
	} {
		if _, err := Parse(text, time.UTC); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, must say %q", text, err, says)
		}
	}
	if s := must(t, " Never ", time.UTC); !s.Never() || !s.Next(time.Now()).IsZero() || !s.Last(time.Now()).IsZero() {
		t.Error("never has a run")
	}
}

func FuzzAnyTextIsReadOrRefused(f *testing.F) {
	for _, p := range plains() {
		f.Add(p.text, int64(1.8e9))
	}
	f.Add("0-59/7 1,2,fri * * *", int64(0))
	lordHowe := zone(f, "Australia/Lord_Howe")
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		s, err := Parse(text, lordHowe)
		if err != nil || s.Never() {
			return
		}
		at := time.Unix(unix%4e9, 0)
		next := s.Next(at)
		if !next.After(at) {
			t.Fatalf("%q: %v is due after %v", text, next, at)
		}
		if last := s.Last(next); !last.Equal(next) {
			t.Fatalf("%q: the last at %v is %v", text, next, last)
		}
	})
}
