package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"vaad/driver/dahdi/sysconf"
)

type dahdiCmd struct {
	Genconf genconfCmd `cmd:"" help:"Make DAHDI's system.conf for the cards found, and print it; or show what would change, and write it."`
}

type genconfCmd struct {
	Country string `help:"Country of the lines, two letters: tones, companding, E1 or T1." default:"cn" placeholder:"CC"`
	Tap     []int  `help:"Spans that only listen, as 1,2: both take their clock from their line." placeholder:"SPANS"`
	Echo    string `help:"Echo canceller of trunks and telephones, if its module is there; none for none." default:"mg2" placeholder:"NAME"`
	Write   bool   `help:"Show what would change in the file, and write it if you agree; the old file is kept as FILE.vaad-DATE."`
	Yes     bool   `help:"With --write: agree without being asked." short:"y"`
	File    string `help:"File to compare with and to write." default:"/etc/dahdi/system.conf" type:"path" placeholder:"FILE"`
	RootFS  string `name:"root-fs" help:"Folder that stands for /." default:"/" type:"path" hidden:""`
}

// Run is `vaad dahdi genconf`.
func (g *genconfCmd) Run(ctx context.Context) error {
	return g.run(ctx, os.Stdin, os.Stdout, time.Now())
}

func (g *genconfCmd) run(ctx context.Context, in io.Reader, out io.Writer, now time.Time) error {
	root := os.DirFS(g.RootFS)
	made, h, err := g.generate(root)
	if err != nil {
		return err
	}
	if !g.Write {
		_, err = out.Write(append(made, g.advice(h)...))
		return err
	}
	file := g.File
	if g.RootFS != "/" {
		file = filepath.Join(g.RootFS, g.File)
	}
	if to, err := filepath.EvalSymlinks(file); err == nil { // a link stays one
		file = to
	}
	old, err := os.ReadFile(file)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return fmt.Errorf("read the configuration that there is: %w", err)
	}
	diff := sysconf.Diff(file, "made for the cards found", old, made)
	if diff == "" && !missing {
		_, err = fmt.Fprintf(out, "%s is already as it should be; nothing was written.\n", file)
		return err
	}
	if _, err = io.WriteString(out, diff); err != nil {
		return err
	}
	if !g.Yes {
		yes, err := agree(ctx, in, out, "Write "+file+"? [y/N] ")
		if err != nil {
			return err
		}
		if !yes {
			_, err = fmt.Fprintln(out, "Nothing was written.")
			return err
		}
	}
	kept, err := replace(file, old, missing, made, now)
	if err != nil {
		return err
	}
	if kept != "" {
		kept = " The old file is " + kept + "."
	}
	_, err = fmt.Fprintf(out, "%s was written.%s\nNow run dahdi_cfg -v while nothing uses the channels.\n%s", file, kept, g.advice(h))
	return err
}

// generate makes the file for the cards found.
func (g *genconfCmd) generate(root fs.FS) ([]byte, sysconf.Hardware, error) {
	if len(g.Country) != 2 || strings.Trim(strings.ToLower(g.Country), "abcdefghijklmnopqrstuvwxyz") != "" {
		return nil, sysconf.Hardware{}, fmt.Errorf("--country %q: write two letters, as cn", g.Country)
	}
	h, err := sysconf.Read(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, h, errors.New("DAHDI is not loaded, so its cards are not known: load it with modprobe dahdi and the card's module; vaactl doctor says what is in the way")
	case err != nil:
		return nil, h, fmt.Errorf("look for cards: %w", err)
	case len(h.Spans) == 0:
		return nil, h, errors.New("DAHDI is loaded and knows no card: vaactl doctor says what is in the way; a file without channels is not made")
	}
	o := sysconf.Options{Country: g.Country, Tap: g.Tap, Echo: g.Echo}
	if m := sysconf.EchoModule(g.Echo); g.Echo == "none" || m != "" && !sysconf.HasModule(root, m) {
		o.Echo = "" // with one that is not there, dahdi_cfg would stop
	}
	c, err := sysconf.Generate(h.Spans, o)
	return c.Bytes(), h, err
}

// advice is what the cards' modules must be loaded with, as a comment: it
// belongs into another file.
func (g *genconfCmd) advice(h sysconf.Hardware) string {
	options := sysconf.ModuleOptions(modulesOf(h), g.Country)
	var b strings.Builder
	comment := func(text []byte) {
		for line := range strings.Lines(string(text)) {
			b.WriteString("#   " + line)
		}
	}
	b.WriteString("\n# Of the modules, in a file below /etc/modprobe.d (vaactl doctor says whether they are in force):\n")
	comment(sysconf.Modprobe(options))
	if slices.Contains(modulesOf(h), "xpd_fxo") {
		b.WriteString("# Of an Astribank, so that its lines come by themselves whenever it is plugged in, in /etc/dahdi/assigned-spans.conf:\n")
		comment(h.Assignments())
	}
	return b.String()
}

// modulesOf guesses the modules of the cards from the names of spans and
// channels, which each driver makes in its own way.
func modulesOf(h sysconf.Hardware) []string {
	var all []string
	for _, s := range h.Spans {
		name, model := s.Name, s.Description
		if len(s.Channels) > 0 && strings.HasPrefix(s.Channels[0].Name, "XPP_FXO/") {
			name = s.Channels[0].Name
		}
		m := ""
		switch {
		case strings.HasPrefix(name, "XPP_FXO/"):
			m = "xpd_fxo"
		case strings.HasPrefix(name, "OPVXA1200/"):
			m = "opvxa1200"
		case strings.HasPrefix(name, "WCT13x/"):
			m = "wcte13xp"
		case strings.HasPrefix(name, "WCTDM/") && (strings.Contains(model, "TDM400") || strings.Contains(model, "S400P")):
			m = "wctdm"
		case strings.HasPrefix(name, "WCTDM/") && (strings.Contains(model, "A4") || strings.Contains(model, "A8")):
			m = "wcaxx"
		case strings.HasPrefix(name, "WCTDM/"):
			m = "wctdm24xxp"
		case strings.Contains(model, "TE435") || strings.Contains(model, "TE235") || strings.Contains(model, "TE436") || strings.Contains(model, "TE236"):
			m = "wcte43x"
		}
		if m != "" && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// agree asks; everything but a yes is a no.
func agree(ctx context.Context, in io.Reader, out io.Writer, question string) (bool, error) {
	if _, err := io.WriteString(out, question); err != nil {
		return false, err
	}
	answer := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(in).ReadString('\n')
		if err != nil { // nobody is there to agree
			line = ""
		}
		answer <- line
	}()
	select {
	case a := <-answer:
		a = strings.ToLower(strings.TrimSpace(a))
		return a == "y" || a == "yes" || a == "是", nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// replace puts the new file in the place of the old one at once, keeping the old
// one under a name that no file has yet. A file that has changed since it was
// shown is left alone.
func replace(file string, old []byte, missing bool, made []byte, now time.Time) (kept string, err error) {
	mode := fs.FileMode(0o644)
	if !missing {
		st, err := os.Stat(file)
		if err != nil {
			return "", err
		}
		mode = st.Mode().Perm()
		if is, err := os.ReadFile(file); err != nil || !bytes.Equal(is, old) {
			return "", errors.Join(err, fmt.Errorf("%s has changed meanwhile: nothing was written; run this again", file))
		}
		if kept, err = keepOld(file, old, mode, now); err != nil {
			return "", fmt.Errorf("keep the old file: %w; nothing was written", err)
		}
	} else if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	t, err := os.CreateTemp(filepath.Dir(file), ".system.conf-")
	if err != nil {
		return kept, err
	}
	defer func() { _ = os.Remove(t.Name()) }() // it is gone once it was renamed
	_, err = t.Write(made)
	if err = errors.Join(err, t.Chmod(mode), t.Sync(), t.Close()); err != nil {
		return kept, fmt.Errorf("write the new file: %w", err)
	}
	if missing { // a file that came meanwhile is not overwritten
		if err := os.Link(t.Name(), file); err != nil {
			return kept, fmt.Errorf("write %s: %w", file, err)
		}
		return kept, nil
	}
	return kept, os.Rename(t.Name(), file)
}

// keepOld writes the old text beside the file, as FILE.vaad-DATE.
func keepOld(file string, old []byte, mode fs.FileMode, now time.Time) (string, error) {
	name := file + ".vaad-" + now.Format("20060102-150405")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, mode)
	if err != nil {
		return "", err
	}
	_, err = f.Write(old)
	return name, errors.Join(err, f.Sync(), f.Close())
}
