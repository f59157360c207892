package settings

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Hint is what a Go type does not say of a key: for people who choose a value,
// and for the words of what is wrong with one. Config.Hints has them by pattern:
// the key's path with * for each key of a map and each item of a list.
type Hint struct {
	Form     string   // what a text is, as schedule, date or file; "" = any
	Unit     string   // of a number, as ms
	Min, Max float64  // of a number; the same = any
	Also     []int64  // beside the range, as 0 for "learn it"
	Choices  []string // of a text; none = any
	Words    string   // group of the catalogue that has words for the choices; "" = the key's own
	Refs     string   // section of whose elements it names one; standing beside choices: these too
	Optional bool     // "" is taken where there are choices, a form or Refs
	Restart  bool     // the program must be started anew before it counts
	When     []When   // it counts only where all of these are so
}

// A When is a condition on a key beside the one that has it, or of the object above it.
type When struct {
	Key string   // beside it; with ^ before it: in the object above
	Is  []string // one of these, as texts
}

// A Node describes one key of the document, or all that stand in the same place.
type Node struct {
	Path    string          // pattern, as lines.*.trigger
	Kind    string          // text, whole, number, boolean, list, object or map
	Default json.RawMessage // of a leaf or list; nil: it has none
	Hint    Hint
	Fields  []Node // of an object
	Item    *Node  // of a list or map
}

// Schema describes all sections, in their order.
func (d *Document) Schema() []Node {
	out := make([]Node, 0, len(d.cfg.Sections))
	for _, sec := range d.cfg.Sections {
		p := sec.part()
		n := Node{Path: escape(p.name), Kind: "map"}
		if p.element == nil {
			n = d.node(n.Path, p.typ, p.defaults())
		} else {
			item := d.node(n.Path+".*", p.typ.Elem(), p.element(""))
			n.Item = &item
		}
		out = append(out, n)
	}
	return out
}

func (d *Document) node(path string, t reflect.Type, def any) Node {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	n := Node{Path: path, Hint: d.cfg.Hints[path]}
	if def != nil {
		n.Default = encode(def, nil)
	}
	switch k := t.Kind(); {
	case own(t):
		n.Kind = "text"
	case k == reflect.Struct:
		n.Kind, n.Default = "object", nil
		tree, _ := def.(map[string]any)
		eachField(t, func(key string, typ reflect.Type) {
			n.Fields = append(n.Fields, d.node(join(path, escape(key)), typ, tree[key]))
		})
	case k == reflect.Map, k == reflect.Slice, k == reflect.Array:
		n.Kind = "list"
		if k == reflect.Map {
			n.Kind = "map"
		}
		item := d.node(join(path, "*"), t.Elem(), nil)
		n.Item = &item
	case k == reflect.Bool:
		n.Kind = "boolean"
	case k >= reflect.Int && k <= reflect.Uint64:
		n.Kind = "whole"
	case k == reflect.Float32, k == reflect.Float64:
		n.Kind = "number"
	default:
		n.Kind = "text"
	}
	return n
}

// pattern is the pattern of a path whose value a hint describes; "" = there is none.
func (d *Document) pattern(path string) string {
	if _, ok := d.cfg.Hints[path]; ok {
		return path
	}
	keys := split(path)
	for _, sec := range d.cfg.Sections {
		p := sec.part()
		if p.name != keys[0] {
			continue
		}
		t, pat := p.typ, escape(p.name)
		for _, k := range keys[1:] {
			for t.Kind() == reflect.Pointer {
				t = t.Elem()
			}
			switch t.Kind() {
			case reflect.Map, reflect.Slice, reflect.Array:
				t, pat = t.Elem(), join(pat, "*")
			case reflect.Struct:
				fields := map[string]reflect.Type{}
				fieldsOf(t, fields)
				ft, ok := fields[k]
				if !ok {
					return ""
				}
				t, pat = ft, join(pat, escape(k))
			default:
				return ""
			}
		}
		return pat
	}
	return ""
}

// explain gives faults that break their key's hint a code, so that they can be said in
// any language. whole is the tree that the faults are of.
func (d *Document) explain(bad []Fault, whole map[string]any) []Fault {
	for i := range bad {
		if bad[i].Code != "" {
			continue
		}
		pat := d.pattern(bad[i].Path)
		v, ok := through(whole, split(bad[i].Path))
		if pat == "" || !ok {
			continue
		}
		elements := func(section string) []string {
			m, _ := whole[section].(map[string]any)
			return sortedKeys(m)
		}
		switch v := v.(type) {
		case []any: // the fault is of one of them
			item := d.cfg.Hints[pat+".*"]
			for _, one := range v {
				if bad[i].Code, bad[i].Args = item.breaks(one, elements); bad[i].Code != "" {
					break
				}
			}
		case map[string]any: // the fault is its key's
			keys := split(bad[i].Path)
			bad[i].Code, bad[i].Args = d.cfg.Hints[pat].breaks(keys[len(keys)-1], elements)
		default:
			bad[i].Code, bad[i].Args = d.cfg.Hints[pat].breaks(v, elements)
		}
	}
	return bad
}

// breaks says by which code a value breaks a hint; "" = it does not.
func (h Hint) breaks(v any, elements func(section string) []string) (code string, args map[string]string) {
	switch v := v.(type) {
	case json.Number:
		if h.Refs != "" && !slices.Contains(elements(h.Refs), v.String()) {
			return "missing", map[string]string{"value": v.String(), "section": h.Refs}
		}
		f, err := v.Float64()
		if err != nil || h.Min == h.Max || f >= h.Min && f <= h.Max || slices.ContainsFunc(h.Also, func(n int64) bool { return float64(n) == f }) {
			return "", nil
		}
		return "range", map[string]string{"value": v.String(), "min": plain(h.Min), "max": plain(h.Max), "unit": h.Unit}
	case string:
		switch {
		case v == "" && h.Optional:
			return "", nil
		case v == "" && !slices.Contains(h.Choices, v):
			return "required", nil
		case len(h.Choices) > 0 && h.Refs == "" && !slices.Contains(h.Choices, v):
			return "unknown", map[string]string{"value": v, "choices": strings.Join(h.Choices, ", ")}
		case h.Refs != "" && !slices.Contains(elements(h.Refs), v) && !slices.Contains(h.Choices, v):
			return "missing", map[string]string{"value": v, "section": h.Refs}
		case h.Form != "":
			return "form." + h.Form, map[string]string{"value": v}
		}
	}
	return "", nil
}

func plain(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// through is at, through lists too.
func through(t any, keys []string) (any, bool) {
	for _, k := range keys {
		switch x := t.(type) {
		case map[string]any:
			v, ok := x[k]
			if !ok {
				return nil, false
			}
			t = v
		case []any:
			i, err := strconv.Atoi(k)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			t = x[i]
		default:
			return nil, false
		}
	}
	return t, true
}

// checkHints wants that every hint is about a key that there is.
func (d *Document) checkHints() error {
	known := map[string]bool{}
	var walk func(n *Node)
	walk = func(n *Node) {
		known[n.Path] = true
		for i := range n.Fields {
			walk(&n.Fields[i])
		}
		if n.Item != nil {
			walk(n.Item)
		}
	}
	for _, n := range d.Schema() {
		walk(&n)
	}
	for _, path := range sortedKeys(d.cfg.Hints) {
		if !known[path] {
			return fmt.Errorf("settings: there is a hint of %s, and no such key", path)
		}
	}
	return nil
}
