package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A relay carries LAPD frames between the D-channel of a span and libpri, as a
// cable would. It can lose some of them, or all.
type relay struct {
	loss   atomic.Uint64 // of a million frames
	cut    atomic.Bool
	hold   atomic.Bool      // frames wait
	frames [2]atomic.Uint64 // that came, of vaad and of libpri
	lost   atomic.Uint64
	vaad   net.Conn
	far    net.Conn
	all    sync.WaitGroup
}

// newRelay connects to the D-channel's socket. theirs is libpri's end.
func newRelay(socket string, seed uint64) (r *relay, theirs *os.File, err error) {
	r = &relay{}
	for end := time.Now().Add(time.Minute); ; {
		if r.vaad, err = net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: socket, Net: "unixpacket"}); err == nil {
			break
		}
		if time.Now().After(end) {
			return nil, nil, fmt.Errorf("%s: %w", filepath.Base(socket), err)
		}
		<-time.After(20 * time.Millisecond)
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	ours := os.NewFile(uintptr(fds[0]), "relay")
	r.far, err = net.FileConn(ours)
	_ = ours.Close()
	if err != nil {
		return nil, nil, err
	}
	r.all.Go(func() { r.carry(0, r.vaad, r.far, rand.New(rand.NewPCG(seed, 1))) })
	r.all.Go(func() { r.carry(1, r.far, r.vaad, rand.New(rand.NewPCG(seed, 2))) })
	return r, os.NewFile(uintptr(fds[1]), "libpri"), nil
}

func (r *relay) carry(way int, from, to net.Conn, rng *rand.Rand) {
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if err != nil || n == 0 {
			return
		}
		r.frames[way].Add(1)
		for r.hold.Load() {
			<-time.After(5 * time.Millisecond)
		}
		if r.cut.Load() || rng.Uint64N(1_000_000) < r.loss.Load() {
			r.lost.Add(1)
			continue
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func (r *relay) close() {
	_ = r.vaad.Close()
	_ = r.far.Close()
	r.all.Wait()
}
