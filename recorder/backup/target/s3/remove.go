package s3

import (
	"context"

	"github.com/minio/minio-go/v7"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/guard"
)

// Remove implements target.Target.
func (t *Target) Remove(ctx context.Context, name string) error {
	return t.change(ctx, "remove", name, 0, func(ctx context.Context, b *guard.Beat) error {
		key := t.key(name)
		var unfinished []minio.ObjectMultipartInfo
		err := t.uploads(ctx, key, func(i minio.ObjectMultipartInfo) error {
			if i.Key == key {
				unfinished = append(unfinished, i)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, i := range unfinished {
			if err := t.abort(ctx, i); err != nil {
				return err
			}
		}
		b.Moved()
		versions, err := t.keepsVersions(ctx)
		if err != nil {
			return err
		}
		if versions {
			err = t.removeVersions(ctx, b, key)
		} else {
			err = t.api.RemoveObject(ctx, t.c.Bucket, key, minio.RemoveObjectOptions{})
		}
		if err != nil && classify(err) != target.ErrNotExist {
			return err
		}
		return nil
	})
}

// removeVersions removes every version of an object and every mark of an earlier
// removal: what stays behind one would still be a copy.
func (t *Target) removeVersions(ctx context.Context, b *guard.Beat, key string) error {
	for o := range t.api.ListObjectsIter(ctx, t.c.Bucket, minio.ListObjectsOptions{Prefix: key, Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			return o.Err
		}
		b.Moved()
		if o.Key != key {
			continue // it only begins alike
		}
		err := t.api.RemoveObject(ctx, t.c.Bucket, key, minio.RemoveObjectOptions{VersionID: o.VersionID})
		if err != nil && classify(err) != target.ErrNotExist {
			return err
		}
	}
	return ctx.Err()
}

// keepsVersions asks once whether the bucket keeps, or ever kept, versions. A
// store that does not know the question keeps none.
func (t *Target) keepsVersions(ctx context.Context) (bool, error) {
	t.mu.Lock()
	known := t.versioned
	t.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	v, err := t.api.GetBucketVersioning(ctx, t.c.Bucket)
	if err != nil {
		switch r := minio.ToErrorResponse(err); {
		case r.Code == "NotImplemented", r.StatusCode == 501:
			v = minio.BucketVersioningConfiguration{}
		case classify(err) == target.ErrAuth:
			v.Status = "Suspended" // it may not be asked: look for versions, to be sure
		default:
			return false, err
		}
	}
	keeps := v.Enabled() || v.Suspended()
	t.mu.Lock()
	t.versioned = &keeps
	t.mu.Unlock()
	return keeps, nil
}
