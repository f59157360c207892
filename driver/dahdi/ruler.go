package dahdi

import (
	"encoding/binary"
	"time"
)

// A ruler counts the kernel's chunks of 8 samples with two of its timers: the
// fine one expires each chunk, the coarse one each block. A timer only says that
// it has expired since it was last asked, not how often, so expiries are taken
// back one by one; as the fine timer was started first, 20 of its expiries may be
// taken at once for each of the coarse one.
type ruler struct {
	k            kernel
	fine, coarse int // files
	n, blocks    int64
	arg          [4]byte
}

const (
	chunk          = 8
	chunksPerBlock = blockBytes / chunk
)

func newRuler(k kernel) (*ruler, error) {
	r := &ruler{k: k, fine: -1, coarse: -1}
	for _, t := range []struct {
		fd      *int
		samples int32
	}{{&r.fine, chunk}, {&r.coarse, blockBytes}} {
		fd, err := k.open("/dev/dahdi/timer", true)
		if err == nil {
			*t.fd = fd
			err = r.set(fd, reqTimerConfig, t.samples)
		}
		if err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

func (r *ruler) close() {
	for _, fd := range []*int{&r.fine, &r.coarse} {
		if *fd >= 0 {
			_ = r.k.close(*fd)
			*fd = -1
		}
	}
}

func (r *ruler) set(fd int, req uint32, v int32) error {
	binary.LittleEndian.PutUint32(r.arg[:], uint32(v))
	return r.k.ioctl(fd, req, r.arg[:])
}

func (r *ruler) expired(fd int) bool {
	clear(r.arg[:])
	err := r.k.ioctl(fd, reqGetEvent, r.arg[:])
	return err == nil && binary.LittleEndian.Uint32(r.arg[:]) == evTimerExpired
}

// count returns the chunks since the ruler was made.
func (r *ruler) count() int64 {
	for r.expired(r.coarse) && r.set(r.coarse, reqTimerAck, 1) == nil {
		r.blocks++
	}
	if sure := r.blocks*chunksPerBlock - r.n; sure > 0 && r.set(r.fine, reqTimerAck, int32(sure)) == nil {
		r.n += sure
	}
	for r.expired(r.fine) && r.set(r.fine, reqTimerAck, 1) == nil {
		r.n++
	}
	return r.n
}

// edge waits for the next chunk. False: none came.
func (r *ruler) edge(d time.Duration) bool {
	r.count()
	got, err := r.k.ready(r.fine, pollPri, d)
	return err == nil && got&pollPri != 0
}
