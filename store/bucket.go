package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// A Bucket holds values of one type as JSON under ordered string keys. The
// zero-cost handle is made once by a domain and used in any transaction.
type Bucket[T any] struct{ raw Bytes }

// NewBucket names a bucket. Names are part of the file format.
func NewBucket[T any](name string) Bucket[T] { return Bucket[T]{Bytes{name}} }

// Key makes a key that sorts as the number does.
func Key(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }

// Number is the reverse of Key; 0 when key was not made by it.
func Number(key string) uint64 {
	if len(key) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64([]byte(key))
}

// Get returns the value under key and whether there is one.
func (b Bucket[T]) Get(tx *Tx, key string) (v T, ok bool, err error) {
	err = b.raw.View(tx, key, func(data []byte) error {
		ok = true
		return b.decode(key, data, &v)
	})
	return v, ok, err
}

// Put stores v under key, replacing what was there.
func (b Bucket[T]) Put(tx *Tx, key string, v T) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("bucket %s: key %q: %w", b.raw.name, key, err)
	}
	return b.raw.Put(tx, key, data)
}

// Delete removes key; a missing one is no error.
func (b Bucket[T]) Delete(tx *Tx, key string) error { return b.raw.Delete(tx, key) }

// Next returns the bucket's next number, from 1. It is spent when the transaction commits.
func (b Bucket[T]) Next(tx *Tx) (uint64, error) { return b.raw.Next(tx) }

// Range calls f for from ≤ key < to in order until f returns false. An empty to
// means to the end. f must not change the bucket.
func (b Bucket[T]) Range(tx *Tx, from, to string, f func(key string, v T) bool) error {
	return b.each(tx, from, to, f, b.raw.Range)
}

// Reverse is Range from the last key down.
func (b Bucket[T]) Reverse(tx *Tx, from, to string, f func(key string, v T) bool) error {
	return b.each(tx, from, to, f, b.raw.Reverse)
}

func (b Bucket[T]) each(tx *Tx, from, to string, f func(string, T) bool,
	walk func(*Tx, string, string, func(string, []byte) bool) error) error {
	var bad error
	err := walk(tx, from, to, func(key string, data []byte) bool {
		var v T
		if bad = b.decode(key, data, &v); bad != nil {
			return false
		}
		return f(key, v)
	})
	if bad != nil {
		return bad
	}
	return err
}

func (b Bucket[T]) decode(key string, data []byte, v *T) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("bucket %s: key %q: %w", b.raw.name, key, err)
	}
	return nil
}
