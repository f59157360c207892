package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// limited is the daemon with fewer descriptors, through a program that starts it so.
func limited(t *testing.T, files int) Binaries {
	t.Helper()
	script := filepath.Join(scratch(t), "vaad")
	if err := os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\nulimit -n %d\nexec %q \"$@\"\n", files, bin.Vaad), 0o755); err != nil {
		t.Fatal(err)
	}
	return Binaries{script, bin.Vaactl}
}

// TestADaemonThatRunsOutOfDescriptorsGoesOnRecording holds connections open until nearly all
// descriptors are taken: listeners are refused, recordings are whole, and it is over with them.
func TestADaemonThatRunsOutOfDescriptorsGoesOnRecording(t *testing.T) {
	atLeastReduced(t)
	t.Parallel()
	const most = 200
	root := scratch(t)
	d, err := Start(within(t, time.Minute), limited(t, most), root, quietly+board("b", "real", 2, "")+pin(1, 2, `trigger = "continuous"`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Kill)
	end := keepTalking(t, d, "b", 2)
	var held []net.Conn
	release := func() {
		for _, c := range held {
			c.Close()
		}
		held = nil
	}
	defer release()
	for {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.Pid()))
		if err != nil {
			t.Fatal(err)
		}
		if len(open) >= most*87/100 {
			break
		}
		c, err := net.Dial("unix", filepath.Join(root, "run", "vaad.sock"))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: vaad\r\n\r\n") // one that is in use is kept
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	untilAlarm(t, d, "descriptors-high", true)
	wav := filepath.Join(root, "listen.wav")
	if out, err := d.Ctl(within(t, time.Minute), "--lang", "en", "listen", "1", "-o", wav, "--seconds", "1"); err == nil {
		t.Errorf("a listener is let in: %s", out)
	}
	if profiles, err := filepath.Glob(filepath.Join(root, "log", "profile-*-descriptors-high.json")); err != nil || len(profiles) != 1 {
		t.Errorf("profiles: %v, %v", profiles, err)
	}
	release()
	untilAlarm(t, d, "descriptors-high", false)
	if out, err := d.Ctl(within(t, time.Minute), "listen", "1", "-o", wav, "--seconds", "1"); err != nil {
		t.Errorf("afterwards a listener is refused: %v %s", err, out)
	}
	peers := end()
	settle(t, d, 2)
	whole(t, d, peers)
	stop(t, d)
}
