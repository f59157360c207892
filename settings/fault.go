package settings

import (
	"errors"
	"fmt"
	"strings"
)

// ErrFixed is wrapped by errors of changes to a key that the operator's file gives.
var ErrFixed = errors.New("the key is fixed by the configuration file")

// ErrNoVersion says that there is no version of that number.
var ErrNoVersion = errors.New("no such version of the settings")

// A Fault is one thing wrong with a document.
type Fault struct {
	Path string `json:"path"` // the key, as in lines.3.preroll_ms
	Text string `json:"text"` // what is wrong with it and what would be right

	// What is wrong in a form that can be said in any language; "" = only Text says it.
	Code string            `json:"code,omitempty"`
	Args map[string]string `json:"args,omitempty"`
}

// A Coded is an error of validation with a code: Error is "key: text".
type Coded struct {
	Key, Text string
	Code      string
	Args      map[string]string
}

func (e *Coded) Error() string { return e.Key + ": " + e.Text }

func (f Fault) String() string { return f.Path + ": " + f.Text }

// Invalid is the error of a change that was refused, with everything wrong with it.
type Invalid struct{ Faults []Fault }

func (e *Invalid) Error() string {
	var s []string
	for _, f := range e.Faults {
		s = append(s, f.String())
	}
	return "the settings are not valid: " + strings.Join(s, "; ")
}

// FixedError names the key and the file that fixes it. It wraps [ErrFixed].
type FixedError struct{ Path, File string }

func (e *FixedError) Error() string {
	return fmt.Sprintf("%s: fixed by %s; change it there", e.Path, e.File)
}

func (e *FixedError) Unwrap() error { return ErrFixed }

// faults takes a validation error apart. A part "key: text" is put under path.
func faults(path string, err error) []Fault {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []Fault
		for _, e := range many.Unwrap() {
			all = append(all, faults(path, e)...)
		}
		return all
	}
	var coded *Coded
	if errors.As(err, &coded) && coded.Error() == err.Error() {
		return []Fault{{Path: strings.TrimSuffix(join(path, coded.Key), "."), Text: coded.Text, Code: coded.Code, Args: coded.Args}}
	}
	if key, text, ok := strings.Cut(err.Error(), ": "); ok && !strings.ContainsAny(key, " \t\n") {
		if key == "" {
			return []Fault{{Path: path, Text: text}}
		}
		return []Fault{{Path: join(path, key), Text: text}}
	}
	return []Fault{{Path: path, Text: err.Error()}}
}
