package main

import (
	"errors"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"vaad/dsp/progress"
)

type analyseCmd struct {
	Files   []string `arg:"" name:"file" type:"path"`
	Only    []string `enum:"dtmf,tone,modem,callerid,voice,level,gap" placeholder:"KIND"`
	Country []string `placeholder:"CC"`
	Every   float64  `placeholder:"S"`
	source
}

// An analyser makes what listens for one kind. A detector that is new needs a
// line here, its kind in --only, a type in listeners.go, and the text
// "heard.KIND" in the catalogue.
type analyser struct {
	kind string
	make func() listener
}

func (c analyseCmd) analysers() []analyser {
	return []analyser{
		{"dtmf", func() listener { return newKeys() }},
		{"tone", func() listener { return newTones(c.Country) }},
		{"modem", func() listener { return newModems() }},
		{"callerid", func() listener { return newCallers() }},
		{"voice", func() listener { return newVoices() }},
		{"level", func() listener { return newMeter(int64(c.Every * rate)) }},
	}
}

func (c analyseCmd) wants(kind string) bool { return len(c.Only) == 0 || slices.Contains(c.Only, kind) }

// country is a country whose tones are known, in capitals.
func (s *session) country(cc string) (string, error) {
	if code := strings.ToUpper(cc); slices.Contains(progress.Countries(), code) {
		return code, nil
	}
	return "", usageError{s.refusal("analyse-country", "country", printable(cc), "countries", strings.Join(progress.Countries(), " "))}
}

// Run analyses one recording after the other. One that cannot be read does not
// keep the others from it.
func (c analyseCmd) Run(s *session) error {
	if c.Every != 0 && !(c.Every >= 0.01 && c.Every <= 86400) { // nor NaN
		return usageError{s.refusal("analyse-every", "value", strconv.FormatFloat(c.Every, 'g', -1, 64))}
	}
	for i, cc := range c.Country {
		var err error
		if c.Country[i], err = s.country(cc); err != nil {
			return err
		}
	}
	t := s.table("at", "duration", "channel", "side", "file", "kind", "heard")
	show := s.row(t)
	if s.cli.JSON {
		show = func(f finding) error { return s.object(f) }
	}
	all, failed := s.recordings(c.Files)
	for _, files := range all {
		err := c.analyse(s, files, len(all) > 1, show)
		failed = errors.Join(failed, err)
		if err != nil && s.ctx.Err() != nil {
			return err
		}
	}
	if s.cli.JSON || len(t.rows) == 0 && failed != nil {
		return failed
	}
	t.drop()
	return errors.Join(s.list(t, "cli.heard-nothing"), failed)
}

// row puts findings into a table for people.
func (s *session) row(t *table) func(finding) error {
	return func(f finding) error {
		channel := ""
		if f.channel > 0 {
			channel = strconv.Itoa(f.channel)
		}
		t.row(seconds(span(f.at)), seconds(f.duration()), channel, printable(f.side), printable(f.file), s.code("heard-kind", f.kind), s.heard(f))
		return nil
	}
}

// recordings puts the files together that are sides of one recording: they have
// one time axis. The story of a recording stands for its sides.
func (s *session) recordings(names []string) (all [][]string, err error) {
	at := map[string]int{}
	for _, name := range names {
		files := []string{name}
		id, _, _ := sideOf(name)
		if story, ok := strings.CutSuffix(strings.TrimSuffix(name, ".enc"), ".jsonl"); ok && len(filepath.Base(story)) == idLen {
			id = story
			var e error
			if files, e = filepath.Glob(escapeGlob(story) + ".*.wav"); e == nil && len(files) == 0 {
				files, e = filepath.Glob(escapeGlob(story) + ".*.wav.enc")
			}
			if e != nil || len(files) == 0 {
				err = errors.Join(err, s.refusal("story-alone", "file", printable(name), "id", printable(filepath.Base(story))))
				continue
			}
		}
		if i, known := at[id]; known && id != "" {
			files = slices.DeleteFunc(files, func(f string) bool { return slices.Contains(all[i], f) })
			all[i] = append(all[i], files...)
			continue
		}
		at[id] = len(all)
		all = append(all, files)
	}
	return all, err
}

// escapeGlob keeps what a path holds from being taken for a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// A hearing is one file while it is listened to.
type hearing struct {
	in   *audio
	gaps *gaps
	side string
	file string
	ears [][]listener // of each channel
	done bool
}

// late is how many samples may pass between the beginning of something and its
// being known, unless it is still going on: the cadence of a tone must be heard
// in full.
const late = 60 * rate

// analyse listens to all sides of a recording and shows what is found in the
// order of time, as soon as nothing earlier can be found any more.
func (c analyseCmd) analyse(s *session, files []string, several bool, show func(finding) error) (failed error) {
	var all []*hearing
	for _, name := range files {
		h, err := c.open(s, name, several)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		defer func() { failed = errors.Join(failed, h.in.Close()) }()
		all = append(all, h)
	}
	var held, found []finding
	for {
		var next *hearing // the one that is behind
		known := int64(math.MaxInt64)
		for _, h := range all {
			if !h.done {
				known = min(known, h.known())
				if next == nil || h.in.read < next.in.read {
					next = h
				}
			}
		}
		n := len(held)
		if next != nil {
			n = after(held, known-1)
		}
		for _, f := range held[:n] {
			if err := show(f); err != nil {
				return errors.Join(failed, err)
			}
		}
		held = slices.Delete(held, 0, n)
		if next == nil {
			return failed
		}
		var err error
		found, err = next.step(found[:0])
		failed = errors.Join(failed, err)
		for _, f := range found {
			held = place(held, f)
		}
	}
}

// place puts a finding where it belongs in time. What a modem sends is no
// unknown tone of an exchange as well.
func place(held []finding, f finding) []finding {
	unknown := func(t finding) bool {
		name := t.fact("tone")
		return t.kind == "tone" && (name == "steady" || name == "regular")
	}
	with := func(o finding) bool { // for the most of it
		both := min(f.at+int64(f.duration()), o.at+int64(o.duration())) - max(f.at, o.at)
		return f.channel == o.channel && f.side == o.side && 2*both > int64(min(f.duration(), o.duration()))
	}
	switch {
	case f.kind == "modem":
		held = slices.DeleteFunc(held, func(o finding) bool { return unknown(o) && with(o) })
	case unknown(f) && slices.ContainsFunc(held, func(o finding) bool { return o.kind == "modem" && with(o) }):
		return held
	}
	return slices.Insert(held, after(held, f.at), f)
}

// after is the place of the first finding after a sample; they lie in the order
// of time.
func after(all []finding, at int64) int {
	n, _ := slices.BinarySearchFunc(all, at, func(f finding, at int64) int {
		if f.at <= at {
			return -1
		}
		return 1
	})
	return n
}

func (c analyseCmd) open(s *session, name string, several bool) (*hearing, error) {
	in, err := s.openAudio(name, c.source, 0)
	if err != nil {
		return nil, err
	}
	h := &hearing{in: in, ears: make([][]listener, in.channels)}
	_, h.side, _ = sideOf(name)
	if several {
		h.file = name
	}
	all, err := s.gapsOf(name, in.samples)
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	h.gaps = &gaps{all: all, tell: c.wants("gap")}
	for ch := range h.ears {
		for _, a := range c.analysers() {
			if c.wants(a.kind) {
				h.ears[ch] = append(h.ears[ch], a.make())
			}
		}
	}
	return h, nil
}

// known is the sample before which nothing more will be found.
func (h *hearing) known() int64 {
	at := h.in.read - late
	for _, ears := range h.ears {
		for _, l := range ears {
			at = min(at, l.Since())
		}
	}
	return at
}

// step listens to the next block and appends what is found.
func (h *hearing) step(dst []finding) ([]finding, error) {
	n := len(dst)
	block, err := h.in.next()
	if err == nil {
		dst = h.gaps.cut(dst, h.in.read-int64(len(block[0])), block, func(dst []finding, part [][]int16, missing bool) []finding {
			return h.hear(dst, func(l listener, dst []finding, ch int) []finding {
				if missing {
					return l.Skip(dst, len(part[ch]))
				}
				return l.Process(dst, part[ch])
			})
		})
	} else {
		h.done = true
		dst = h.hear(dst, func(l listener, dst []finding, _ int) []finding { return l.Flush(dst) })
	}
	for i := n; i < len(dst); i++ {
		dst[i].side, dst[i].file = h.side, h.file
	}
	if err == io.EOF {
		err = nil
	}
	return dst, err
}

// hear lets every listener of every channel do fn.
func (h *hearing) hear(dst []finding, fn func(l listener, dst []finding, ch int) []finding) []finding {
	for ch, ears := range h.ears {
		n := len(dst)
		for _, l := range ears {
			dst = fn(l, dst, ch)
		}
		for i := n; i < len(dst) && len(h.ears) > 1; i++ {
			dst[i].channel = ch + 1
		}
	}
	return dst
}
