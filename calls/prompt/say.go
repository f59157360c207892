package prompt

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxNumber is the first number too large to be read as one. It and what is
// beyond is read digit by digit.
const MaxNumber = 1_000_000_000_000

// Languages lists what Say speaks and there is a script for.
func Languages() []string { return []string{"en", "zh"} }

// A tongue is the grammar of a language. Each function appends the names of
// clips to dst.
type tongue struct {
	number    func(dst []string, n int64) []string // 0 ≤ n < MaxNumber
	count     func(dst []string, n int64, one, more string) []string
	telephone func(digit byte) string
	ordinal   func(dst []string, n int64) []string
	date      func(dst []string, t time.Time, weekday, year bool) []string
	clock     func(dst []string, hour, minute int) []string
	span      func(dst []string, parts [4]int64) []string // days, hours, minutes, seconds
	money     func(dst []string, c Currency, whole, cents int64) []string
}

func tongueOf(lang string) *tongue {
	if lang == "zh" {
		return &chinese
	}
	return &english
}

// An Item is one thing to be said.
type Item struct {
	say func(t *tongue, dst []string) []string
}

// Say returns the names of the clips that say items in a language, one after
// the other. A language that is not known is taken for English.
func Say(lang string, items ...Item) []string {
	var dst []string
	t := tongueOf(lang)
	for _, it := range items {
		if it.say != nil {
			dst = it.say(t, dst)
		}
	}
	return dst
}

// Clip is a prompt by its name.
func Clip(name string) Item {
	return Item{func(_ *tongue, dst []string) []string { return append(dst, name) }}
}

// Number is a cardinal number.
func Number(n int64) Item {
	return Item{func(t *tongue, dst []string) []string { return t.cardinal(dst, n) }}
}

// Count is a number of things, with the name of one and of several: Chinese
// counts 两, not 二.
func Count(n int64, one, more string) Item {
	return Item{func(t *tongue, dst []string) []string { return t.counted(dst, n, one, more) }}
}

// Decimal is a number as it is written: "-12.50" is minus twelve point five
// zero. What is not of that form is read as Digits.
func Decimal(text string) Item {
	return Item{func(t *tongue, dst []string) []string {
		whole, fraction, found := strings.Cut(text, ".")
		digits := strings.TrimPrefix(whole, "-")
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n >= MaxNumber || !allDigits(digits) || !allDigits(fraction) || found && fraction == "" {
			return Digits(text).say(t, dst)
		}
		if digits != whole {
			dst = append(dst, "number/minus")
		}
		dst = t.number(dst, n)
		if found {
			dst = append(dst, "number/point")
			for i := range len(fraction) {
				dst = append(dst, plainDigit(fraction[i]))
			}
		}
		return dst
	}}
}

// Digits is a string of digits, *, # and +, read one by one, as of a code.
// Spaces, hyphens and the like are pauses; anything else is left out.
func Digits(text string) Item {
	return Item{func(_ *tongue, dst []string) []string { return oneByOne(dst, text, plainDigit) }}
}

// Telephone is a telephone number. Chinese reads 1 as 幺 in it.
func Telephone(text string) Item {
	return Item{func(t *tongue, dst []string) []string { return oneByOne(dst, text, t.telephone) }}
}

// Ordinal is first, second and so on. English has words up to 31; beyond, and
// below 1, it says "number" and the number.
func Ordinal(n int64) Item {
	return Item{func(t *tongue, dst []string) []string {
		if n < 1 || n >= MaxNumber {
			return t.cardinal(append(dst, "ordinal/number"), n)
		}
		return t.ordinal(dst, n)
	}}
}

// Date is the day of t, with its weekday and its year or without.
func Date(t time.Time, weekday, year bool) Item {
	return Item{func(l *tongue, dst []string) []string { return l.date(dst, t, weekday, year) }}
}

// Clock is the time of day of t, to the minute.
func Clock(t time.Time) Item {
	return Item{func(l *tongue, dst []string) []string { return l.clock(dst, t.Hour(), t.Minute()) }}
}

// Duration is a length of time in days, hours, minutes and seconds. What is
// below a second is left out; less than nothing is nothing.
func Duration(d time.Duration) Item {
	return Item{func(t *tongue, dst []string) []string {
		s := max(0, int64(d/time.Second))
		return t.span(dst, [4]int64{s / 86400, s / 3600 % 24, s / 60 % 60, s % 60})
	}}
}

// Currency is a currency by its ISO 4217 code.
type Currency string

// The currencies that Money can say. Any other is said as a bare decimal number.
const (
	CNY Currency = "CNY"
	USD Currency = "USD"
	EUR Currency = "EUR"
)

// Money is a sum in hundredths of the currency: fen or cents.
func Money(c Currency, hundredths int64) Item {
	return Item{func(t *tongue, dst []string) []string {
		whole, cents := hundredths/100, hundredths%100
		if whole >= MaxNumber || whole <= -MaxNumber || c != CNY && c != USD && c != EUR {
			sign := ""
			if hundredths < 0 {
				sign, whole, cents = "-", -whole, -cents
			}
			return Decimal(sign+strconv.FormatInt(whole, 10)+"."+strconv.FormatInt(cents+100, 10)[1:]).say(t, dst)
		}
		if hundredths < 0 {
			dst, whole, cents = append(dst, "number/minus"), -whole, -cents
		}
		return t.money(dst, c, whole, cents)
	}}
}

// Position says to a caller the place in a queue.
func Position(n int64) Item {
	return Item{func(t *tongue, dst []string) []string {
		return append(t.cardinal(append(dst, "queue/you-are-number"), n), "queue/in-the-queue")
	}}
}

// Waiting says how long a caller will about wait, in whole minutes rounded up;
// below one it says so.
func Waiting(d time.Duration) Item {
	return Item{func(t *tongue, dst []string) []string {
		if d < time.Minute {
			return append(dst, "queue/wait-is-short")
		}
		minutes := int64((d + time.Minute - 1) / time.Minute)
		return t.span(append(dst, "queue/wait-is"), [4]int64{0, minutes / 60, minutes % 60, 0})
	}}
}

// Messages says how many new messages a mailbox has.
func Messages(n int64) Item {
	return Item{func(t *tongue, dst []string) []string {
		if n <= 0 {
			return append(dst, "voicemail/no-messages")
		}
		return t.counted(append(dst, "voicemail/you-have"), n, "voicemail/new-message", "voicemail/new-messages")
	}}
}

func (t *tongue) cardinal(dst []string, n int64) []string { return cardinal(t.number, dst, n) }

// cardinal is number with what that does not take.
func cardinal(number func([]string, int64) []string, dst []string, n int64) []string {
	switch {
	case n >= MaxNumber || n <= -MaxNumber:
		text := strconv.FormatInt(n, 10)
		if n < 0 {
			dst, text = append(dst, "number/minus"), text[1:]
		}
		return oneByOne(dst, text, plainDigit)
	case n < 0:
		return number(append(dst, "number/minus"), -n)
	}
	return number(dst, n)
}

// counted is count with what that does not take.
func (t *tongue) counted(dst []string, n int64, one, more string) []string {
	if n < 0 || n >= MaxNumber {
		return append(t.cardinal(dst, n), more)
	}
	return t.count(dst, n, one, more)
}

func allDigits(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < '0' || c > '9' })
}

func plainDigit(c byte) string { return "number/" + string(rune(c)) }

// oneByOne reads characters.
func oneByOne(dst []string, text string, digit func(byte) string) []string {
	begun, pause := false, false
	for i := range len(text) {
		name := ""
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			name = digit(c)
		case c == '*':
			name = "key/star"
		case c == '#':
			name = "key/hash"
		case c == '+':
			name = "key/plus"
		case strings.IndexByte(" -/().,", c) >= 0:
			pause = true
			continue
		default:
			continue
		}
		if pause && begun {
			dst = append(dst, "pause")
		}
		dst = append(dst, name)
		begun, pause = true, false
	}
	return dst
}
