package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// A command is what help says of one.
type command struct {
	name  string // words after the program's
	usage string
	about string
	args  []entry
	flags []entry
	subs  []*command
}

// An entry is an argument or a flag, and what it is.
type entry struct{ name, text string }

// manual writes pages of the programs and of what the package adds, and completion.
func (j job) manual() error {
	programs, _ := filepath.Glob(filepath.Join(j.native, "vaa*"))
	sort.Strings(programs)
	var completion bytes.Buffer
	completion.WriteString("# Completion of vaad's programs for bash, made from their help.\n")
	for _, p := range programs {
		root, err := explore(p, nil, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(p), err)
		}
		name, section := filepath.Base(p), "8"
		if name == "vaactl" {
			section = "1"
		}
		if err := j.write("usr/share/man/man"+section+"/"+name+"."+section, j.page(name, section, root)); err != nil {
			return err
		}
		complete(&completion, name, root)
	}
	pages, _ := filepath.Glob(filepath.Join(j.source, "systemd/debian/*.8"))
	for _, p := range pages {
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		b = bytes.ReplaceAll(b, []byte("@VERSION@"), []byte(j.version))
		b = bytes.ReplaceAll(b, []byte("@DATE@"), []byte(j.when.Format("2006-01-02")))
		if err := j.write("usr/share/man/man8/"+filepath.Base(p), b); err != nil {
			return err
		}
	}
	return j.write("usr/share/bash-completion/completions/vaactl", completion.Bytes())
}

// explore asks a program for the help of a command and of all below.
func explore(program string, words []string, depth int) (*command, error) {
	if depth > 4 {
		return nil, errors.New("commands lie too deep")
	}
	run := exec.Command(program, append(append([]string{}, words...), "--help")...)
	run.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "LANG=C.UTF-8", "COLUMNS=200")
	out, err := run.Output()
	if err != nil {
		return nil, fmt.Errorf("%s --help: %w", strings.Join(words, " "), err)
	}
	c := &command{name: strings.Join(words, " ")}
	part := ""
	var names []string
	var last *entry
	about := []string{}
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimSpace(line)
		indent := len(line) - len(strings.TrimLeft(line, " "))
		switch {
		case strings.HasPrefix(line, "Usage: "):
			c.usage, part = strings.TrimPrefix(line, "Usage: "), "about"
		case trimmed == "Flags:" || trimmed == "Arguments:" || trimmed == "Commands:":
			part, last = trimmed, nil
		case strings.HasPrefix(line, "Run \""):
			part = ""
		case trimmed == "":
			last = nil
			if part == "about" && len(about) > 0 {
				about = append(about, "")
			}
		case part == "about":
			about = append(about, trimmed)
		case part == "Commands:" && indent == 2:
			var own []string
			for _, w := range strings.Fields(strings.SplitN(trimmed, "  ", 2)[0]) {
				if w[0] == '<' || w[0] == '[' || w[0] == '-' {
					break
				}
				own = append(own, w)
			}
			names = append(names, strings.Join(own, " "))
		case part == "Flags:" || part == "Arguments:":
			name, text, _ := strings.Cut(trimmed, "  ")
			starts := indent <= 6 && (strings.HasPrefix(trimmed, "-") || strings.HasPrefix(trimmed, "<") || strings.HasPrefix(trimmed, "["))
			if starts {
				to := &c.flags
				if part == "Arguments:" {
					to = &c.args
				}
				*to = append(*to, entry{name, strings.TrimSpace(text)})
				last = &(*to)[len(*to)-1]
			} else if last != nil {
				last.text = strings.TrimSpace(last.text + " " + trimmed)
			}
		}
	}
	c.about = strings.TrimSpace(strings.Join(about, "\n"))
	for _, n := range children(c.name, names) {
		sub, err := explore(program, strings.Fields(n), depth+1)
		if err != nil {
			return nil, err
		}
		c.subs = append(c.subs, sub)
	}
	return c, nil
}

// children are the commands right below one, of what its help lists: whole paths of leaves.
func children(of string, listed []string) (out []string) {
	seen := map[string]bool{}
	for _, n := range listed {
		rest := strings.TrimSpace(strings.TrimPrefix(n, of))
		if of != "" && !strings.HasPrefix(n, of+" ") || rest == "" {
			continue
		}
		child := strings.TrimSpace(of + " " + strings.Fields(rest)[0])
		if !seen[child] {
			seen[child] = true
			out = append(out, child)
		}
	}
	return out
}

var roffer = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "‹", "<", "›", ">")

func roff(s string) string {
	s = roffer.Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

// page is a manual page.
func (j job) page(name, section string, root *command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH %s %s %s \"vaad %s\" \"vaad\"\n.nh\n.ad l\n", strings.ToUpper(name), section, j.when.Format("2006-01-02"), roff(j.version))
	about, _, _ := strings.Cut(strings.ReplaceAll(root.about, "\n", " "), ". ")
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", name, roff(strings.TrimSuffix(strings.ToLower(about[:1])+about[1:], ".")))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n%s\n.SH DESCRIPTION\n%s\n", roff(root.usage), roff(root.about))
	entries(&b, root.flags)
	b.WriteString(".SH COMMANDS\n")
	global := map[string]bool{}
	for _, f := range root.flags {
		global[f.name] = true
	}
	var walk func(c *command)
	walk = func(c *command) {
		for _, s := range c.subs {
			if len(s.subs) == 0 {
				fmt.Fprintf(&b, ".SS %s\n%s\n", roff(strings.TrimPrefix(s.usage, name+" ")), roff(s.about))
				entries(&b, s.args)
				var own []entry
				for _, f := range s.flags {
					if !global[f.name] {
						own = append(own, f)
					}
				}
				entries(&b, own)
			}
			walk(s)
		}
	}
	walk(root)
	b.WriteString(".SH SEE ALSO\n.BR vaad (8),\n.BR vaactl (1),\n.BR vaad\\-update (8),\n.I /usr/share/doc/vaad/docs\n")
	return b.Bytes()
}

func entries(b *bytes.Buffer, all []entry) {
	for _, e := range all {
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(e.name), roff(e.text))
	}
}

// complete writes what bash offers after the words of a command.
func complete(b *bytes.Buffer, name string, root *command) {
	fn := "_" + strings.ReplaceAll(name, "-", "_")
	fmt.Fprintf(b, "%s() {\n  local cur=${COMP_WORDS[COMP_CWORD]} path= w offer i\n  for ((i = 1; i < COMP_CWORD; i++)); do\n    w=${COMP_WORDS[i]}\n    [[ $w == -* ]] || path=\"$path $w\"\n  done\n", fn)
	b.WriteString("  while :; do\n    case \"${path# }\" in\n")
	var walk func(c *command)
	walk = func(c *command) {
		var words []string
		for _, s := range c.subs {
			words = append(words, s.name[strings.LastIndex(s.name, " ")+1:])
		}
		for _, f := range c.flags {
			for _, w := range strings.Split(f.name, ", ") {
				w, _, _ = strings.Cut(w, "=")
				w, _, _ = strings.Cut(w, " ")
				words = append(words, strings.ReplaceAll(w, "[no-]", ""))
			}
		}
		fmt.Fprintf(b, "      %q) offer=%q ;;\n", c.name, strings.Join(words, " "))
		for _, s := range c.subs {
			walk(s)
		}
	}
	walk(root)
	b.WriteString("      *) path=${path% *}; continue ;; # an argument\n    esac\n    break\n  done\n")
	fmt.Fprintf(b, "  COMPREPLY=($(compgen -W \"$offer\" -- \"$cur\"))\n  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -F %s %s\n", fn, name)
}
