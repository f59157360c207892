package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"vaad/store"
)

// nameHad is a name that was wanted, and the one that was free. It stands in state.db: docs/formats/state.md.
type nameHad struct {
	Wanted string `json:"wanted"` // labels
	Has    string `json:"has"`
}

// claim makes a label the box's, or where another machine has it the first further one that none has (RFC
// 6762 section 9). The one that the box had before comes first, as people have kept that.
func (n *nameService) claim(ctx context.Context, label string) (open io.Closer, has string, err error) {
	had := n.had()
	if had.Wanted != label {
		had = nameHad{label, label}
	}
	for _, has = range furtherLabels(had.Has, label) {
		open, err = n.answer(ctx, localName(has))
		if err == nil && has != had.Has {
			n.keep(nameHad{label, has})
		}
		if !errors.Is(err, errNameTaken) {
			return open, has, err
		}
	}
	return nil, label, err
}

// furtherLabels are first, then label, label-2, label-3, …, each once.
func furtherLabels(first, label string) []string {
	all := []string{first}
	for i := 1; i <= nameMost; i++ {
		next := label
		if i > 1 {
			next = strings.TrimRight(label[:min(len(label), 63-2)], "-") + "-" + strconv.Itoa(i)
		}
		if next != first {
			all = append(all, next)
		}
	}
	return all
}

const theName = "now"

func nameRow() store.Bucket[nameHad] { return store.NewBucket[nameHad]("network.name") }

// nameHad is the name that the box had the last time, by state.db.
func (d *doors) nameHad() (had nameHad) {
	err := d.db.View(func(tx *store.Tx) (err error) {
		had, _, err = nameRow().Get(tx, theName)
		return err
	})
	if err != nil || !goodLabel(had.Has) {
		return nameHad{}
	}
	return had
}

func (d *doors) keepName(has nameHad) {
	if err := d.db.Update(func(tx *store.Tx) error { return nameRow().Put(tx, theName, has) }); err != nil {
		d.log.Error("the name on the local network could not be kept: the box may have another one after the next start", "name", has.Has, "error", err)
	}
}

// namesOf are those that the box goes by beside its host's, and those of them that people should type:
// a name that is another machine's leads there.
func (d *doors) namesOf(want networkDoc) (all, typed []string) {
	all, typed = want.allNames(), want.allNames()
	if d.called == nil {
		return all, typed
	}
	if has := d.called.answered(); has != "" && !slices.Contains(all, has) {
		return append(all, has), append(slices.Clone(want.Names), has)
	}
	return all, typed
}
