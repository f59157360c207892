package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"filippo.io/age"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

const (
	block    = 256 << 10
	ageChunk = 64 << 10
	ageTag   = 16
)

// A vault is a target as the engine sees it: files under their plain names,
// encrypted or not.
type vault struct {
	t       target.Target
	to      []age.Recipient // whom files are encrypted to; none = plain
	ids     []age.Identity  // what can be decrypted here
	secret  bool            // files are encrypted
	ageHead int64           // bytes that encryption puts before the first chunk
	pool    archive.Pool
}

func newVault(t target.Target, secret bool, to []age.Recipient, ids []age.Identity, pool archive.Pool) (*vault, error) {
	v := &vault{t: t, to: to, ids: ids, secret: secret, pool: pool}
	if secret && len(to) > 0 {
		r, err := age.EncryptReader(noBytes{}, to...)
		if err != nil {
			return nil, err
		}
		n, err := io.Copy(io.Discard, r)
		if err != nil {
			return nil, err
		}
		v.ageHead = n - ageTag
	}
	return v, nil
}

type noBytes struct{}

func (noBytes) Read([]byte) (int, error) { return 0, io.EOF }

// stored is the name that a file has on the target.
func (v *vault) stored(name string) string {
	if v.secret {
		return name + extAge
	}
	return name
}

// size is what a file of so many bytes takes on the target.
func (v *vault) size(n int64) int64 {
	if !v.secret {
		return n
	}
	return v.ageHead + n + ageTag*max(1, (n+ageChunk-1)/ageChunk)
}

// fits reports whether a stored file can be one of so many bytes. What encryption
// puts before depends on how many recipients there were then.
func (v *vault) fits(stored, n int64) bool {
	if !v.secret {
		return stored == n
	}
	head := stored - n - ageTag*max(1, (n+ageChunk-1)/ageChunk)
	return head > 100 && head < 64<<10
}

// put stores a file whose hash is known, and returns the hash of what was stored.
func (v *vault) put(ctx context.Context, name string, size int64, r io.ReaderAt, sum string) (string, error) {
	if !v.secret {
		return sum, v.t.PutFrom(ctx, name, size, r)
	}
	src := &checked{r: io.NewSectionReader(r, 0, size), left: size, h: sha256.New(), sum: sum}
	enc, err := age.EncryptReader(src, v.to...)
	if err != nil {
		return "", err
	}
	h := v.hasher(ctx)
	if err := v.t.Put(ctx, v.stored(name), v.size(size), io.TeeReader(enc, h)); err != nil {
		return "", err
	}
	return h.sum(), nil
}

// errChanged: what was read is not what was hashed before.
var errChanged = errors.New("the file changed while it was read")

// checked ends with an error when the bytes have another hash. The last of them
// are held back until that is known, so that who counts bytes learns it too.
type checked struct {
	r    io.Reader
	left int64
	h    hash.Hash
	sum  string // "" = nothing is compared
}

func (c *checked) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if int64(n) > c.left {
		n = int(c.left)
	}
	c.h.Write(b[:n])
	c.left -= int64(n)
	if c.left == 0 && n > 0 && c.sum != "" && hex.EncodeToString(c.h.Sum(nil)) != c.sum {
		return 0, errChanged
	}
	return n, err
}

// hashing hashes under slots of the pool.
type hashing struct {
	ctx  context.Context
	pool archive.Pool
	h    hash.Hash
	n    int64
}

func (v *vault) hasher(ctx context.Context) *hashing {
	return &hashing{ctx: ctx, pool: v.pool, h: sha256.New()}
}

func (h *hashing) Write(b []byte) (int, error) {
	if h.pool != nil {
		if err := h.pool.Acquire(h.ctx); err != nil {
			return 0, err
		}
		defer h.pool.Release()
	}
	h.n += int64(len(b))
	return h.h.Write(b)
}

func (h *hashing) sum() string { return hex.EncodeToString(h.h.Sum(nil)) }

// hashLocal hashes the first size bytes of a file.
func (v *vault) hashLocal(ctx context.Context, r io.ReaderAt, size int64) (string, error) {
	h := v.hasher(ctx)
	n, err := io.CopyBuffer(h, struct{ io.Reader }{io.NewSectionReader(r, 0, size)}, make([]byte, block))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	return h.sum(), err
}

// hashStored reads a file of the target as it is stored.
func (v *vault) hashStored(ctx context.Context, name string) (string, int64, error) {
	r, err := v.t.Get(ctx, v.stored(name), 0, -1)
	if err != nil {
		return "", 0, err
	}
	h := v.hasher(ctx)
	_, err = io.CopyBuffer(h, struct{ io.Reader }{r}, make([]byte, block))
	return h.sum(), h.n, errors.Join(err, r.Close())
}

// readable reports whether files can be read here.
func (v *vault) readable() bool { return !v.secret || len(v.ids) > 0 }

// open reads a file as it was before it was encrypted.
func (v *vault) open(ctx context.Context, name string) (io.ReadCloser, error) {
	if !v.readable() {
		return nil, ErrNoIdentity
	}
	r, err := v.t.Get(ctx, v.stored(name), 0, -1)
	if err != nil || !v.secret {
		return r, err
	}
	return decrypt(r, v.ids)
}

// decrypt reads an age file.
func decrypt(r io.ReadCloser, ids []age.Identity) (io.ReadCloser, error) {
	d, err := age.Decrypt(bufio.NewReaderSize(r, block), ids...)
	if err != nil {
		var none *age.NoIdentityMatchError
		if errors.As(err, &none) {
			err = ErrNoIdentity
		} else {
			err = damage(err)
		}
		return nil, errors.Join(err, r.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{opened{d}, r}, nil
}

// opened tells damage of an encrypted file from what the target could not do.
type opened struct{ r io.Reader }

func (o opened) Read(b []byte) (int, error) {
	n, err := o.r.Read(b)
	if err != nil && err != io.EOF {
		err = damage(err)
	}
	return n, err
}

func damage(err error) error {
	var t *target.Error
	if errors.As(err, &t) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &faultError{TargetDamaged, err}
}

// classOf is the class of an error of a target, "" for any other.
func classOf(err error) string {
	var t *target.Error
	if errors.As(err, &t) {
		return target.Class(err)
	}
	return ""
}

// right compares a file on the target with its hash, as far as it can be read.
func (v *vault) right(ctx context.Context, name string, size int64, sum string) (bool, int64, error) {
	r, err := v.open(ctx, name)
	if err != nil {
		return false, 0, err
	}
	h := v.hasher(ctx)
	_, err = io.CopyBuffer(h, struct{ io.Reader }{io.LimitReader(r, size+1)}, make([]byte, block))
	err = errors.Join(err, r.Close())
	if err != nil {
		return false, h.n, err
	}
	return h.n == size && h.sum() == sum, h.n, nil
}

// all reads a small file.
func (v *vault) all(ctx context.Context, name string, limit int64) ([]byte, error) {
	r, err := v.open(ctx, name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: over %d bytes", name, limit)
	}
	return b, errors.Join(err, r.Close())
}
