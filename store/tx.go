package store

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterr "go.etcd.io/bbolt/errors"
)

// A Tx is a transaction. It belongs to the goroutine and the function it was given to.
type Tx struct {
	h   *handle
	tx  *bolt.Tx
	bad error // damage met; the transaction is over
}

// handle is one opening of the file. A dead one is abandoned: its mapping stays,
// since closing it could wait for ever for a transaction that a fault cut off.
type handle struct {
	bolt    *bolt.DB
	file    *os.File
	path    string
	commit  func(func() error) error
	metrics *metrics
	writer  sync.Mutex // so that nobody waits inside bbolt behind a dead writer
	dead    atomic.Bool
}

// errDead says that the handle was found dead, and nothing was begun.
var errDead = damaged("it was found so by another transaction")

// guarded runs f with faults of the mapping and panics of bbolt turned into damage.
// debug.SetPanicOnFault is a property of the goroutine and has been set by the caller.
func guarded(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = damaged("%v", r)
		}
	}()
	f()
	return nil
}

// guard runs one step of bbolt.
func (tx *Tx) guard(f func()) error {
	if tx.bad != nil {
		return tx.bad
	}
	if err := guarded(f); err != nil {
		return tx.harm(err)
	}
	return nil
}

// harm ends the transaction and the handle with it.
func (tx *Tx) harm(err error) error {
	tx.bad = err
	tx.h.dead.Store(true)
	return err
}

func (h *handle) run(write bool, fn func(*Tx) error) (err error) {
	if write {
		h.writer.Lock()
		defer h.writer.Unlock()
	}
	if h.dead.Load() {
		return errDead
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx := &Tx{h: h}
	if e := tx.guard(func() { tx.tx, err = h.bolt.Begin(write) }); e != nil {
		return e
	}
	if errors.Is(err, bolterr.ErrDatabaseNotOpen) {
		return ErrClosed // meanwhile
	}
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if done {
			return
		}
		r := recover()
		if _, fault := r.(interface{ Addr() uintptr }); fault && tx.bad == nil {
			err = tx.harm(damaged("%v", r)) // fn looked at bytes of the mapping
			r = nil
		}
		tx.end(write)
		if r != nil {
			panic(r) // a fault of the caller, not of the file
		}
	}()
	err = fn(tx)
	done = true
	if tx.bad != nil {
		tx.end(write)
		return tx.bad
	}
	if err != nil || !write {
		tx.end(write)
		if err != nil {
			return &foreign{err}
		}
		return tx.bad
	}
	return tx.finish()
}

// end rolls back. A writer on a dead handle is left as it lies; a reader's
// rollback touches no mapped memory and frees the lock that remapping needs.
func (tx *Tx) end(write bool) {
	if tx.bad != nil && write {
		return
	}
	bad := tx.bad
	tx.bad = nil
	if err := tx.guard(func() { _ = tx.tx.Rollback() }); err == nil {
		tx.bad = bad
	}
}

func (tx *Tx) finish() (err error) {
	begin := time.Now()
	reached := false
	e := tx.guard(func() {
		err = tx.h.commit(func() error {
			reached = true
			return tx.tx.Commit()
		})
	})
	tx.h.metrics.commit(time.Since(begin), e == nil && err == nil)
	if e != nil {
		return e
	}
	if err != nil {
		if !reached {
			tx.end(true)
		}
		return fmt.Errorf("commit: %w", withErrno(err))
	}
	return nil
}

// withErrno gives an error its cause back: bbolt prints some instead of wrapping them.
func withErrno(err error) error {
	for _, e := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS, syscall.EIO} {
		if !errors.Is(err, e) && strings.HasSuffix(err.Error(), e.Error()) {
			return fmt.Errorf("%s: %w", strings.TrimSuffix(strings.TrimSuffix(err.Error(), e.Error()), ": "), e)
		}
	}
	return err
}

func (h *handle) close() error {
	if h.dead.Load() {
		return h.file.Close() // gives the lock back; the mapping stays
	}
	h.writer.Lock()
	defer h.writer.Unlock()
	if h.dead.Load() { // the writer that was waited for met damage, and bbolt would wait for it for ever
		return h.file.Close()
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var err error
	if e := guarded(func() { err = h.bolt.Close() }); e != nil {
		return e
	}
	return err
}
