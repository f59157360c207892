package archive

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"
)

const someID = "01M82V6MR05ZB96SXA6DHJ24VV"

var someDay = time.Date(2026, 11, 22, 1, 2, 3, 4, time.UTC)

func FuzzCheckpoint(f *testing.F) {
	id := ulid.MustParseStrict(someID)
	b := (&ckptHeader{id: id, codec: G711A, sides: []string{"network", "local"}, begin: someDay, line: 3}).append(nil)
	f.Add(b)
	for seq := range uint32(3) {
		r := ckptRecord{seq: seq + 1, wall: someDay, samples: 2000, sides: []chunk{{2000, 2000, 7}, {2000, 2000, 9}}}
		b = r.append(b, idSum(id))
	}
	f.Add(b)
	f.Add(b[:len(b)-5])
	f.Fuzz(func(t *testing.T, b []byte) {
		h, recs, err := parseCkpt(b)
		if err != nil {
			return
		}
		again := h.append(nil)
		if !bytes.Equal(again[:40], b[:40]) {
			t.Errorf("header %x came back as %x", b[:len(again)], again)
		}
		for _, r := range recs {
			if len(r.sides) != len(h.sides) {
				t.Errorf("%+v", r)
			}
			for _, c := range r.sides {
				if c.total < int64(c.n) {
					t.Errorf("%+v", c)
				}
			}
		}
		for i := range h.sides {
			chunksOf(recs, i, 1<<40)
		}
	})
}

func someLine() *JournalLine {
	return &JournalLine{V: 1, Seq: 2, Time: someDay, Kind: KindSealed, ID: someID, Salt: "00ff", Seal: &Seal{
		Start: Start{Line: 3, Board: "b", LineName: "n", Trigger: "voltage", Call: "c", Conversation: "v", Previous: "p",
			Direction: "in", Caller: "1", Called: "2", Codec: G711A, Sides: []string{"network", "local"}, Begin: someDay,
			BeginPos: -5, Simulated: true, ClockSynced: true, Actor: "a"},
		End: someDay, Samples: 8, CallerName: "n", Outcome: "busy", AnsweredBy: "off-hook", EndedBy: "on-hook", Reason: "r", Recovered: true, Unverified: true, Damaged: 1, Gaps: 2, LostSamples: 3,
		Files: []Sealed{{Side: "network", Name: "x", Bytes: 1, SHA256: "y"}, {Side: "local", Name: "x", Bytes: 1, SHA256: "y"}},
		Story: Sealed{Name: "s", Bytes: 9, SHA256: "z"}}}
}

// FuzzJournalLine compares the fast decoder with encoding/json, both behind a
// checksum that is made to fit.
func FuzzJournalLine(f *testing.F) {
	act := JournalLine{V: 1, Seq: 9, Time: someDay, Kind: ActNote, ID: someID, Salt: "s", Actor: "李", At: 4, Value: "a\tb"}
	bare := JournalLine{V: 1, Seq: 1, Time: someDay, Kind: KindAdopted, ID: someID, Seal: &Seal{Start: Start{Codec: PCM16}}}
	withActs := someLine()
	withActs.Seal.Acts = []Act{{Kind: ActMark, Time: someDay, At: 1}}
	for _, l := range []*JournalLine{someLine(), &act, &bare, withActs} {
		b := appendLine(nil, l)
		f.Add(b[:len(b)-1-crcLen])
	}
	f.Add([]byte(`{"v":1,"seq":01,"kind":"note"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := append(bytes.Clone(body), `,"crc":"00000000"}`...)
		var fast, slow JournalLine
		if !decodeCanonical(b, &fast) {
			return
		}
		if err := json.Unmarshal(b, &slow); err != nil {
			t.Fatalf("accepted, and encoding/json says %v: %s", err, b)
		}
		if d := cmp.Diff(slow, fast); d != "" {
			t.Errorf("%s\n%s", b, d)
		}
	})
}

func TestFastDecoderTakesWhatWeWrite(t *testing.T) {
	act := JournalLine{V: 1, Seq: 9, Time: someDay, Kind: ActNote, ID: someID, Salt: "s", Actor: "李", At: -4, Value: "note"}
	bare := &Seal{Start: Start{Codec: PCM16, Sides: []string{"mixed"}, Begin: someDay}, End: someDay, Files: []Sealed{{Side: "mixed", Name: "x"}}}
	adopted := JournalLine{V: 1, Seq: 1, Time: someDay, Kind: KindAdopted, ID: someID, Seal: bare}
	for _, l := range []*JournalLine{someLine(), &act, &adopted} {
		b := bytes.TrimSuffix(appendLine(nil, l), []byte("\n"))
		var got JournalLine
		if !decodeCanonical(b, &got) {
			t.Errorf("not taken: %s", b)
		}
		if d := cmp.Diff(l, &got); d != "" {
			t.Error(d)
		}
	}
}

func FuzzJournal(f *testing.F) {
	l := someLine()
	one := appendLine(nil, l)
	f.Add(one, 10)
	f.Add(append(bytes.Repeat(one, 3), "torn"...), 700)
	f.Add([]byte("\n\n{}\n"), 1)
	f.Fuzz(func(t *testing.T, b []byte, flip int) {
		b = bytes.Clone(b)
		if len(b) > 0 && flip > 0 {
			b[flip%len(b)] ^= 1
		}
		file := byteFile(b)
		end, _, err := lastLine(file, int64(len(b)))
		if err != nil {
			return
		}
		// What the scanner reads forward must agree with what was found backward.
		sc := lineScanner{f: file, size: int64(len(b))}
		var last int64
		var l JournalLine
		for {
			line, next, err := sc.line()
			if err != nil {
				t.Fatal(err)
			}
			if line == nil && next == 0 {
				break
			}
			if parseLine(line, &l) == nil {
				last = next
			}
		}
		if last != end {
			t.Errorf("last good line ends at %d forward, %d backward", last, end)
		}
	})
}

func FuzzStory(f *testing.F) {
	s := Start{Line: 1, Codec: G711A, Sides: []string{"mixed"}, Begin: someDay}
	b := appendStart(nil, someID, &s)
	b = appendEntry(b, Entry{Kind: EntryCaller, Text: "1"})
	b = appendEntry(b, Entry{Kind: EntryRecovered})
	b = appendEntry(b, Entry{Kind: EntryEnd})
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseStory(b)
		if err != nil {
			return
		}
		if p.closing > p.end || p.end > int64(len(b)) || p.nClosing > len(p.entries) {
			t.Errorf("%+v", p)
		}
		var m summary
		for _, e := range p.entries {
			m.add(e)
		}
		p.ended()
	})
}

type byteFile []byte

func (f byteFile) ReadAt(b []byte, at int64) (int, error) { return bytes.NewReader(f).ReadAt(b, at) }
func (f byteFile) WriteAt([]byte, int64) (int, error)     { return 0, nil }
func (f byteFile) Close() error                           { return nil }
func (f byteFile) Size() (int64, error)                   { return int64(len(f)), nil }
func (f byteFile) Truncate(int64) error                   { return nil }
