package vault

import (
	"fmt"
	"slices"
	"time"

	"vaad/recorder/archive"
)

// Rotated says what a rotation did.
type Rotated struct {
	Keys   int    // wrapped anew
	Kept   int    // that could not be: their master key is not here
	Master string // ID of the master key in use now
}

// rotateDays is how many days are wrapped anew at once: they share their syncs, and
// who makes or erases keys waits for them.
const rotateDays = 16

// Rotate puts a new master key in use and wraps all keys with it. With master
// keys from elsewhere the first of them is taken, and the others may be removed
// afterwards. It may be interrupted anywhere and begun again. Meanwhile keys can be
// read, and made and erased between some days and the next ones.
func (r *Ring) Rotate() (out Rotated, err error) {
	r.rotating.Lock()
	defer r.rotating.Unlock()
	ms, err := r.beginRotation()
	if err != nil {
		return out, err
	}
	defer r.endRotation()
	out.Master = ms.all[0].id.String()
	days, err := r.days() // later ones have keys of the new master key only
	if err != nil {
		return out, err
	}
	for some := range slices.Chunk(days, rotateDays) {
		if err := r.rewrap(some, ms, &out); err != nil {
			return out, err
		}
	}
	if out.Kept > 0 || ms.own == 0 {
		return out, nil
	}
	var own []*master
	if !ms.elsewhere {
		own = ms.all[:1]
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	return out, r.writeMasters(own)
}

// beginRotation decides with which master key, the first of those returned. From
// then on no other one wraps, see wraps.
func (r *Ring) beginRotation() (*masters, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	ms, err := r.current()
	if err != nil {
		return nil, err
	}
	if !ms.elsewhere && ms.own == 1 { // two: an interrupted rotation goes on
		fresh, err := r.newMaster()
		if err == nil {
			err = r.writeMasters([]*master{fresh, ms.all[0]})
		}
		if err != nil {
			return nil, err
		}
		if ms, err = r.load(); err != nil {
			return nil, err
		}
	}
	r.target = ms.all[0]
	return ms, nil
}

func (r *Ring) endRotation() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.target = nil
}

// wraps is the master key for keys that are made. During a rotation it is the one
// that all get: at its end it removes the others.
func (r *Ring) wraps(ms *masters) (*master, error) {
	if r.target != nil && r.target.id != ms.all[0].id {
		return nil, fmt.Errorf("%w: the master key was changed while keys are wrapped with %s", archive.ErrKeys, r.target.id)
	}
	return ms.all[0], nil
}

// rewrap writes the files of some days anew.
func (r *Ring) rewrap(days []archive.Day, ms *masters, out *Rotated) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	var names []string
	for _, d := range days {
		k, err := r.read(d)
		if err != nil {
			return fmt.Errorf("read %s: %w", fileOf(d), err)
		}
		changed := false
		for u, all := range k.of {
			for _, s := range all {
				if s.damaged || s.kind != kindKey || s.master == ms.all[0].id {
					continue
				}
				m := ms.get(s.master)
				if m == nil {
					out.Kept++
					continue
				}
				key, err := s.unwrap(m)
				if err != nil {
					out.Kept++
					continue
				}
				rec := record{id: u, time: s.time}
				if err := rec.wrap(ms.all[0], key, r.c.Rand); err != nil {
					return err
				}
				b := rec.encode()
				copy(k.raw[s.at:], b[:])
				changed = true
				out.Keys++
			}
		}
		if !changed {
			continue
		}
		if err := r.write(fileOf(d)+extNew, k.raw); err != nil {
			return err
		}
		names = append(names, fileOf(d))
	}
	if len(names) == 0 {
		return nil
	}
	if err := r.c.Disk.SyncFS(); err != nil {
		return err
	}
	if err := r.exchange(names); err != nil {
		return err
	}
	return r.c.Disk.SyncFS()
}

// exchange puts files in the place of the old ones.
func (r *Ring) exchange(names []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.cache)
	for _, name := range names {
		if err := r.c.Disk.Rename(name+extNew, name); err != nil {
			return err
		}
	}
	return nil
}

// A State is what there is of keys.
type State struct {
	Days, Keys, Erased, Damaged int
	Foreign                     int       // wrapped by a master key that is not here
	Master                      string    // ID of the one in use; "" = there is none yet
	Others                      int       // keys wrapped by others that are here: a rotation is due
	Newest                      time.Time // when the newest key was made
}

// State counts everything; it reads all files, one at a time, so that nobody waits
// long for a key meanwhile.
func (r *Ring) State() (s State, err error) {
	r.mu.Lock()
	ms, err := r.load()
	days, e := r.days()
	r.mu.Unlock()
	if e != nil {
		return s, e
	}
	if err != nil {
		ms = &masters{}
	}
	if len(ms.all) > 0 {
		s.Master = ms.all[0].id.String()
	}
	for _, d := range days {
		r.mu.Lock()
		k, e := r.read(d)
		r.mu.Unlock()
		if e != nil {
			return s, e
		}
		s.add(k, ms)
	}
	if err == nil && s.Master == "" && s.Keys > 0 {
		err = ErrNoMaster
	}
	return s, err
}

// add counts one day's file.
func (s *State) add(k *keys, ms *masters) {
	s.Days++
	for _, all := range k.of {
		for _, rec := range all {
			switch {
			case rec.damaged:
				s.Damaged++
			case rec.kind == kindErased:
				s.Erased++
			default:
				s.Keys++
				if made := time.Unix(rec.time, 0).UTC(); made.After(s.Newest) {
					s.Newest = made
				}
				if ms.get(rec.master) == nil {
					s.Foreign++
				} else if rec.master.String() != s.Master {
					s.Others++
				}
			}
		}
	}
}

// Check says whether keys can be used: the master key is there and opens what
// was wrapped last. A folder without keys needs none.
func (r *Ring) Check() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	ms, err := r.load()
	if err != nil {
		return err
	}
	return r.opensNewest(ms)
}
