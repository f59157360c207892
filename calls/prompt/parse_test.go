package prompt

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatIsWrittenIsSaid(t *testing.T) {
	for text, want := range map[string][2]string{
		"welcome":              {"Welcome.", "您好，欢迎致电。"},
		"number:110":           {"one hundred and ten", "一百一十"},
		"number:-12.5":         {"minus twelve point five", "负十二点五"},
		"digits:0755*":         {"zero seven five five star", "零七五五星号"},
		"telephone:110":        {"one one zero", "幺幺零"},
		"ordinal:3":            {"third", "第三"},
		"money:12.50":          {"twelve yuan and fifty fen", "十二元五角"},
		"money:12.5":           {"twelve yuan and fifty fen", "十二元五角"},
		"money:USD 1":          {"one dollar", "一美元"},
		"money:EUR -0.05":      {"minus five cents", "负五欧分"},
		"date:2026-11-22":      {"Sunday November twenty-second twenty twenty six", "二零二六年十一月二十二日星期日"},
		"time:15:05":           {"three oh five p.m.", "下午三点零五分"},
		"duration:1h30m":       {"one hour and thirty minutes", "一小时三十分钟"},
		"number:1000000000000": {"one" + strings.Repeat(" zero", 12), "一" + strings.Repeat("零", 12)},
	} {
		it, err := ParseItem(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for i, lang := range Languages() {
			if got := spoken(t, lang, Say(lang, it)); got != want[i] {
				t.Errorf("%s: said %q, want %q", text, got, want[i])
			}
		}
	}
}

func TestWhatCannotBeSaidIsRefusedWithAnExample(t *testing.T) {
	for _, text := range []string{
		"", "Welcome", "../x", ":", "number:", "number:x", "number:1.", "number:--1", "number:.5", "digits:", "digits:abc", "telephone:+", "ordinal:0", "ordinal:x",
		"money:", "money:1.234", "money:GBP 1", "money:USD", "money:99999999999999999999", "date:2026-02-30", "time:25:00", "duration:-1s", "duration:x", "what:1",
		"digits:" + strings.Repeat("1", 65),
	} {
		if _, err := ParseItem(text); !errors.Is(err, ErrItem) && !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseItem(f *testing.F) {
	for _, k := range kinds {
		f.Add(k.example)
	}
	f.Fuzz(func(t *testing.T, text string) {
		it, err := ParseItem(text)
		if err != nil || !strings.Contains(text, ":") {
			return
		}
		for _, lang := range Languages() {
			if s := spoken(t, lang, Say(lang, it)); s == "" {
				t.Fatalf("%q is taken, and nothing is said", text)
			}
		}
	})
}
