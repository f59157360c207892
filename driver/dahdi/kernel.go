package dahdi

import (
	"io/fs"
	"time"
)

// A kernel is all that this package asks of the operating system. linux is the
// real one; tests have one of their own. Errors are of type unix.Errno.
type kernel interface {
	// open opens a device file without blocking on it.
	open(path string, write bool) (fd int, err error)
	close(fd int) error

	// ioctl passes arg, whose length is the request's; what the kernel answers
	// is in arg afterwards.
	ioctl(fd int, req uint32, arg []byte) error
	read(fd int, b []byte) (int, error)
	write(fd int, b []byte) (int, error)

	// ready waits until one of the events (unix.POLLIN, POLLOUT, POLLPRI) is
	// there on one file, or so long; 0 looks only.
	ready(fd int, events int16, d time.Duration) (int16, error)

	epoll() (ep int, err error)
	// watch adds a file to ep, or changes what it is watched for; 0: no more.
	watch(ep, fd int, events uint32, key int32) error
	// wait fills got with the keys and events that are there, after at most d.
	wait(ep int, got []readiness, d time.Duration) (n int, err error)
	// bell returns a file that becomes readable (POLLIN) once ring was called.
	bell() (fd int, ring func(), err error)

	now() time.Duration // monotonic
	files() fs.FS       // the root of the file system: sys, proc
}

// readiness is one answer of wait.
type readiness struct {
	key    int32
	events uint32
}
