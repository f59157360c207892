package prompt

import (
	"strconv"
	"time"
)

var english = tongue{
	number: enNumber, count: enCount, telephone: plainDigit, ordinal: enOrdinal,
	date: enDate, clock: enClock, span: enSpan, money: enMoney,
}

func clip(folder string, n int64) string { return folder + "/" + strconv.FormatInt(n, 10) }

// enNumber reads "one thousand two hundred and five": "and" stands before what
// is below a hundred.
func enNumber(dst []string, n int64) []string {
	if n == 0 {
		return append(dst, "number/0")
	}
	begun := false
	for _, g := range []struct {
		unit int64
		name string
	}{{1e9, "number/billion"}, {1e6, "number/million"}, {1e3, "number/thousand"}, {1e2, "number/hundred"}} {
		if k := n / g.unit; k > 0 {
			dst = append(enNumber(dst, k), g.name)
			n, begun = n%g.unit, true
		}
	}
	if n == 0 {
		return dst
	}
	if begun {
		dst = append(dst, "number/and")
	}
	return enTens(dst, n)
}

// enTens reads 1 to 99.
func enTens(dst []string, n int64) []string {
	if n <= 20 {
		return append(dst, clip("number", n))
	}
	dst = append(dst, clip("number", n/10*10))
	if n%10 > 0 {
		dst = append(dst, clip("number", n%10))
	}
	return dst
}

func enCount(dst []string, n int64, one, more string) []string {
	dst = enNumber(dst, n)
	if n == 1 {
		return append(dst, one)
	}
	return append(dst, more)
}

func enOrdinal(dst []string, n int64) []string {
	if n <= 31 {
		return append(dst, clip("ordinal", n))
	}
	return enNumber(append(dst, "ordinal/number"), n)
}

var months = [12]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
var weekdays = [7]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func enDate(dst []string, t time.Time, weekday, year bool) []string {
	if weekday {
		dst = append(dst, "date/"+weekdays[t.Weekday()])
	}
	dst = append(dst, "date/"+months[t.Month()-1], clip("ordinal", int64(t.Day())))
	if year {
		dst = enYear(dst, int64(t.Year()))
	}
	return dst
}

// enYear reads years in pairs: nineteen ninety-nine, nineteen oh five, nineteen
// hundred, twenty twenty-six; but two thousand and nine.
func enYear(dst []string, y int64) []string {
	if y < 1100 || y > 9999 || y/100%10 == 0 && y%100 < 10 {
		return cardinal(enNumber, dst, y)
	}
	dst = enTens(dst, y/100)
	switch rest := y % 100; {
	case rest == 0:
		return append(dst, "number/hundred")
	case rest < 10:
		return append(dst, "number/oh", clip("number", rest))
	default:
		return enTens(dst, rest)
	}
}

func enClock(dst []string, hour, minute int) []string {
	if minute == 0 && hour%12 == 0 {
		return append(dst, [2]string{"time/midnight", "time/noon"}[hour/12])
	}
	dst = append(dst, clip("number", int64((hour+11)%12+1)))
	if minute > 0 {
		if minute < 10 {
			dst = append(dst, "number/oh")
		}
		dst = enTens(dst, int64(minute))
	}
	return append(dst, [2]string{"time/am", "time/pm"}[hour/12])
}

var units = [4][2]string{{"time/day", "time/days"}, {"time/hour", "time/hours"}, {"time/minute", "time/minutes"}, {"time/second", "time/seconds"}}

func enSpan(dst []string, parts [4]int64) []string {
	left := 0
	for _, n := range parts {
		if n > 0 {
			left++
		}
	}
	if left == 0 {
		return enCount(dst, 0, units[3][0], units[3][1])
	}
	several := left > 1
	for i, n := range parts {
		if n == 0 {
			continue
		}
		if left == 1 && several {
			dst = append(dst, "number/and")
		}
		dst = enCount(dst, n, units[i][0], units[i][1])
		left--
	}
	return dst
}

// enCoins are what one and several of a currency are called, and of its hundredth.
var enCoins = map[Currency][4]string{
	CNY: {"money/yuan", "money/yuan", "money/fen", "money/fen"},
	USD: {"money/dollar", "money/dollars", "money/cent", "money/cents"},
	EUR: {"money/euro", "money/euros", "money/cent", "money/cents"},
}

func enMoney(dst []string, c Currency, whole, cents int64) []string {
	name := enCoins[c]
	if whole > 0 || cents == 0 {
		dst = enCount(dst, whole, name[0], name[1])
		if cents == 0 {
			return dst
		}
		dst = append(dst, "number/and")
	}
	return enCount(dst, cents, name[2], name[3])
}
