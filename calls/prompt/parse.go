package prompt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrItem is in the errors of ParseItem.
var ErrItem = errors.New("cannot be said")

const maxValue = 64 // bytes of what ParseItem takes behind the colon

// kinds are what ParseItem takes, with an example of each.
var kinds = []struct {
	name, example string
	parse         func(value string) (Item, bool)
}{
	{"number", "number:-12.5", func(v string) (Item, bool) { return Decimal(v), isDecimal(v) }},
	{"digits", "digits:0755*#", func(v string) (Item, bool) { return Digits(v), isKeys(v) }},
	{"telephone", "telephone:010-62345678", func(v string) (Item, bool) { return Telephone(v), isKeys(v) }},
	{"ordinal", "ordinal:3", func(v string) (Item, bool) {
		n, err := strconv.ParseInt(v, 10, 64)
		return Ordinal(n), err == nil && n > 0
	}},
	{"money", "money:12.50 or money:USD 12.50", parseMoney},
	{"date", "date:2026-11-22", func(v string) (Item, bool) {
		t, err := time.Parse(time.DateOnly, v)
		return Date(t, true, true), err == nil
	}},
	{"time", "time:15:05", func(v string) (Item, bool) {
		t, err := time.Parse("15:04", v)
		return Clock(t), err == nil
	}},
	{"duration", "duration:1h30m", func(v string) (Item, bool) {
		d, err := time.ParseDuration(v)
		return Duration(d), err == nil && d >= 0
	}},
}

// ParseItem reads what is to be said from a text: the name of a prompt, or
// KIND:VALUE, as in number:-12.5, digits:0755, telephone:110, ordinal:3,
// money:USD 12.50 (without a currency, CNY), date:2026-11-22, time:15:05 and
// duration:1h30m.
func ParseItem(text string) (Item, error) {
	kind, value, ok := strings.Cut(text, ":")
	if !ok {
		return Clip(text), CheckName(text)
	}
	for _, k := range kinds {
		if k.name != kind {
			continue
		}
		if it, ok := k.parse(value); ok && len(value) <= maxValue {
			return it, nil
		}
		return Item{}, fmt.Errorf("%w: %q; write %s", ErrItem, text, k.example)
	}
	return Item{}, fmt.Errorf("%w: %q; write the name of a prompt, or as in %s", ErrItem, text, kinds[0].example)
}

func isDecimal(v string) bool {
	whole, fraction, found := strings.Cut(strings.TrimPrefix(v, "-"), ".")
	return whole != "" && allDigits(whole+fraction) && found == (fraction != "")
}

func isKeys(v string) bool {
	return strings.ContainsAny(v, "0123456789*#") && strings.Trim(v, "0123456789*#+ -/().,") == ""
}

// parseMoney takes at most two decimals.
func parseMoney(v string) (Item, bool) {
	c := CNY
	if i := strings.IndexByte(v, ' '); i >= 0 {
		c, v = Currency(v[:i]), v[i+1:]
	}
	if !isDecimal(v) || !slices.Contains([]Currency{CNY, USD, EUR}, c) {
		return Item{}, false
	}
	whole, fraction, _ := strings.Cut(v, ".")
	if len(fraction) > 2 {
		return Item{}, false
	}
	n, err := strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
	return Money(c, n), err == nil
}
