package labtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Span is a span of the machine.
type Span struct {
	Number   int
	Base     int    // its first channel
	Channels int    //
	ID       string // of its device, where this package made it
	addr     string
}

// Channel is the machine's number of the span's channel n, from 1.
func (s Span) Channel(n int) int { return s.Base + n - 1 }

// ctl carries out a request on /dev/dahdi/ctl.
func ctl(req uint, arg []byte) error {
	fd, err := unix.Open("/dev/dahdi/ctl", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("/dev/dahdi/ctl: %w", err)
	}
	return errors.Join(ioctl(fd, req, arg), unix.Close(fd))
}

func dynamic(addr string, channels int) []byte {
	arg := make([]byte, sizeDynamic)
	copy(arg, "loc")
	copy(arg[20:], addr)
	binary.LittleEndian.PutUint32(arg[60:], uint32(channels))
	return arg
}

// Create makes a span of dahdi_dynamic_loc: addr is "KEY:ID" in hexadecimal
// digits, and the spans KEY:0 and KEY:1 are each other's far end; "KEY:ID:OF"
// only receives what KEY:OF sends.
func Create(addr string, channels int) (Span, error) {
	arg := dynamic(addr, channels)
	if err := ctl(ioDynCreate, arg); err != nil {
		return Span{}, fmt.Errorf("create span %s: %w", addr, err)
	}
	// The kernel does not fill in the number, so it is found by its name.
	numbers, _ := filepath.Glob("/sys/bus/dahdi_spans/devices/span-*")
	for _, dir := range numbers {
		if text(dir, "name") != "DYN/loc/"+addr {
			continue
		}
		n, _ := strconv.Atoi(dir[strings.LastIndexByte(dir, '-')+1:])
		base, err := strconv.Atoi(text(dir, "basechan"))
		return Span{Number: n, Base: base, Channels: channels, ID: "DYN/loc/" + addr, addr: addr}, err
	}
	return Span{}, fmt.Errorf("span %s was made but is not in /sys/bus/dahdi_spans", addr)
}

func text(dir, file string) string {
	b, _ := os.ReadFile(filepath.Join(dir, file))
	return strings.TrimSpace(string(b))
}

// Destroy removes a span that Create made; it fails while a channel is open.
func (s Span) Destroy() error {
	if err := ctl(ioDynDestroy, dynamic(s.addr, s.Channels)); err != nil {
		return fmt.Errorf("destroy span %s: %w", s.addr, err)
	}
	return nil
}

// Configure gives channels from…to of the span (from 1) their signalling and
// law, as dahdi_cfg does.
func (s Span) Configure(from, to, sig, law int) error {
	for n := from; n <= to; n++ {
		arg := make([]byte, sizeChanConf)
		binary.LittleEndian.PutUint32(arg, uint32(s.Channel(n)))
		binary.LittleEndian.PutUint32(arg[44:], uint32(sig))
		binary.LittleEndian.PutUint32(arg[48:], uint32(law))
		if sig == Clear {
			binary.LittleEndian.PutUint32(arg[52:], uint32(s.Channel(n))) // its own master
		}
		if sig == CAS {
			binary.LittleEndian.PutUint32(arg[56:], 0b1101) // idle
		}
		if err := ctl(ioChanConfig, arg); err != nil {
			return fmt.Errorf("configure channel %d of span %d (%#x): %w", n, s.Number, sig, err)
		}
	}
	return nil
}

// device is the folder of the span's device in sysfs.
func (s Span) device() (string, error) {
	all, _ := filepath.Glob("/sys/bus/dahdi_devices/devices/*")
	for _, dir := range all {
		if text(dir, "hardware_id") == s.ID {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no device with hardware_id %s", s.ID)
}

// Unassign takes the span's number away, as when a card is removed.
func (s Span) Unassign() error {
	dir, err := s.device()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "unassign_span"), []byte("1"), 0o644)
}

// Assign gives the span its number and channels back; they must be configured anew.
func (s Span) Assign() error {
	dir, err := s.device()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "assign_span"), fmt.Appendf(nil, "1:%d:%d", s.Number, s.Base), 0o644)
}

// ChannelParams tells of a channel without opening it.
func ChannelParams(n int) (Params, error) {
	arg := make([]byte, sizeParams)
	binary.LittleEndian.PutUint32(arg, uint32(n))
	err := ctl(ioGetParams, arg)
	return params(arg), err
}

// Alarms are the span's alarms, as DAHDI numbers them.
func (s Span) Alarms() (int, error) {
	arg := make([]byte, sizeSpan)
	binary.LittleEndian.PutUint32(arg, uint32(s.Number))
	err := ctl(ioSpanStat, arg)
	return int(binary.LittleEndian.Uint32(arg[offSpanAlarms:])), err
}

// Pause waits by a clock that the kernel keeps.
func Pause(d time.Duration) {
	for end := time.Now().Add(d); time.Until(end) > 0; {
		_, _ = unix.Poll(nil, int(time.Until(end)/time.Millisecond)+1)
	}
}

// Within calls try until it succeeds, every 20 ms for at most d, and returns
// what it said last.
func Within(d time.Duration, try func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(d); ; {
		err := try()
		if err == nil || time.Now().After(end) {
			return err
		}
		<-tick.C
	}
}
