package keep

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// An Action is what becomes of a recording whose time has ended.
type Action string

// What a class does.
const (
	ToTrash Action = "trash" // it can be undeleted for Class.TrashDays
	ToErase Action = "erase" // gone for good at once
)

// A Class is how long recordings are kept.
type Class struct {
	Name        string `json:"name"`                   // [a-z0-9-], 1 to 32
	Days        int    `json:"days,omitempty"`         // from the recording's end; 0 = time does not end it
	Count       int    `json:"count,omitempty"`        // only so many of the newest are kept; 0 = any number
	Action      Action `json:"action,omitempty"`       // "" = ToTrash
	TrashDays   int    `json:"trash_days,omitempty"`   // in the trash, also when a person put it there; 0 = until the next run
	Forever     bool   `json:"forever,omitempty"`      // neither time, number, quota nor a full disk ends it
	NeedsBackup bool   `json:"needs_backup,omitempty"` // it goes only when it is backed up
}

// A Quota is what a group of lines may take. Zero = no bound. What is over it
// goes as its class says, oldest first.
type Quota struct {
	Group string `json:"group"`
	Lines []int  `json:"lines"` // of the group; none = nothing to bound
	Days  int    `json:"days,omitempty"`
	Bytes int64  `json:"bytes,omitempty"`
	Count int    `json:"count,omitempty"`
}

// WhenFull says what happens when the disk's reserve is reached.
type WhenFull string

// What may happen at the reserve.
const (
	FullWarn   WhenFull = "warn"          // an alarm, nothing else
	FullDelete WhenFull = "delete-oldest" // the trash goes, then the oldest that is neither protected nor held
	FullStop   WhenFull = "stop"          // no new recordings begin
)

// A Disk policy says what happens when the disk becomes full.
type Disk struct {
	When     WhenFull `json:"when"`               // "" = FullWarn
	Warn     int64    `json:"warn,omitempty"`     // bytes free at which the alarm comes; below Reserve: Reserve × 5/4
	Reserve  int64    `json:"reserve,omitempty"`  // bytes to keep free; 0 = 5 % of the disk, 2 GiB at least, 50 GiB at most
	Unbacked bool     `json:"unbacked,omitempty"` // FullDelete takes also what is not backed up
}

// A Policy is everything that the engine decides by.
type Policy struct {
	Classes []Class `json:"classes"`
	Default string  `json:"default"` // class of recordings that have none
	Quotas  []Quota `json:"quotas,omitempty"`
	Disk    Disk    `json:"disk"`
	Second  bool    `json:"second,omitempty"` // erasing for good by a person needs a second one
}

// DefaultPolicy keeps everything, and warns when the disk becomes full.
func DefaultPolicy() Policy {
	return Policy{Classes: []Class{{Name: "standard", Action: ToTrash, TrashDays: 30, Forever: true}}, Default: "standard", Disk: Disk{When: FullWarn}}
}

// MaxDays is the longest time of a class, quota or trash: 100 years.
const MaxDays = 36525

// Validate joins all faults, naming the key.
func (p *Policy) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) { errs = append(errs, fmt.Errorf(key+": "+format, args...)) }
	days := func(key string, n int) {
		if n < 0 || n > MaxDays {
			bad(key, "%d days; 0 to %d are possible", n, MaxDays)
		}
	}
	for i, c := range p.Classes {
		key := fmt.Sprintf("classes[%d]", i)
		if !validName(c.Name) {
			bad(key+".name", "%q is not a name of 1 to 32 letters a-z, digits and hyphens", c.Name)
		}
		if slices.ContainsFunc(p.Classes[:i], func(o Class) bool { return o.Name == c.Name }) {
			bad(key+".name", "there are two classes %q", c.Name)
		}
		days(key+".days", c.Days)
		days(key+".trash_days", c.TrashDays)
		if c.Count < 0 {
			bad(key+".count", "a number below 0")
		}
		if c.Action != "" && c.Action != ToTrash && c.Action != ToErase {
			bad(key+".action", "%q; %q or %q are possible", c.Action, ToTrash, ToErase)
		}
		if !c.Forever && c.Days == 0 && c.Count == 0 {
			bad(key+".days", "class %q never ends: give days or a count, or say forever", c.Name)
		}
	}
	if _, ok := p.class(p.Default); !ok || p.Default == "" {
		bad("default", "there is no class %q", p.Default)
	}
	for i, q := range p.Quotas {
		key := fmt.Sprintf("quotas[%d]", i)
		days(key+".days", q.Days)
		if q.Bytes < 0 || q.Count < 0 {
			bad(key, "a bound below 0")
		}
		if q.Days == 0 && q.Bytes == 0 && q.Count == 0 {
			bad(key, "quota of %q bounds nothing: give days, bytes or a count", q.Group)
		}
	}
	if d := p.Disk; d.Warn < 0 || d.Reserve < 0 {
		bad("disk", "a number of bytes below 0")
	}
	if w := p.Disk.When; w != "" && w != FullWarn && w != FullDelete && w != FullStop {
		bad("disk.when", "%q; %q, %q or %q are possible", w, FullWarn, FullDelete, FullStop)
	}
	return errors.Join(errs...)
}

func validName(s string) bool {
	ok := len(s) > 0 && len(s) <= 32
	for _, c := range []byte(s) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	return ok
}

// class finds the class of a recording's name of it; "" is the default one.
func (p *Policy) class(name string) (Class, bool) {
	if name == "" {
		name = p.Default
	}
	for _, c := range p.Classes {
		if c.Name == name {
			return c, true
		}
	}
	return Class{}, false
}

// names are the values of a row's class that mean this class.
func (p *Policy) names(c Class) []string {
	if c.Name == p.Default {
		return []string{c.Name, ""}
	}
	return []string{c.Name}
}

func (c Class) action() Action {
	if c.Action == "" {
		return ToTrash
	}
	return c.Action
}

const day = 24 * time.Hour
