package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/crypt"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// Config says where keys are kept.
type Config struct {
	Disk archive.Disk // the keys folder; the ring closes it
	// Master reads master keys or passphrases from elsewhere, one per line, the one
	// in use first; asked again and again. nil, or one that says that there is no such
	// place: the folder's own file has them.
	Master     func() (keys []byte, elsewhere bool, err error)
	ReadOnly   bool                  // beside a daemon: nothing is made or repaired
	Rand       io.Reader             // nil = crypto/rand
	Now        func() time.Time      // nil = time.Now
	Registerer prometheus.Registerer // nil = metrics are not registered
	Told       func(error)           // told how each making of keys went; nil = nobody is
}

// Ring is an open keys folder. Its methods may be called from any goroutine.
type Ring struct {
	c Config
	m *metrics

	rotating sync.Mutex // held by a rotation, from its beginning to its end

	writing sync.Mutex      // held by who changes files
	refused archive.Refused // recordings that have got no key since; guarded by writing

	mu      sync.Mutex // guards what follows
	masters *masters
	proved  *masters              // that open what was wrapped last
	content []byte                // that masters were read from
	cache   map[archive.Day]*keys // of files that were read lately
	synced  map[archive.Day]bool  // files whose records are durable
	target  *master               // of a rotation under way
}

// What is kept in memory: a key takes about 230 bytes.
const (
	maxCached     = 128 // days
	maxCachedKeys = 200_000
)

// Open opens a keys folder and, unless it is only read, locks it and removes
// what an interrupted rotation left.
func Open(c Config) (*Ring, error) {
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Told == nil {
		c.Told = func(error) {}
	}
	r := &Ring{c: c, m: newMetrics(c.Registerer), refused: archive.Refused{}, cache: map[archive.Day]*keys{}, synced: map[archive.Day]bool{}}
	if c.ReadOnly {
		return r, nil
	}
	if l, ok := c.Disk.(archive.Locker); ok {
		if err := l.Lock(); err != nil {
			return nil, fmt.Errorf("open the keys folder: %w", err)
		}
	}
	if err := r.sweep(); err != nil {
		return nil, fmt.Errorf("open the keys folder: %w", err)
	}
	return r, nil
}

// Close closes the folder.
func (r *Ring) Close() error { return r.c.Disk.Close() }

// Key implements archive.Keys.
func (r *Ring) Key(day archive.Day, id string, want crypt.KeyID) (crypt.Key, error) {
	k, err := r.key(day, id, want)
	if err != nil {
		reason := "failed"
		switch {
		case errors.Is(err, archive.ErrKeyErased):
			reason = "erased"
		case errors.Is(err, archive.ErrNoKey):
			reason = "missing"
		}
		r.m.refused.WithLabelValues(reason).Inc()
	}
	return k, err
}

func (r *Ring) key(day archive.Day, id string, want crypt.KeyID) (crypt.Key, error) {
	u, err := ulid.ParseStrict(id)
	if err != nil {
		return crypt.Key{}, fmt.Errorf("%q: %w", id, archive.ErrNotFound)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	found := fmt.Errorf("%s, key %s: %w", id, want, archive.ErrNoKey)
	for _, d := range r.where(day, u) {
		ks, err := r.keysOf(d)
		if err != nil {
			return crypt.Key{}, err
		}
		for _, rec := range ks.of[u] {
			switch {
			case rec.damaged:
				found = fmt.Errorf("%s: its record in the keys of %s is damaged: %w", id, d, archive.ErrNoKey)
			case rec.key != want:
			case rec.kind == kindErased:
				return crypt.Key{}, fmt.Errorf("%s: %w", id, archive.ErrKeyErased)
			default:
				return r.open(&rec.record)
			}
		}
	}
	return crypt.Key{}, found
}

// where lists the days whose files may have a key, likely ones first.
func (r *Ring) where(day archive.Day, u ulid.ULID) []archive.Day {
	if day.Valid() {
		return []archive.Day{day}
	}
	made := ulid.Time(u.Time())
	look := []archive.Day{archive.DayOf(made), archive.DayOf(made.AddDate(0, 0, -1)), archive.DayOf(made.AddDate(0, 0, 1))}
	more, err := r.days()
	if err != nil {
		return look
	}
	return append(look, more...)
}

// open unwraps a key.
func (r *Ring) open(rec *record) (crypt.Key, error) {
	ms, err := r.load()
	if err != nil {
		return crypt.Key{}, err
	}
	m := ms.get(rec.master)
	if m == nil {
		return crypt.Key{}, fmt.Errorf("%w: master key %s wrapped this one", ErrNoMaster, rec.master)
	}
	k, err := rec.unwrap(m)
	if err != nil {
		return k, fmt.Errorf("%w: %w", archive.ErrNoKey, err)
	}
	return k, nil
}

// Make implements archive.Keyring.
func (r *Ring) Make(day archive.Day, ids []string) (map[string]crypt.Key, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	got, err := r.make(day, ids)
	if err != nil {
		err = fmt.Errorf("keys of %s: %w", day, err)
	}
	r.tell(ids, err)
	return got, err
}

// tell tells how making keys went. It is not well as long as there are recordings
// that wait without one.
func (r *Ring) tell(ids []string, err error) {
	var refused archive.Refused
	errors.As(err, &refused)
	for _, id := range ids {
		if refused[id] != nil {
			r.refused[id] = refused[id]
		} else if err == nil || refused != nil {
			delete(r.refused, id)
		}
	}
	if err == nil && len(r.refused) > 0 {
		err = maps.Clone(r.refused)
	}
	r.c.Told(err)
}

func (r *Ring) make(day archive.Day, ids []string) (map[string]crypt.Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.c.ReadOnly {
		return nil, errors.New("the keys are open to be read only")
	}
	ms, err := r.current()
	if err != nil {
		return nil, err
	}
	m, err := r.wraps(ms)
	if err != nil {
		return nil, err
	}
	ks, err := r.keysOf(day)
	if err != nil {
		return nil, err
	}
	got := make(map[string]crypt.Key, len(ids))
	var fresh []record
	refused := archive.Refused{}
	for _, id := range ids {
		u, err := ulid.ParseStrict(id)
		if err != nil {
			refused[id] = fmt.Errorf("%q: %w", id, err)
			continue
		}
		var k crypt.Key
		had := ks.last(u)
		if had != nil && had.kind == kindErased {
			refused[id] = fmt.Errorf("%s: %w", id, archive.ErrKeyErased)
			continue
		}
		if had != nil {
			if k, err = r.open(&had.record); err == nil {
				got[id] = k
				continue
			}
			if errors.Is(err, archive.ErrKeys) { // a master key that is away may come back
				refused[id] = fmt.Errorf("%s: %w", id, err)
				continue
			}
		}
		if _, err := io.ReadFull(r.c.Rand, k[:]); err != nil {
			return nil, err
		}
		rec := record{id: u, time: r.c.Now().Unix()}
		if err := rec.wrap(m, k, r.c.Rand); err != nil {
			return nil, err
		}
		fresh, got[id] = append(fresh, rec), k
	}
	if err := r.append(day, ks, fresh); err != nil {
		return nil, err
	}
	r.m.made.Add(float64(len(fresh)))
	if len(refused) > 0 {
		return got, refused
	}
	return got, nil
}

// Erase implements archive.Keyring. Records are overwritten where they stand; what
// stays says that there was a key.
func (r *Ring) Erase(day archive.Day, ids ...string) error {
	var all []ulid.ULID
	for _, id := range ids {
		u, err := ulid.ParseStrict(id)
		if err != nil {
			return fmt.Errorf("%q: %w", id, archive.ErrNotFound)
		}
		all = append(all, u)
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.c.ReadOnly {
		return errors.New("the keys are open to be read only")
	}
	byDay := map[archive.Day][]ulid.ULID{}
	for _, u := range all {
		for _, d := range r.where(day, u) {
			if !slices.Contains(byDay[d], u) {
				byDay[d] = append(byDay[d], u)
			}
		}
	}
	for d, some := range byDay {
		n, err := r.wipe(d, some)
		if err != nil {
			return fmt.Errorf("erase keys of %s: %w", d, err)
		}
		r.m.erased.Add(float64(n))
	}
	return nil
}

type metrics struct {
	made, erased prometheus.Counter
	refused      *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		made:   prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_keys_made_total", Help: "Keys of recordings made."}),
		erased: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_keys_erased_total", Help: "Keys of recordings erased for good."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_keys_refused_total",
			Help: "Keys that were wanted to read a recording and could not be had, by reason: missing, erased, failed."}, []string{"reason"}),
	}
	for _, reason := range []string{"missing", "erased", "failed"} {
		m.refused.WithLabelValues(reason)
	}
	if r != nil {
		r.MustRegister(m.made, m.erased, m.refused)
	}
	return m
}
