package console

import (
	"testing"
	"time"
)

func TestWordsStandForTimesInTheZoneOfTheBox(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine has no time zones:", err)
	}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	const form = "2006-01-02T15:04:05Z07:00"
	for _, c := range []struct{ now, words, from, to string }{
		{"2026-11-22T00:30:00+08:00", "today", "2026-11-22T00:00:00+08:00", "2026-11-23T00:00:00+08:00"},
		{"2026-11-22T00:30:00+08:00", "yesterday", "2026-11-21T00:00:00+08:00", "2026-11-22T00:00:00+08:00"},
		{"2026-11-22T00:30:00+08:00", "昨天", "2026-11-21T00:00:00+08:00", "2026-11-22T00:00:00+08:00"},
		{"2026-11-22T12:00:00+08:00", "This  Week", "2026-11-16T00:00:00+08:00", "2026-11-23T00:00:00+08:00"}, // a Sunday
		{"2026-11-23T12:00:00+08:00", "last-week", "2026-11-16T00:00:00+08:00", "2026-11-23T00:00:00+08:00"},
		{"2027-01-05T12:00:00+08:00", "last month", "2026-12-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"},
		{"2027-01-05T12:00:00+08:00", "上个月", "2026-12-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"},
		{"2027-01-05T12:00:00+08:00", "last year", "2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"},
		{"2026-11-22T12:00:00+08:00", "last 7 days", "2026-11-15T12:00:00+08:00", ""},
		{"2026-11-22T12:00:00+08:00", "最近 7 天", "2026-11-15T12:00:00+08:00", ""},
		{"2026-11-22T12:00:00+08:00", "近3个月", "2026-08-22T12:00:00+08:00", ""},
		{"2026-11-22T12:00:00+08:00", "last 90 minutes", "2026-11-22T10:30:00+08:00", ""},
		{"2026-03-31T12:00:00+08:00", "last 1 month", "2026-02-28T12:00:00+08:00", ""},
		{"2028-02-29T12:00:00+08:00", "last 1 year", "2027-02-28T12:00:00+08:00", ""},
		{"2026-10-25T12:00:00+01:00", "today", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"}, // 25 hours
		{"2026-10-25T12:00:00+01:00", "last 1 day", "2026-10-24T12:00:00+02:00", ""},
		{"2026-03-29T12:00:00+02:00", "yesterday", "2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00"},
	} {
		now, err := time.Parse(form, c.now)
		if err != nil {
			t.Fatal(err)
		}
		zone := berlin
		if _, off := now.Zone(); off == 8*3600 {
			zone = shanghai
		}
		from, to, err := period(c.words, now.In(zone))
		if err != nil || from.Format(form) != c.from || c.to != "" && to.Format(form) != c.to || to.IsZero() != (c.to == "") {
			t.Errorf("%s at %s: %s to %s, %v; want %s to %s", c.words, c.now, from.Format(form), to.Format(form), err, c.from, c.to)
		}
	}
	for _, words := range []string{"", "soon", "last 0 days", "last 99999 days", "last days", "last -1 days", "最近天", "last 5000 years"} {
		if _, _, err := period(words, time.Now()); err == nil {
			t.Errorf("%q is a period", words)
		}
	}
}

// FuzzPeriod: whatever words are given, they are refused or stand for a time that
// is not behind now.
func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"today", "last 7 days", "最近7天", "last 99999 years", "近1个月"} {
		f.Add(s, int64(1_790_000_000))
	}
	f.Fuzz(func(t *testing.T, words string, at int64) {
		now := time.Unix(at%(1<<34), 0).UTC()
		from, to, err := period(words, now)
		if err == nil && (from.After(now) || !to.IsZero() && !from.Before(to)) {
			t.Errorf("%q at %s: %s to %s", words, now, from, to)
		}
	})
}
