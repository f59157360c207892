package dahdi

import (
	"io/fs"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// linux is the real kernel. Its calls are raw: Go's netpoller never watches for
// POLLPRI, which is how DAHDI says that an event waits, and what it opens blocks
// or not as the runtime likes. Every call is tried again after EINTR: the
// runtime's own signals interrupt what blocks.
type linux struct{}

func again[T any](f func() (T, error)) (T, error) {
	for {
		if v, err := f(); err != unix.EINTR {
			return v, err
		}
	}
}

func (linux) open(path string, write bool) (int, error) {
	mode := unix.O_RDONLY
	if write {
		mode = unix.O_RDWR
	}
	return again(func() (int, error) { return unix.Open(path, mode|unix.O_NONBLOCK|unix.O_CLOEXEC, 0) })
}

func (linux) close(fd int) error { return unix.Close(fd) }

func (linux) ioctl(fd int, req uint32, arg []byte) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(req), uintptr(unsafe.Pointer(unsafe.SliceData(arg))))
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}

func (linux) read(fd int, b []byte) (int, error) {
	for {
		if n, err := unix.Read(fd, b); err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

func (linux) write(fd int, b []byte) (int, error) {
	for {
		if n, err := unix.Write(fd, b); err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

func (l linux) ready(fd int, events int16, d time.Duration) (int16, error) {
	p := [1]unix.PollFd{{Fd: int32(fd), Events: events}}
	for end := l.now() + d; ; d = end - l.now() {
		ts := unix.NsecToTimespec(int64(max(d, 0)))
		n, err := unix.Ppoll(p[:], &ts, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return 0, err
		}
		return p[0].Revents, nil
	}
}

func (linux) epoll() (int, error) { return unix.EpollCreate1(unix.EPOLL_CLOEXEC) }

func (linux) watch(ep, fd int, events uint32, key int32) error {
	e := unix.EpollEvent{Events: events, Fd: key}
	if events == 0 {
		return unix.EpollCtl(ep, unix.EPOLL_CTL_DEL, fd, &e)
	}
	err := unix.EpollCtl(ep, unix.EPOLL_CTL_MOD, fd, &e)
	if err == unix.ENOENT {
		err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &e)
	}
	return err
}

func (l linux) wait(ep int, got []readiness, d time.Duration) (int, error) {
	var events [64]unix.EpollEvent
	room := events[:min(len(got), len(events))]
	for end := l.now() + d; ; d = end - l.now() {
		ms := int((max(d, 0) + time.Millisecond - 1) / time.Millisecond)
		n, err := unix.EpollWait(ep, room, ms)
		if err == unix.EINTR {
			continue
		}
		for i := range max(n, 0) {
			got[i] = readiness{key: room[i].Fd, events: room[i].Events}
		}
		return max(n, 0), err
	}
}

func (linux) bell() (int, func(), error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return -1, nil, err
	}
	one := []byte{1, 0, 0, 0, 0, 0, 0, 0}
	return fd, func() { _, _ = unix.Write(fd, one) }, nil
}

func (linux) now() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return time.Duration(ts.Nano())
}

func (linux) files() fs.FS { return os.DirFS("/") }
