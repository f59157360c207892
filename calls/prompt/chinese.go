package prompt

import (
	"strconv"
	"time"
)

var chinese = tongue{
	number: zhNumber, count: zhCount, telephone: zhTelephone, ordinal: zhOrdinal,
	date: zhDate, clock: zhClock, span: zhSpan, money: zhMoney,
}

const (
	zhZero  = "number/0"
	zhLiang = "number/liang" // 两
)

// zhNumber reads by groups of four digits: 亿, 万 and ones. 零 stands once for
// zeros between others; 一十 loses its 一 where the number begins with it; 二
// becomes 两 before the 千 with which the number begins (两千, but 三万二千), and
// alone before 万 and 亿 (Lü Shuxiang, 现代汉语八百词, on 二 and 两).
func zhNumber(dst []string, n int64) []string {
	if n == 0 {
		return append(dst, zhZero)
	}
	begun := false
	skipped := false // a zero that 零 must stand for, if anything follows
	for _, g := range []struct {
		unit int64
		name string
	}{{1e8, "number/hundred-million"}, {1e4, "number/ten-thousand"}, {1, ""}} {
		k := n / g.unit
		n %= g.unit
		if k == 0 {
			skipped = begun
			continue
		}
		if begun && (skipped || k < 1000) {
			dst = append(dst, zhZero)
		}
		if k == 2 && g.unit > 1 {
			dst = append(dst, zhLiang)
		} else {
			dst = zhGroup(dst, k, !begun)
		}
		if g.name != "" {
			dst = append(dst, g.name)
		}
		begun, skipped = true, false
	}
	return dst
}

// zhGroup reads 1 to 9999; first says that the number begins here.
func zhGroup(dst []string, n int64, first bool) []string {
	begun, zero := false, false
	for _, p := range []struct {
		unit int64
		name string
	}{{1000, "number/thousand"}, {100, "number/hundred"}, {10, "number/10"}, {1, ""}} {
		d := n / p.unit
		n %= p.unit
		if d == 0 {
			zero = begun
			continue
		}
		if zero {
			dst = append(dst, zhZero)
		}
		switch {
		case d == 2 && p.unit == 1000 && first:
			dst = append(dst, zhLiang)
		case d == 1 && p.unit == 10 && first && !begun:
		default:
			dst = append(dst, clip("number", d))
		}
		if p.name != "" {
			dst = append(dst, p.name)
		}
		begun, zero = true, false
	}
	return dst
}

// zhQuantity is a number before a word that is counted: 两, but 十二.
func zhQuantity(dst []string, n int64) []string {
	if n == 2 {
		return append(dst, zhLiang)
	}
	return zhNumber(dst, n)
}

func zhCount(dst []string, n int64, one, more string) []string {
	dst = zhQuantity(dst, n)
	if n == 1 {
		return append(dst, one)
	}
	return append(dst, more)
}

func zhTelephone(c byte) string {
	if c == '1' {
		return "number/yao"
	}
	return plainDigit(c)
}

func zhOrdinal(dst []string, n int64) []string {
	return zhNumber(append(dst, "ordinal/number"), n)
}

// zhDate reads the year digit by digit: 二零二六年十一月二十二日星期日.
func zhDate(dst []string, t time.Time, weekday, year bool) []string {
	if year {
		dst = append(oneByOne(dst, strconv.Itoa(t.Year()), plainDigit), "date/year")
	}
	dst = append(zhNumber(dst, int64(t.Month())), "date/month")
	dst = append(zhNumber(dst, int64(t.Day())), "date/day")
	if weekday {
		dst = append(dst, "date/"+weekdays[t.Weekday()])
	}
	return dst
}

// zhClock says the part of the day and the hour by twelve: 下午三点零五分.
func zhClock(dst []string, hour, minute int) []string {
	part := "time/evening" // 晚上
	switch {
	case hour < 6:
		part = "time/night" // 凌晨
	case hour < 12:
		part = "time/morning" // 上午
	case hour == 12:
		part = "time/midday" // 中午
	case hour < 18:
		part = "time/afternoon" // 下午
	}
	dst = append(dst, part)
	if hour > 12 {
		hour -= 12
	}
	dst = append(zhQuantity(dst, int64(hour)), "time/oclock")
	if minute == 0 {
		return append(dst, "time/exactly") // 整
	}
	if minute < 10 {
		dst = append(dst, zhZero)
	}
	return append(zhNumber(dst, int64(minute)), "time/minute-of-hour")
}

// zhSpan puts 零 where a part between others is missing: 一小时零五秒.
func zhSpan(dst []string, parts [4]int64) []string {
	begun, skipped := false, false
	for i, n := range parts {
		if n == 0 {
			skipped = begun
			continue
		}
		if skipped {
			dst = append(dst, zhZero)
		}
		dst = append(zhQuantity(dst, n), units[i][0])
		begun, skipped = true, false
	}
	if !begun {
		return append(dst, zhZero, units[3][0])
	}
	return dst
}

// zhMoney reads yuan by 元, 角 and 分, others by their unit and its hundredth.
func zhMoney(dst []string, c Currency, whole, cents int64) []string {
	main, small := "money/yuan", "money/fen"
	switch c {
	case USD:
		main, small = "money/dollar", "money/cent"
	case EUR:
		main, small = "money/euro", "money/euro-cent"
	}
	if whole > 0 || cents == 0 {
		dst = append(zhQuantity(dst, whole), main)
	}
	if cents == 0 {
		return dst
	}
	if whole > 0 && cents < 10 {
		dst = append(dst, zhZero)
	}
	if c != CNY {
		return append(zhQuantity(dst, cents), small)
	}
	if cents >= 10 {
		dst = append(zhQuantity(dst, cents/10), "money/jiao")
	}
	if cents%10 > 0 {
		dst = append(zhQuantity(dst, cents%10), small)
	}
	return dst
}
