package main

import (
	"bytes"
	"regexp"
	"strings"

	"vaad/api/text"

	"github.com/alecthomas/kong"
)

// What commands, arguments and flags do stands in the catalogue: "help.COMMAND",
// "help.COMMAND.--FLAG", "help.COMMAND.<ARGUMENT>", the words of a command being
// separated by dots. What means the same everywhere stands once, as "help.--FLAG"; what
// recordings are found by stands with recordings, for all commands that search.

// describe gives a program its texts in a language. A part without words in the
// catalogue keeps those of its tag.
func describe(app *kong.Application, lang string) {
	app.Help = text.Text(lang, "help", nil)
	parts(app.Node, func(n *kong.Node, v *kong.Value, name string) {
		key, ok := helpKey(n, name)
		if !ok {
			return
		}
		if v == nil {
			n.Help = text.Text(lang, key, nil)
			return
		}
		v.Help = text.Text(lang, key, text.Args{"enum": strings.ReplaceAll(v.Enum, ",", ", ")})
	})
}

// parts calls fn with every command, whose value is nil and name empty, and with
// every flag and argument of each.
func parts(n *kong.Node, fn func(n *kong.Node, v *kong.Value, name string)) {
	if n.Parent != nil {
		fn(n, nil, "")
	}
	for _, f := range n.Flags {
		if !f.Hidden {
			fn(n, f.Value, "--"+f.Name)
		}
	}
	for _, a := range n.Positional {
		fn(n, a, "<"+a.Name+">")
	}
	for _, c := range n.Children {
		parts(c, fn)
	}
}

// helpKey is where the words of a part stand; ok says whether there are any.
func helpKey(n *kong.Node, name string) (key string, ok bool) {
	var words []string
	for ; n.Parent != nil; n = n.Parent {
		words = append([]string{n.Name}, words...)
	}
	if name != "" {
		words = append(words, name)
	}
	key = "help." + strings.Join(words, ".")
	if _, ok = text.Lookup(text.English, key); ok || name == "" {
		return key, ok
	}
	for _, key = range []string{"help." + name, "help.recordings." + name} {
		if _, ok = text.Lookup(text.English, key); ok {
			break
		}
	}
	return key, ok
}

// help prints what kong prints, with the words around the texts in a language.
func help(lang string) kong.HelpPrinter {
	return func(o kong.HelpOptions, ctx *kong.Context) error {
		if lang == text.English {
			return kong.DefaultHelpPrinter(o, ctx)
		}
		out := ctx.Stdout
		var b bytes.Buffer
		ctx.Stdout = &b
		err := kong.DefaultHelpPrinter(o, ctx)
		ctx.Stdout = out
		if err != nil {
			return err
		}
		for line := range strings.Lines(b.String()) {
			if _, err := out.Write([]byte(around(lang, line))); err != nil {
				return err
			}
		}
		return nil
	}
}

// around translates a line of help that is none of our texts.
func around(lang, line string) string {
	for _, heading := range []string{"arguments", "flags", "commands"} {
		if line == text.Text(text.English, "usage."+heading, nil)+"\n" {
			return text.Text(lang, "usage."+heading, nil) + "\n"
		}
	}
	if rest, ok := strings.CutPrefix(line, text.Text(text.English, "usage.usage", nil)); ok {
		return text.Text(lang, "usage.usage", nil) + strings.TrimPrefix(rest, " ")
	}
	for _, key := range []string{"usage.each", "usage.more"} {
		shape := strings.Replace(regexp.QuoteMeta(text.Text(text.English, key, nil)), `\{command\}`, "([^\"<>]*)", 1)
		if m := regexp.MustCompile("^" + shape + "\n$").FindStringSubmatch(line); m != nil {
			return text.Text(lang, key, text.Args{"command": m[1]}) + "\n"
		}
	}
	return line
}

// languageIn is the language that a command line asks for, before it is parsed.
func languageIn(args []string) string {
	lang := text.FromEnvironment()
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--lang="); ok {
			lang = text.Match(v)
		} else if a == "--lang" && i+1 < len(args) {
			lang = text.Match(args[i+1])
		}
	}
	return lang
}

// mistake says what the parser says of a command line in a language; what has
// another shape stays as it is. {where} is a flag or argument.
func mistake(lang, said string) string {
	said, meant, guessed := strings.Cut(said, ", did you mean ")
	for _, known := range []struct{ shape, key string }{
		{`^unknown flag (?P<what>.*)$`, "unknown-flag"},
		{`^unexpected (?:flag )?argument (?P<what>.*)$`, "unexpected"},
		{`^expected one of (?P<what>.*)$`, "expected-one"},
		{`^expected "(?P<what>.*)"$`, "expected"},
		{`^missing positional arguments (?P<what>.*)$`, "expected"},
		{`^missing flags: (?P<what>.*)$`, "missing-flags"},
		{`^(?P<where>.*) must be one of (?:"",)?(?P<what>.*) but got (?P<value>.*)$`, "one-of"},
		{`^(?P<where>.*): expected .* value but got "EOL".*$`, "no-value"},
		{`^(?P<where>.*): expected (?:int|float|uint) value but got "(?P<value>-[0-9.]+)".*$`, "negative"},
		{`^(?P<where>.*): expected .* value but got "(?P<value>-.*)" .*$`, "hyphen"},
		{`^(?P<where>.*): missing value, expecting .*$`, "no-value"},
		{`^(?P<where>.*): expected (?:a valid \d+ bit int|an int) but got (?P<value>"[^"]*").*$`, "int"},
		{`^(?P<where>.*): expected a valid \d+ bit uint but got (?P<value>"[^"]*").*$`, "uint"},
		{`^(?P<where>.*): expected a float but got (?P<value>"[^"]*").*$`, "float"},
		{`^(?P<where>.*): bool value must be .* but got (?P<value>.*)$`, "bool"},
		{`^(?P<where>.*): (?P<value>".*") is no time$`, "time"},
	} {
		shape := regexp.MustCompile(known.shape)
		m := shape.FindStringSubmatch(said)
		if m == nil {
			continue
		}
		args := text.Args{}
		for i, name := range shape.SubexpNames() {
			args[name] = m[i]
		}
		args["what"] = strings.ReplaceAll(args["what"], `","`, `", "`)
		said = text.Text(lang, "usage."+known.key, args)
		break
	}
	if guessed {
		said += text.Text(lang, "usage.meant", text.Args{"what": strings.TrimSuffix(strings.TrimPrefix(meant, "one of "), "?")})
	}
	return said
}
