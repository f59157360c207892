// Package keys reads the keys of a [[board]] table, and says everything that is
// wrong with them at once.
//
// In: the driver's own options as JSON, from driver.Config. Out: the values, and
// one fault for each key that is wrong, named by its path ("lines[2].kind").
// Callers: the drivers' options.
package keys

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Faults collects what is wrong with a configuration, by key. Where begins
// every message: `board "sim1": `.
type Faults struct {
	Where string
	Errs  []error
}

// Add notes a fault of a key.
func (f *Faults) Add(key, format string, args ...any) {
	f.Errs = append(f.Errs, fmt.Errorf("%s%s: %s", f.Where, key, fmt.Sprintf(format, args...)))
}

// Wrong notes that a key's value could not be read.
func (f *Faults) Wrong(key string, value json.RawMessage, err error) {
	var ute *json.UnmarshalTypeError
	if errors.As(err, &ute) {
		f.Add(key, "%s is no %s", value, ute.Type)
	} else {
		f.Add(key, "%v", err)
	}
}

// Object reads a JSON object into the variables that known points to, by key. What
// it cannot read it leaves as it is and adds to f.
func (f *Faults) Object(raw json.RawMessage, path string, known map[string]any) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		if path == "" {
			path = "options"
		}
		f.Add(path, "is not a table: %v", err)
		return
	}
	for _, k := range slices.Sorted(maps.Keys(members)) {
		full := k
		if path != "" {
			full = path + "." + k
		}
		dst, ok := known[k]
		if !ok {
			f.Add(full, "is not known here; known are %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			continue
		}
		if err := json.Unmarshal(members[k], dst); err != nil {
			f.Wrong(full, members[k], err)
		}
	}
}
