package e2e

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// traces takes a capture file of each link, until they are read: then each must
// have frames of both directions, and tshark, where there is one, no complaint of any.
func (x *exchange931) traces() (read func()) {
	ended := make([]func() ([]byte, error), len(x.links))
	for i, l := range x.links {
		ended[i] = x.capture(l)
	}
	return func() {
		all, frames := map[string][]byte{}, 0 // by what tshark looks for
		for i, l := range x.links {
			b, err := ended[i]()
			ways := map[uint16]int{}
			for at := 24; at+32 <= len(b); at += 16 + int(binary.LittleEndian.Uint32(b[at+8:])) {
				ways[binary.BigEndian.Uint16(b[at+16:])]++
				frames++
			}
			if err != nil || ways[0] < 3 || ways[4] < 3 || len(ways) != 2 {
				x.t.Errorf("%s: frames by direction in the capture: %v (%v)", l.what(), ways, err)
				continue
			}
			k := l.complaint()
			if all[k] == nil {
				all[k] = b[:24:24]
			}
			all[k] = append(all[k], b[24:]...)
		}
		wireshark, err := exec.LookPath("tshark")
		if err != nil {
			x.t.Logf("%d frames, and no tshark to read them", frames)
			return
		}
		for complaint, b := range all {
			x.dissect(wireshark, complaint, b)
		}
		x.t.Logf("tshark has read %d frames", frames)
	}
}

// capture takes a capture file of a link, until it is asked for.
func (x *exchange931) capture(l *link) (read func() ([]byte, error)) {
	dir := scratch(x.t)
	file := filepath.Join(dir, "d.pcap")
	cmd := exec.Command(x.d.bin.Vaactl, "--root", x.d.Root, "pcap", l.span, "-o", file)
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	out := &buffer{}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	x.t.Cleanup(func() { _ = cmd.Process.Kill() })
	err := Until(x.ctx, "a capture of "+l.span, func() (bool, error) {
		select {
		case err := <-ended:
			return false, fmt.Errorf("%w: %s", err, out)
		default:
		}
		part, err := os.ReadDir(dir) // it has another name until it is whole
		if err != nil || len(part) == 0 {
			return false, err
		}
		s, err := part[0].Info()
		return err == nil && s.Size() >= 24, nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return func() ([]byte, error) {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case err := <-ended:
			if err != nil {
				return nil, fmt.Errorf("vaactl pcap %s: %w: %s", l.span, err, out)
			}
		case <-time.After(2 * time.Minute):
			return nil, fmt.Errorf("vaactl pcap %s does not end", l.span)
		}
		return os.ReadFile(file)
	}
}

// complaint is what tshark looks for. What libpri sends a DMS-100 as Facility is
// no Facility of Q.932: there only vaad's frames count.
func (l *link) complaint() string {
	const any = "(_ws.malformed || _ws.expert.severity >= 0x00800000)"
	switch {
	case l.kind != "dms100":
		return any
	case l.network:
		return any + " && frame.p2p_dir == 1"
	}
	return any + " && frame.p2p_dir == 0"
}

func (x *exchange931) dissect(wireshark, complaint string, b []byte) {
	file := filepath.Join(scratch(x.t), "all.pcap")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		x.t.Fatal(err)
	}
	cmd := exec.Command(wireshark, "-n", "-r", file, "-Y", complaint)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(file))
	if out, err := cmd.Output(); err != nil || len(out) > 0 {
		x.t.Errorf("tshark (%v) complains: %s", err, out)
	}
}
