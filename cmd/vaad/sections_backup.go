package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
	"vaad/recorder/schedule"
	"vaad/settings"
)

// backupDoc is what holds for all backups.
type backupDoc struct {
	Recipients []string      `json:"recipients"`     // age public keys that state, and encrypted targets, are encrypted to
	Identity   target.Secret `json:"identity"`       // where a secret key stands that the box may use in drills; "" = it has none
	LateHours  int           `json:"late_hours"`     // an alarm is up when something waits longer for its backup
	Drill      string        `json:"drill_schedule"` // when a drill restores random recordings from every target
	DrillSize  int           `json:"drill_size"`     // so many recordings
}

// targetDoc is one place that backups go to. Its key in the document is its name.
type targetDoc struct {
	target.Config
	Off        bool     `json:"off"`         // nothing is sent there
	Schedule   string   `json:"schedule"`    // when it runs
	DayKBps    int      `json:"day_kbps"`    // kB a second at most; 0 = as fast as it goes
	NightKBps  int      `json:"night_kbps"`  // the same at night
	Night      string   `json:"night"`       // what is night, as 20:00-06:00
	Encrypt    bool     `json:"encrypt"`     // every file; else only the state is
	Verify     string   `json:"verify"`      // full, sample or none: how much is read back
	KeepStates int      `json:"keep_states"` // newest states that stay, besides one a month
	Parallel   int      `json:"parallel"`    // recordings at once
	LateHours  int      `json:"late_hours"`  // as of all backups, for this one; 0 = the same
	Groups     []string `json:"groups"`      // only recordings of lines of these groups; none = of all
	Classes    []string `json:"classes"`     // only recordings of these retention classes; none = of all
}

// backupSections are the parts of the settings that are about backups.
type backupSections struct {
	backup  settings.Section[backupDoc]
	targets settings.Section[map[string]targetDoc]
}

func newBackupSections() backupSections {
	return backupSections{
		backup: settings.NewSection("backup", backupDoc{Recipients: []string{}, LateHours: 24, Drill: "weekly sun 04:30", DrillSize: 20}, backupDoc.validate),
		targets: settings.NewMap("backup_targets", func(string) targetDoc {
			return targetDoc{Config: target.Defaults(""), Schedule: "daily 01:30", Night: "20:00-06:00", Verify: string(backup.VerifyFull), KeepStates: 14, Parallel: 2,
				Groups: []string{}, Classes: []string{}}
		}, func(key string, t targetDoc) error { return t.validate(key) }),
	}
}

func (d backupDoc) validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %w", key, fmt.Errorf(format, args...)))
	}
	for _, k := range d.Recipients {
		o := backup.Options{Recipients: []string{k}}
		if strings.HasPrefix(k, "AGE-SECRET-KEY-") {
			bad("recipients", "this is a secret key: settings take the public one, age1…; treat that key as known to others")
		} else if err := o.Check(); err != nil {
			bad("recipients", "%w", err)
		}
	}
	if d.LateHours < 1 || d.LateHours > 24*365 {
		bad("late_hours", "%d: must be 1…8760", d.LateHours)
	}
	if d.DrillSize < 1 || d.DrillSize > 10_000 {
		bad("drill_size", "%d: must be 1…10000", d.DrillSize)
	}
	if _, err := schedule.Parse(d.Drill, time.UTC); err != nil {
		bad("drill_schedule", "%w", err)
	}
	if at := string(d.Identity); at != "" && !filepath.IsAbs(at) && !strings.HasPrefix(at, "credential:") && !strings.HasPrefix(at, "env:") {
		bad("identity", "say where the key stands, not the key itself: the whole path of a file, credential:NAME or env:NAME")
	}
	return errors.Join(errs...)
}

func (t targetDoc) validate(key string) error {
	var errs []error
	bad := func(k, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %w", k, fmt.Errorf(format, args...)))
	}
	if key == "" || len(key) > 32 || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || key[0] == '-' {
		bad("", "%q: a target's name has at most 32 of a-z, 0-9 and dashes", key)
	}
	if t.Kind == "" { // the first value of a new target is its kind
		bad("kind", "it must be given first: folder, removable, optical, sftp or s3")
		return errors.Join(errs...)
	}
	if err := t.Config.Validate(); err != nil {
		errs = append(errs, err) // names its keys
	}
	if _, err := schedule.Parse(t.Schedule, time.UTC); err != nil {
		bad("schedule", "%w", err)
	}
	for k, n := range map[string]int{"day_kbps": t.DayKBps, "night_kbps": t.NightKBps} {
		if n < 0 || n > 10_000_000 {
			bad(k, "%d: must be 0…10000000 kB a second; 0 is no limit", n)
		}
	}
	if _, _, err := nightOf(t.Night); err != nil {
		bad("night", "%w", err)
	}
	if !slices.Contains([]backup.Verify{backup.VerifyFull, backup.VerifySample, backup.VerifyNone}, backup.Verify(t.Verify)) {
		bad("verify", "%q is not known; use full, sample or none", t.Verify)
	}
	if t.LateHours < 0 || t.LateHours > 24*365 {
		bad("late_hours", "%d: must be 0…8760; 0 is that of all backups", t.LateHours)
	}
	if t.KeepStates < 1 || t.KeepStates > 1000 {
		bad("keep_states", "%d: must be 1…1000", t.KeepStates)
	}
	if t.Parallel < 1 || t.Parallel > 8 {
		bad("parallel", "%d: must be 1…8", t.Parallel)
	}
	return errors.Join(errs...)
}

// checkBackups looks across sections.
func (s sections) checkBackups(v settings.View) (errs []error) {
	groups := s.groups.In(v)
	for name, t := range s.targets.In(v) {
		if t.Encrypt && len(s.backup.In(v).Recipients) == 0 {
			errs = append(errs, &settings.Coded{Key: "backup_targets." + name + ".encrypt", Code: "no-recipient",
				Text: "there is no key to encrypt to: make one with vaactl backup keygen and put the public key into backup.recipients first"})
		}
		for _, g := range t.Groups {
			if _, ok := groups[g]; !ok {
				errs = append(errs, fmt.Errorf("backup_targets.%s.groups: there is no group %q", name, g))
			}
		}
	}
	return errs
}

// nightOf reads "20:00-06:00" as minutes after midnight. It may go past midnight.
func nightOf(text string) (from, to int, err error) {
	a, b, ok := strings.Cut(text, "-")
	begin, err1 := time.Parse("15:04", a)
	end, err2 := time.Parse("15:04", b)
	if !ok || err1 != nil || err2 != nil || begin.Equal(end) {
		return 0, 0, fmt.Errorf("%q: write it like 20:00-06:00", text)
	}
	return begin.Hour()*60 + begin.Minute(), end.Hour()*60 + end.Minute(), nil
}

// rate is how many bytes a second may be sent at a moment; 0 = no limit.
func (t targetDoc) rate(now time.Time) int64 {
	from, to, err := nightOf(t.Night)
	kbps := t.DayKBps
	if m := now.Hour()*60 + now.Minute(); err == nil && (from < to && m >= from && m < to || from > to && (m >= from || m < to)) {
		kbps = t.NightKBps
	}
	return int64(kbps) * 1000
}

// included says which recordings go to the target, and a word that changes when that does.
// usual is the class of recordings that have none of their own.
func (t targetDoc) included(lines map[string][]int, usual string) (include func(*archive.Seal) bool, scope string) {
	if len(t.Groups)+len(t.Classes) == 0 {
		return nil, ""
	}
	of := map[int]bool{}
	for _, g := range t.Groups {
		for _, line := range lines[g] {
			of[line] = true
		}
	}
	include = func(s *archive.Seal) bool {
		return (len(t.Groups) == 0 || of[s.Line]) && (len(t.Classes) == 0 || slices.Contains(t.Classes, cmp.Or(s.Class, usual)))
	}
	h := sha256.Sum256(fmt.Append(nil, len(t.Groups), slices.Sorted(maps.Keys(of)), usual, slices.Sorted(slices.Values(t.Classes))))
	return include, hex.EncodeToString(h[:8])
}
