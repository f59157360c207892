package archive

import (
	"context"
	"errors"
)

// FinishErasures does what is left of erasures whose lines stand in the journals
// and whose keys, files or lines could not be removed. Its error says that
// something still is: what erases to make room had better wait, as every further
// line would be one more that frees nothing.
func (a *Archive) FinishErasures(ctx context.Context) error {
	if err := a.finishErasures(ctx); err != nil {
		return a.errs.wrap("erase", "", err)
	}
	return nil
}

// canErase is asked before the line of an erasure is written: a recording whose
// key cannot be erased stays, rather than being erased in the journal only. Of a
// [Keyring] its method CanErase() error is asked, where it has one.
func (a *Archive) canErase(act *Act) error {
	k, ok := a.keyring.(interface{ CanErase() error })
	if !ok || !act.Day.Valid() {
		return nil
	}
	err := k.CanErase()
	if err == nil {
		return nil
	}
	es, e := a.disk.ReadDir(act.Day.dir())
	if e != nil {
		return errors.Join(err, e)
	}
	for _, e := range es {
		if id, _, _, ok := splitName(e.Name()); ok && id == act.ID && Encrypted(e.Name()) {
			return err
		}
	}
	return nil
}
