package voicemodem

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"vaad/driver"
)

func openPTY(t *testing.T) (far *os.File, name string) {
	t.Helper()
	far, near, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	_ = near.Close()
	return far, near.Name()
}

// readSome waits for something; a signal, as the runtime sends them, ends a wait too.
func readSome(t *testing.T, p *tty) []byte {
	t.Helper()
	buf := make([]byte, 512)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if err := p.wait(time.Second, false); err != nil {
			t.Fatal(err)
		}
		switch n, err := p.read(buf); {
		case err != nil:
			t.Fatal(err)
		case n > 0:
			return buf[:n]
		}
	}
	t.Fatal("nothing came")
	return nil
}

func TestPortIsRawExclusiveAndSaysWhenItIsPulledOut(t *testing.T) {
	far, name := openPTY(t)
	p, err := openTTY(name, defaultBaud)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if _, err := openTTY(name, defaultBaud); !errors.Is(err, errLocked) && !errors.Is(err, unix.EBUSY) {
		t.Errorf("opened twice: %v", err)
	}
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	if _, err := far.Write(all[:]); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for len(got) < len(all) {
		got = append(got, readSome(t, p)...)
	}
	if string(got) != string(all[:]) {
		t.Errorf("bytes are changed on the way: %x", got)
	}
	if err := p.dtr(true); !errors.Is(err, errNoLines) {
		t.Errorf("a pty's modem lines: %v", err)
	}
	began := time.Now()
	p.wake()
	if err := p.wait(5*time.Minute, false); err != nil || time.Since(began) > 4*time.Minute {
		t.Errorf("woken after %v: %v", time.Since(began), err)
	}
	for n := 1; n > 0; { // what nobody reads does not hold the writer up
		if n, err = p.write(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
	}
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; { // a signal ends a wait too
		if err = p.wait(time.Second, false); err == nil {
			_, err = p.read(all[:])
		}
		if err != nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nothing says that the port is gone")
		}
	}
}

// TestPortWorksAboveDescriptor1023, where select(2) ends.
func TestPortWorksAboveDescriptor1023(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 1200 {
		t.Skip("so many files may not be open here")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	for {
		fd, err := unix.Dup(int(null.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = unix.Close(fd) }()
		if fd >= 1030 {
			break
		}
	}
	far, name := openPTY(t)
	p, err := openTTY(name, defaultBaud)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if p.fd < 1024 {
		t.Fatalf("descriptor %d", p.fd)
	}
	if _, err := far.WriteString("OK"); err != nil {
		t.Fatal(err)
	}
	if got := readSome(t, p); string(got) != "OK" {
		t.Errorf("%q", got)
	}
}

// TestOpeningAndClosingLeavesNothing: no descriptor and no goroutine, whether
// the modem answers or not.
func TestOpeningAndClosingLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("a modem that says nothing takes its time")
	}
	far, name := openPTY(t)
	descriptors := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	var before, goroutines int
	for try := range 3 {
		_, err := Driver().Open(t.Context(), driver.Candidate{}, driver.Config{ID: "m1", Options: []byte(`{"device": "` + name + `"}`)})
		var f *driver.FaultError
		if !errors.As(err, &f) || f.Code != CodeSilent {
			t.Fatal(err)
		}
		if try == 0 {
			before, goroutines = descriptors(), runtime.NumGoroutine()
		}
	}
	if n, g := descriptors(), runtime.NumGoroutine(); n > before || g > goroutines {
		t.Errorf("%d descriptors have become %d, %d goroutines %d", before, n, goroutines, g)
	}
	_ = far
}
