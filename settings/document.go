package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vaad/store"
)

// Config of a Document.
type Config struct {
	DB        *store.DB
	Journal   string             // path of the journal file; "" = none
	Sections  []Part             // in the order of the exported file
	Hints     map[string]Hint    // by pattern of paths; see Hint
	Checks    []func(View) error // across sections; each error joined begins with the whole path
	Fixed     map[string]any     // path → value, from the operator's file
	FixedBy   string             // that file's path, for messages
	Now       func() time.Time
	OnJournal func(error) // told when the journal cannot be written, and nil when it can again; may be nil
}

// A Report says what New found.
type Report struct {
	Version  uint64  // of the document now
	Ignored  []Fault // stored values that this program does not take; their defaults are used
	Replayed int     // versions that the journal had and the database lacked
	Journal  error   // what was wrong with the journal; nil: nothing
}

// A Document is the live whole. All methods may be called from any goroutine.
type Document struct {
	cfg   Config
	parts map[string]*part
	fixed map[string]any // path → leaf

	mu      sync.Mutex // one change at a time, subscribers included
	cur     atomic.Pointer[state]
	journal *journal
	subs    map[string][]*subscriber // by section
}

// state is one version, never changed once made.
type state struct {
	n        uint64
	explicit map[string]any // what was set
	whole    map[string]any // defaults, what was set, what is fixed
	typed    map[string]any
}

// A View is one state of the whole document; Section.In reads it.
type View struct{ s *state }

// New reads the document from the database, brought up to date from the journal.
// The error is a fault of the operator's file, of the sections or of the database;
// stored values that no longer fit are in the Report and do not keep vaad from starting.
func New(cfg Config) (*Document, Report, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	d := &Document{cfg: cfg, parts: map[string]*part{}, fixed: map[string]any{}, subs: map[string][]*subscriber{}}
	for _, s := range cfg.Sections {
		p := s.part()
		if d.parts[p.name] != nil {
			return nil, Report{}, fmt.Errorf("settings: section %s is registered twice", p.name)
		}
		d.parts[p.name] = p
	}
	if err := d.checkHints(); err != nil {
		return nil, Report{}, err
	}
	for path, v := range cfg.Fixed {
		t, err := toTree(v)
		if err != nil {
			return nil, Report{}, fmt.Errorf("%s: %s: %w", cfg.FixedBy, path, err)
		}
		flatten(path, t, d.fixed)
	}
	if _, bad := d.compile(0, map[string]any{}); len(bad) > 0 {
		return nil, Report{}, fmt.Errorf("%s: %w", cfg.FixedBy, &Invalid{bad})
	}
	rep, err := d.load()
	return d, rep, err
}

// View is the document now.
func (d *Document) View() View { return View{d.cur.Load()} }

// Version is the number of the newest version; 0 when nothing was ever set.
func (d *Document) Version() uint64 { return d.cur.Load().n }

// compile makes a state and lists all that is wrong with it.
func (d *Document) compile(n uint64, explicit map[string]any) (*state, []Fault) {
	s := &state{n: n, explicit: explicit, whole: map[string]any{}, typed: map[string]any{}}
	var bad []Fault
	for _, name := range sortedKeys(explicit) {
		if d.parts[name] == nil {
			bad = append(bad, Fault{Path: escape(name), Text: "no such section", Code: "no-section"})
		}
	}
	given, _ := over(explicit, unflatten(d.fixed)).(map[string]any)
	for _, sec := range d.cfg.Sections {
		p := sec.part()
		set := given[p.name]
		tree := p.defaults()
		if m, ok := set.(map[string]any); ok && p.element != nil {
			all := map[string]any{}
			for k, v := range m {
				all[k] = over(p.element(k), v)
			}
			tree = all
		} else if set != nil {
			tree = over(tree, set)
		}
		s.whole[p.name] = tree
		if wrong := shape(escape(p.name), p.typ, tree); len(wrong) > 0 {
			bad = append(bad, wrong...)
			continue
		}
		v, wrong := p.typed(tree)
		s.typed[p.name] = v
		bad = append(bad, wrong...)
	}
	for _, name := range sortedKeys(given) {
		if d.parts[name] == nil && explicit[name] == nil {
			bad = append(bad, Fault{Path: escape(name), Text: "no such section", Code: "no-section"})
		}
	}
	if len(bad) == 0 {
		for _, check := range d.cfg.Checks {
			bad = append(bad, faults("", check(View{s}))...)
		}
	}
	return s, d.explain(bad, s.whole)
}

// Get is the value at path, defaults included, as JSON; "" is the whole.
func (d *Document) Get(path string) (json.RawMessage, error) {
	var t any = d.cur.Load().whole
	if path != "" {
		var ok bool
		if t, ok = at(t, split(path)); !ok {
			return nil, fmt.Errorf("settings: %s: no such key", path)
		}
	}
	return encode(t, nil), nil
}

// Origin says where the value at path comes from: "default", "set" or "file".
func (d *Document) Origin(path string) string {
	for f := range d.fixed {
		if within(path, f) || within(f, path) {
			return "file"
		}
	}
	if _, ok := at(d.cur.Load().explicit, split(path)); ok {
		return "set"
	}
	return "default"
}

// Fixed lists the keys that the operator's file gives, and that file.
func (d *Document) Fixed() (paths []string, file string) { return sortedKeys(d.fixed), d.cfg.FixedBy }

// Set changes the value at path; an object replaces the whole object there, null
// takes it back to its default (and an element of a map away). Errors: [*Invalid],
// [*FixedError], those of the database; nothing has changed then.
func (d *Document) Set(actor, why, path string, value json.RawMessage) (Version, error) {
	return d.SetAll(actor, why, map[string]json.RawMessage{path: value})
}

// SetAll is Set of several keys in one version, in the order of their paths.
func (d *Document) SetAll(actor, why string, values map[string]json.RawMessage) (Version, error) {
	edit, err := puts(values)
	if err != nil {
		return Version{}, err
	}
	return d.change(actor, why, edit)
}

// puts makes an edit of values by path.
func puts(values map[string]json.RawMessage) (func(map[string]any) (map[string]any, error), error) {
	trees := map[string]any{}
	var bad []Fault
	for path, value := range values {
		v, err := parse(value)
		if err != nil {
			bad = append(bad, Fault{Path: path, Text: "not JSON: " + err.Error(), Code: "json"})
		}
		if path == "" {
			bad = append(bad, Fault{Path: "", Text: "no key given", Code: "no-path"})
		}
		trees[path] = v
	}
	if len(bad) > 0 {
		return nil, &Invalid{bad}
	}
	return func(tree map[string]any) (map[string]any, error) {
		for _, path := range sortedKeys(trees) {
			if v := trees[path]; v == nil {
				remove(tree, split(path))
			} else {
				put(tree, split(path), clone(v))
			}
		}
		return tree, nil
	}, nil
}

// Apply replaces the whole document by one as [Document.Export] or [Document.Get] give
// it. What equals its default and was not set before stays unset; fixed keys in it are passed over.
func (d *Document) Apply(actor, why string, doc json.RawMessage) (Version, error) {
	return d.change(actor, why, func(now map[string]any) (map[string]any, error) { return d.normal(now, doc) })
}

// Check says what Apply would change, and what is wrong with doc.
func (d *Document) Check(doc json.RawMessage) ([]Change, error) {
	_, _, changes, err := d.prepare(d.cur.Load(), func(tree map[string]any) (map[string]any, error) { return d.normal(tree, doc) })
	return changes, err
}

// Try is the state that Apply would make. Nothing changes.
func (d *Document) Try(doc json.RawMessage) (View, error) {
	next, err := d.try(d.cur.Load(), doc)
	return View{next}, err
}

func (d *Document) try(now *state, doc json.RawMessage) (*state, error) {
	next, _, _, err := d.prepare(now, func(tree map[string]any) (map[string]any, error) { return d.normal(tree, doc) })
	return next, err
}

// Rollback makes a new version that is the same as version n (0: nothing set).
func (d *Document) Rollback(actor, why string, n uint64) (Version, error) {
	return d.change(actor, why, func(tree map[string]any) (map[string]any, error) { return d.back(tree, n) })
}

func (d *Document) change(actor, why string, edit func(map[string]any) (map[string]any, error)) (Version, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed(actor, why, edit)
}

// changed is change, with the lock held.
func (d *Document) changed(actor, why string, edit func(map[string]any) (map[string]any, error)) (Version, error) {
	now := d.cur.Load()
	next, tree, changes, err := d.prepare(now, edit)
	if err != nil {
		return Version{}, err
	}
	v := Version{N: next.n, Time: d.cfg.Now().UTC(), Actor: actor, Why: why, Diff: changes}
	if len(changes) == 0 {
		v.N = now.n
		return v, nil
	}
	if err := d.save(v, tree); err != nil {
		return Version{}, errors.Join(errors.New("settings: not changed"), err)
	}
	d.cur.Store(next)
	d.note(v)
	d.tell(now, next)
	return v, nil
}

// prepare makes what an edit leads to, and says what is wrong with it. Nothing changes.
func (d *Document) prepare(now *state, edit func(map[string]any) (map[string]any, error)) (next *state, tree map[string]any, changes []Change, err error) {
	mine, _ := clone(now.explicit).(map[string]any)
	if tree, err = edit(mine); err != nil {
		return nil, nil, nil, err
	}
	for name, p := range d.parts {
		if sub, ok := tree[name]; ok {
			tree[name] = prune(p.typ, sub)
			if m, ok := tree[name].(map[string]any); ok && len(m) == 0 {
				delete(tree, name)
			}
		}
	}
	changes = diff(now.explicit, tree)
	for _, c := range changes {
		for f := range d.fixed {
			if within(c.Path, f) || within(f, c.Path) && len(c.New) > 0 && c.New[0] != '{' {
				return nil, nil, nil, &FixedError{f, d.cfg.FixedBy}
			}
		}
	}
	next, bad := d.compile(now.n+1, tree)
	if len(bad) > 0 {
		return nil, nil, nil, &Invalid{bad}
	}
	return next, tree, changes, nil
}

func (d *Document) tell(old, next *state) {
	for _, sec := range d.cfg.Sections {
		p := sec.part()
		if same(old.whole[p.name], next.whole[p.name]) {
			continue
		}
		for _, sub := range slices.Clone(d.subs[p.name]) {
			sub.call(next.typed[p.name])
		}
	}
}
