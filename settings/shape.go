package settings

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// shape holds a tree against the Go type it is for and lists unknown keys and
// values of the wrong kind, each with its path.
func shape(path string, t reflect.Type, tree any) []Fault {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	m, isMap := tree.(map[string]any)
	list, isList := tree.([]any)
	switch {
	case tree == nil:
		return nil
	case own(t):
	case t.Kind() == reflect.Struct && isMap:
		fields := map[string]reflect.Type{}
		fieldsOf(t, fields)
		var all []Fault
		for _, k := range sortedKeys(m) {
			ft, ok := fields[k]
			if !ok {
				all = append(all, Fault{Path: join(path, escape(k)), Text: "no such key; known are " + strings.Join(sortedKeys(fields), ", "),
					Code: "no-key", Args: map[string]string{"known": strings.Join(sortedKeys(fields), ", ")}})
				continue
			}
			all = append(all, shape(join(path, escape(k)), ft, m[k])...)
		}
		return all
	case t.Kind() == reflect.Map && isMap:
		var all []Fault
		for _, k := range sortedKeys(m) {
			all = append(all, shape(join(path, escape(k)), t.Elem(), m[k])...)
		}
		return all
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && isList:
		var all []Fault
		for i, v := range list {
			all = append(all, shape(join(path, fmt.Sprint(i)), t.Elem(), v)...)
		}
		return all
	}
	b, err := json.Marshal(tree)
	if err == nil {
		err = json.Unmarshal(b, reflect.New(t).Interface())
	}
	if err == nil {
		return nil
	}
	if own(t) {
		return []Fault{{Path: path, Text: err.Error()}}
	}
	name := kindName(t)
	return []Fault{{Path: path, Text: fmt.Sprintf("%s is not %s", b, name), Code: "kind." + kinds[name], Args: map[string]string{"value": string(b)}}}
}

// own says whether a type reads itself from JSON.
func own(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// eachField calls f for every key of a struct as JSON has them, in the order of its
// declaration; those of embedded structs are its own.
func eachField(t reflect.Type, f func(key string, typ reflect.Type)) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			eachField(field.Type, f)
		case !field.IsExported():
		case name == "":
			f(field.Name, field.Type)
		default:
			f(name, field.Type)
		}
	}
}

func fieldsOf(t reflect.Type, into map[string]reflect.Type) {
	eachField(t, func(key string, typ reflect.Type) { into[key] = typ })
}

// kinds are the codes of what kindName says.
var kinds = map[string]string{"true or false": "boolean", "a whole number": "whole", "a whole number from 0": "natural", "a number": "number",
	"a text": "text", "a list": "list", "an object": "object"}

func kindName(t reflect.Type) string {
	switch k := t.Kind(); {
	case k == reflect.Bool:
		return "true or false"
	case k >= reflect.Int && k <= reflect.Int64:
		return "a whole number"
	case k >= reflect.Uint && k <= reflect.Uint64:
		return "a whole number from 0"
	case k == reflect.Float32, k == reflect.Float64:
		return "a number"
	case k == reflect.String:
		return "a text"
	case k == reflect.Slice, k == reflect.Array:
		return "a list"
	}
	return "an object"
}

// prune drops objects that say nothing: empty ones where the type is a struct.
func prune(t reflect.Type, tree any) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	m, ok := tree.(map[string]any)
	if !ok || own(t) {
		return tree
	}
	switch t.Kind() {
	case reflect.Struct:
		fields := map[string]reflect.Type{}
		fieldsOf(t, fields)
		for k, v := range m {
			ft, ok := fields[k]
			if !ok {
				continue
			}
			m[k] = prune(ft, v)
			if sub, ok := m[k].(map[string]any); ok && len(sub) == 0 && ft.Kind() == reflect.Struct {
				delete(m, k)
			}
		}
	case reflect.Map:
		for k, v := range m {
			m[k] = prune(t.Elem(), v)
		}
	}
	return m
}
