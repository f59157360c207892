package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"vaad/doctor"
)

// Bounds of profiles. One says which functions hold goroutines and memory; it has no
// values of variables, so that there is nothing secret in it.
const (
	profileStacks = 200 // those that hold most
	profilesKept  = 6   // the newest
	profileMark   = "profile-"
)

// profiles writes what holds goroutines and memory below ROOT/log.
type profiles struct {
	dir string
	now func() time.Time
}

// A holding is what goroutines or memory with one stack are.
type holding struct {
	Count int64    `json:"count"`           // goroutines, or objects
	Bytes int64    `json:"bytes,omitempty"` // of the objects
	Stack []string `json:"stack"`           // the innermost function first
}

// write writes a file named by the time and by what it was taken for.
func (p profiles) write(of string) error {
	if err := os.MkdirAll(p.dir, 0o750); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	b, err := json.MarshalIndent(map[string][]holding{"goroutines": goroutines(), "memory": memoryHeld()}, "", " ")
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	name := profileMark + p.now().UTC().Format("20060102T150405Z") + "-" + of + ".json"
	return errors.Join(os.WriteFile(filepath.Join(p.dir, name), b, 0o640), p.trim())
}

// goroutines are all that there are, by their stacks.
func goroutines() []holding {
	var all []runtime.StackRecord
	for n, ok := runtime.NumGoroutine(), false; !ok; {
		all = make([]runtime.StackRecord, n+64)
		n, ok = runtime.GoroutineProfile(all)
		all = all[:min(n, len(all))]
	}
	count := map[[32]uintptr]int64{}
	for i := range all {
		count[all[i].Stack0]++
	}
	out := make([]holding, 0, len(count))
	for pcs, n := range count {
		out = append(out, holding{Count: n, Stack: frames(pcs[:])})
	}
	return most(out, func(h holding) int64 { return h.Count })
}

// memoryHeld is what is in use of Go's heap, as far as it was sampled.
func memoryHeld() []holding {
	var all []runtime.MemProfileRecord
	for n, ok := 0, false; !ok; {
		all = make([]runtime.MemProfileRecord, n+64)
		n, ok = runtime.MemProfile(all, false)
		all = all[:min(n, len(all))]
	}
	out := make([]holding, 0, len(all))
	for i := range all {
		out = append(out, holding{Count: all[i].InUseObjects(), Bytes: all[i].InUseBytes(), Stack: frames(all[i].Stack())})
	}
	return most(out, func(h holding) int64 { return h.Bytes })
}

// most keeps those that hold most, the greatest first.
func most(all []holding, by func(holding) int64) []holding {
	slices.SortFunc(all, func(a, b holding) int { return cmp.Or(cmp.Compare(by(b), by(a)), slices.Compare(a.Stack, b.Stack)) })
	return all[:min(len(all), profileStacks)]
}

func frames(pcs []uintptr) (stack []string) {
	if i := slices.Index(pcs, 0); i >= 0 {
		pcs = pcs[:i]
	}
	for all := runtime.CallersFrames(pcs); ; {
		f, more := all.Next()
		if f.Function != "" {
			stack = append(stack, f.Function+" "+filepath.Base(f.File)+":"+strconv.Itoa(f.Line))
		}
		if !more {
			return stack
		}
	}
}

// trim removes the oldest.
func (p profiles) trim() error {
	all := p.files()
	for len(all) > profilesKept {
		if err := os.Remove(all[0]); err != nil {
			return err
		}
		all = all[1:]
	}
	return nil
}

// files lists them, the oldest first.
func (p profiles) files() []string {
	all, _ := filepath.Glob(filepath.Join(p.dir, profileMark+"*.json")) // the pattern is good
	slices.Sort(all)
	return all
}

// documents is what a support bundle takes along: the newest two.
func (p profiles) documents() (docs []doctor.Document) {
	all := p.files()
	for _, name := range all[max(0, len(all)-2):] {
		b, err := os.ReadFile(name)
		docs = append(docs, doctor.Document{Name: "log/" + filepath.Base(name), Data: b, Err: err})
	}
	return docs
}
