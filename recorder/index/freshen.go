package index

import (
	"time"

	"vaad/store"
)

// freshEvery is how often one segment is verified beside the questions.
const freshEvery = time.Second

// freshen verifies the columns of the segment that is nearest to be verified
// again, so that no question has to wait for that: of ten million recordings it
// would be a second; and the file lies in memory, if there is room for it. Faults are not told here: the next question meets them.
func (ix *Index) freshen() {
	ix.mu.Lock()
	segs := ix.segs
	ix.mu.Unlock()
	var oldest *segment
	for _, s := range segs {
		if oldest == nil || s.verified.whole.Load() < oldest.verified.whole.Load() {
			oldest = s
		}
	}
	now := time.Now().UnixNano()
	if oldest == nil || ix.lost.Load() || now-oldest.verified.whole.Load() < int64(verifyEvery/2) {
		return
	}
	var good []column
	err := ix.db.View(func(tx *store.Tx) error {
		for c := range column(colRest + maxRows/blockRows) {
			there := false
			if err := columnBucket().View(tx, columnKey(oldest.ID, c), func(v []byte) error { there = v != nil; return nil }); err != nil {
				return err
			}
			if there {
				good = append(good, c)
			}
		}
		return nil
	})
	if err != nil {
		ix.c.Logger.Warn("index: a segment cannot be verified", "segment", oldest.ID, "error", err)
		return
	}
	oldest.verified.since.Store(now)
	oldest.verified.whole.Store(now)
	for _, c := range good {
		oldest.verified.add(c)
	}
}
