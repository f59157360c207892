package firmware

import (
	"bytes"
	"context"
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// sysfsUSB is where the kernel shows USB devices.
const sysfsUSB = "/sys/bus/usb/devices"

// A System is the machine's USB: the kernel says what is plugged in, libusb does
// the transfers, of one device at a time.
type System struct {
	one sync.Mutex // held from Open to Close
}

// Devices implements Bus.
func (s *System) Devices() ([]Found, error) { return ReadSysfs(sysfsUSB) }

// Open implements Bus. It waits while another device is open.
func (s *System) Open(f Found) (Handle, error) {
	s.one.Lock()
	h, err := openLibUSB(f, s.one.Unlock)
	if err != nil {
		s.one.Unlock()
		return nil, err
	}
	return h, nil
}

// Changes implements Bus: by the kernel's own events, which need no udev. libusb's
// hotplug is not in gousb.
func (s *System) Changes(ctx context.Context) <-chan struct{} {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err != nil {
		unix.Close(fd)
		return nil
	}
	f := os.NewFile(uintptr(fd), "uevents")
	bell := make(chan struct{}, 1)
	stop := context.AfterFunc(ctx, func() { f.Close() })
	go func() {
		defer stop()
		buf := make([]byte, 8<<10)
		for {
			n, err := f.Read(buf)
			if ctx.Err() != nil {
				return
			}
			// Where events came faster than they were read (ENOBUFS), something changed.
			if err == nil && !bytes.Contains(buf[:n], []byte("SUBSYSTEM=usb")) && !bytes.Contains(buf[:n], []byte("SUBSYSTEM=tty")) {
				continue
			}
			if err != nil && !errors.Is(err, unix.ENOBUFS) {
				return
			}
			select {
			case bell <- struct{}{}:
			default:
			}
		}
	}()
	return bell
}
