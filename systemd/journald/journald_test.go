package journald

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

var named = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

// fields takes a packet apart as journald does; a name that comes again has its values
// joined by "|".
func fields(p []byte) (map[string]string, error) {
	all := map[string]string{}
	for len(p) > 0 {
		line, rest, ok := bytes.Cut(p, []byte{'\n'})
		if !ok {
			return nil, fmt.Errorf("no end of %q", p)
		}
		n, v, ok := bytes.Cut(line, []byte{'='})
		if !ok {
			if len(rest) < 8 {
				return nil, fmt.Errorf("no length of %q", n)
			}
			size := binary.LittleEndian.Uint64(rest)
			if rest = rest[8:]; size >= uint64(len(rest)) || rest[size] != '\n' {
				return nil, fmt.Errorf("%q has not %d bytes", n, size)
			}
			v, rest = rest[:size], rest[size+1:]
		}
		if !named.Match(n) {
			return nil, fmt.Errorf("journald ignores a field %q", n)
		}
		if was, ok := all[string(n)]; ok {
			v = []byte(was + "|" + string(v))
		}
		all[string(n)], p = string(v), rest
	}
	return all, nil
}

// reader is a journald: a datagram socket.
type reader struct {
	t      *testing.T
	fd     int
	packet [256 << 10]byte
}

func listen(t *testing.T, path string) *reader {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return &reader{t: t, fd: fd}
}

// next is the next packet's fields, nil if there is none.
func (r *reader) next() map[string]string {
	r.t.Helper()
	n, _, err := unix.Recvfrom(r.fd, r.packet[:], unix.MSG_DONTWAIT)
	if errors.Is(err, unix.EAGAIN) {
		return nil
	}
	if err != nil {
		r.t.Fatal(err)
	}
	all, err := fields(r.packet[:n])
	if err != nil {
		r.t.Error(err)
	}
	return all
}

func config() Config {
	return Config{Identifier: "vaad", Prefix: "VAAD_", Level: slog.LevelDebug}
}

// begin makes a logger with a socket and something in the place of standard error.
func begin(t *testing.T, c Config, socket string, stderr io.Writer) (*slog.Logger, *Handler) {
	h := &Handler{cfg: &c, to: newSender(c, socket, stderr)}
	if err := unix.SetsockoptInt(h.to.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 212992/2); err != nil { // as everywhere by default; the kernel doubles it
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close(0) })
	return slog.New(h), h
}

func TestWhatARecordSaysIsFoundByItsFields(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	r := listen(t, path)
	log, _ := begin(t, config(), path, nil)
	same := func(want map[string]string) {
		t.Helper()
		want["SYSLOG_IDENTIFIER"] = "vaad"
		if got := r.next(); !maps.Equal(got, want) {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
	log.With("board", "card1").Warn("a recording is lost", "line", 7, "err", errors.New("no space left"), "took", 1500*time.Millisecond)
	same(map[string]string{"MESSAGE": `a recording is lost board=card1 line=7 err="no space left" took=1.5s`, "PRIORITY": "4",
		"VAAD_BOARD": "card1", "VAAD_LINE": "7", "VAAD_ERROR": "no space left", "VAAD_TOOK": "1.5s"})
	in := log.WithGroup("call").With("from-to", "a=b")
	in.Info("x", slog.Group("leg", "größe", 1, "at", time.Unix(0, 0).UTC()), slog.Group("", "raw", []byte("b")), "", "", slog.Attr{})
	same(map[string]string{"MESSAGE": `x call.from-to="a=b" call.leg.größe=1 call.leg.at=1970-01-01T00:00:00Z call.raw=b call.=""`, "PRIORITY": "6",
		"VAAD_CALL_FROM_TO": "a=b", "VAAD_CALL_LEG_GR__E": "1", "VAAD_CALL_LEG_AT": "1970-01-01T00:00:00Z", "VAAD_CALL_RAW": "b"})
	log.Info("two", "n", 1, "n", 2)
	same(map[string]string{"MESSAGE": "two n=1 n=2", "PRIORITY": "6", "VAAD_N": "1|2"})
	log.Info("long", strings.Repeat("k", 100), 1)
	same(map[string]string{"MESSAGE": "long " + strings.Repeat("k", 100) + "=1", "PRIORITY": "6", "VAAD_" + strings.Repeat("K", 59): "1"})
}

func TestLoggersThatStandOnOneDoNotMix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	r := listen(t, path)
	log, _ := begin(t, config(), path, nil)
	board := log.With("board", "a").With("model", "m").With("x", "y")
	one, two := board.With("line", 1), board.With("line", 2)
	board.Info("b", "other", "o")
	one.Info("b")
	two.Info("b")
	for _, want := range []string{"b board=a model=m x=y other=o", "b board=a model=m x=y line=1", "b board=a model=m x=y line=2"} {
		if got := r.next()["MESSAGE"]; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAFieldMayBeCalledOtherwise(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	r := listen(t, path)
	c := config()
	c.Name = func(key string, v slog.Value) string {
		return map[string]string{"id": "recording", "error": "error"}[key]
	}
	log, _ := begin(t, c, path, nil)
	log.Info("x", "id", "R1", "err", "e", "other", "o")
	want := map[string]string{"MESSAGE": "x id=R1 err=e other=o", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "vaad", "VAAD_RECORDING": "R1", "VAAD_ERROR": "e"}
	if got := r.next(); !maps.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestPrioritiesFollowLevels(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	r := listen(t, path)
	c := config()
	c.Level = slog.LevelDebug - 4
	log, h := begin(t, c, path, nil)
	for l, want := range map[slog.Level]string{-8: "7", -4: "7", 0: "6", 2: "6", 4: "4", 5: "4", 8: "3", 12: "3"} {
		log.Log(t.Context(), l, "x")
		if got := r.next()["PRIORITY"]; got != want {
			t.Errorf("%v: %q, want %q", l, got, want)
		}
	}
	if h.Enabled(t.Context(), -9) {
		t.Error("less than wanted is written")
	}
}

func TestValuesOfSeveralLinesStayOneField(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	r := listen(t, path)
	log, _ := begin(t, config(), path, nil)
	stack := "goroutine 1\n\tmain.go:7\nPRIORITY=0\n"
	log.Error("panic:\nthe reason \x1b[31m", "stack", stack)
	got := r.next()
	if got["VAAD_STACK"] != stack || got["PRIORITY"] != "3" || got["MESSAGE"] != "panic:\nthe reason \uFFFD[31m stack=\"goroutine 1\\n\\tmain.go:7\\nPRIORITY=0\\n\"" {
		t.Errorf("%q", got)
	}
}

func TestABigRecordIsCutAndFits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	r := listen(t, path)
	log, _ := begin(t, config(), path, nil)
	attrs := []any{"board", "card1"}
	for n := range 100 {
		attrs = append(attrs, fmt.Sprint("k", n), strings.Repeat("€\n", 50_000))
	}
	log.Error("big", attrs...)
	got := r.next()
	if m := got["MESSAGE"]; !strings.HasPrefix(m, "big board=card1 k0=") || len(m) > maxMessage+3 || !strings.HasSuffix(m, "…") || !utf8.ValidString(m) {
		t.Errorf("a message of %d bytes", len(m))
	}
	if v := got["VAAD_K0"]; got["VAAD_BOARD"] != "card1" || len(v) > maxValue+3 || len(v) < maxValue-3 || !strings.HasSuffix(v, "…") || !utf8.ValidString(v) || len(got) > 10 {
		t.Errorf("%d fields, the first has %d bytes", len(got), len(v))
	}
}

func TestWithoutASocketLinesComeAsText(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "socket")
	var stderr bytes.Buffer
	log, h := begin(t, config(), path, &stderr)
	log.Warn("away", "line", 7, "detail", "a\nb")
	if got := stderr.String(); got != "<4>away line=7 detail=\"a\\nb\"\n" {
		t.Errorf("%q", got)
	}
	stderr.Reset()
	r := listen(t, path)
	log.Info("there")
	if got := r.next()["MESSAGE"]; got != "there" || stderr.Len() > 0 {
		t.Errorf("%q, beside %q", got, &stderr)
	}
	unix.Close(r.fd)
	log.Error("nobody\nlistens")
	if got := stderr.String(); got != "<3>nobody listens\n" {
		t.Errorf("%q", got)
	}
	stderr.Reset()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r = listen(t, path) // journald was started again
	log.Info("back")
	if got := r.next()["MESSAGE"]; got != "back" || stderr.Len() > 0 {
		t.Errorf("%q, beside %q", got, &stderr)
	}
	h.Close(time.Hour)
	log.Info("the last")
	if got := stderr.String(); got != "<6>the last\n" || r.next() != nil {
		t.Errorf("%q", got)
	}
}

func TestAJournalThatDoesNotReadStopsNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	synctest.Test(t, func(t *testing.T) {
		r := listen(t, path)
		var stderr bytes.Buffer
		log, h := begin(t, config(), path, &stderr)
		const n, more = 3000, 5000 // more than it takes, and more than may wait
		began := time.Now()
		for i := range n {
			log.Info("line", "n", i)
		}
		if time.Since(began) > 0 || !h.to.waiting() {
			t.Error("the reader was waited for, or took all")
		}
		time.Sleep(time.Minute)
		got := 0
		for range 10 * n { // it reads again
			if f := r.next(); f == nil {
				time.Sleep(again)
			} else if f["VAAD_N"] != fmt.Sprint(got) {
				t.Fatalf("%q, want line %d", f, got)
			} else if got++; got == n {
				break
			}
		}
		if got != n {
			t.Fatalf("%d lines of %d came", got, n)
		}
		for i := range n + more {
			log.Info("line", "n", i)
		}
		var lines []string
		for idle := 0; idle < 3; {
			if f := r.next(); f == nil {
				idle++
				time.Sleep(again)
			} else {
				idle, lines = 0, append(lines, f["MESSAGE"])
			}
		}
		told := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "log lines are missing here") })
		if told < 0 || len(lines) < maxWaiting || len(lines) > n+more || lines[told] != fmt.Sprintf("log lines are missing here: the journal did not take them lines=%d", n+more-(len(lines)-1)) {
			t.Errorf("%d of %d lines came; told: %d", len(lines)-1, n+more, told)
		}
		if stderr.Len() > 0 {
			t.Errorf("%q", stderr.String()[:100])
		}
	})
}

func TestTheLastLinesAreNotLostAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	synctest.Test(t, func(t *testing.T) {
		r := listen(t, path)
		var stderr bytes.Buffer
		log, h := begin(t, config(), path, &stderr)
		for i := range 1000 {
			log.Info("line", "n", i)
		}
		began := time.Now()
		h.Close(time.Second)
		if took := time.Since(began); took < time.Second || took > 2*time.Second {
			t.Errorf("the end took %v", took)
		}
		came := strings.Count(stderr.String(), "\n")
		for r.next() != nil {
			came++
		}
		if came != 1000 {
			t.Errorf("%d lines of 1000 came", came)
		}
	})
}

func TestStandardErrorThatHangsStopsNobody(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pair[0]) })
	log, h := begin(t, config(), filepath.Join(t.TempDir(), "nothing"), &stream{fd: pair[1]})
	for i := range 5000 {
		log.Info(fmt.Sprintf("line %04d ", i) + strings.Repeat("x", 500))
	}
	b := make([]byte, 8<<20)
	n, err := unix.Read(pair[0], b)
	if err != nil || n == 0 || h.to.lost == 0 {
		t.Fatalf("%d bytes, %v, %d lost", n, err, h.to.lost)
	}
	lost := h.to.lost
	for { // it is read to its end
		m, _, err := unix.Recvfrom(pair[0], b[n:], unix.MSG_DONTWAIT)
		if m <= 0 || err != nil {
			break
		}
		n += m
	}
	whole := strings.Count(string(b[:n]), "\n")
	if whole+lost != 5000 {
		t.Errorf("%d whole lines and %d lost", whole, lost)
	}
	log.Info("again")
	n, _ = unix.Read(pair[0], b)
	if got := string(b[:n]); strings.TrimPrefix(got, "\n") != fmt.Sprintf("<6>again\n<4>log lines are missing here: the journal did not take them lines=%d\n", lost) {
		t.Errorf("%q", got)
	}
	unix.Close(pair[0]) // journald is gone: no signal ends the process
	log.Info("nobody reads")
	if h.to.lost != 1 {
		t.Errorf("%d lost", h.to.lost)
	}
	unix.Close(pair[1])
}

func TestOnlyTheJournalsOwnStreamIsUpgraded(t *testing.T) {
	var st syscall.Stat_t
	if err := syscall.Fstat(2, &st); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]bool{
		fmt.Sprintf("%d:%d", st.Dev, st.Ino):   true,
		fmt.Sprintf("%d:%d", st.Dev, st.Ino+1): false,
		fmt.Sprintf("%d:%d", st.Dev+1, st.Ino): false,
		"":                                     false,
		"nonsense":                             false,
	} {
		if t.Setenv("JOURNAL_STREAM", given); StderrIsIt() != want {
			t.Errorf("JOURNAL_STREAM=%q: %v", given, !want)
		}
	}
}

// FuzzWhateverIsLoggedIsAPacket logs anything at all.
func FuzzWhateverIsLoggedIsAPacket(f *testing.F) {
	f.Add("x", "key", "value", "group")
	f.Add("a\nPRIORITY=0", "_PID", "1\n2", "")
	f.Add("\xff\x00", "ä=\n", "\xff\n\x00", "=")
	f.Fuzz(func(t *testing.T, message, key, value, group string) {
		var out []byte
		c := config()
		b := attrs{cfg: &c}
		b.add(group, slog.String(key, value))
		b.add("", slog.Group(group, key, []byte(value)))
		e := entry{priority: 6, message: cut(printable(message)+string(b.text), maxMessage), fields: b.fields}
		out = e.packet("vaad")
		got, err := fields(out)
		if err != nil || got["PRIORITY"] != "6" || got["SYSLOG_IDENTIFIER"] != "vaad" || !utf8.ValidString(got["MESSAGE"]) {
			t.Errorf("%q: %v", out, err)
		}
		if l := e.line(); bytes.Count(l, []byte{'\n'}) != 1 || l[len(l)-1] != '\n' {
			t.Errorf("%q", l)
		}
	})
}
