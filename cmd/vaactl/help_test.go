package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"

	"vaad/api/text"

	"github.com/alecthomas/kong"
)

func model(t *testing.T) *kong.Application {
	t.Helper()
	var c cli
	p, err := kong.New(&c, kong.Name("vaactl"), kong.Vars{"version": "x"})
	if err != nil {
		t.Fatal(err)
	}
	return p.Model
}

// The catalogue's own tests see to it that there is Chinese for each.
func TestEveryCommandAndFlagSaysWhatItDoes(t *testing.T) {
	var used []string
	n := 0
	parts(model(t).Node, func(n0 *kong.Node, _ *kong.Value, name string) {
		n++
		key, ok := helpKey(n0, name)
		if !ok {
			t.Errorf("%s has no words in the catalogue", key)
		}
		used = append(used, key)
	})
	if n < 100 {
		t.Errorf("only %d commands, flags and arguments were seen", n)
	}
	for _, k := range text.Keys(text.English) {
		if strings.HasPrefix(k, "help.") && !slices.Contains(used, k) {
			t.Errorf("%s tells of nothing that there is", k)
		}
	}
}

func TestHelpIsInTheLanguageThatIsAskedFor(t *testing.T) {
	han := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	for _, args := range []string{"", "recordings", "settings", "settings import", "analyse", "transcode"} {
		for _, lang := range text.Languages() {
			var o, e bytes.Buffer
			if code := run(t.Context(), append(strings.Fields(args), "--lang", lang, "--help"), nil, &o, &e); code != exitOK {
				t.Fatalf("%d %s", code, e.String())
			}
			if lang == text.English {
				if strings.ContainsFunc(o.String(), han) || !strings.HasPrefix(o.String(), "Usage: vaactl") || strings.Contains(o.String(), "{enum}") {
					t.Errorf("%s", o.String())
				}
				continue
			}
			for line := range strings.Lines(o.String()) {
				if code := strings.TrimSpace(line); code != "" && !strings.ContainsFunc(line, han) && strings.ContainsFunc(code, unicode.IsLetter) && strings.Contains(code, ". ") {
					t.Errorf("vaactl %s --help says in English: %s", args, line)
				}
			}
			for _, english := range []string{"Usage:", "Flags:", "Commands:", "Arguments:", "Run \""} {
				if strings.Contains(o.String(), english) {
					t.Errorf("vaactl %s --help says %s in Chinese", args, english)
				}
			}
			if !strings.HasPrefix(o.String(), "用法：vaactl") || !strings.Contains(o.String(), "\n选项：\n") {
				t.Errorf("%s", o.String())
			}
		}
	}
}

func TestMistakesOnTheCommandLineAreToldInBothLanguages(t *testing.T) {
	for args, want := range map[string][2]string{
		"lines --nonsense":            {"there is no option --nonsense", "没有选项 --nonsense"},
		"lines --wach":                {`there is no option --wach; did you mean "--watch"?`, `没有选项 --wach；您是否想写 "--watch"？`},
		"nonsense":                    {"nonsense is not expected here", "此处不应有 nonsense"},
		"":                            {`one of these is missing: "status",`, `缺少以下之一："status",`},
		"start":                       {"<line> is missing", "缺少 <line>"},
		"start 1 2":                   {"2 is not expected here", "此处不应有 2"},
		"analyse":                     {"<file> ... is missing", "缺少 <file> ..."},
		"listen 1":                    {"these options must be given: --out=FILE", "必须给出选项：--out=FILE"},
		"listen 1 -o":                 {"--out wants a value", "--out 需要一个值"},
		"recordings --line":           {"--line wants a value", "--line 需要一个值"},
		"recordings --limit x":        {`--limit must be a whole number, and not "x"`, `--limit 应为整数，不能是 "x"`},
		"recordings --min-duration x": {`--min-duration must be a number, and not "x"`, `--min-duration 应为数字，不能是 "x"`},
		"recordings --direction up":   {`--direction must be one of "in", "out", "unknown", and not "up"`, `--direction 只能是 "in", "out", "unknown" 之一，不能是 "up"`},
		"recordings --answered up":    {`--answered must be one of "yes", "no", and not "up"`, `--answered 只能是 "yes", "no" 之一，不能是 "up"`},
		"recordings --from soon":      {`--from: "soon" is no time: write 2026-11-22,`, `--from："soon" 不是时间；请写 2026-11-22`},
		"alarms ack x":                {`<id> must be a whole number from 0, and not "x"`, `<id> 应为非负整数，不能是 "x"`},
		"lines --watch=perhaps":       {`--watch must be true or false, and not "perhaps"`, `--watch 应为 true 或 false，不能是 "perhaps"`},
		"--server 8470 lines":         {`server "8470" is no address: write it as https://HOST:8443`, `服务器 "8470" 不是地址，请写成 https://HOST:8443`},
		"listen 1 --seconds -5":       {"--seconds must not be negative, as -5 is", "--seconds 不能为负数（-5）"},
		"recordings --text -x":        {"--text: a value that begins with a hyphen is written --text=-x", "--text：以连字符开头的值请写成 --text=-x"},
		"start x":                     {`line "x": give its number from 1, or board/port`, `线路 "x"：请写从 1 开始的线路号`},
	} {
		for i, lang := range text.Languages() {
			_, errs, code := ctl(t, append([]string{"--lang=" + lang}, strings.Fields(args)...)...)
			if code != exitUsage || !strings.HasPrefix(errs, "vaactl: "+want[i]) {
				t.Errorf("vaactl %s: %d %q, want %q", args, code, errs, want[i])
			}
			if see := text.Text(lang, "usage.see", text.Args{"command": "vaactl"}); !strings.HasPrefix(args, "start x") && !strings.HasPrefix(args, "--server") && !strings.HasPrefix(errs[strings.Index(errs, "\n")+1:], see[:6]) {
				t.Errorf("vaactl %s does not say where to look: %q", args, errs)
			}
		}
	}
}
