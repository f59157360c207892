package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func read(t testing.TB, c Calendar) *calendar {
	t.Helper()
	out, err := c.read(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWorkPeriods(t *testing.T) {
	work := []string{"08:30-12:00", "13:00-18:00", "22:00-02:00"}
	c := read(t, Calendar{Zone: "Asia/Shanghai", Mon: work, Tue: work, Wed: work, Thu: work, Fri: work, Sun: []string{"00:00-24:00"},
		Holidays: []string{"2026-10-01..2026-10-07", "01-01"}, Holiday: []string{"10:00-11:00"},
		Days: []Day{{Date: "2026-10-10", As: "mon"}, {Date: "2026-12-31", Periods: []string{"08:00-10:00"}}, {Date: "2027-01-01"}}})
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"2026-11-23 08:29": false, "2026-11-23 08:30": true, "2026-11-23 11:59": true, "2026-11-23 12:00": false, "2026-11-23 13:00": true, "2026-11-23 18:00": false,
		"2026-11-23 22:00": true, "2026-11-24 01:59": true, "2026-11-24 02:00": false,
		"2026-11-28 01:00": true, "2026-11-28 09:00": false, "2026-11-29 00:00": true, "2026-11-29 23:59": true, "2026-11-30 01:00": false, // Friday's night, Saturday, Sunday, Monday
		"2026-10-01 01:00": true, "2026-10-01 09:00": false, "2026-10-01 10:30": true, "2026-10-07 10:30": true, "2026-10-08 01:00": false, "2026-10-08 09:00": true,
		"2026-10-10 09:00": true, "2026-10-11 01:00": true, "2026-12-31 09:00": true, "2026-12-31 14:00": false, "2027-01-01 10:30": false, "2028-01-01 10:30": true,
	} {
		when, err := time.ParseInLocation("2006-01-02 15:04", at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.contains(when.UTC()); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
}

// On the days on which clocks change, the wall clock still decides.
func TestTheWallClockDecidesWhenClocksChange(t *testing.T) {
	for zone, days := range map[string][]string{"Europe/Berlin": {"2026-03-29", "2026-10-25"}, "America/New_York": {"2026-03-08", "2026-11-01"},
		"Australia/Lord_Howe": {"2026-04-05", "2026-10-04"}, "America/Havana": {"2026-03-08", "2026-11-01"}, "Pacific/Apia": {"2011-12-29", "2011-12-31"}} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		all := []string{"00:00-24:00"}
		p := []string{"01:30-02:30", "03:00-03:10", "23:30-00:30"}
		always := read(t, Calendar{Zone: zone, Mon: all, Tue: all, Wed: all, Thu: all, Fri: all, Sat: all, Sun: all})
		some := read(t, Calendar{Zone: zone, Mon: p, Tue: p, Wed: p, Thu: p, Fri: p, Sat: p, Sun: p})
		for _, day := range days {
			from, err := time.ParseInLocation(time.DateOnly, day, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			for m := -24 * 60; m < 48*60; m++ {
				at := from.Add(time.Duration(m) * time.Minute)
				if !always.contains(at) {
					t.Fatalf("%s %v: not in 24 h", zone, at)
				}
				clock := at.In(loc).Format("15:04")
				want := clock >= "01:30" && clock < "02:30" || clock >= "03:00" && clock < "03:10" || clock >= "23:30" || clock < "00:30"
				if some.contains(at) != want {
					t.Fatalf("%s %v (%s): %v", zone, at, clock, !want)
				}
			}
		}
	}
}

func TestADayIsTheSumOfItsPeriods(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var week [7][]string
		var in [7 * wholeDay]bool
		for d := range week {
			for range rapid.IntRange(0, 4).Draw(t, "periods") {
				a, b := rapid.IntRange(0, wholeDay-1).Draw(t, "from"), rapid.IntRange(0, wholeDay).Draw(t, "to")
				week[d] = append(week[d], fmt.Sprintf("%02d:%02d-%02d:%02d", a/60, a%60, b/60, b%60))
				if b <= a {
					b += wholeDay
				}
				for m := a; m < b; m++ {
					in[(d*wholeDay+m)%len(in)] = true
				}
			}
		}
		c, err := (&Calendar{Sun: week[0], Mon: week[1], Tue: week[2], Wed: week[3], Thu: week[4], Fri: week[5], Sat: week[6]}).read(time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		sunday := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		for m := 0; m < len(in); m += 13 {
			if at := sunday.Add(time.Duration(m) * time.Minute); c.contains(at) != in[m] {
				t.Fatalf("%v: %v", at, !in[m])
			}
		}
	})
}

func TestFaultsOfCalendarsAreNamed(t *testing.T) {
	err := Calendar{Zone: "Mars/Base", Mon: []string{"8:00-12:00"}, Tue: []string{"08:00-24:01"}, Wed: []string{"24:00-08:00"}, Thu: make([]string, 49), Fri: []string{"08:00"},
		Holidays: []string{"2026-02-30", "2026-10-07..2026-10-01", "13-01"}, Holiday: []string{"x"},
		Days: []Day{{Date: "01-01"}, {Date: "2026-01-01", As: "monday"}, {Date: "2026-01-01"}, {Date: "2026-01-02", As: "mon", Periods: []string{"08:00-09:00"}}}}.Validate()
	for _, key := range []string{"zone:", "mon.0:", "tue.0:", "wed.0:", "thu:", "fri.0:", "holidays.0:", "holidays.1:", "holidays.2:", "holiday.0:", "days.0.date:", "days.1.as:", "days.2.date:", "days.3.as:"} {
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+key) {
			t.Errorf("%s is not in\n%v", key, err)
		}
	}
	if err := (Calendar{}).Validate(); err != nil {
		t.Error(err)
	}
}

func FuzzPeriods(f *testing.F) {
	f.Add("08:30-12:00")
	f.Add("24:00-24:00")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := readPeriod(s); err == nil && (p.from < 0 || p.from >= wholeDay || p.to <= p.from || p.to > 2*wholeDay) {
			t.Errorf("%q: %+v", s, p)
		}
	})
}
