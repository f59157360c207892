package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vaad/recorder/keep"
	"vaad/recorder/schedule"
	"vaad/settings"
)

// standardClass is the class that there is without any setting: it keeps for ever.
const standardClass = "standard"

// classDoc is one retention class. Its key in the document is its name.
type classDoc struct {
	Days       int    `json:"days"`        // from the recording's end; 0 = time does not end it
	Count      int    `json:"count"`       // only so many of the newest are kept; 0 = any number
	Forever    bool   `json:"forever"`     // neither time, number, quota nor a full disk ends it
	Action     string `json:"action"`      // what follows: trash or erase
	TrashDays  int    `json:"trash_days"`  // in the trash, also when a person put it there
	OnlyBacked bool   `json:"only_backed"` // it goes only when it is backed up
}

// retentionDoc is how recordings are kept.
type retentionDoc struct {
	Default  string `json:"default"`       // class of recordings that nothing gives another
	Schedule string `json:"schedule"`      // when it is done: daily 03:30, …
	Dual     bool   `json:"dual_approval"` // erasing for good by a person needs a second one
	EtaDays  int    `json:"eta_days"`      // an alarm is up when the disk will be full in fewer days; 0 = none
}

// quotaDoc bounds what recordings of a line group take. What is over goes as its class says,
// oldest first. 0 = no bound.
type quotaDoc struct {
	QuotaDays  int     `json:"quota_days"`
	QuotaGB    float64 `json:"quota_gb"` // of 2³⁰ bytes
	QuotaCount int     `json:"quota_recordings"`
}

func (q quotaDoc) none() bool { return q == quotaDoc{} }

// keepSections are the parts of the settings that say how long recordings are kept.
type keepSections struct {
	retention settings.Section[retentionDoc]
	classes   settings.Section[map[string]classDoc]
}

func newKeepSections() keepSections {
	return keepSections{
		retention: settings.NewSection("retention", retentionDoc{Default: standardClass, Schedule: "daily 03:30", EtaDays: 7}, retentionDoc.validate),
		classes: settings.NewMap("retention_classes", func(key string) classDoc {
			return classDoc{Action: string(keep.ToTrash), TrashDays: 30, Forever: key == standardClass}
		}, func(key string, c classDoc) error { return c.validate(key) }),
	}
}

func (d retentionDoc) validate() error {
	var errs []error
	if s, err := schedule.Parse(d.Schedule, time.Local); err != nil {
		errs = append(errs, fmt.Errorf("schedule: %w", err))
	} else if s.Never() {
		errs = append(errs, errors.New("schedule: it never comes; as in: daily 03:30"))
	}
	if d.EtaDays < 0 || d.EtaDays > keep.MaxDays {
		errs = append(errs, fmt.Errorf("eta_days: %d: must be 0…%d", d.EtaDays, keep.MaxDays))
	}
	return errors.Join(errs...)
}

func (c classDoc) policy(name string) keep.Class {
	return keep.Class{Name: name, Days: c.Days, Count: c.Count, Action: keep.Action(c.Action), TrashDays: c.TrashDays, Forever: c.Forever, NeedsBackup: c.OnlyBacked}
}

func (c classDoc) validate(name string) error {
	var errs []error
	if name == "" || len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		errs = append(errs, fmt.Errorf(": %q is not a name of 1 to 32 letters a-z, digits and hyphens", name))
	}
	for k, v := range map[string]int{"days": c.Days, "trash_days": c.TrashDays} {
		if v < 0 || v > keep.MaxDays {
			errs = append(errs, fmt.Errorf("%s: %d: must be 0…%d", k, v, keep.MaxDays))
		}
	}
	if c.Count < 0 {
		errs = append(errs, fmt.Errorf("count: %d: must not be negative", c.Count))
	}
	if !slices.Contains([]string{string(keep.ToTrash), string(keep.ToErase)}, c.Action) {
		errs = append(errs, fmt.Errorf("action: %q is not known; use trash or erase", c.Action))
	}
	switch ends := c.Days > 0 || c.Count > 0; {
	case !c.Forever && !ends:
		errs = append(errs, &settings.Coded{Key: "days", Text: "the class never ends: give days or a count, or set forever", Code: "never-ends"})
	case c.Forever && ends:
		errs = append(errs, &settings.Coded{Key: "forever", Text: "it has days or a count too: leave one out", Code: "contradicts"})
	}
	return errors.Join(errs...)
}

func (q quotaDoc) validate() error {
	var errs []error
	if q.QuotaDays < 0 || q.QuotaDays > keep.MaxDays {
		errs = append(errs, fmt.Errorf("quota_days: %d: must be 0…%d", q.QuotaDays, keep.MaxDays))
	}
	if q.QuotaGB < 0 || q.QuotaGB > 1e6 {
		errs = append(errs, fmt.Errorf("quota_gb: %v: must be 0…1000000", q.QuotaGB))
	}
	if q.QuotaCount < 0 {
		errs = append(errs, fmt.Errorf("quota_recordings: %d: must not be negative", q.QuotaCount))
	}
	return errors.Join(errs...)
}

// classNames are the classes of one state of the settings.
func (s sections) classNames(v settings.View) []string {
	all := slices.Collect(maps.Keys(s.classes.In(v)))
	if !slices.Contains(all, standardClass) {
		all = append(all, standardClass)
	}
	slices.Sort(all)
	return all
}

// checkClasses wants that every class that is named is there.
func (s sections) checkClasses(v settings.View) (errs []error) {
	known := s.classNames(v)
	wants := func(path, class string) {
		if class != "" && !slices.Contains(known, class) {
			errs = append(errs, fmt.Errorf("%s: there is no retention class %q; there are %q: make it with retention_classes.%s.days", path, class, known, class))
		}
	}
	if d := s.retention.In(v).Default; d == "" {
		errs = append(errs, errors.New("retention.default: name a class"))
	} else {
		wants("retention.default", d)
	}
	for n, l := range s.lines.In(v) {
		wants("lines."+n+".class", l.Class)
	}
	for n, g := range s.groups.In(v) {
		wants("groups."+n+".class", g.Class)
	}
	for i, r := range s.rules.In(v).List {
		wants(fmt.Sprintf("rules.list.%d.class", i), r.Class)
	}
	return errs
}

// policyIn is how recordings are kept by one state of the settings; groups are the lines
// of each group.
func (s sections) policyIn(v settings.View, groups map[string][]int) keep.Policy {
	r, disk := s.retention.In(v), s.recorder.In(v)
	p := keep.Policy{Default: r.Default, Second: r.Dual, Disk: keep.Disk{When: keep.WhenFull(disk.Full), Reserve: disk.ReserveMB << 20, Unbacked: disk.FullUnbacked}}
	for _, name := range s.classNames(v) {
		c, ok := s.classes.In(v)[name]
		if !ok {
			c = classDoc{Forever: true, Action: string(keep.ToTrash), TrashDays: 30}
		}
		p.Classes = append(p.Classes, c.policy(name))
	}
	all := s.groups.In(v)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if q := all[name].quotaDoc; !q.none() {
			p.Quotas = append(p.Quotas, keep.Quota{Group: name, Lines: groups[name], Days: q.QuotaDays, Bytes: int64(q.QuotaGB * (1 << 30)), Count: q.QuotaCount})
		}
	}
	return p
}

// classOf is the class of a line's recordings, where no rule names one: its own, or that of
// its group; "" is the default one.
func (s sections) classOf(v settings.View, line int) string {
	l := s.lines.In(v)[key(line)]
	if l.Class != "" {
		return l.Class
	}
	return s.groups.In(v)[l.Group].Class
}
