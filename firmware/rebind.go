package firmware

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// deviceFile is the kernel's file of a USB device.
const deviceFile = "/dev/bus/usb/%03d/%03d"

// Of linux/usbdevice_fs.h.
type usbfsIoctl struct {
	number, code int32
	data         uintptr
}

const (
	usbfsIoctlCode = 3<<30 | unsafe.Sizeof(usbfsIoctl{})<<16 | 'U'<<8 | 18 // _IOWR('U', 18, struct usbdevfs_ioctl)
	usbfsConnect   = 'U'<<8 | 23                                           // _IO('U', 23)
)

// Rebind implements Bus, by usbfs: gousb does not have it.
func (s *System) Rebind(f Found) error {
	file, err := os.OpenFile(fmt.Sprintf(deviceFile, f.Bus, f.Address), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	var errs []error
	for _, i := range f.Interfaces {
		if i.Driver != "" {
			continue
		}
		ask := usbfsIoctl{number: int32(i.Number), code: usbfsConnect}
		if _, _, no := unix.Syscall(unix.SYS_IOCTL, file.Fd(), uintptr(usbfsIoctlCode), uintptr(unsafe.Pointer(&ask))); no != 0 && no != unix.EBUSY {
			errs = append(errs, fmt.Errorf("interface %d: %w", i.Number, no))
		}
	}
	return errors.Join(append(errs, file.Close())...)
}
