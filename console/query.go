package console

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/api"
	"vaad/api/text"
)

// A saved search keeps parameters as GET /recordings takes them. They are read
// here by what the tags of [api.RecordingFilter] say, so that there is no
// parameter that one knows and the other does not.

// unsaved are parameters of one question that no search is about.
func unsaved() []string { return []string{"limit", "after", "saved"} }

// maxQuery bounds what a saved search has in all its values.
const maxQuery = 4096

// parseQuery reads the parameters of a search and says what is wrong with them.
func parseQuery(f *faults, q map[string]string) (out api.RecordingFilter) {
	size := 0
	fields := filterFields(reflect.ValueOf(&out).Elem())
	for _, key := range slices.Sorted(maps.Keys(q)) {
		v := q[key]
		size += len(key) + len(v)
		field, ok := fields[key]
		switch {
		case !ok || slices.Contains(unsaved(), key):
			f.add(key, v, "unknown", nil)
		case v != "":
			field.read(f, key, v)
		}
	}
	if size > maxQuery {
		f.add("query", nil, "shorter", text.Args{"values": strconv.Itoa(maxQuery)})
	}
	return out
}

// A filterField is one parameter: where its value belongs, and its bounds.
type filterField struct {
	value reflect.Value
	tag   reflect.StructTag
}

// filterFields finds the parameters of a filter by name.
func filterFields(v reflect.Value) map[string]filterField {
	out := map[string]filterField{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			maps.Copy(out, filterFields(v.Field(i)))
		} else if name := f.Tag.Get("query"); name != "" {
			out[name] = filterField{v.Field(i), f.Tag}
		}
	}
	return out
}

func (d filterField) bound(name string) (n float64, ok bool) {
	n, err := strconv.ParseFloat(d.tag.Get(name), 64)
	return n, err == nil
}

// read takes a value as it stands in a query.
func (d filterField) read(f *faults, key, v string) {
	if n, ok := d.bound("maxLength"); ok && float64(len([]rune(v))) > n {
		f.add(key, v, "shorter", text.Args{"values": d.tag.Get("maxLength")})
		return
	}
	if !d.oneOf(f, key, v) {
		return
	}
	switch d.value.Interface().(type) {
	case string:
		d.value.SetString(v)
	case float64:
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || n != n {
			f.add(key, v, "number", nil)
			return
		}
		if least, ok := d.bound("minimum"); ok && n < least {
			f.add(key, v, "least", text.Args{"values": d.tag.Get("minimum")})
		}
		if most, ok := d.bound("maximum"); ok && n > most {
			f.add(key, v, "most", text.Args{"values": d.tag.Get("maximum")})
		}
		d.value.SetFloat(n)
	case time.Time:
		at, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			f.add(key, v, "time", nil)
			return
		}
		d.value.Set(reflect.ValueOf(at))
	case []string:
		d.value.Set(reflect.ValueOf(strings.Split(v, ",")))
	case []int:
		var all []int
		for s := range strings.SplitSeq(v, ",") {
			n, err := strconv.Atoi(s)
			if err != nil {
				f.add(key, v, "integer", nil)
				return
			}
			all = append(all, n)
		}
		d.value.Set(reflect.ValueOf(all))
	}
	if n, ok := d.bound("maxItems"); ok && float64(d.value.Len()) > n {
		f.add(key, v, "fewer", text.Args{"values": d.tag.Get("maxItems")})
	}
}

// oneOf looks whether a value, or each of a list, is one that there is.
func (d filterField) oneOf(f *faults, key, v string) bool {
	enum := d.tag.Get("enum")
	if enum == "" {
		return true
	}
	for one := range strings.SplitSeq(v, ",") {
		if !slices.Contains(strings.Split(enum, ","), one) {
			f.add(key, one, "one-of", text.Args{"values": strings.ReplaceAll(enum, ",", ", ")})
			return false
		}
	}
	return true
}

// fill takes from saved what a filter does not say itself.
func fill(in *api.RecordingFilter, saved api.RecordingFilter) {
	from := filterFields(reflect.ValueOf(&saved).Elem())
	if in.Period != "" || !in.From.IsZero() || !in.To.IsZero() { // a time is one thing
		saved.Period, saved.From, saved.To = "", time.Time{}, time.Time{}
	}
	for name, to := range filterFields(reflect.ValueOf(in).Elem()) {
		if to.value.IsZero() && !slices.Contains(unsaved(), name) {
			to.value.Set(from[name].value)
		}
	}
}
