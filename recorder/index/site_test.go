package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"
)

// A site is a busy office of 128 lines, its recordings made by a formula, with
// their day journals on disk as the archive writes them.
type site struct {
	t       testing.TB
	root    string
	rnd     *rand.Rand
	numbers []string // of customers, the first ones call most
	at      time.Time
	days    map[archive.Day]*dayFile
	ids     []brief // of all recordings
	bytes   int64   // of all journals
}

type dayFile struct {
	seq uint64
	off int64
	buf bytes.Buffer
}

// A brief is what later acts and questions need of a recording.
type brief struct {
	id   [16]byte
	call [16]byte
	day  archive.Day
	line int32
}

func newSite(t testing.TB) *site {
	s := &site{t: t, root: t.TempDir(), rnd: rand.New(rand.NewPCG(4, 65536)), at: time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC),
		days: map[archive.Day]*dayFile{}}
	for range 200_000 {
		s.numbers = append(s.numbers, [...]string{"138", "139", "150", "186", "0755", "021"}[s.rnd.IntN(6)]+fmt.Sprintf("%08d", s.rnd.IntN(1e8)))
	}
	return s
}

var english = strings.Fields(`customer asks for a refund of the order invoice sent again delivery late complaint about
	the technician contract renewal call back on Monday wrong number price offer meeting confirmed password reset urgent transfer to accounting`)

var chinese = strings.Fields("客户要求退款 订单编号 明天回电 投诉送货太慢 发票已经寄出 合同续签 技术人员上门 价格优惠 预约会议 转接财务 请尽快处理 地址错误 改签航班 密码重置 表示满意")

// note is some words in one of the languages or both.
func (s *site) note() string {
	var w []string
	for range 2 + s.rnd.IntN(8) {
		if s.rnd.IntN(2) == 0 {
			w = append(w, chinese[s.rnd.IntN(len(chinese))])
		} else {
			w = append(w, english[s.rnd.IntN(len(english))])
		}
	}
	return strings.Join(w, " ")
}

func (s *site) chance(percent float64) bool { return s.rnd.Float64()*100 < percent }

func (s *site) ulid(t time.Time) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:], uint64(t.UnixMilli())<<16|uint64(s.rnd.Uint32()&0xFFFF))
	binary.BigEndian.PutUint64(b[8:], s.rnd.Uint64())
	return b
}

// number is a customer's: some call often, most hardly ever.
func (s *site) number() string {
	return s.numbers[int(float64(len(s.numbers))*math.Pow(s.rnd.Float64(), 3))]
}

// recording makes the next one and writes its line.
func (s *site) recording() archive.JournalLine {
	s.at = s.at.Add(time.Duration(s.rnd.ExpFloat64() * float64(60*time.Second))) // 1,440 a day
	if h := s.at.Hour(); h >= 13 {                                               // the office is closed; times are UTC
		s.at = s.at.Add(time.Duration(24-h) * time.Hour)
	}
	id, call, line := s.ulid(s.at), s.ulid(s.at.Add(-3*time.Second)), 1+s.rnd.IntN(128)
	start := s.at.Add(time.Duration(s.rnd.IntN(2_000_000)) - 2*time.Second)
	seconds := math.Exp(s.rnd.NormFloat64()*1.1 + 4.2)
	seal := &archive.Seal{Start: archive.Start{ID: longID(id[:]), Line: line, LineName: fmt.Sprintf("席位 %d desk", line), Board: fmt.Sprintf("dahdi-%d", line/32),
		Trigger: "voltage", Call: longID(call[:]), Conversation: longID(call[:]), Direction: "in", Caller: s.number(), Called: fmt.Sprintf("02155%06d", line*7919%1_000_000),
		Codec: archive.G711A, Sides: []string{"mixed"}, Begin: start, BeginPos: s.rnd.Int64N(1 << 40), ClockSynced: true},
		Samples: 160 * int64(50*seconds), EndedBy: "on-hook", AnsweredBy: "off-hook"}
	if s.chance(40) {
		seal.Direction, seal.Caller, seal.Called, seal.AnsweredBy = "out", "", seal.Caller, ""
		if s.chance(60) {
			seal.AnsweredBy = "reversal"
		}
	}
	if s.chance(10) {
		seal.Caller = ""
	}
	if seal.Outcome = "answered"; s.chance(7) {
		seal.Outcome = "busy"
	}
	if seal.Direction == "in" && s.chance(30) {
		seal.CallerName = string([]rune("王李张刘陈杨黄赵吴周")[s.rnd.IntN(10)]) + chinese[s.rnd.IntN(len(chinese))][:3] + english[s.rnd.IntN(len(english))]
	}
	if s.chance(20) {
		seal.Sides = []string{"network", "local"}
	}
	if s.chance(5) {
		seal.Trigger, seal.Actor = "manual", fmt.Sprintf("agent%02d", s.rnd.IntN(40))
	}
	if s.chance(15) {
		seal.Codec = "gsm"
	}
	if s.chance(8) {
		seal.EndedBy = "busy-tone"
	}
	seal.Recovered, seal.Simulated = s.chance(0.1), s.chance(0.5)
	if s.chance(0.3) {
		seal.Gaps, seal.LostSamples = 1, 160
	}
	if s.chance(1) && len(s.ids) > 0 {
		p := s.ids[len(s.ids)-1]
		seal.Previous, seal.Conversation = longID(p.id[:]), longID(p.call[:])
	}
	seal.End = start.Add(seal.Duration() + time.Duration(s.rnd.IntN(2_000_000)))
	for _, side := range seal.Sides {
		var h [32]byte
		for i := 0; i < 32; i += 8 {
			binary.LittleEndian.PutUint64(h[i:], s.rnd.Uint64())
		}
		seal.Files = append(seal.Files, archive.Sealed{Side: side, Name: seal.ID + "." + side + ".wav", Bytes: 94 + seal.Samples, SHA256: hex.EncodeToString(h[:])})
	}
	seal.Story = archive.Sealed{Name: seal.ID + ".jsonl", Bytes: 900 + s.rnd.Int64N(4000), SHA256: seal.Files[0].SHA256}
	b := brief{id: id, call: call, day: archive.DayOf(start), line: int32(line)}
	s.ids = append(s.ids, b)
	return s.line(b.day, archive.JournalLine{Time: seal.End, Kind: archive.KindSealed, ID: seal.ID, Seal: seal})
}

// act does something to one of the recordings.
func (s *site) act(of brief) archive.JournalLine {
	l := archive.JournalLine{Time: s.at, ID: longID(of.id[:]), Actor: fmt.Sprintf("agent%02d", s.rnd.IntN(40))}
	switch k := s.rnd.IntN(100); {
	case k < 60:
		l.Kind, l.Value = archive.ActNote, s.note()
	case k < 80:
		l.Kind, l.At, l.Value = archive.ActMark, s.rnd.Int64N(80000), chinese[s.rnd.IntN(len(chinese))]
	case k < 90:
		l.Kind = archive.ActProtect
	case k < 93:
		l.Kind, l.Value = archive.ActHold, "case 42"
	default:
		l.Kind = archive.ActTrash
	}
	return s.line(of.day, l)
}

// line writes a line into its day's journal, as docs/formats/day-journal.md says.
func (s *site) line(day archive.Day, l archive.JournalLine) archive.JournalLine {
	d := s.days[day]
	if d == nil {
		d = &dayFile{}
		s.days[day] = d
	}
	d.seq++
	l.V, l.Seq, l.Salt, l.Day = 1, d.seq, fmt.Sprintf("%016x%016x", s.rnd.Uint64(), s.rnd.Uint64()), day
	b, err := json.Marshal(l)
	if err != nil {
		s.t.Fatal(err)
	}
	b = b[:len(b)-1]
	b = fmt.Appendf(b, `,"crc":"%08x"}`+"\n", crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	d.off += int64(len(b))
	s.bytes += int64(len(b))
	l.Next = d.off
	d.buf.Write(b)
	return l
}

// write appends to the journals on disk.
func (s *site) write() {
	for day, d := range s.days {
		if d.buf.Len() == 0 {
			continue
		}
		dir := filepath.Join(s.root, strings.ReplaceAll(string(day), "-", "/"))
		if err := os.MkdirAll(dir, 0o750); err != nil {
			s.t.Fatal(err)
		}
		f, err := os.OpenFile(filepath.Join(dir, "day.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err = f.Write(d.buf.Bytes()); err == nil {
			err = f.Close()
		}
		if err != nil {
			s.t.Fatal(err)
		}
		d.buf = bytes.Buffer{} // its memory too
	}
}

// fill makes n recordings with acts on 5 % of them, mostly of the same week.
func (s *site) fill(n int) {
	for i := range n {
		s.recording()
		if s.chance(5) {
			s.act(s.ids[max(0, len(s.ids)-1-s.rnd.IntN(10_000))])
		}
		if i%50_000 == 0 {
			s.write()
		}
	}
	s.write()
}

// journals reads them as the daemon does.
func (s *site) journals() *archive.Reader {
	r, err := archive.OpenReadOnly(s.root, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { r.Close() })
	return r
}

// opened opens the index and runs it. settled is how long that took, until the
// first question has its answer.
func (s *site) opened(path string, sz sizes) (ix *Index, settled time.Duration, stop func()) {
	begin := time.Now()
	ix, stop = run(s.t, Config{Path: path, Journals: s.journals(), sizes: sz, countTime: countTime})
	settle(s.t, ix)
	if _, err := ix.Query(context.Background(), Filter{}); err != nil {
		s.t.Fatal(err)
	}
	return ix, time.Since(begin), stop
}
