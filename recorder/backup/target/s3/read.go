package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strings"

	"github.com/minio/minio-go/v7"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/guard"
)

// Get implements target.Target.
func (t *Target) Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	if err := t.g.Check("get", name, 0); err != nil {
		return nil, err
	}
	off = max(off, 0)
	return t.g.Get(ctx, name, func(ctx context.Context) (io.ReadCloser, error) {
		var opts minio.GetObjectOptions
		switch {
		case n == 0: // no header asks for no bytes
			if _, err := t.api.StatObject(ctx, t.c.Bucket, t.key(name), minio.StatObjectOptions{}); err != nil {
				return nil, err
			}
			return io.NopCloser(bytes.NewReader(nil)), nil
		case n > 0 && n <= math.MaxInt64-off:
			if err := opts.SetRange(off, off+n-1); err != nil {
				return nil, err
			}
		case off > 0:
			if err := opts.SetRange(off, 0); err != nil {
				return nil, err
			}
		}
		r, _, _, err := t.api.GetObject(ctx, t.c.Bucket, t.key(name), opts)
		if answer, ok := errors.AsType[minio.ErrorResponse](err); ok && answer.Code == "InvalidRange" {
			return io.NopCloser(bytes.NewReader(nil)), nil // all of it lies behind the end
		}
		return r, err
	})
}

// Stat implements target.Target.
func (t *Target) Stat(ctx context.Context, name string) (target.Entry, error) {
	if err := t.g.Check("stat", name, 0); err != nil {
		return target.Entry{}, err
	}
	found := make(chan target.Entry, 1)
	err := t.g.Do(ctx, "stat", name, func(ctx context.Context, _ *guard.Beat) error {
		o, err := t.api.StatObject(ctx, t.c.Bucket, t.key(name), minio.StatObjectOptions{})
		if err == nil {
			found <- target.Entry{Name: name, Size: o.Size, Modified: o.LastModified}
		}
		return err
	})
	if err != nil {
		return target.Entry{}, err
	}
	return <-found, nil
}

// List implements target.Target.
func (t *Target) List(ctx context.Context, prefix string, fn func(target.Entry) error) error {
	if err := t.g.CheckPrefix(prefix); err != nil {
		return err
	}
	below, cut := t.below(prefix)
	return t.g.List(ctx, prefix, fn, func(ctx context.Context, b *guard.Beat, yield func(target.Entry) error) error {
		for o := range t.api.ListObjectsIter(ctx, t.c.Bucket, minio.ListObjectsOptions{Prefix: below, Recursive: true}) {
			if o.Err != nil {
				return o.Err
			}
			b.Moved()
			name := strings.TrimPrefix(o.Key, cut)
			if target.CheckName(name) != nil {
				continue // not put by us
			}
			if err := yield(target.Entry{Name: name, Size: o.Size, Modified: o.LastModified}); err != nil {
				return err
			}
		}
		return ctx.Err() // the sequence just ends
	})
}

// below is what keys of names below prefix begin with, and what of it is no part
// of the names.
func (t *Target) below(prefix string) (below, cut string) {
	if t.c.Prefix != "" {
		cut = t.c.Prefix + "/"
	}
	if prefix != "" {
		prefix += "/"
	}
	return cut + prefix, cut
}
