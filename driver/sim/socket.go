package sim

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// batch is how many packets one system call takes from a socket: a block, the
// events before it, and one more to see that nothing else waits.
const batch = 4

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// inbox receives packets. One serves all sockets of a board, so its memory
// stays in the cache.
type inbox struct {
	hdrs [batch]mmsghdr
	iovs [batch]unix.Iovec
	bufs [batch][maxMessage + 8]byte
}

func newInbox() *inbox {
	in := new(inbox)
	for i := range in.hdrs {
		in.iovs[i].Base = &in.bufs[i][0]
		in.iovs[i].SetLen(maxMessage)
		in.hdrs[i].hdr.Iov = &in.iovs[i]
		in.hdrs[i].hdr.SetIovlen(1)
	}
	return in
}

// receive takes up to n ≤ batch packets that wait at fd. It never blocks, so
// the scheduler need not be told: the raw call costs half of the other.
func (in *inbox) receive(fd, n int) (int, unix.Errno) {
	got, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&in.hdrs[0])), uintptr(n),
		unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(got), 0
}

// packet returns packet i and whether its end was cut off.
func (in *inbox) packet(i int) (b []byte, cut bool) {
	return in.bufs[i][:in.hdrs[i].len], in.hdrs[i].hdr.Flags&unix.MSG_TRUNC != 0
}

// send sends one packet, or drops it where the peer does not read.
func send(fd int, b []byte) unix.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return errno
}

// hungUp reports whether the other end of fd has closed.
func hungUp(fd int) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd)}}
	n, _ := unix.Poll(fds[:], 0)
	return n == 1 && fds[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
}
