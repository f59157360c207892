package voicemodem

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"vaad/driver"
)

// A fake is a modem at the other end of a link. It takes commands line by line
// and moves audio by a clock of its own.
type fake struct {
	t       testing.TB
	formats []string
	noVTR   bool
	replies map[string]string        // instead of the usual ones, by command; "-": nothing is said
	late    map[string]time.Duration // by which the answers to some commands come late
	ppm     float64
	chunk   int // samples that are handed over together
	say     func(n int64) byte
	linear  bool // 16 bit: audio is of two bytes

	mu      sync.Mutex
	toHost  []byte
	line    []byte
	mode    byte // 0 commands, 'b' both, 'r' receiving, 't' sending
	dle     bool
	deaf    bool // nothing is answered
	mute    bool // no audio comes
	err     error
	said    int64  // samples of this call
	heard   []byte // audio of the host, without shields
	asked   []string
	wrong   []string // what should never come
	hook    bool
	started time.Time
	busy    time.Time // it still does an earlier command until then
	off     bool
	mended  func(command string) // called with each command, also when deaf
	dtrs    int
	held    bool          // the host reads nothing, as in a stall of the machine
	still   time.Duration // the next wait is so much longer, as in a longer one
	level   int           // samples that wait to be played
	under   int           // samples that were missing

	news  chan struct{}
	timer *time.Timer
	stop  chan struct{}
}

func newFake(t testing.TB) *fake {
	return &fake{t: t, formats: []string{`1,"UNSIGNED PCM",8,0,8000,0,0`, `5,"G.711A",8,0,(8000),(0),(0)`}, replies: map[string]string{}, chunk: 80,
		say: func(int64) byte { return 0xD5 }, news: make(chan struct{}, 1)}
}

// plug makes a new link, as after opening the port.
func (f *fake) plug() link {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.timer = time.NewTimer(time.Hour)
	f.stop = make(chan struct{})
	f.off = false
	go f.clock(f.stop)
	return f
}

func (f *fake) clock(stop chan struct{}) {
	tick := time.NewTicker(time.Duration(f.chunk) * time.Second / driver.Rate)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		f.mu.Lock()
		if (f.mode == 'b' || f.mode == 'r') && !f.mute {
			due := int64(float64(time.Since(f.started)) * (1 + f.ppm/1e6) * driver.Rate / float64(time.Second))
			if f.level -= int(due - f.said); f.level < 0 {
				f.under -= f.level
				f.level = 0
			}
			for ; f.said < due; f.said++ {
				f.audio(f.say(f.said))
				if f.linear {
					f.audio(0)
				}
			}
		}
		f.mu.Unlock()
		f.wake()
	}
}

func (f *fake) audio(b byte) {
	if b == dle {
		f.toHost = append(f.toHost, dle)
	}
	f.toHost = append(f.toHost, b)
}

// bytes sends what a modem might at any time.
func (f *fake) bytes(s string) {
	f.mu.Lock()
	f.toHost = append(f.toHost, s...)
	f.mu.Unlock()
	f.wake()
}

func (f *fake) with(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

// What the modem is and was told so far. The engine goes on, and what passes in the bubble orders none of it.
func (f *fake) isHook() bool       { f.mu.Lock(); defer f.mu.Unlock(); return f.hook }
func (f *fake) isMode() byte       { f.mu.Lock(); defer f.mu.Unlock(); return f.mode }
func (f *fake) wasAsked() []string { f.mu.Lock(); defer f.mu.Unlock(); return slices.Clone(f.asked) }

func (f *fake) wait(d time.Duration, _ bool) error {
	f.mu.Lock()
	err, some, still := f.err, len(f.toHost) > 0 && !f.held, f.still
	f.still = 0
	f.mu.Unlock()
	if err != nil || some && still == 0 {
		return err
	}
	time.Sleep(still)
	f.timer.Reset(d)
	select {
	case <-f.news:
	case <-f.timer.C:
	}
	return nil
}

func (f *fake) wake() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

func (f *fake) read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held {
		return 0, f.err
	}
	n := copy(p, f.toHost)
	f.toHost = f.toHost[:copy(f.toHost, f.toHost[n:])]
	return n, f.err
}

func (f *fake) write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range p {
		f.take(b)
	}
	return len(p), f.err
}

func (f *fake) dtr(bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dtrs++
	return nil
}

func (f *fake) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.off {
		f.off = true
		close(f.stop)
	}
}

func (f *fake) take(b byte) {
	if f.dle {
		f.dle = false
		switch {
		case f.mode == 0: // what ends audio, said to be sure
		case b == dle && f.mode != 'r':
			f.heard = append(f.heard, dle)
			f.level++
		case b == '^' && f.mode == 'b', b == '!' && f.mode == 'r':
			f.mode = 0
			f.toHost = append(f.toHost, "\x10\x03\r\nOK\r\n"...)
		case b == etx && f.mode == 't':
			f.mode = 0
			f.toHost = append(f.toHost, "\r\nOK\r\n"...)
		}
		return
	}
	switch {
	case b == dle:
		f.dle = true
	case f.mode != 0:
		f.heard = append(f.heard, b)
		f.level++
	case b == '\r':
		f.command(string(f.line))
		f.line = f.line[:0]
	default:
		f.line = append(f.line, b)
	}
}

func (f *fake) command(c string) {
	if c == "" {
		return
	}
	f.asked = append(f.asked, c)
	if !strings.HasPrefix(c, "AT") || len(c) > 60 {
		f.wrong = append(f.wrong, c[max(0, len(c)-80):])
	}
	if f.mended != nil {
		f.mended(c)
	}
	if f.deaf {
		return
	}
	reply, special := f.replies[c]
	switch {
	case special:
	case c == "AT+FCLASS=?":
		reply = "0,1,8\r\n\r\nOK"
	case c == "AT+VSM=?":
		reply = strings.Join(f.formats, "\r\n") + "\r\n\r\nOK"
	case c == "AT+FMM?":
		reply = "Fake 1\r\n\r\nOK"
	case c == "ATI", c == "ATI3":
		reply = "ERROR"
	case c == "AT+VTR" && f.noVTR:
		reply = "ERROR"
	case c == "AT+VTR", c == "AT+VRX", c == "AT+VTX":
		reply = "CONNECT"
	default:
		reply = "OK"
	}
	switch {
	case reply == "-":
		return
	case c == "AT+VLS=1" && reply == "OK":
		f.hook = true
	case c == "AT+VLS=0", c == "ATH", c == "ATZ":
		f.hook = false
	}
	if d := f.late[c]; d > 0 {
		f.busy = time.Now().Add(d)
	}
	if wait := time.Until(f.busy); wait > 0 { // it takes one command after the other
		time.AfterFunc(wait, func() { f.bytes("\r\n" + reply + "\r\n") })
		f.busy = f.busy.Add(time.Millisecond)
		return
	}
	f.toHost = append(f.toHost, "\r\n"+reply+"\r\n"...)
	if reply == "CONNECT" {
		f.mode = map[byte]byte{'R': 'b', 'X': 'r'}[c[len(c)-1]]
		if c == "AT+VTX" {
			f.mode = 't'
		}
		f.said, f.started, f.level, f.under = 0, time.Now(), 0, 0
	}
}

// seat is a board above a fake, with its frames.
type seat struct {
	t      testing.TB
	f      *fake
	b      *Board
	tx, rx *driver.Frame
	events []driver.Event // all so far, with their data
	at     []int64        // and their positions
}

func (f *fake) maker() *maker {
	m := &maker{root: fstest.MapFS{}, log: slog.New(slog.NewTextHandler(io.Discard, nil)), resat: map[string]time.Time{},
		open: func(string, int) (link, error) {
			var err error
			if f.with(func() { err = f.err }); err != nil {
				return nil, err
			}
			return f.plug(), nil
		}}
	if testing.Verbose() {
		m.log = slog.New(slog.NewTextHandler(f.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return m
}

func (f *fake) open(keys map[string]any) (*Board, error) {
	if keys == nil {
		keys = map[string]any{}
	}
	if keys["device"] == nil {
		keys["device"] = "/dev/fake"
	}
	raw, err := json.Marshal(keys)
	if err != nil {
		f.t.Fatal(err)
	}
	b, err := f.maker().openBoard(context.Background(), driver.Candidate{}, driver.Config{ID: "m1", Options: raw})
	if err != nil {
		return nil, err
	}
	return b.(*Board), nil
}

func sit(t testing.TB, f *fake, keys map[string]any) *seat {
	t.Helper()
	b, err := f.open(keys)
	if err != nil {
		t.Fatal(err)
	}
	return &seat{t: t, f: f, b: b, tx: driver.NewFrame(b.Info()), rx: driver.NewFrame(b.Info())}
}

// run exchanges for as long as d is of line time; each may change tx and look at rx.
func (s *seat) run(d time.Duration, each func()) {
	s.t.Helper()
	for range int(d / driver.Tick) {
		if err := s.b.Exchange(s.tx, s.rx); err != nil {
			s.t.Fatal(err)
		}
		s.tx.Reset()
		s.note()
		if each != nil {
			each()
		}
	}
}

func (s *seat) note() {
	for _, e := range s.rx.Events {
		e.Data = append([]byte(nil), e.Data...)
		s.events = append(s.events, e)
		s.at = append(s.at, s.rx.Pos+int64(e.At))
	}
}

func (s *seat) find(k driver.EventKind) (all []driver.Event) {
	for _, e := range s.events {
		if e.Kind == k {
			all = append(all, e)
		}
	}
	return all
}

func (s *seat) want(k driver.EventKind, n int) []driver.Event {
	s.t.Helper()
	all := s.find(k)
	if len(all) != n {
		s.t.Errorf("%d %v events, want %d: %v", len(all), k, n, all)
	}
	return all
}

func (s *seat) command(k driver.CommandKind) { s.tx.Command(k, 0, 0, 0, nil) }

func (s *seat) close() {
	if err := s.b.Close(); err != nil {
		s.t.Error(err)
	}
	s.f.with(func() {
		for _, w := range s.f.wrong {
			s.t.Errorf("in command mode the modem was told %q", w)
		}
	})
}
