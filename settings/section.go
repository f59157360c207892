package settings

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// A Section is one typed part of the document: T is a struct with json tags, or a map of such.
type Section[T any] struct{ p *part }

// A Part is a Section of any type, for Config.Sections.
type Part interface{ part() *part }

func (s Section[T]) part() *part { return s.p }

// part is what the document knows of a section.
type part struct {
	name     string
	typ      reflect.Type
	defaults func() any                    // tree
	element  func(key string) any          // tree of a map's element; nil: no map of elements
	typed    func(tree any) (any, []Fault) // the decoded, validated value
}

type subscriber struct{ call func(any) }

// NewSection makes a section that is a struct. validate may be nil; each error it
// joins begins with the key it is about, as in "preroll_ms: must be 0…30000".
func NewSection[T any](name string, defaults T, validate func(T) error) Section[T] {
	return Section[T]{&part{
		name:     name,
		typ:      reflect.TypeFor[T](),
		defaults: func() any { return treeOf(defaults) },
		typed: func(tree any) (any, []Fault) {
			v, err := decode[T](tree)
			if err == nil && validate != nil {
				err = validate(v)
			}
			return v, faults(name, err)
		},
	}}
}

// NewMap makes a section that is a map of elements, such as lines by number.
// defaults gives what an element is before anything is set; validate looks at one
// element and may be nil.
func NewMap[E any](name string, defaults func(key string) E, validate func(key string, e E) error) Section[map[string]E] {
	return Section[map[string]E]{&part{
		name:     name,
		typ:      reflect.TypeFor[map[string]E](),
		defaults: func() any { return map[string]any{} },
		element:  func(key string) any { return treeOf(defaults(key)) },
		typed: func(tree any) (any, []Fault) {
			m, err := decode[map[string]E](tree)
			all := faults(name, err)
			if m == nil {
				m = map[string]E{}
			}
			if err == nil && validate != nil {
				for _, k := range sortedKeys(m) {
					all = append(all, faults(join(name, k), validate(k, m[k]))...)
				}
			}
			return m, all
		},
	}}
}

// Get is the value now. It is shared: treat maps and slices in it as read-only.
func (s Section[T]) Get(d *Document) T { return s.In(d.View()) }

// In is the value in one state of the document, for Config.Checks.
func (s Section[T]) In(v View) T {
	t, _ := v.s.typed[s.p.name].(T)
	return t
}

// Subscribe calls f at once with the value now, and again after every change of
// the section, in order, inside the call that changes it. cancel ends that.
func (s Section[T]) Subscribe(d *Document, f func(T)) (cancel func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sub := &subscriber{func(v any) { t, _ := v.(T); f(t) }}
	d.subs[s.p.name] = append(d.subs[s.p.name], sub)
	f(s.In(d.View()))
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.subs[s.p.name] = slices.DeleteFunc(d.subs[s.p.name], func(x *subscriber) bool { return x == sub })
	}
}

func decode[T any](tree any) (v T, err error) {
	b, err := json.Marshal(tree)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	return v, err
}

// treeOf is toTree for values of the program itself.
func treeOf(v any) any {
	t, err := toTree(v)
	if err != nil {
		panic(fmt.Sprintf("settings: defaults of %T: %v", v, err)) // a defect of the program, seen at the first start
	}
	return t
}

// toTree is v as maps, slices, strings, numbers and booleans.
func toTree(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return parse(b)
}
