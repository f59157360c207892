// Package store keeps small state in one file that is either right or said to be
// damaged. It wraps bbolt and knows no domain.
//
//	domains ─▶ Bucket[T].Put ─▶ Update ─▶ state.db ─▶ HotCopy ─▶ copies/state-<time>.db
//	domains ◀─ Bucket[T].Get ◀─ View  ◀─ state.db ◀─ Open (damaged: newest good copy)
//
// In: values of the domains' own types, under ordered string keys. Out: the same
// values, copied, or a typed error. Callers: settings, access, alarm and calls on
// state.db; recorder/index on index.db, which is disposable; cmd/vaad opens both
// and makes a hot copy every hour.
//
// # What is promised
//
//   - A value read is the value written: each carries a CRC over key and value. What
//     fails it is [ErrDamaged], never a wrong value.
//   - A damaged file never takes the process down. The file is read and checked
//     in full by this package before bbolt maps it (bbolt's own check runs in a
//     goroutine of its own, where a fault cannot be caught); later faults of
//     the mapping are caught per transaction, and the handle is then abandoned.
//   - Damage heals: the file is moved aside, the newest good hot copy takes its
//     place, and a [Report] says so. A disposable file is made anew.
//   - A commit that fails (disk full, read-only) is an error, and the data of before stays.
//
// The file format is described in docs/formats/state.md.
package store
