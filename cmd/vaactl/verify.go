package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"
	"vaad/recorder/evidence/stamp"
)

type verifyCmd struct {
	ID     []string `arg:"" optional:""`
	Dir    string   `type:"path" placeholder:"DIR"`
	Key    []string `sep:"none" placeholder:"KEY"`
	Anchor []string `sep:"none" type:"path" placeholder:"FILE"`
	From   string   `placeholder:"DAY"`
	To     string   `placeholder:"DAY"`
	Bundle string   `type:"path" placeholder:"FILE"`
	TSA    string   `name:"tsa-roots" type:"path" placeholder:"FILE"`
}

// verdict is what verify says about one file.
type verdict struct {
	ID    string `json:"id"`
	Day   string `json:"day"`
	File  string `json:"file,omitempty"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`

	Locked bool `json:"locked,omitempty"` // it is encrypted, and was compared as it is stored
	Erased bool `json:"erased,omitempty"` // so it was, and its key was erased: nobody can read it
}

// wrong is what verify says about one thing that is not as it was logged.
type wrong struct {
	OK bool `json:"ok"`
	evidence.Finding
	Error string `json:"error"`
}

// proven is what verify says at the end.
type proven struct {
	OK          bool       `json:"ok"`
	Good        int        `json:"good"`
	Bad         int        `json:"bad"`
	Findings    int        `json:"findings"`
	Log         bool       `json:"log"`
	Lines       int        `json:"lines"`
	Covered     int        `json:"covered"`
	Simulated   int        `json:"simulated"`
	Signed      int64      `json:"signed"`
	Leaves      int64      `json:"leaves"`
	Checkpoints int        `json:"checkpoints"`
	Last        *time.Time `json:"last,omitempty"`
	Trusted     bool       `json:"trusted"`                  // the key was given, not found beside the recordings
	Stamps      int        `json:"stamps,omitempty"`         // of a time stamp authority that are good
	Stamped     *time.Time `json:"stamped,omitempty"`        // the newest of these
	Authority   string     `json:"authority,omitempty"`      // who made it
	Sure        bool       `json:"authority_sure,omitempty"` // its certificate leads to one that was given
}

// Run compares files with journals, journals with the tree, and the tree with
// what was signed. It only reads, and the daemon may be running.
func (c verifyCmd) Run(s *session) error {
	keys, err := c.keys(s)
	if err != nil {
		return err
	}
	if c.Bundle != "" {
		return c.bundle(s, keys)
	}
	for _, d := range []string{c.From, c.To} {
		if d != "" && !archive.Day(d).Valid() {
			return s.usage("day", "value", strconv.Quote(d))
		}
	}
	dir, err := s.recordingsFolder(c.Dir)
	if err != nil {
		return err
	}
	r, disk, shut, err := openRecordings(dir)
	if err != nil {
		return err
	}
	defer shut()
	secret, forget, err := s.unlock(dir)
	if err != nil {
		return err
	}
	defer forget()
	if secret != nil {
		r.UseKeys(secret)
	}
	v := &verifier{s: s, trusted: len(keys) > 0, bad: map[string]bool{}, seen: map[string]bool{}}
	o := evidence.Options{Reader: r, Disk: disk, Keys: keys, From: archive.Day(c.From), To: archive.Day(c.To), Now: time.Now(), Found: v.found, File: v.file}
	if !v.trusted {
		if o.Keys, err = evidence.PublicKeys(c.keyFolder(s, dir)); err != nil {
			return err
		}
	}
	v.keyless = len(o.Keys) == 0
	if o.Anchors, err = c.anchors(c.keyFolder(s, dir)); err != nil {
		return err
	}
	if err := v.run(r, o, c.ID); err != nil {
		return err
	}
	if err := v.stamps(dir, c.TSA); err != nil {
		return err
	}
	if len(c.ID) == 0 && v.sum.Lines == 0 && v.sum.Findings == 0 && v.stamped == 0 { // nothing was checked: that is no "all is well"
		return s.refusal("verify-nothing", "folder", printable(dir))
	}
	return v.end()
}

// recordingsFolder is the folder of the recordings, as a flag or --root says.
func (s *session) recordingsFolder(dir string) (string, error) {
	if dir == "" && s.cli.Root == "" {
		return "", usageError{s.refusal("verify-where")}
	}
	if dir == "" {
		dir = filepath.Join(s.cli.Root, "recordings")
	}
	if _, err := os.Stat(dir); err != nil {
		return "", err
	}
	return dir, nil
}

// openRecordings opens that folder to be read only. shut closes both.
func openRecordings(dir string) (r *archive.Reader, disk archive.Disk, shut func(), err error) {
	if r, err = archive.OpenReadOnly(dir, nil); err != nil {
		return nil, nil, nil, err
	}
	if disk, err = archive.OSDisk(dir); err != nil {
		r.Close() // read only
		return nil, nil, nil, err
	}
	return r, disk, func() { disk.Close(); r.Close() }, nil // read only
}

// keyFolder is where the daemon keeps its key: beside the recordings.
func (verifyCmd) keyFolder(s *session, dir string) string {
	if s.cli.Root != "" {
		return filepath.Join(s.cli.Root, "evidence")
	}
	return filepath.Join(filepath.Dir(filepath.Clean(dir)), "evidence")
}

// keys are those that --key gives: themselves, or files that have them.
func (c verifyCmd) keys(s *session) (keys []string, err error) {
	for _, k := range c.Key {
		if b, err := os.ReadFile(k); err == nil {
			k = string(b)
		} else if !errors.Is(err, fs.ErrNotExist) && filepath.IsAbs(k) {
			return nil, err
		}
		more, err := evidence.ParseKeys(k)
		if err != nil || len(more) == 0 {
			return nil, s.refusal("evidence-key", "value", printable(k[:min(len(k), 80)]))
		}
		keys = append(keys, more...)
	}
	return keys, nil
}

// anchors reads the checkpoints that were kept elsewhere, and the daemon's own last one.
func (c verifyCmd) anchors(keys string) (all [][]byte, err error) {
	last, err := evidence.LastAnchor(keys)
	if err != nil {
		return nil, err
	}
	if last != nil {
		all = append(all, last)
	}
	for _, name := range c.Anchor {
		names := []string{name}
		if fi, err := os.Stat(name); err == nil && fi.IsDir() {
			if names, err = filepath.Glob(filepath.Join(name, "*.checkpoints")); err != nil || len(names) == 0 {
				return nil, errors.Join(err, &fs.PathError{Op: "open", Path: filepath.Join(name, "*.checkpoints"), Err: fs.ErrNotExist})
			}
		}
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				return nil, err
			}
			all = append(all, b)
		}
	}
	return all, nil
}

type verifier struct {
	s       *session
	trusted bool
	keyless bool // there is no key at all
	sum     evidence.Summary
	seen    map[string]bool // recordings
	bad     map[string]bool
	locked  int // files that were compared without their keys
	keyGone int // files whose keys were erased

	stamped int
	newest  stamp.Finding
}

// run verifies all, or some recordings, each with all that is signed.
func (v *verifier) run(r *archive.Reader, o evidence.Options, ids []string) (err error) {
	if len(ids) == 0 {
		v.sum, err = evidence.Verify(v.s.ctx, o)
		return err
	}
	for _, id := range ids {
		o.ID = id
		if day, err := r.Find(id); err == nil {
			o.From, o.To = day, day
		} else {
			o.From, o.To = "", ""
		}
		was := v.sum.Findings
		sum, err := evidence.Verify(v.s.ctx, o)
		if err != nil {
			return err
		}
		if sum.Recordings == 0 && sum.Findings == 0 {
			err := &archive.Error{Op: "verify", ID: id, Err: archive.ErrNotFound}
			return fmt.Errorf("%s: %w\n%s", v.s.t("problem.no-recording"), err, v.s.t("problem.no-recording.remedy"))
		}
		sum.Findings += was
		v.sum = sum
	}
	return nil
}

// file takes the comparison of one file.
func (v *verifier) file(day archive.Day, id string, c archive.Check) {
	v.seen[id] = true
	out := verdict{ID: id, Day: string(day), File: c.Name, OK: c.OK, Locked: c.Locked, Erased: c.Erased}
	if c.Locked {
		v.locked++
	}
	if c.Erased {
		v.keyGone++
	}
	if c.Err != nil {
		v.bad[id] = true
		out.Error = c.Err.Error()
	}
	v.tell(out)
}

// tell prints every file with --json, and only the bad ones without.
func (v *verifier) tell(out verdict) {
	switch {
	case v.s.cli.JSON:
		_ = v.s.object(out) // the verdict is also in the exit code
	case !out.OK:
		tell(v.s.out, out.ID, " "+out.File, " "+printable(out.Error))
	}
}

func (v *verifier) found(f evidence.Finding) {
	said := v.s.finding(f)
	if v.s.cli.JSON {
		_ = v.s.object(wrong{Finding: f, Error: said}) // the verdict is also in the exit code
		return
	}
	tell(v.s.out, printable(said))
}

// finding says what is wrong in the user's language.
func (s *session) finding(f evidence.Finding) string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	at := ""
	if !f.Time.IsZero() {
		at = f.Time.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	said := s.t("evidence."+string(f.Kind), "day", string(f.Day), "line", strconv.Itoa(f.Line), "now", strconv.Itoa(f.Now), "count", strconv.Itoa(f.Count),
		"file", f.File, "leaf", number(f.Leaf), "from", number(f.From), "to", number(f.To), "number", number(f.Number), "time", at, "detail", f.Detail)
	if f.ID != "" {
		said = s.t("evidence.of", "said", said, "what", orElse(f.What, "?"), "id", f.ID)
	}
	if f.Anchor {
		said = s.t("evidence.by-anchor", "said", said)
	}
	return said
}

// end says what was verified, and is the error of what is wrong.
func (v *verifier) end() error {
	good, bad := len(v.seen)-len(v.bad), len(v.bad)
	sum := v.sum
	if v.s.cli.JSON {
		out := proven{OK: bad+sum.Findings == 0, Good: good, Bad: bad, Findings: sum.Findings, Log: sum.Log, Lines: sum.Lines, Covered: sum.Covered,
			Simulated: sum.Simulated, Signed: sum.Signed, Leaves: sum.Leaves, Checkpoints: sum.Checkpoints, Trusted: v.trusted}
		if !sum.Last.IsZero() {
			out.Last = &sum.Last
		}
		if v.stamped > 0 {
			out.Stamps, out.Stamped, out.Authority, out.Sure = v.stamped, &v.newest.Time, v.newest.Signer, v.newest.Trusted
		}
		if err := v.s.object(struct {
			OK      bool   `json:"ok"`
			Summary proven `json:"summary"`
		}{out.OK, out}); err != nil {
			return err
		}
	} else if err := v.told(good, bad); err != nil {
		return err
	}
	var errs []error
	if bad > 0 {
		errs = append(errs, errors.New(v.s.t("cli.verify-failed", "bad", strconv.Itoa(bad))))
	}
	if sum.Findings > 0 {
		errs = append(errs, errors.New(v.s.t("cli.verify-findings", "count", strconv.Itoa(sum.Findings))))
	}
	return errors.Join(errs...)
}

func (v *verifier) told(good, bad int) error {
	s, sum := v.s, v.sum
	said := []string{s.t("cli.verified", "good", strconv.Itoa(good), "bad", strconv.Itoa(bad))}
	if !sum.Log {
		said = append(said, s.t("cli.evidence-none"))
	} else {
		said = append(said, s.t("cli.evidence-lines", "covered", strconv.Itoa(sum.Covered), "lines", strconv.Itoa(sum.Lines), "simulated", strconv.Itoa(sum.Simulated)))
		last := "–"
		if !sum.Last.IsZero() {
			last = sum.Last.UTC().Format("2006-01-02 15:04:05 UTC")
		}
		said = append(said, s.t("cli.evidence-signed", "signed", strconv.FormatInt(sum.Signed, 10), "leaves", strconv.FormatInt(sum.Leaves, 10), "time", last))
		switch {
		case v.keyless:
			said = append(said, s.t("cli.evidence-keyless"))
		case !v.trusted:
			said = append(said, s.t("cli.evidence-own-key"))
		}
	}
	if v.stamped > 0 {
		said = append(said, v.toldStamps())
	}
	if v.locked > 0 {
		said = append(said, s.t("cli.verify-locked", "count", strconv.Itoa(v.locked)))
	}
	if v.keyGone > 0 {
		said = append(said, s.t("cli.verify-key-erased", "count", strconv.Itoa(v.keyGone)))
	}
	for _, l := range said {
		if err := s.say("%s", l); err != nil {
			return err
		}
	}
	return nil
}

// bundle checks a proof bundle without anything else.
func (c verifyCmd) bundle(s *session, keys []string) error {
	f, err := os.Open(c.Bundle)
	if err != nil {
		return err
	}
	defer f.Close() // read only
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	v := &verifier{s: s, trusted: len(keys) > 0, bad: map[string]bool{}, seen: map[string]bool{}}
	var files []archive.Check
	b, err := evidence.CheckBundle(f, fi.Size(), keys, func(f evidence.Finding) {
		v.sum.Findings++
		v.found(f)
	}, func(check archive.Check) { files = append(files, check) })
	if err != nil {
		return errors.Join(s.refusal("evidence-bundle", "file", printable(c.Bundle)), err)
	}
	for _, check := range files {
		v.file(b.Day, b.ID, check)
	}
	v.sum.Log, v.sum.Lines, v.sum.Covered, v.sum.Checkpoints, v.sum.Last = true, b.Lines, b.Lines, 1, b.Time
	v.sum.Leaves, v.sum.Signed = int64(b.Lines), int64(b.Lines)
	return v.end()
}
