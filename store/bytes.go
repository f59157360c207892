package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	bolt "go.etcd.io/bbolt"
)

// Bytes is a bucket of plain bytes, for values that are not JSON (columns, postings).
type Bytes struct{ name string }

// NewBytes names a bucket of plain bytes.
func NewBytes(name string) Bytes { return Bytes{name} }

const sumLen = 4 // bytes of CRC before each value

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// sum covers bucket, key and value, so that a value in a wrong place is found too.
// name is nameSum of the bucket.
func sum(name uint32, key, value []byte) uint32 {
	t := castagnoli()
	return crc32.Update(crc32.Update(name, t, key), t, value)
}

func nameSum(bucket string) uint32 { return crc32.Checksum([]byte(bucket), castagnoli()) }

// unseal takes the checksum off a stored value and verifies it.
func unseal(bucket string, name uint32, key, stored []byte) ([]byte, error) {
	if len(stored) < sumLen {
		return nil, damaged("bucket %s: key %q: %d bytes are too few for a value", bucket, key, len(stored))
	}
	v := stored[sumLen:]
	if binary.LittleEndian.Uint32(stored) != sum(name, key, v) {
		return nil, damaged("bucket %s: key %q: the value fails its checksum", bucket, key)
	}
	return v, nil
}

// View calls f with the value under key, and not at all when there is none. The
// bytes belong to the transaction: f copies what it keeps.
func (b Bytes) View(tx *Tx, key string, f func(value []byte) error) error {
	return b.view(tx, key, true, f)
}

// Look is View without the checksum: for large values that do not change, and
// that View has verified not long ago. A caller must bear bytes that have become
// damaged on the disk since.
func (b Bytes) Look(tx *Tx, key string, f func(value []byte) error) error {
	return b.view(tx, key, false, f)
}

func (b Bytes) view(tx *Tx, key string, verify bool, f func(value []byte) error) error {
	var value []byte
	var bad error
	err := tx.guard(func() {
		if bk := tx.tx.Bucket([]byte(b.name)); bk != nil {
			if s := bk.Get([]byte(key)); s != nil {
				if verify || len(s) < sumLen {
					value, bad = unseal(b.name, nameSum(b.name), []byte(key), s)
				} else {
					value = s[sumLen:]
				}
			}
		}
	})
	if err == nil && bad != nil {
		err = tx.harm(bad)
	}
	if err != nil || value == nil {
		return err
	}
	return f(value)
}

// Get returns a copy of the value under key, nil when there is none.
func (b Bytes) Get(tx *Tx, key string) (value []byte, err error) {
	err = b.View(tx, key, func(v []byte) error {
		value = append([]byte{}, v...)
		return nil
	})
	return value, err
}

// Put stores a copy of value under key. Keys are 1…32768 bytes.
func (b Bytes) Put(tx *Tx, key string, value []byte) error {
	k := []byte(key)
	s := make([]byte, sumLen, sumLen+len(value))
	binary.LittleEndian.PutUint32(s, sum(nameSum(b.name), k, value))
	s = append(s, value...)
	return b.write(tx, key, func(bk *bolt.Bucket) error { return bk.Put(k, s) })
}

// Delete removes key; a missing one is no error.
func (b Bytes) Delete(tx *Tx, key string) error {
	return b.write(tx, key, func(bk *bolt.Bucket) error { return bk.Delete([]byte(key)) })
}

// Next returns the bucket's next number, from 1. It is spent when the transaction commits.
func (b Bytes) Next(tx *Tx) (n uint64, err error) {
	err = b.write(tx, "", func(bk *bolt.Bucket) (err error) { n, err = bk.NextSequence(); return })
	return n, err
}

// Clear removes the whole bucket.
func (b Bytes) Clear(tx *Tx) error {
	var e error
	err := tx.guard(func() {
		if tx.tx.Bucket([]byte(b.name)) != nil {
			e = tx.tx.DeleteBucket([]byte(b.name))
		}
	})
	if err == nil && e != nil {
		err = fmt.Errorf("bucket %s: %w", b.name, e)
	}
	return err
}

func (b Bytes) write(tx *Tx, key string, f func(*bolt.Bucket) error) error {
	var e error
	err := tx.guard(func() {
		bk := tx.tx.Bucket([]byte(b.name))
		if bk == nil {
			if bk, e = tx.tx.CreateBucket([]byte(b.name)); e != nil {
				return
			}
		}
		e = f(bk)
	})
	if err == nil && e != nil {
		err = fmt.Errorf("bucket %s: key %q: %w", b.name, key, e)
	}
	return err
}

// Range calls f for from ≤ key < to in order until f returns false. An empty to
// means to the end. The value belongs to the transaction. f must not change the bucket.
func (b Bytes) Range(tx *Tx, from, to string, f func(key string, value []byte) bool) error {
	return b.walk(tx, f, func(c *bolt.Cursor, first bool) (k, v []byte) {
		switch {
		case first && from == "":
			k, v = c.First()
		case first:
			k, v = c.Seek([]byte(from))
		default:
			k, v = c.Next()
		}
		if to != "" && k != nil && bytes.Compare(k, []byte(to)) >= 0 {
			return nil, nil
		}
		return k, v
	})
}

// Reverse is Range from the last key down.
func (b Bytes) Reverse(tx *Tx, from, to string, f func(key string, value []byte) bool) error {
	return b.walk(tx, f, func(c *bolt.Cursor, first bool) (k, v []byte) {
		switch {
		case first && to == "":
			k, v = c.Last()
		case first:
			if k, _ = c.Seek([]byte(to)); k == nil {
				k, v = c.Last()
			} else {
				k, v = c.Prev()
			}
		default:
			k, v = c.Prev()
		}
		if k != nil && bytes.Compare(k, []byte(from)) < 0 {
			return nil, nil
		}
		return k, v
	})
}

func (b Bytes) walk(tx *Tx, f func(string, []byte) bool, step func(*bolt.Cursor, bool) ([]byte, []byte)) error {
	var c *bolt.Cursor
	name := nameSum(b.name)
	if err := tx.guard(func() {
		if bk := tx.tx.Bucket([]byte(b.name)); bk != nil {
			c = bk.Cursor()
		}
	}); err != nil || c == nil {
		return err
	}
	for first := true; ; first = false {
		var key string
		var value []byte
		var bad error
		end := false
		err := tx.guard(func() {
			k, s := step(c, first)
			if end = k == nil; !end {
				key = string(k)
				value, bad = unseal(b.name, name, k, s)
			}
		})
		if err == nil && bad != nil {
			err = tx.harm(bad)
		}
		if err != nil || end || !f(key, value) {
			return err
		}
	}
}

// putRow stores a rescued row and keeps the bucket's numbers from going back.
func (tx *Tx) putRow(r row) error {
	b := Bytes{r.bucket}
	if err := b.Put(tx, string(r.key), r.value); err != nil {
		return err
	}
	return b.write(tx, "", func(bk *bolt.Bucket) error {
		if bk.Sequence() < r.sequence {
			return bk.SetSequence(r.sequence)
		}
		return nil
	})
}
