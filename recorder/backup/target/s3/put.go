package s3

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/guard"
)

// maxParts is the most parts an object may have.
const maxParts = 10_000

// partSize is how large the parts of an object of that size are.
func (t *Target) partSize(size int64) int64 {
	return max(int64(t.c.PartMB)<<20, (size+maxParts-1)/maxParts)
}

// sums are the checksums that the store compares.
type sums struct{ md5, sha256 []byte }

func (s sums) etag() string { return hex.EncodeToString(s.md5) }
func (s sums) b64() string  { return base64.StdEncoding.EncodeToString(s.md5) }
func (s sums) hex() string  { return hex.EncodeToString(s.sha256) }

// sum reads n bytes from off on, which are not sent yet.
func sum(b *guard.Beat, r io.ReaderAt, off, n int64) (sums, error) {
	m, h := md5.New(), sha256.New()
	if _, err := io.Copy(io.MultiWriter(m, h), b.Source(io.NewSectionReader(r, off, n), n)); err != nil {
		return sums{}, err
	}
	return sums{m.Sum(nil), h.Sum(nil)}, nil
}

// body is what one request sends. After stop nothing reads from its source any
// more: a request that was answered early may still be sending.
type body struct {
	mu     sync.Mutex
	r      io.Reader
	over   bool
	failed bool // the source did
}

func (s *body) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return 0, errOver
	}
	n, err := s.r.Read(p)
	s.failed = s.failed || err != nil && err != io.EOF
	return n, err
}

var errOver = errors.New("the request is over")

// stop says whether the source failed.
func (s *body) stop() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	return s.failed
}

// send makes a request with n bytes of what open gives, and again while the store
// is busy or breaks off. The library's own way to do so rewinds a body that the
// request before may still be reading.
func (t *Target) send(ctx context.Context, b *guard.Beat, n int64, open func() io.Reader, request func(io.Reader) error) error {
	for try := 1; ; try++ {
		s := &body{r: b.Source(open(), n)}
		err := request(s)
		if s.stop() || err == nil || try == tries || classify(err) != target.ErrUnreachable {
			return err
		}
		wait := time.NewTimer(time.Duration(1<<try) * 100 * time.Millisecond)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return err
		}
		b.Moved()
	}
}

// options are those of every object. The checksum of the whole body is sent
// instead of signed pieces, which not every store and proxy understands.
func (t *Target) options() minio.PutObjectOptions {
	return minio.PutObjectOptions{ContentType: "application/octet-stream", StorageClass: t.c.StorageClass, DisableContentSha256: true}
}

// change runs something that changes name, alone.
func (t *Target) change(ctx context.Context, op, name string, size int64, fn func(context.Context, *guard.Beat) error) error {
	if err := t.g.Check(op, name, size); err != nil {
		return err
	}
	return t.g.Exclusive(ctx, op, name, func(ctx context.Context, b *guard.Beat) error {
		if err := t.allowed(ctx, op, name); err != nil {
			return err
		}
		b.Moved()
		if err := fn(ctx, b); err != nil {
			return err
		}
		if name == target.Marker {
			t.marked.Store(op == "put")
		}
		return nil
	})
}

// PutFrom implements target.Target.
func (t *Target) PutFrom(ctx context.Context, name string, size int64, r io.ReaderAt) error {
	return t.change(ctx, "put", name, size, func(ctx context.Context, b *guard.Beat) error {
		part := t.partSize(size)
		if size <= part {
			s, err := sum(b, target.Unpaced(r), 0, size)
			if err != nil {
				return err
			}
			return t.single(ctx, b, name, size, s, func() io.Reader { return io.NewSectionReader(r, 0, size) })
		}
		u, err := t.resume(ctx, name)
		if err != nil {
			return err
		}
		for off := int64(0); off < size; off += part {
			n := min(part, size-off)
			s, err := sum(b, target.Unpaced(r), off, n)
			if err != nil {
				return err
			}
			if err := u.add(ctx, b, s, n, func() io.Reader { return io.NewSectionReader(r, off, n) }); err != nil {
				return err
			}
		}
		return u.complete(ctx, size)
	})
}

// Put implements target.Target.
func (t *Target) Put(ctx context.Context, name string, size int64, r io.Reader) error {
	return t.change(ctx, "put", name, size, func(ctx context.Context, b *guard.Beat) (err error) {
		raw, paced := target.Split(r)
		part := t.partSize(size)
		buf := make([]byte, min(part, size))
		next := func(n int64) (sums, func() io.Reader, error) {
			if _, err := io.ReadFull(b.Source(raw, n), buf[:n]); err != nil {
				return sums{}, nil, err
			}
			held := &bytesAt{buf[:n]}
			s, err := sum(b, held, 0, n)
			return s, func() io.Reader { return paced(io.NewSectionReader(held, 0, n)) }, err
		}
		if size <= part {
			s, open, err := next(size)
			if err != nil {
				return err
			}
			return t.single(ctx, b, name, size, s, open)
		}
		u, err := t.begin(ctx, name)
		if err != nil {
			return err
		}
		defer func() {
			if err != nil { // nobody can go on with it
				quick, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
				defer stop()
				_ = t.api.AbortMultipartUpload(quick, t.c.Bucket, u.key, u.id) // else Sweep does
			}
		}()
		for left := size; left > 0; left -= min(part, left) {
			s, open, err := next(min(part, left))
			if err != nil {
				return err
			}
			if err := u.add(ctx, b, s, min(part, left), open); err != nil {
				return err
			}
		}
		return u.complete(ctx, size)
	})
}

// bytesAt are bytes that can be read anywhere.
type bytesAt struct{ b []byte }

func (r *bytesAt) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(r.b)) {
		return 0, io.EOF
	}
	n := copy(p, r.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// single puts an object in one request.
func (t *Target) single(ctx context.Context, b *guard.Beat, name string, size int64, s sums, open func() io.Reader) error {
	return t.send(ctx, b, size, open, func(r io.Reader) error {
		_, err := t.api.PutObject(ctx, t.c.Bucket, t.key(name), r, size, s.b64(), s.hex(), t.options())
		return err
	})
}
