package archive

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"vaad/recorder/archive/crypt"
)

var (
	// ErrNoKey: the recording is encrypted, and there is no key for it here.
	ErrNoKey = errors.New("the recording is encrypted and its key is not here")
	// ErrKeyErased: its key was erased, on purpose and for good.
	ErrKeyErased = errors.New("the key of the recording was erased: nobody can read it any more")
	// ErrKeys: keys cannot be made or read at all, as the master key is missing.
	ErrKeys = errors.New("keys of recordings cannot be used")
)

// Keys gives the keys of encrypted recordings. Errors are [ErrNoKey],
// [ErrKeyErased], [ErrKeys] or wrap one of them.
type Keys interface {
	// Key returns the key of a recording that has this ID. day may be "".
	Key(day Day, id string, key crypt.KeyID) (crypt.Key, error)
}

// A Keyring makes keys too. Package vault has the one that there is.
type Keyring interface {
	Keys
	// Make returns a key for each recording, the one it has or a new one. They are
	// durable when it returns. With [Refused] it has left out those that this names.
	Make(day Day, ids []string) (map[string]crypt.Key, error)
	// Erase makes recordings unreadable, wherever copies of their files are. It is
	// durable when it returns; one without a key is no error.
	Erase(day Day, ids ...string) error
}

// Refused says of which recordings there can be no key, and why: the others of the
// same call have theirs.
type Refused map[string]error

func (r Refused) Error() string {
	id := slices.Min(slices.Collect(maps.Keys(r)))
	if len(r) == 1 {
		return r[id].Error()
	}
	return fmt.Sprintf("%v, and %d more", r[id], len(r)-1)
}

// Unwrap are the reasons.
func (r Refused) Unwrap() []error { return slices.Collect(maps.Values(r)) }

// eraseKeys erases the keys of recordings of one day, before their files are
// removed: whoever has copies of these cannot read them any more.
func eraseKeys(k Keyring, d Disk, day Day, ids map[string]bool) error {
	if k == nil || len(ids) == 0 {
		return nil
	}
	err := k.Erase(day, slices.Sorted(maps.Keys(ids))...)
	if !errors.Is(err, ErrKeys) {
		return err
	}
	names, e := filesOf(d, day, ids)
	if e != nil {
		return errors.Join(err, e)
	}
	if slices.ContainsFunc(names, Encrypted) {
		return err
	}
	return nil // keys that cannot be used are none of the others' business
}

// Encryption says what is encrypted when a recording is sealed.
type Encryption struct {
	Audio   bool // the sides
	Stories bool // with Audio: the story too
}

// Unreadable says that an error of reading is one of keys, and with which code
// of a problem it is told: "key-missing", "key-erased", "audio-changed"; "" for any other.
func Unreadable(err error) string {
	switch {
	case errors.Is(err, ErrKeyErased):
		return "key-erased"
	case errors.Is(err, ErrNoKey), errors.Is(err, ErrKeys):
		return "key-missing"
	case errors.Is(err, crypt.ErrChanged), errors.Is(err, crypt.ErrFormat), errors.Is(err, crypt.ErrOther), errors.Is(err, crypt.ErrNewer):
		return "audio-changed"
	}
	return ""
}
