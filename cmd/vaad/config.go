package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vaad/console"

	"github.com/pelletier/go-toml/v2"
)

// Config is what an operator pins in vaad.toml. Everything else lives in
// settings; a path under [settings] wins over them and shows as "fixed by file".
type Config struct {
	Root     string           `toml:"root"`     // state, recordings
	Run      string           `toml:"run"`      // sockets; default root/run
	Listen   string           `toml:"listen"`   // loopback address of page, metrics and health; "off" for none
	Boards   []map[string]any `toml:"board"`    // [[board]]: driver, id, and the driver's own keys
	Firmware firmwareConfig   `toml:"firmware"` // images of USB boards, and who loads them
	Settings map[string]any   `toml:"settings"` // pinned settings, nested or by dotted path

	file      string // where it was read from, "" if nowhere
	simulates bool   // no configuration at all: the built-in simulated board
}

const (
	defaultFile   = "/etc/vaad/vaad.toml"
	defaultListen = "127.0.0.1:8470"
)

// load finds and reads the configuration. Without a file and with --root, the
// daemon simulates; a packaged unit always names its file and so never does.
func (p place) load() (Config, error) {
	c := Config{Listen: defaultListen}
	file := p.Config
	if file == "" && p.Root != "" {
		if f := filepath.Join(p.Root, "vaad.toml"); exists(f) {
			file = f
		}
	}
	if file == "" && p.Root == "" {
		file = defaultFile
	}
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return c, fmt.Errorf("read configuration: %w; name a file with --config, or a folder with --root to run on the simulated board", err)
		}
		defer f.Close()
		d := toml.NewDecoder(f).DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			return c, explain(file, err)
		}
		c.file = file
	}
	if c.Listen == "" {
		c.Listen = "off"
	}
	if p.Root != "" {
		c.Root = p.Root
	}
	c.Firmware.useDefaults(p.Root)
	if c.Run == "" && c.Root != "" {
		c.Run = filepath.Join(c.Root, "run")
	}
	if c.file == "" && len(c.Boards) == 0 {
		c.simulates = true
		c.Boards = []map[string]any{{"driver": "sim", "id": "sim", "scene": "office", "count": int64(8)}}
	}
	return c, c.at(c.validate())
}

// at puts the file in front of every fault that was found in it.
func (c Config) at(err error) error {
	if err == nil || c.file == "" {
		return err
	}
	if all, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // of errors.Join itself
		var named []error
		for _, e := range all.Unwrap() {
			named = append(named, c.at(e))
		}
		return errors.Join(named...)
	}
	return fmt.Errorf("%s: %w", c.file, err)
}

// explain turns a TOML error into file, line, column, key and a marked excerpt.
func explain(file string, err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		var all []error
		for i := range strict.Errors {
			all = append(all, fault(file, &strict.Errors[i], "this key is not known here"))
		}
		return errors.Join(all...)
	}
	var dec *toml.DecodeError
	if !errors.As(err, &dec) {
		return fmt.Errorf("%s: %w", file, err)
	}
	what := strings.TrimPrefix(dec.Error(), "toml: ")
	if kind, ok := strings.CutPrefix(what, "cannot decode TOML "); ok {
		kind, goType, _ := strings.Cut(kind, " into ")
		want := "a table"
		switch {
		case strings.HasSuffix(goType, "string"):
			want = "text in quotes"
		case strings.Contains(goType, "[]"):
			want = "[[…]] tables"
		}
		what = "it is of the kind " + kind + ", and must be " + want
	}
	return fault(file, dec, what)
}

func fault(file string, e *toml.DecodeError, what string) error {
	row, col := e.Position()
	if key := strings.Join(e.Key(), "."); key != "" {
		what = key + ": " + what
	}
	excerpt := strings.Replace(e.String(), " "+strings.TrimPrefix(e.Error(), "toml: "), "", 1)
	return fmt.Errorf("%s:%d:%d: %s\n%s", file, row, col, what, excerpt)
}

// validate joins all that is wrong, naming the keys.
func (c Config) validate() error {
	var errs []error
	if c.Root == "" {
		errs = append(errs, errors.New(`root: missing; say where state and recordings live, as root = "/var/lib/vaad"`))
	}
	if err := console.ValidateListen(c.Listen); err != nil {
		errs = append(errs, fmt.Errorf("listen: %w", err))
	}
	errs = append(errs, c.Firmware.validate())
	seen := map[string]bool{}
	for i, b := range c.Boards {
		id, _ := b["id"].(string)
		switch {
		case id == "":
			errs = append(errs, fmt.Errorf("board[%d].id: missing; give every board a short name of its own", i))
		case strings.ContainsAny(id, "/\\ \t\n\"") || len(id) > 32:
			errs = append(errs, fmt.Errorf("board[%d].id: %q: at most 32 characters, without spaces and slashes", i, id))
		case seen[id]:
			errs = append(errs, fmt.Errorf("board[%d].id: %q is used twice", i, id))
		}
		seen[id] = true
		if _, ok := b["driver"].(string); !ok {
			errs = append(errs, fmt.Errorf("board[%d].driver: missing; this version has %q", i, driverNames()))
		}
	}
	return errors.Join(errs...)
}

// options is a [[board]] table without the keys that are not the driver's.
func options(b map[string]any) (json.RawMessage, error) {
	own := map[string]any{}
	for k, v := range b {
		if k != "driver" && k != "id" {
			own[k] = v
		}
	}
	return json.Marshal(own)
}

// fixed flattens [settings] into dotted paths.
func (c Config) fixed() map[string]any {
	out := map[string]any{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		if m, ok := v.(map[string]any); ok {
			for k, e := range m {
				walk(strings.TrimPrefix(prefix+"."+k, "."), e)
			}
			return
		}
		out[prefix] = v
	}
	walk("", map[string]any(c.Settings))
	return out
}

func exists(p string) bool { _, err := os.Stat(p); return err == nil }
