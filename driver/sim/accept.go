package sim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// arrival is a peer that has connected to socket number index: the lines, then
// the spans.
type arrival struct{ index, fd int }

// doors are a board's listening sockets. One goroutine accepts on all of them.
type doors struct {
	dir      string
	paths    []string
	fds      []int
	lock     *os.File // the folder: one board serves it
	epoll    int
	arrivals chan arrival
	quit     chan struct{}
	done     chan struct{}
}

// openDoors makes the folder and the sockets. A path that is "" has no socket.
func openDoors(dir string, paths []string) (d *doors, err error) {
	d = &doors{dir: dir, epoll: -1, arrivals: make(chan arrival, len(paths)), quit: make(chan struct{}), done: make(chan struct{})}
	if d.lock, err = openFolder(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.release()
		}
	}()
	if err = removeStale(dir); err != nil {
		return nil, err
	}
	if d.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	for i, p := range paths {
		fd := -1
		if p != "" {
			if fd, err = listen(p); err != nil {
				return nil, err
			}
			d.paths = append(d.paths, p)
		}
		d.fds = append(d.fds, fd)
		if fd < 0 {
			continue
		}
		if err = unix.EpollCtl(d.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}); err != nil {
			return nil, fmt.Errorf("epoll %s: %w", p, err)
		}
	}
	return d, nil
}

// openFolder makes the folder, keeps others out of it, and locks it.
func openFolder(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for line sockets: %w", err)
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder for line sockets: %w", err)
	}
	fail := func(err error) (*os.File, error) {
		_ = f.Close()
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return fail(err)
	}
	if st.Mode()&os.ModeSticky != 0 {
		return fail(fmt.Errorf("%s is a folder for everybody; line sockets need one of their own: give dir", dir))
	}
	if st.Mode().Perm() != 0o700 {
		if err := f.Chmod(0o700); err != nil {
			return fail(fmt.Errorf("folder for line sockets must be closed to others (0700): %w", err))
		}
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fail(fmt.Errorf("another board serves the line sockets in %s; give each board its own dir: %w", dir, err))
	}
	return f, nil
}

// removeStale removes sockets that a board left which did not come to close.
func removeStale(dir string) error {
	for _, pattern := range []string{"line-[0-9]*.sock", "span-[0-9]*.dch.sock"} {
		old, err := filepath.Glob(filepath.Join(escapeGlob(dir), pattern))
		if err != nil {
			return fmt.Errorf("look for old sockets: %w", err)
		}
		for _, p := range old {
			if st, err := os.Lstat(p); err != nil || st.Mode()&os.ModeSocket == 0 {
				continue
			}
			if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove old socket: %w", err)
			}
		}
	}
	return nil
}

// listen makes one socket.
func listen(path string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket %s: %w", path, err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("bind %s: %w", path, err)
	}
	if err := unix.Listen(fd, 8); err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("listen %s: %w", path, err)
	}
	return fd, nil
}

// serve accepts peers until wake is readable. note takes what is to be logged.
func (d *doors) serve(wake int, note func(index int, reason string, err error)) {
	defer close(d.done)
	events := make([]unix.EpollEvent, 32)
	if err := unix.EpollCtl(d.epoll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: -1}); err != nil {
		note(-1, "no peer can connect", err)
		return
	}
	for {
		n, err := unix.EpollWait(d.epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			note(-1, "no peer can connect any more", err)
			return
		}
		for _, ev := range events[:max(n, 0)] {
			if ev.Fd < 0 || !d.accept(int(ev.Fd), wake, note) {
				return
			}
		}
	}
}

// accept takes one peer in and hands it over; false means the board closes.
func (d *doors) accept(index, wake int, note func(int, string, error)) bool {
	fd, _, err := unix.Accept4(d.fds[index], unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) || errors.Is(err, unix.ECONNABORTED) {
			return true
		}
		note(index, "a peer could not be let in", err)
		return waitReadable(time.Second, wake, -1) == 0 // out of descriptors or memory: not in a hot loop
	}
	select {
	case d.arrivals <- arrival{index, fd}:
		return true
	case <-d.quit:
		_ = unix.Close(fd)
		return false
	}
}

// close stops serve, whose wake is readable by now, and removes the sockets.
func (d *doors) close() {
	close(d.quit)
	<-d.done
	for {
		select {
		case a := <-d.arrivals:
			_ = unix.Close(a.fd)
			continue
		default:
		}
		break
	}
	d.release()
}

func (d *doors) release() {
	for _, fd := range d.fds {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	for _, p := range d.paths {
		_ = os.Remove(p)
	}
	if d.epoll >= 0 {
		_ = unix.Close(d.epoll)
	}
	_ = unix.Flock(int(d.lock.Fd()), unix.LOCK_UN) // else a process that is being forked now would keep it for a moment
	_ = d.lock.Close()
}

// escapeGlob makes a path stand for itself in a pattern.
func escapeGlob(p string) string {
	var b []byte
	for i := range len(p) {
		switch p[i] {
		case '*', '?', '[', '\\':
			b = append(b, '\\')
		}
		b = append(b, p[i])
	}
	return string(b)
}
