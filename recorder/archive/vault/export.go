package vault

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/crypt"

	"github.com/oklog/ulid/v2"
)

// An export is JSON lines: a head, one line per key, and an end that counts them.
// The keys in it are in the clear: who writes one encrypts it.
const (
	exportVersion = 1
	maxEntry      = 4096
)

type exportLine struct {
	Version int        `json:"vaad-keys,omitempty"`
	Time    *time.Time `json:"time,omitempty"`

	Day    archive.Day `json:"day,omitempty"`
	ID     string      `json:"id,omitempty"`
	Key    string      `json:"key,omitempty"`    // base 64
	Erased string      `json:"erased,omitempty"` // ID of a key that was erased
	Made   int64       `json:"made,omitempty"`   // seconds since 1970; of an erased one: when that was

	End *int `json:"end,omitempty"`
}

// Exported counts the lines of an export.
type Exported struct{ Keys, Erased, Unreadable int }

// Export writes all keys, or those of one recording, in the clear. Keys that
// cannot be unwrapped are counted and left out.
func (r *Ring) Export(w io.Writer, only string) (out Exported, err error) {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	now := r.c.Now().UTC().Truncate(time.Second)
	if err := enc.Encode(exportLine{Version: exportVersion, Time: &now}); err != nil {
		return out, err
	}
	r.mu.Lock()
	days, err := r.days()
	r.mu.Unlock()
	if err != nil {
		return out, err
	}
	for _, d := range days {
		if err := r.exportDay(d, only, enc, &out); err != nil {
			return out, err
		}
	}
	n := out.Keys + out.Erased
	return out, errors.Join(enc.Encode(exportLine{End: &n}), b.Flush())
}

func (r *Ring) exportDay(d archive.Day, only string, enc *json.Encoder, out *Exported) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, err := r.read(d)
	if err != nil {
		return fmt.Errorf("read %s: %w", fileOf(d), err)
	}
	for u, all := range k.of {
		if only != "" && u.String() != only {
			continue
		}
		for _, s := range all {
			l := exportLine{Day: d, ID: u.String(), Made: s.time}
			switch {
			case s.damaged:
				out.Unreadable++
				continue
			case s.kind == kindErased:
				l.Erased = s.key.String()
				out.Erased++
			default:
				key, err := r.open(&s.record)
				if err != nil {
					out.Unreadable++
					continue
				}
				l.Key = base64.StdEncoding.EncodeToString(key[:])
				out.Keys++
			}
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// An Entry is one line of an export that was read.
type Entry struct {
	Day    archive.Day
	ID     string
	Key    crypt.Key
	KeyID  crypt.KeyID
	Erased bool
	Time   int64
}

// ErrExport: what is read is no export, or not all of one.
var ErrExport = errors.New("this is no complete export of keys")

// ReadExport reads an export. An error after some entries means that it is torn.
func ReadExport(in io.Reader, f func(Entry) error) error {
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, maxEntry), maxEntry)
	bad := func(n int, why any) error { return fmt.Errorf("line %d: %v: %w", n, why, ErrExport) }
	for n, seen := 1, 0; sc.Scan(); n++ {
		var l exportLine
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			return bad(n, "it is no JSON")
		}
		switch {
		case n == 1 && l.Version > exportVersion:
			return bad(n, crypt.ErrNewer)
		case n == 1 && l.Version != exportVersion:
			return bad(n, "its head is missing")
		case n == 1:
			continue
		case l.End != nil:
			if *l.End != seen || sc.Scan() {
				return bad(n, "the count does not fit")
			}
			return nil
		}
		e := Entry{Day: l.Day, ID: l.ID, Erased: l.Erased != "", Time: l.Made}
		if u, err := ulid.ParseStrict(l.ID); err != nil || u.String() != l.ID || !l.Day.Valid() {
			return bad(n, "no day, or no recording")
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(l.Key)
		if e.Erased {
			if raw, err = hex.DecodeString(l.Erased); err == nil && len(raw) == len(e.KeyID) {
				e.KeyID = crypt.KeyID(raw)
			}
		} else if err == nil && len(raw) == len(e.Key) {
			e.Key = crypt.Key(raw)
			e.KeyID = e.Key.ID()
		}
		if err != nil || e.KeyID == (crypt.KeyID{}) {
			return bad(n, "no key")
		}
		if err := f(e); err != nil {
			return err
		}
		seen++
	}
	if err := sc.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return err
	}
	return fmt.Errorf("its end is missing: %w", ErrExport)
}

// Imported says what an import did.
type Imported struct {
	Keys   int // that were not here
	Known  int // that were here already
	Erased int // that were erased here: they stay so
	Late   int // that the export knows as erased, and that are here: erase those recordings again
}

// Import takes over the keys of an export that are not here. The export is read
// to its end first: of a torn one nothing is taken.
func (r *Ring) Import(in io.Reader) (out Imported, err error) {
	byDay := map[archive.Day][]Entry{}
	if err := ReadExport(in, func(e Entry) error { byDay[e.Day] = append(byDay[e.Day], e); return nil }); err != nil {
		return out, err
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	ms, err := r.current()
	if err != nil {
		return out, err
	}
	m, err := r.wraps(ms)
	if err != nil {
		return out, err
	}
	for d, all := range byDay {
		k, err := r.keysOf(d)
		if err != nil {
			return out, err
		}
		var fresh []record
		for _, e := range all {
			rec, err := r.imported(k, e, m, &out)
			if err != nil {
				return out, err
			}
			if rec != nil {
				fresh = append(fresh, *rec)
			}
		}
		if err := r.append(d, k, fresh); err != nil {
			return out, err
		}
	}
	return out, nil
}

// imported is the record that an entry becomes; nil where there is one.
func (r *Ring) imported(k *keys, e Entry, m *master, out *Imported) (*record, error) {
	u := ulid.MustParseStrict(e.ID)
	for _, s := range k.of[u] {
		switch {
		case s.damaged || s.key != e.KeyID:
		case e.Erased && s.kind == kindKey:
			out.Late++
			return nil, nil
		case s.kind == kindErased:
			out.Erased++
			return nil, nil
		default:
			if _, err := r.open(&s.record); err == nil {
				out.Known++
				return nil, nil
			}
		}
	}
	rec := &record{kind: kindErased, id: u, key: e.KeyID, time: e.Time}
	if e.Erased {
		out.Erased++
		return rec, nil
	}
	out.Keys++
	return rec, rec.wrap(m, e.Key, r.c.Rand)
}

// Loose is keys that were read from an export, kept in memory.
type Loose map[string][]Entry

// ReadLoose reads an export into memory.
func ReadLoose(in io.Reader) (Loose, error) {
	l := Loose{}
	err := ReadExport(in, func(e Entry) error { l[e.ID] = append(l[e.ID], e); return nil })
	return l, err
}

// Key implements archive.Keys.
func (l Loose) Key(_ archive.Day, id string, want crypt.KeyID) (crypt.Key, error) {
	for _, e := range l[id] {
		if e.KeyID == want && e.Erased {
			return crypt.Key{}, fmt.Errorf("%s: %w", id, archive.ErrKeyErased)
		}
		if e.KeyID == want {
			return e.Key, nil
		}
	}
	return crypt.Key{}, fmt.Errorf("%s: %w", id, archive.ErrNoKey)
}
