package framelog

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"vaad/driver"
	"vaad/dsp/g711"
)

var start = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)

func testInfo() driver.Info {
	return driver.Info{Driver: "sim", Model: "six lines", Serial: "4711", Virtual: true, Lines: []driver.Line{
		{Port: 1, Kind: driver.FXO, Law: driver.ALaw, Use: driver.Tap, Caps: driver.CapRingDetect | driver.CapVolts, VoltsEvery: 2000, Name: "Empfang 接待"},
		{Port: 2, Kind: driver.FXO, Law: driver.MuLaw, Caps: driver.CapHook | driver.CapTx},
		{Port: 3, Kind: driver.FXS, Law: driver.Linear, Caps: driver.CapRing},
		{Port: 4, Kind: driver.FXS, Law: driver.ALaw},
		{Port: 5, Kind: driver.BChan, Law: driver.ALaw, Span: 1, Timeslot: 1},
		{Port: 6, Kind: driver.BChan, Law: driver.MuLaw, Span: 1, Timeslot: 17},
	}, Spans: []driver.Span{{Number: 1, Channels: 31, DChannel: 16}}}
}

// smallInfo keeps short what is tried for every byte of a log.
func smallInfo() driver.Info {
	return driver.Info{Driver: "sim", Model: "two lines", Lines: []driver.Line{
		{Port: 1, Kind: driver.FXO, Law: driver.MuLaw}, {Port: 2, Kind: driver.FXS, Law: driver.Linear},
	}, Spans: []driver.Span{{Number: 1, Channels: 31}}}
}

// tick is one frame in each direction, kept for comparison.
type tick struct{ rx, tx *driver.Frame }

// session makes ticks in which every way of storing a line occurs.
func session(in driver.Info, n int, seed uint64) []tick {
	r := rand.New(rand.NewPCG(seed, 1))
	var s []tick
	for k := range n {
		t := tick{driver.NewFrame(in), driver.NewFrame(in)}
		for _, f := range []*driver.Frame{t.rx, t.tx} {
			f.Seq, f.Pos, f.Late = uint64(k), int64(k)*driver.Block, r.IntN(10) == 0
		}
		for i, l := range in.Lines {
			audio(r, t.rx, i, l.Law)
			audio(r, t.tx, i, driver.Linear)
			if k == 0 {
				t.rx.Event(driver.State, i, 0, int32(r.IntN(2*driver.StateAlarm)), nil)
			}
		}
		for range r.IntN(4) {
			kind := driver.EventKind(2 + r.IntN(int(driver.Missed)-1))
			line := r.IntN(len(in.Lines))
			if kind.OnSpan() {
				line = 0
			}
			if kind == driver.Refused {
				t.rx.Event(kind, line, 159, int32(driver.RingStop), []byte("why"))
				continue
			}
			t.rx.Event(kind, line, 159, int32(r.Uint32()), bytes.Repeat([]byte{byte(k)}, r.IntN(3)*130))
			t.tx.Command(driver.Commands()[r.IntN(len(driver.Commands()))], line, r.IntN(160), int32(r.Uint32()), []byte{1, 2}[:r.IntN(3)])
		}
		s = append(s, t)
	}
	return s
}

func audio(r *rand.Rand, f *driver.Frame, i int, law driver.Law) {
	pcm, code := f.LinePCM(i), f.LineCode(i)
	how := r.IntN(3)
	one := byte(r.Uint32())
	for k := range pcm {
		switch {
		case law == driver.Linear && how == 0:
			pcm[k] = 0
		case law == driver.Linear && how == 1:
			pcm[k] = -int16(one) - 300
		case law == driver.Linear:
			pcm[k] = int16(r.Uint32())
		case how == 0:
			code[k] = law.Silence()
		case how == 1:
			code[k] = one
		default:
			code[k] = byte(r.Uint32())
		}
	}
	if law != driver.Linear {
		g711.Decode(pcm, code, g711.Law(law))
	}
}

func write(t testing.TB, in driver.Info, s []tick, withTx bool) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, in, start)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range s {
		tx := k.tx
		if !withTx {
			tx = nil
		}
		if err := w.Write(k.rx, tx); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// same reports whether two frames say the same; of companded rx lines both
// Code and PCM count, elsewhere only PCM.
func same(in driver.Info, a, b *driver.Frame, tx bool) bool {
	for i := range in.Lines {
		if law(&in, i, tx) != driver.Linear && !bytes.Equal(a.LineCode(i), b.LineCode(i)) {
			return false
		}
	}
	return a.Seq == b.Seq && a.Pos == b.Pos && a.Late == b.Late && reflect.DeepEqual(a.PCM, b.PCM) &&
		len(a.Events) == len(b.Events) && len(a.Commands) == len(b.Commands) &&
		(len(a.Events) == 0 || reflect.DeepEqual(a.Events, b.Events)) &&
		(len(a.Commands) == 0 || reflect.DeepEqual(a.Commands, b.Commands))
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	in := testInfo()
	s := session(in, 300, 7)
	for _, withTx := range []bool{true, false} {
		rd, err := NewReader(bytes.NewReader(write(t, in, s, withTx)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(rd.Info(), in) || !rd.Start().Equal(start) {
			t.Errorf("header: %+v, %v", rd.Info(), rd.Start())
		}
		rx, tx := driver.NewFrame(in), driver.NewFrame(in)
		for i, k := range s {
			if err := rd.Next(rx, tx); err != nil {
				t.Fatalf("tick %d: %v", i, err)
			}
			if !same(in, rx, k.rx, false) {
				t.Fatalf("tick %d: rx differs", i)
			}
			if withTx && !same(in, tx, k.tx, true) {
				t.Fatalf("tick %d: tx differs", i)
			}
			if !withTx && (len(tx.Commands) > 0 || tx.PCM[0] != 0) {
				t.Fatalf("tick %d: tx is not silent", i)
			}
		}
		for range 2 {
			if err := rd.Next(rx, tx); err != io.EOF || rd.Torn() {
				t.Errorf("at the end: %v, torn %v", err, rd.Torn())
			}
		}
		if rd.Unknown() != 0 {
			t.Errorf("%d unknown", rd.Unknown())
		}
	}
}

// A log that was cut anywhere gives every whole tick and then its end.
func TestTornTailCostsOnlyTheTornTick(t *testing.T) {
	in := smallInfo()
	const ticks = 4
	whole := write(t, in, session(in, ticks, 3), true)
	head, err := newHeader(in, start).encode()
	if err != nil {
		t.Fatal(err)
	}
	var ends []int // of the records
	for at := len(head); at < len(whole); {
		at += recordLen + int(uint32(whole[at])|uint32(whole[at+1])<<8|uint32(whole[at+2])<<16)
		ends = append(ends, at)
	}
	rx, tx := driver.NewFrame(in), driver.NewFrame(in)
	for cut := len(head); cut < len(whole); cut++ {
		want := 0
		for want < len(ends) && ends[want] <= cut {
			want++
		}
		for name, log := range map[string][]byte{
			"cut": whole[:cut], "zeros": append(whole[:cut:cut], make([]byte, 700)...),
		} {
			rd, err := NewReader(bytes.NewReader(log))
			if err != nil {
				t.Fatalf("%s at %d: %v", name, cut, err)
			}
			got := 0
			for err = rd.Next(rx, tx); err == nil; err = rd.Next(rx, tx) {
				got++
			}
			// Zeros behind a cut may complete a record that ends in zeros.
			completed := name == "zeros" && (got == want+1 || got == ticks)
			if err != io.EOF || !completed && (got != want || !rd.Torn()) {
				t.Fatalf("%s at %d: %d ticks, %v, torn %v; want %d ticks", name, cut, got, err, rd.Torn(), want)
			}
		}
	}
}

func TestDamageInTheMiddleIsSaid(t *testing.T) {
	in := smallInfo()
	whole := write(t, in, session(in, 12, 3), true)
	head, _ := newHeader(in, start).encode()
	rx := driver.NewFrame(in)
	for at := range whole[:len(whole)-17] { // 17: the end record
		log := bytes.Clone(whole)
		log[at] ^= 0x10
		rd, err := NewReader(bytes.NewReader(log))
		if at < len(head) {
			if err == nil {
				t.Fatalf("byte %d of the header: damage was not found", at)
			}
			continue
		}
		for err == nil {
			err = rd.Next(rx, nil)
		}
		// A wrong length may point behind the end: then it reads as cut off.
		if !errors.Is(err, ErrDamaged) && !(err == io.EOF && rd.Torn()) {
			t.Fatalf("byte %d: %v, torn %v", at, err, rd.Torn())
		}
		if again := rd.Next(rx, nil); again != err {
			t.Fatalf("byte %d: %v, then %v", at, err, again)
		}
	}
}

func TestLostTickBeforeTheEndIsSaid(t *testing.T) {
	in := testInfo()
	s := session(in, 3, 3)
	head, _ := newHeader(in, start).encode()
	whole := write(t, in, s, true)
	first := len(head) + recordLen + int(uint32(whole[len(head)])|uint32(whole[len(head)+1])<<8)
	rd, err := NewReader(bytes.NewReader(append(head, whole[first:]...)))
	rx := driver.NewFrame(in)
	for err == nil {
		err = rd.Next(rx, nil)
	}
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"", ErrNotLog.Error()},
		{"RIFF....WAVEfmt ............", ErrNotLog.Error()},
		{"vaadflog\x02\x00........................", "framelog: version 2: this program reads version 1"},
		{"vaadflog\x01\x00\x00\x00\xff\xff\xff\xff....", "framelog: header of 4294967295 bytes: at most 1048576"},
	} {
		if _, err := NewReader(bytes.NewReader([]byte(c.file))); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.file, err, c.want)
		}
	}
}

func TestWriterRefusesWhatCannotBeReadBack(t *testing.T) {
	in := testInfo()
	in.Lines[0].Law = 77
	if _, err := NewWriter(io.Discard, in, start); err == nil {
		t.Error("a board with a law that has no name was accepted")
	}
	w, err := NewWriter(io.Discard, testInfo(), start)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(driver.NewFrame(driver.Info{}), nil); err == nil {
		t.Error("a frame of another board was accepted")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := w.Write(driver.NewFrame(testInfo()), nil); err == nil {
		t.Error("a frame was accepted after Close")
	}
}

// failing takes n bytes and no more.
type failing struct{ n int }

var errFull = errors.New("no space left")

func (f *failing) Write(b []byte) (int, error) {
	if len(b) > f.n {
		return f.n, errFull
	}
	f.n -= len(b)
	return len(b), nil
}

func TestAfterAFailedWriteNothingIsWritten(t *testing.T) {
	in := testInfo()
	f := &failing{n: 4000}
	w, err := NewWriter(f, in, start)
	if err != nil {
		t.Fatal(err)
	}
	s := session(in, 1, 1)[0]
	for err == nil {
		err = w.Write(s.rx, s.tx)
	}
	f.n = 1 << 20
	if again := w.Write(s.rx, s.tx); !errors.Is(err, errFull) || !errors.Is(again, errFull) || f.n != 1<<20 {
		t.Errorf("%v, then %v", err, again)
	}
}

func TestSilentLinesCostNextToNothing(t *testing.T) {
	in := driver.Info{Driver: "sim", Model: "large"}
	for i := range 128 {
		in.Lines = append(in.Lines, driver.Line{Port: i + 1, Kind: driver.FXO, Law: driver.ALaw})
	}
	f := driver.NewFrame(in)
	for i := range in.Lines {
		fill(f.LineCode(i), driver.ALaw.Silence())
	}
	var b bytes.Buffer
	w, _ := NewWriter(&b, in, start)
	head := b.Len()
	if err := w.Write(f, nil); err != nil {
		t.Fatal(err)
	}
	if n := b.Len() - head; n > 64 {
		t.Errorf("a frame of 128 silent lines takes %d bytes", n)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	in := testInfo()
	s := session(in, 50, 9)
	w, _ := NewWriter(io.Discard, in, start)
	i := 0
	if n := testing.AllocsPerRun(200, func() {
		_ = w.Write(s[i%50].rx, s[i%50].tx)
		i++
	}); n != 0 {
		t.Errorf("Write: %v allocations", n)
	}
	log := write(t, in, session(in, 300, 9), true)
	rd, _ := NewReader(bytes.NewReader(log))
	rx, tx := driver.NewFrame(in), driver.NewFrame(in)
	for range 50 {
		_ = rd.Next(rx, tx)
	}
	if n := testing.AllocsPerRun(200, func() { _ = rd.Next(rx, tx) }); n != 0 {
		t.Errorf("Next: %v allocations", n)
	}
}

func FuzzReader(f *testing.F) {
	in := testInfo()
	f.Add(write(f, in, session(in, 2, 1), true))
	f.Add(write(f, in, session(in, 1, 2), false))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, log []byte) {
		rd, err := NewReader(bytes.NewReader(reseal(log)))
		if err != nil || len(rd.Info().Lines) > 64 {
			return
		}
		rx, tx := driver.NewFrame(rd.Info()), driver.NewFrame(rd.Info())
		n := 0
		for err = rd.Next(rx, tx); err == nil; err = rd.Next(rx, tx) {
			n++
		}
		if n > len(log) {
			t.Errorf("%d ticks in %d bytes", n, len(log))
		}
		// Whatever can be read can be played.
		b, err := Play(bytes.NewReader(reseal(log)), PlayOptions{Loop: n > 0})
		if err != nil {
			return
		}
		defer b.Close()
		for range 2*n + 2 {
			if b.Exchange(tx, rx) != nil {
				return
			}
		}
	})
}

// reseal makes all checksums right, so that fuzzing reaches what is behind them.
func reseal(log []byte) []byte {
	b := bytes.Clone(log)
	if len(b) < preludeLen {
		return b
	}
	at := preludeLen + int(uint32(b[12])|uint32(b[13])<<8)
	if at > len(b) {
		return b
	}
	put(b[16:], headerSum(b[:at]))
	for at+recordLen <= len(b) {
		n := recordLen + int(uint32(b[at])|uint32(b[at+1])<<8|uint32(b[at+2])<<16)
		if at+n > len(b) {
			break
		}
		put(b[at+4:], recordSum(b[at:at+n]))
		at += n
	}
	return b
}

func put(b []byte, v uint32) {
	b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
}

func BenchmarkWrite(b *testing.B) {
	in := driver.Info{Driver: "sim", Model: "large"}
	for i := range 128 {
		in.Lines = append(in.Lines, driver.Line{Port: i + 1, Kind: driver.FXO, Law: driver.ALaw})
	}
	s := session(in, 10, 1)
	b.Run("lines=128", func(b *testing.B) {
		w, _ := NewWriter(io.Discard, in, start)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			_ = w.Write(s[i%10].rx, nil)
			i++
		}
	})
}
