package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// A tree is JSON in memory: map[string]any, []any, string, json.Number, bool, nil.

func parse(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var t any
	if err := d.Decode(&t); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return t, nil
}

// Keys takes a path apart, as Get and Set do.
func Keys(path string) []string { return split(path) }

// split takes a path apart at its dots; a backslash keeps the next character.
func split(path string) []string {
	var keys []string
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path):
			i++
			b.WriteByte(path[i])
		case path[i] == '.':
			keys = append(keys, b.String())
			b.Reset()
		default:
			b.WriteByte(path[i])
		}
	}
	return append(keys, b.String())
}

func escape(key string) string {
	if !strings.ContainsAny(key, `.\`) {
		return key
	}
	return strings.NewReplacer(`.`, `\.`, `\`, `\\`).Replace(key)
}

// join puts a path (already escaped) under another.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// within says whether path is at or below the other.
func within(path, top string) bool {
	return path == top || strings.HasPrefix(path, top+".")
}

// flatten lists the leaves of a tree by path; an empty object is a leaf.
func flatten(path string, tree any, into map[string]any) {
	m, ok := tree.(map[string]any)
	if !ok || len(m) == 0 && path != "" {
		into[path] = tree
		return
	}
	for k, v := range m {
		flatten(join(path, escape(k)), v, into)
	}
}

// unflatten is the reverse of flatten.
func unflatten(flat map[string]any) map[string]any {
	t := map[string]any{}
	for _, path := range sortedKeys(flat) {
		put(t, split(path), flat[path])
	}
	return t
}

// put sets the value at keys, making the objects on the way.
func put(t map[string]any, keys []string, v any) {
	for _, k := range keys[:len(keys)-1] {
		next, ok := t[k].(map[string]any)
		if !ok {
			next = map[string]any{}
			t[k] = next
		}
		t = next
	}
	t[keys[len(keys)-1]] = v
}

// remove deletes the value at keys.
func remove(t map[string]any, keys []string) {
	for _, k := range keys[:len(keys)-1] {
		next, ok := t[k].(map[string]any)
		if !ok {
			return
		}
		t = next
	}
	delete(t, keys[len(keys)-1])
}

// at is the value at keys.
func at(t any, keys []string) (any, bool) {
	for _, k := range keys {
		m, ok := t.(map[string]any)
		if !ok {
			return nil, false
		}
		if t, ok = m[k]; !ok {
			return nil, false
		}
	}
	return t, true
}

// over is a deep copy of base with the values of top over it. Lists are replaced whole.
func over(base, top any) any {
	b, ok1 := base.(map[string]any)
	t, ok2 := top.(map[string]any)
	if !ok2 {
		return clone(top)
	}
	out := map[string]any{}
	if ok1 {
		for k, v := range b {
			out[k] = clone(v)
		}
	}
	for k, v := range t {
		if old, ok := out[k]; ok {
			out[k] = over(old, v)
		} else {
			out[k] = clone(v)
		}
	}
	return out
}

func clone(t any) any {
	switch t := t.(type) {
	case map[string]any:
		out := make(map[string]any, len(t))
		for k, v := range t {
			out[k] = clone(v)
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, v := range t {
			out[i] = clone(v)
		}
		return out
	}
	return t
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// sortedKeys is in order of the numbers in the keys, so that 2 comes before 10.
func sortedKeys[V any](m map[string]V) []string {
	return slices.SortedFunc(maps.Keys(m), natural)
}

func natural(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na == 0 || nb == 0 {
			if a[0] != b[0] {
				return int(a[0]) - int(b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
		if na != nb {
			return na - nb
		}
		a, b = a[na:], b[nb:]
	}
	return len(a) - len(b)
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
