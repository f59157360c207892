package evidence

import (
	"context"

	"vaad/recorder/archive"
)

// Covers says how many journal lines of one of the recordings the newest checkpoint
// proves, and which checkpoint that is: its own line and those of what was done to it.
// [ErrUnsigned]: none, [ErrSimulated]: it is no evidence.
func (x *Prover) Covers(ctx context.Context, day archive.Day, id string) (lines int, cp Checkpoint, err error) {
	p, _, err := x.linesOn(ctx, day, id)
	if err != nil {
		return 0, x.cp, err
	}
	return len(p.Lines), x.cp, nil
}

// Key is the public key that has signed the checkpoint.
func (c *Checkpoint) Key() string { return c.key }
