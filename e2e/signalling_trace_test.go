package e2e

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// traces takes a capture file of each link, until they are read.
func (x *exchange931) traces() (read func() []string) {
	var stop []func() error
	for _, l := range x.links {
		dir := scratch(x.t)
		file := filepath.Join(dir, strings.ReplaceAll(l.span, "/", "-")+".pcap")
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
		stop = append(stop, func() error {
			_ = cmd.Process.Signal(os.Interrupt)
			select {
			case err := <-ended:
				if err != nil {
					return fmt.Errorf("vaactl pcap %s: %w: %s", l.span, err, out)
				}
			case <-time.After(20 * time.Second):
				return fmt.Errorf("vaactl pcap %s does not end", l.span)
			}
			return x.readTrace(l, file)
		})
	}
	return func() (wrong []string) {
		for _, s := range stop {
			if err := s(); err != nil {
				wrong = append(wrong, err.Error())
			}
		}
		return wrong
	}
}

// readTrace looks whether a capture file has frames of both directions, and
// whether tshark, where there is one, has no complaint about any of them.
func (x *exchange931) readTrace(l *link, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ways, all := map[uint16]int{}, 0
	for b = b[min(24, len(b)):]; len(b) >= 32; all++ {
		n := int(binary.LittleEndian.Uint32(b[8:]))
		ways[binary.BigEndian.Uint16(b[16:])]++
		b = b[16+n:]
	}
	if len(b) != 0 || ways[0] < 3 || ways[4] < 3 || len(ways) != 2 {
		return fmt.Errorf("%s: frames by direction in the capture: %v, and %d bytes", l.what(), ways, len(b))
	}
	if dir := os.Getenv("VAAD_KEEP_TRACES"); dir != "" {
		if whole, err := os.ReadFile(file); err == nil {
			_ = os.WriteFile(filepath.Join(dir, filepath.Base(file)), whole, 0o600)
		}
	}
	wireshark, err := exec.LookPath("tshark")
	if err != nil {
		return nil
	}
	complaint := "(_ws.malformed || _ws.expert.severity >= 0x00800000)"
	if l.kind == "dms100" { // what libpri sends as Facility there is no Facility of Q.932
		way := 0 // that of vaad's frames
		if l.network {
			way = 1
		}
		complaint += fmt.Sprintf(" && frame.p2p_dir == %d", way)
	}
	cmd := exec.Command(wireshark, "-n", "-r", file, "-Y", complaint)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(file))
	out, err := cmd.Output()
	if err != nil || len(out) > 0 {
		return fmt.Errorf("%s: tshark (%v) complains: %s", l.what(), err, out)
	}
	x.mu.Lock()
	x.checked += all
	x.mu.Unlock()
	return nil
}
