package s3

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/guard"
)

// upload is an object that is sent in parts.
type upload struct {
	t     *Target
	name  string
	key   string
	id    string
	there map[int]minio.ObjectPart // parts the store has already
	done  []minio.CompletePart
}

// begin starts one anew.
func (t *Target) begin(ctx context.Context, name string) (*upload, error) {
	id, err := t.api.NewMultipartUpload(ctx, t.c.Bucket, t.key(name), t.options())
	if err != nil {
		return nil, err
	}
	return &upload{t: t, name: name, key: t.key(name), id: id}, nil
}

// resume finds the newest unfinished one of name and its parts, or starts one.
func (t *Target) resume(ctx context.Context, name string) (*upload, error) {
	var newest minio.ObjectMultipartInfo
	err := t.uploads(ctx, t.key(name), func(i minio.ObjectMultipartInfo) error {
		if i.Key == t.key(name) && (newest.UploadID == "" || i.Initiated.After(newest.Initiated)) {
			newest = i
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if newest.UploadID == "" {
		return t.begin(ctx, name)
	}
	u := &upload{t: t, name: name, key: t.key(name), id: newest.UploadID, there: map[int]minio.ObjectPart{}}
	for from := 0; ; {
		page, err := t.api.ListObjectParts(ctx, t.c.Bucket, u.key, u.id, from, 1000)
		if err != nil {
			return nil, err
		}
		for _, p := range page.ObjectParts {
			u.there[p.PartNumber] = p
		}
		if !page.IsTruncated || page.NextPartNumberMarker <= from {
			return u, nil
		}
		from = page.NextPartNumberMarker
	}
}

// add sends the next part, unless the store has it.
func (u *upload) add(ctx context.Context, b *guard.Beat, s sums, n int64, open func() io.Reader) error {
	number := len(u.done) + 1
	p, ok := u.there[number]
	if !ok || p.Size != n || strings.Trim(p.ETag, `"`) != s.etag() {
		err := u.t.send(ctx, b, n, open, func(r io.Reader) (err error) {
			p, err = u.t.api.PutObjectPart(ctx, u.t.c.Bucket, u.key, u.id, number, r, n, minio.PutObjectPartOptions{Md5Base64: s.b64(), Sha256Hex: s.hex(), DisableContentSha256: true})
			return err
		})
		if err != nil {
			return err
		}
	}
	u.done = append(u.done, minio.CompletePart{PartNumber: number, ETag: p.ETag})
	return nil
}

// complete makes the object of its parts and looks at it.
func (u *upload) complete(ctx context.Context, size int64) error {
	if _, err := u.t.api.CompleteMultipartUpload(ctx, u.t.c.Bucket, u.key, u.id, u.done, minio.PutObjectOptions{}); err != nil {
		return err
	}
	o, err := u.t.api.StatObject(ctx, u.t.c.Bucket, u.key, minio.StatObjectOptions{})
	if err == nil && o.Size != size {
		err = u.t.g.Error("put", u.name, target.ErrCorrupt, fmt.Errorf("%d bytes were sent and %d are there", size, o.Size))
	}
	return err
}

// nowhere is a delimiter that stands in no name of ours.
const nowhere = "|"

// uploads lists what is unfinished below a key's beginning. OpenStack Swift takes
// the empty delimiter that the library sends for one that is everywhere, and lists
// nothing but prefixes; others know no delimiter but "" and "/".
func (t *Target) uploads(ctx context.Context, below string, fn func(minio.ObjectMultipartInfo) error) error {
	var key, id, delimiter string
	for {
		page, err := t.api.ListMultipartUploads(ctx, t.c.Bucket, below, key, id, delimiter, 1000)
		if err == nil && delimiter == "" && len(page.CommonPrefixes) > 0 {
			delimiter = nowhere
			continue
		}
		if minio.ToErrorResponse(err).Code == "NoSuchUpload" {
			return nil // some stores' word for none
		}
		if err != nil {
			return err
		}
		for _, i := range page.Uploads {
			if err := fn(i); err != nil {
				return err
			}
		}
		if !page.IsTruncated || page.NextKeyMarker == key && page.NextUploadIDMarker == id {
			return nil
		}
		key, id = page.NextKeyMarker, page.NextUploadIDMarker
	}
}

// Sweep implements target.Target.
func (t *Target) Sweep(ctx context.Context, older time.Duration) (int, error) {
	swept := make(chan int, 1)
	err := t.g.Do(ctx, "sweep", "", func(ctx context.Context, b *guard.Beat) error {
		n := 0
		defer func() { swept <- n }()
		if err := t.allowed(ctx, "sweep", ""); err != nil {
			return err
		}
		below, cut := t.below("")
		before := time.Now().Add(-older)
		var stale []minio.ObjectMultipartInfo
		err := t.uploads(ctx, below, func(i minio.ObjectMultipartInfo) error {
			b.Moved()
			if !i.Initiated.After(before) && target.CheckName(strings.TrimPrefix(i.Key, cut)) == nil {
				stale = append(stale, i)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, i := range stale {
			if slices.Contains(t.g.Busy(), strings.TrimPrefix(i.Key, cut)) {
				continue
			}
			if err := t.abort(ctx, i); err != nil {
				return err
			}
			n++
			b.Moved()
		}
		return nil
	})
	select {
	case n := <-swept:
		return n, err
	default:
		return 0, err
	}
}

// abort gives up an upload; one that is gone already is fine.
func (t *Target) abort(ctx context.Context, i minio.ObjectMultipartInfo) error {
	err := t.api.AbortMultipartUpload(ctx, t.c.Bucket, i.Key, i.UploadID)
	if minio.ToErrorResponse(err).Code == "NoSuchUpload" {
		return nil
	}
	return err
}
