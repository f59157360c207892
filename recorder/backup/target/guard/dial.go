package guard

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unsent is how many bytes a connection may hold that are not on their way yet.
const unsent = 128 << 10

// Dialer makes connections on which progress shows: the kernel takes little more
// than it can send, so a source that is read moves at the pace of the network, and
// a slow line does not look hung once all of a file lies in a buffer.
func Dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: timeout, KeepAlive: 15 * time.Second, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent) // without it, it works too
		})
	}}
}
