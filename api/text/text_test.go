package text

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestBothLanguagesHaveTheSameKeys(t *testing.T) {
	en, zh := Keys(English), Keys(Chinese)
	if len(en) < 300 {
		t.Fatalf("only %d keys were read", len(en))
	}
	for _, k := range en {
		if !slices.Contains(zh, k) {
			t.Errorf("%s has no Chinese text", k)
		}
	}
	for _, k := range zh {
		if !slices.Contains(en, k) {
			t.Errorf("%s has no English text", k)
		}
	}
}

func TestNoTextIsEmptyOrInTheWrongLanguage(t *testing.T) {
	han := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	abbreviation := regexp.MustCompile(`^[A-Z0-9{}()（） .%/-]+$`)
	for _, k := range Keys(English) {
		en, zh := Text(English, k, nil), Text(Chinese, k, nil)
		if strings.TrimSpace(en) != en || en == "" || strings.TrimSpace(zh) != zh || zh == "" {
			t.Errorf("%s: empty, or blanks around it: %q, %q", k, en, zh)
		}
		if strings.ContainsFunc(en, han) {
			t.Errorf("%s: the English text has Chinese characters: %q", k, en)
		}
		if !strings.ContainsFunc(zh, han) && !abbreviation.MatchString(zh) {
			t.Errorf("%s: the Chinese text has no Chinese characters: %q", k, zh)
		}
	}
}

func TestBothLanguagesUseTheSameValues(t *testing.T) {
	name := regexp.MustCompile(`\{\w+\}`)
	for _, k := range Keys(English) {
		en, zh := name.FindAllString(Text(English, k, nil), -1), name.FindAllString(Text(Chinese, k, nil), -1)
		slices.Sort(en)
		slices.Sort(zh)
		if !slices.Equal(en, zh) {
			t.Errorf("%s: English uses %v, Chinese %v", k, en, zh)
		}
	}
}

func TestEveryProblemAndAlarmSaysWhatToDo(t *testing.T) {
	for _, k := range Keys(English) {
		group, rest, _ := strings.Cut(k, ".")
		if group != "problem" && group != "alarm" || strings.HasSuffix(rest, ".remedy") {
			continue
		}
		if _, ok := Lookup(English, k+".remedy"); !ok {
			t.Errorf("%s has no remedy", k)
		}
	}
}

func TestNoKeyStandsTwice(t *testing.T) {
	for _, lang := range Languages() {
		seen := map[string]bool{}
		for _, name := range filesOf(lang) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			d := json.NewDecoder(strings.NewReader(string(b)))
			for i := 0; ; i++ {
				tok, err := d.Token()
				if err != nil {
					break
				}
				if key, ok := tok.(string); ok && i%2 == 1 {
					if seen[key] {
						t.Errorf("%s: %s stands twice", name, key)
					}
					seen[key] = true
				}
			}
		}
	}
}

func TestMatchTakesTheBestLanguage(t *testing.T) {
	for header, want := range map[string]string{
		"":                             English,
		"zh":                           Chinese,
		"zh-CN,zh;q=0.9,en;q=0.8":      Chinese,
		"en-GB,zh;q=0.9":               English,
		"fr-FR,zh-TW;q=0.5,en;q=0.4":   Chinese,
		"de, fr":                       English,
		"zh_CN.UTF-8":                  Chinese,
		"en_US.UTF-8":                  English,
		"C.UTF-8":                      English,
		"zh;q=0,en;q=0.1":              English,
		"zh;q=x":                       English,
		"*":                            English,
		strings.Repeat("x,", 10000):    English,
		"ZH-Hans-CN":                   Chinese,
		"en;q=0.2, zh-Hans-SG ; q=0.7": Chinese,
	} {
		if got := Match(header); got != want {
			t.Errorf("Match(%.40q) = %s, want %s", header, got, want)
		}
	}
}

func TestTextPutsValuesInOnce(t *testing.T) {
	if got := expand("{a} and {b}, {c}", Args{"a": "{b}", "b": "2"}); got != "{b} and 2, {c}" {
		t.Errorf("got %q", got)
	}
	if got := expand("open { and {a", Args{"a": "1"}); got != "open { and {a" {
		t.Errorf("got %q", got)
	}
	if got := Text("fr", "state.idle", nil); got != "Idle" {
		t.Errorf("an unknown language reads %q, want English", got)
	}
	if got := Text(Chinese, "no.such.key", nil); got != "no.such.key" {
		t.Errorf("an unknown key reads %q, want itself", got)
	}
	if got := Code(Chinese, "state", "brand-new"); got != "brand-new" {
		t.Errorf("an unknown code reads %q, want itself", got)
	}
}

func TestEnvironmentDecidesTheLanguage(t *testing.T) {
	for _, k := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		t.Setenv(k, "")
	}
	if got := FromEnvironment(); got != English {
		t.Errorf("without a locale: %s", got)
	}
	t.Setenv("LANG", "zh_CN.UTF-8")
	if got := FromEnvironment(); got != Chinese {
		t.Errorf("LANG=zh_CN.UTF-8: %s", got)
	}
	t.Setenv("LC_ALL", "en_GB.UTF-8")
	if got := FromEnvironment(); got != English {
		t.Errorf("LC_ALL wins: %s", got)
	}
}
