package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

const exportFormat = 1

// Export is the whole document as one readable file: sections in their order, keys
// sorted, defaults included, what the operator's file fixes left out. The same
// settings give the same bytes.
func (d *Document) Export() []byte {
	s := d.cur.Load()
	tree, _ := clone(s.whole).(map[string]any)
	for path := range d.fixed {
		remove(tree, split(path))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"vaad\": \"settings\",\n  \"format\": %d,\n  \"settings\": ", exportFormat)
	order := make([]string, 0, len(d.cfg.Sections))
	for _, sec := range d.cfg.Sections {
		order = append(order, sec.part().name)
	}
	var in bytes.Buffer
	_ = json.Indent(&in, encode(tree, order), "  ", "  ")
	b.Write(in.Bytes())
	b.WriteString("\n}\n")
	return b.Bytes()
}

// Import applies a file made by Export. See [Document.Apply].
func (d *Document) Import(actor, why string, file []byte) (Version, error) {
	doc, err := Unwrap(file)
	if err != nil {
		return Version{}, err
	}
	return d.Apply(actor, why, doc)
}

// Unwrap takes the document out of an exported file.
func Unwrap(file []byte) (json.RawMessage, error) {
	var f struct {
		Vaad     string          `json:"vaad"`
		Format   int             `json:"format"`
		Settings json.RawMessage `json:"settings"`
	}
	if err := json.Unmarshal(file, &f); err != nil {
		return nil, &Invalid{[]Fault{{Text: "not JSON: " + err.Error(), Code: "json"}}}
	}
	if f.Vaad != "settings" || len(f.Settings) == 0 {
		return nil, &Invalid{[]Fault{{Path: "vaad", Text: `must be "settings": the file is no export of settings`, Code: "no-export"}}}
	}
	if f.Format > exportFormat {
		return nil, &Invalid{[]Fault{{Path: "format", Text: fmt.Sprintf("is %d, this vaad reads up to %d: use a newer one", f.Format, exportFormat), Code: "too-new"}}}
	}
	return f.Settings, nil
}

// normal turns a whole document into what is to be stored of it.
func (d *Document) normal(now map[string]any, doc json.RawMessage) (map[string]any, error) {
	t, err := parse(doc)
	if err != nil {
		return nil, &Invalid{[]Fault{{Text: "not JSON: " + err.Error(), Code: "json"}}}
	}
	given, ok := t.(map[string]any)
	if !ok {
		return nil, &Invalid{[]Fault{{Text: "must be an object of sections", Code: "kind.object", Args: map[string]string{"value": string(doc[:min(len(doc), 40)])}}}}
	}
	for path := range d.fixed {
		remove(given, split(path))
		if v, ok := at(now, split(path)); ok {
			put(given, split(path), clone(v)) // hidden behind the file: it stays as it was
		}
	}
	for name, p := range d.parts {
		if sub, ok := given[name].(map[string]any); ok {
			old, _ := now[name].(map[string]any)
			if p.element == nil {
				given[name] = without(sub, p.defaults(), old)
				continue
			}
			for k, v := range sub {
				if el, ok := v.(map[string]any); ok {
					was, _ := old[k].(map[string]any)
					sub[k] = without(el, p.element(k), was)
				}
			}
		}
	}
	return given, nil
}

// without drops the values of t that equal the defaults, unless they were set before.
func without(t map[string]any, defaults any, before map[string]any) map[string]any {
	def, _ := defaults.(map[string]any)
	for k, v := range t {
		dv, has := def[k]
		old, set := before[k]
		if sub, ok := v.(map[string]any); ok && has {
			was, _ := old.(map[string]any)
			t[k] = without(sub, dv, was)
			if len(sub) == 0 && !set {
				if dm, _ := dv.(map[string]any); len(dm) == 0 || len(sub) == 0 {
					delete(t, k)
				}
			}
		} else if has && !set && same(v, dv) {
			delete(t, k)
		}
	}
	return t
}

// encode writes a tree with its keys in order; the first ones of top come first.
func encode(t any, top []string) json.RawMessage {
	var b bytes.Buffer
	write(&b, t, top)
	return b.Bytes()
}

func write(b *bytes.Buffer, t any, top []string) {
	switch t := t.(type) {
	case map[string]any:
		keys := sortedKeys(t)
		if top != nil {
			slices.SortStableFunc(keys, func(x, y string) int { return slices.Index(top, x) - slices.Index(top, y) })
		}
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			leaf(b, k)
			b.WriteByte(':')
			write(b, t[k], nil)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, v := range t {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, v, nil)
		}
		b.WriteByte(']')
	default:
		leaf(b, t)
	}
}

func leaf(b *bytes.Buffer, v any) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if e.Encode(v) == nil {
		b.Truncate(b.Len() - 1) // Encode ends with a newline
	}
}
