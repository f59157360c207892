package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options of a DB. The zero value is a small durable file without copies.
type Options struct {
	Name       string        // label of metrics and reports; default: the file's name without .db
	Copies     string        // folder of the hot copies; "" = none are kept
	Keep       int           // hot copies kept; default 48
	CopyBytes  int64         // bytes of hot copies kept, but at least three copies; default 2 GiB
	Timeout    time.Duration // how long to wait for another process's lock; default 2 s
	Migrations []Migration   // the schema's version is their number; run in order, each once
	Disposable bool          // derived data: a damaged file is deleted and made anew
	CheckLimit int64         // a bigger file is checked at open in structure only, its values when read; default 256 MiB
	Registerer prometheus.Registerer
	OnDamage   func(Report)                    // called when the file was found damaged in use and has been replaced; may be nil
	Commit     func(commit func() error) error // tests: stands around each commit, to make it fail
	Now        func() time.Time                // default time.Now
}

func (o *Options) defaults(path string) {
	if o.Name == "" {
		o.Name = strings.TrimSuffix(filepath.Base(path), ".db")
	}
	if o.Keep <= 0 {
		o.Keep = 48
	}
	if o.CopyBytes <= 0 {
		o.CopyBytes = 2 << 30
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.CheckLimit <= 0 {
		o.CheckLimit = 256 << 20
	}
	if o.Commit == nil {
		o.Commit = func(commit func() error) error { return commit() }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// A Report says what [Open], or the healing of a damaged file in use, found and did.
type Report struct {
	Name      string        // Options.Name
	Path      string        // of the file
	Created   bool          // there was no file
	Damaged   error         // what was wrong with the file that was found; nil: nothing
	Aside     string        // where the damaged file was moved; "" = deleted, or nothing was damaged
	Restored  string        // the hot copy that took its place; "" with Damaged: started empty
	Age       time.Duration // how old that copy was
	Rescued   int           // rows read unharmed from the damaged file and put over the copy
	BadCopies []string      // copies that were passed over, being damaged too
	From, To  int           // schema version before and after migration
}

// A DB is one open file. All methods may be called from any goroutine.
type DB struct {
	path    string
	opt     Options
	metrics *metrics

	cur     atomic.Pointer[handle]
	healing sync.Mutex // one replacement at a time
	tried   time.Time  // last try to replace, guarded by healing
	batch   batcher
}

// Open opens path, making it and its folder when missing, checks it in full and
// brings its schema up to date. A damaged file is replaced as the package
// comment says; the Report tells. Errors: [ErrLocked], [ErrNewer], those of
// migrations and of the disk.
func Open(path string, opt Options) (*DB, Report, error) {
	opt.defaults(path)
	db := &DB{path: path, opt: opt, metrics: newMetrics(opt)}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, Report{}, &Error{"open", path, err}
	}
	h, rep, err := db.open()
	if err != nil {
		return nil, rep, &Error{"open", path, err}
	}
	db.cur.Store(h)
	db.metrics.damaged(rep)
	return db, rep, nil
}

// Path is where the file is.
func (db *DB) Path() string { return db.path }

// View runs fn in a read-only transaction: one consistent state, not held up by
// writers. Nothing from inside may be used after fn but copies.
func (db *DB) View(fn func(*Tx) error) error { return db.do("view", false, fn) }

// Update runs fn in the only writing transaction and makes its changes durable
// before it returns nil. With any error nothing has changed.
func (db *DB) Update(fn func(*Tx) error) error { return db.do("update", true, fn) }

// Close closes the file once its transactions have ended. Later use gives [ErrClosed].
func (db *DB) Close() error {
	db.healing.Lock()
	defer db.healing.Unlock()
	h := db.cur.Swap(nil)
	db.metrics.close()
	if h == nil {
		return nil
	}
	return h.close()
}

func (db *DB) do(op string, write bool, fn func(*Tx) error) error {
	h := db.cur.Load()
	err := errDead
	for err == errDead { // it died before fn was begun: the one that takes its place will do
		if h == nil {
			return &Error{op, db.path, ErrClosed}
		}
		whole := !h.dead.Load() || db.heal(h, nil)
		if h = db.cur.Load(); h == nil {
			return &Error{op, db.path, ErrClosed}
		}
		if !whole {
			return &Error{op, db.path, ErrDamaged}
		}
		err = h.run(write, fn)
	}
	if h.dead.Load() {
		db.heal(h, err)
	}
	var own *foreign
	if errors.As(err, &own) {
		return own.err // fn's own error is handed back as it is
	}
	if err != nil {
		return &Error{op, db.path, err}
	}
	return nil
}

// foreign marks an error that came from the caller's function.
type foreign struct{ err error }

func (f *foreign) Error() string { return f.err.Error() }
