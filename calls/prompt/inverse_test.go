package prompt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The inverses below know the languages and nothing of how Say puts numbers
// together.

// numberOfEnglish reads a number in words.
func numberOfEnglish(s string) (int64, error) {
	small := map[string]int64{"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
		"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
		"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
	large := map[string]int64{"thousand": 1e3, "million": 1e6, "billion": 1e9}
	total, part, sign := int64(0), int64(0), int64(1)
	for i, w := range strings.Fields(s) {
		n, isSmall := small[w]
		m, isLarge := large[w]
		switch {
		case w == "minus" && i == 0:
			sign = -1
		case w == "and" && i > 0:
		case isSmall:
			part += n
		case w == "hundred" && part > 0 && part < 10:
			part *= 100
		case isLarge && part > 0 && part < 1000 && (total == 0 || total%(m*1000) == 0):
			total, part = total+part*m, 0
		default:
			return 0, fmt.Errorf("%q does not fit in %q", w, s)
		}
	}
	return sign * (total + part), nil
}

// numberOfChinese reads a number in characters, from its end: each digit has the
// place that the units behind it give.
func numberOfChinese(s string) (int64, error) {
	s, negative := strings.CutPrefix(s, "负")
	digits := map[rune]int64{'零': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}
	inner := map[rune]int64{'十': 10, '百': 100, '千': 1000}
	outer := map[rune]int64{'万': 1e4, '亿': 1e8}
	total, section, place := int64(0), int64(1), int64(1)
	r := []rune(s)
	for i := len(r) - 1; i >= 0; i-- {
		if d, ok := digits[r[i]]; ok {
			if d != 0 && total/(section*place)%10 != 0 {
				return 0, fmt.Errorf("two digits have the same place in %q", s)
			}
			total += d * section * place
			continue
		}
		if p, ok := inner[r[i]]; ok {
			place = p
			if i == 0 {
				total += section * place // 十五
			}
			continue
		}
		sect, ok := outer[r[i]]
		if !ok || sect <= section {
			return 0, fmt.Errorf("%q does not fit in %q", r[i], s)
		}
		section, place = sect, 1
	}
	if negative {
		return -total, nil
	}
	return total, nil
}

// numbers draws numbers with many zeros among their digits as well.
func numbers() *rapid.Generator[int64] {
	zeros := rapid.Custom(func(t *rapid.T) int64 {
		n := int64(0)
		for _, d := range rapid.SliceOfN(rapid.SampledFrom([]int64{0, 0, 0, 1, 2, 5}), 1, 12).Draw(t, "digits") {
			n = n*10 + d
		}
		return n
	})
	return rapid.OneOf(zeros, rapid.Int64Range(-MaxNumber+1, MaxNumber-1), rapid.Int64Range(-20000, 20000))
}

func TestANumberReadBackIsTheNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := numbers().Draw(t, "n")
		for lang, inverse := range map[string]func(string) (int64, error){"en": numberOfEnglish, "zh": numberOfChinese} {
			s := spoken(t, lang, Say(lang, Number(n)))
			if got, err := inverse(s); err != nil || got != n {
				t.Fatalf("%s: %d is said %q, which is %d: %v", lang, n, s, got, err)
			}
		}
	})
}

func TestEveryNumberUpTo20000IsReadBack(t *testing.T) {
	text := map[string]map[string]string{}
	for _, lang := range Languages() {
		text[lang] = map[string]string{}
		for _, l := range Script(lang) {
			text[lang][l.Name] = l.Text
		}
	}
	for n := range int64(20001) {
		for lang, inverse := range map[string]func(string) (int64, error){"en": numberOfEnglish, "zh": numberOfChinese} {
			var words []string
			for _, c := range Say(lang, Number(n)) {
				words = append(words, text[lang][c])
			}
			s := strings.Join(words, map[string]string{"en": " "}[lang])
			if got, err := inverse(s); err != nil || got != n {
				t.Fatalf("%s: %d is said %q, which is %d: %v", lang, n, s, got, err)
			}
		}
	}
}

func TestChineseZerosStandOnceAndNeverAtTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := numbers().Filter(func(n int64) bool { return n != 0 }).Draw(t, "n")
		s := strings.TrimPrefix(spoken(t, "zh", Say("zh", Number(n))), "负")
		for _, wrong := range []string{"零零", "零十", "零百", "零千", "零万", "零亿", "两十", "百十", "千十", "万十", "亿十"} {
			if strings.Contains(s, wrong) {
				t.Fatalf("%d is said %s", n, s)
			}
		}
		if strings.HasSuffix(s, "零") || strings.HasPrefix(s, "零") || strings.HasPrefix(s, "一十") {
			t.Fatalf("%d is said %s", n, s)
		}
	})
}

func TestMoneyReadBackIsTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.Int64Range(0, 100000), rapid.Int64Range(0, MaxNumber*100-1)).Draw(t, "fen")
		s := spoken(t, "zh", Say("zh", Money(CNY, n)))
		rest, got := s, int64(0)
		for _, u := range []struct {
			name string
			fen  int64
		}{{"元", 100}, {"角", 10}, {"分", 1}} {
			if before, after, ok := strings.Cut(rest, u.name); ok {
				k, err := numberOfChinese(before)
				if err != nil || u.fen < 100 && k > 9 {
					t.Fatalf("%d: %s", n, s)
				}
				got, rest = got+k*u.fen, after
			}
		}
		if got != n || rest != "" {
			t.Fatalf("%d is said %s", n, s)
		}

		words := strings.Fields(spoken(t, "en", Say("en", Money(USD, n))))
		got = 0
		if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "dollar") }); i >= 0 {
			k, err := numberOfEnglish(strings.Join(words[:i], " "))
			if err != nil || (k == 1) != (words[i] == "dollar") {
				t.Fatalf("%d is said %q", n, words)
			}
			got, words = k*100, words[i+1:]
			if len(words) > 0 && words[0] != "and" {
				t.Fatalf("%d is said %q", n, words)
			}
		}
		if len(words) > 0 {
			k, err := numberOfEnglish(strings.TrimPrefix(strings.Join(words[:len(words)-1], " "), "and "))
			if err != nil || (k == 1) != (words[len(words)-1] == "cent") {
				t.Fatalf("%d is said %q", n, words)
			}
			got += k
		}
		if got != n {
			t.Fatalf("%d is said so that it is %d", n, got)
		}
	})
}

func TestATimeOfDayReadBackIsTheTime(t *testing.T) {
	for m := range 24 * 60 {
		s := spoken(t, "zh", Say("zh", Clock(at(m/60, m%60))))
		r := []rune(s)
		hour, rest, _ := strings.Cut(string(r[2:]), "点")
		h, err := numberOfChinese(hour)
		if part := string(r[:2]); part == "下午" || part == "晚上" {
			h += 12
		}
		minute := int64(0)
		if rest != "整" {
			minute, err = numberOfChinese(strings.TrimSuffix(rest, "分"))
		}
		if err != nil || h*60+minute != int64(m) {
			t.Errorf("%d:%02d is said %s", m/60, m%60, s)
		}

		w := strings.Fields(spoken(t, "en", Say("en", Clock(at(m/60, m%60)))))
		got := int64(0)
		switch w[0] {
		case "midnight":
		case "noon":
			got = 720
		default:
			h, _ := numberOfEnglish(w[0])
			minute, err := numberOfEnglish(strings.TrimPrefix(strings.Join(w[1:len(w)-1], " "), "oh "))
			if err != nil {
				t.Error(err)
			}
			got = h%12*60 + minute
			if w[len(w)-1] == "p.m." {
				got += 720
			}
		}
		if got != int64(m) {
			t.Errorf("%d:%02d is said %q", m/60, m%60, w)
		}
	}
}

// Whatever is said, the scripts have the clips, and every clip of theirs that is
// a piece of a grammar is said by something.
func TestTheScriptsHaveWhatIsSaidAndNothingMore(t *testing.T) {
	for _, lang := range Languages() {
		has, used := map[string]bool{}, map[string]bool{}
		for _, l := range Script(lang) {
			if has[l.Name] {
				t.Errorf("%s: %s stands there twice", lang, l.Name)
			}
			has[l.Name] = true
			if l.Text == "" || l.Spoken == "" {
				t.Errorf("%s: %s says nothing", lang, l.Name)
			}
		}
		say := func(items ...Item) {
			for _, name := range Say(lang, items...) {
				if !has[name] && !used[name] {
					t.Errorf("%s: nothing in the script for %s", lang, name)
				}
				used[name] = true
			}
		}
		for n := int64(1); n > 0 && n < MaxNumber*100; n *= 3 {
			say(Number(n), Number(-n), Money(CNY, n), Money(USD, n), Money(EUR, n), Position(n), Messages(n), Duration(time.Duration(n)*time.Second))
		}
		for n := range int64(200) {
			say(Number(n), Ordinal(n), Money(CNY, n), Money(USD, n), Money(EUR, n), Duration(time.Duration(n)*time.Second), Duration(time.Duration(n)*time.Hour), Messages(n))
			say(Date(on(1900, 1, int(n)), true, true), Date(on(2000, time.Month(n%12+1), int(n)), true, true), Waiting(time.Duration(n)*20*time.Second))
		}
		for m := range 24 * 60 {
			say(Clock(at(m/60, m%60)))
		}
		say(Telephone("+0123456789*# 0"), Decimal("-1.5"), Number(MaxNumber), Number(-MaxNumber))
		for name := range has {
			folder, _, _ := strings.Cut(name, "/")
			if slices.Contains([]string{"number", "key", "ordinal", "date", "time", "money"}, folder) && !used[name] {
				t.Errorf("%s: nothing says %s", lang, name)
			}
		}
	}
}

func TestBothScriptsHaveTheSameGeneralPrompts(t *testing.T) {
	general := func(lang string) (names []string) {
		for _, l := range Script(lang) {
			folder, _, ok := strings.Cut(l.Name, "/")
			if !ok || folder == "queue" || folder == "voicemail" || folder == "conference" {
				names = append(names, l.Name)
			}
		}
		return names
	}
	en, zh := general("en"), general("zh")
	if !slices.Equal(en, zh) || len(en) < 40 {
		t.Errorf("English has %q, Chinese %q", en, zh)
	}
}
