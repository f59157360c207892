package archive

import (
	"bytes"
	"testing"
)

// FuzzRedacted: whatever a line says, the one that takes its place is as long, can
// be read, and says no more than it may.
func FuzzRedacted(f *testing.F) {
	note := JournalLine{V: 1, Seq: 9, Time: someDay, Kind: ActNote, ID: someID, Salt: "0123456789abcdef0123456789abcdef", Actor: "李", At: 4, Value: "a"}
	trash := note
	trash.Kind, trash.Value = ActTrash, "Jane"
	for _, l := range []*JournalLine{someLine(), &note, &trash} {
		b := appendLine(nil, l)
		f.Add(b[:len(b)-1-crcLen])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := withCRC(body)
		var l, got JournalLine
		if bytes.IndexByte(body, '\n') >= 0 || parseLine(b, &l) != nil || !personal(&l) {
			return
		}
		r, err := redacted(b, &l)
		if err != nil {
			return
		}
		if len(r) != len(b) || bytes.IndexByte(r, '\n') >= 0 {
			t.Fatalf("%d bytes became %d: %s", len(b), len(r), r)
		}
		if err := parseLine(r, &got); err != nil {
			t.Fatalf("%v: %s", err, r)
		}
		if got.Seq != l.Seq || got.Kind != l.Kind || got.ID != l.ID || !got.Time.Equal(l.Time) || !got.Redacted || personal(&got) {
			t.Errorf("%s became %s", b, r)
		}
		if got.Salt+got.Actor+got.Value != "" || got.At != 0 || got.Seal != nil && (got.Seal.Caller+got.Seal.Called+got.Seal.CallerName+got.Seal.LineName != "" || len(got.Seal.Files)+len(got.Seal.Acts) > 0) {
			t.Errorf("it still says %s", r)
		}
	})
}
