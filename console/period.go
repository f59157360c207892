package console

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// errPeriod: words that are no period.
var errPeriod = errors.New("no period")

const maxPeriod = 10_000 // of whatever is counted

// lastShape is "last 7 days", "最近7天".
var (
	lastShape    = regexp.MustCompile(`^last (\d{1,5}) (minute|hour|day|week|month|year)s?$`)
	lastShapeHan = regexp.MustCompile(`^(?:最近|近|过去) ?(\d{1,5}) ?个?(分钟|小时|天|日|周|星期|月|年)$`)
)

// period is the time that words stand for, seen from now and in its zone: whole
// days, weeks (from Monday), months and years, or so much back from now. Days are
// those of the calendar, however many hours they have. A zero to is open.
func period(words string, now time.Time) (from, to time.Time, err error) {
	w := strings.Join(strings.Fields(strings.ToLower(words)), " ")
	if !strings.Contains(w, " ") { // last-7-days
		w = strings.ReplaceAll(w, "-", " ")
	}
	y, m, d := now.Date()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, now.Location()) }
	monday := d - (int(now.Weekday())+6)%7
	switch w {
	case "today", "今天", "今日":
		return day(y, m, d), day(y, m, d+1), nil
	case "yesterday", "昨天", "昨日":
		return day(y, m, d-1), day(y, m, d), nil
	case "this week", "本周", "这周":
		return day(y, m, monday), day(y, m, monday+7), nil
	case "last week", "上周":
		return day(y, m, monday-7), day(y, m, monday), nil
	case "this month", "本月", "这个月":
		return day(y, m, 1), day(y, m+1, 1), nil
	case "last month", "上月", "上个月":
		return day(y, m-1, 1), day(y, m, 1), nil
	case "this year", "今年":
		return day(y, 1, 1), day(y+1, 1, 1), nil
	case "last year", "去年":
		return day(y-1, 1, 1), day(y, 1, 1), nil
	}
	found := lastShape.FindStringSubmatch(w)
	if found == nil {
		found = lastShapeHan.FindStringSubmatch(w)
	}
	if found == nil {
		return from, to, errPeriod
	}
	n, err := strconv.Atoi(found[1])
	if err != nil || n < 1 || n > maxPeriod {
		return from, to, errPeriod
	}
	switch found[2] {
	case "minute", "分钟":
		return now.Add(-time.Duration(n) * time.Minute), to, nil
	case "hour", "小时":
		return now.Add(-time.Duration(n) * time.Hour), to, nil
	case "day", "天", "日":
		return now.AddDate(0, 0, -n), to, nil
	case "week", "周", "星期":
		return now.AddDate(0, 0, -7*n), to, nil
	case "month", "月":
		return back(now, 0, n), to, nil
	default:
		if n > 1000 {
			return from, to, errPeriod
		}
		return back(now, n, 0), to, nil
	}
}

// back is so many years and months before now, on the last day of the month where
// it has no such day.
func back(now time.Time, years, months int) time.Time {
	y, m, d := now.Date()
	first := time.Date(y-years, m-time.Month(months), 1, now.Hour(), now.Minute(), now.Second(), now.Nanosecond(), now.Location())
	return first.AddDate(0, 0, min(d, first.AddDate(0, 1, -1).Day())-1)
}
