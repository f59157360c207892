package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/guard"
)

// tries is how often a request is made when the store is busy or breaks off.
const tries = 4

// Target is a bucket, or a part of it.
type Target struct {
	c      target.S3
	g      *guard.Guard
	api    *minio.Core
	trans  *http.Transport
	marked atomic.Bool // the marker was seen

	mu        sync.Mutex
	versioned *bool // nil = not asked yet
}

// Open makes a target of a bucket. It reads the keys and the CA; it asks nothing
// of the store yet.
func Open(c target.Config) (*Target, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	t := &Target{c: c.S3, g: guard.New(c.Name, c.Stall(), classify)}
	fail := func(key string, err error) (*Target, error) {
		return nil, t.g.Error("open", "", target.ErrAuth, fmt.Errorf("%s: %w", key, err))
	}
	access, err := c.S3.AccessKey.Read()
	if err != nil {
		return fail("access_key", err)
	}
	secret, err := c.S3.SecretKey.Read()
	if err != nil {
		return fail("secret_key", err)
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.S3.CAFile != "" {
		pem, err := os.ReadFile(c.S3.CAFile)
		if err != nil {
			return fail("ca_file", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(pem) {
			return fail("ca_file", errors.New("it holds no PEM certificate"))
		}
	}
	t.trans = &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           guard.Dialer(c.Stall()).DialContext,
		TLSClientConfig:       trust,
		TLSHandshakeTimeout:   c.Stall(),
		ResponseHeaderTimeout: 0, // the guard knows better: completing a large object takes long
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
		DisableCompression:    true,
		ForceAttemptHTTP2:     true,
	}
	lookup := minio.BucketLookupPath
	if c.S3.HostStyle {
		lookup = minio.BucketLookupDNS
	}
	t.api, err = minio.NewCore(c.S3.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(string(access), string(secret), ""), Secure: !c.S3.Plain,
		Transport: t.trans, Region: c.S3.Region, BucketLookup: lookup, MaxRetries: tries,
	})
	if err != nil {
		return fail("endpoint", err)
	}
	return t, nil
}

// Name implements target.Target.
func (t *Target) Name() string { return t.g.Name() }

// Kind implements target.Target.
func (t *Target) Kind() target.Kind { return target.KindS3 }

// Close implements target.Target.
func (t *Target) Close() error {
	t.g.Close()
	t.trans.CloseIdleConnections()
	return nil
}

// Space implements target.Target: the protocol has no such question.
func (t *Target) Space(ctx context.Context) (target.Space, error) {
	return target.Unknown(), t.g.Do(ctx, "space", "", func(context.Context, *guard.Beat) error { return nil })
}

// key is the name of name's object.
func (t *Target) key(name string) string {
	if t.c.Prefix == "" {
		return name
	}
	return t.c.Prefix + "/" + name
}

// allowed says whether something may be changed: the marker is there, or is put.
func (t *Target) allowed(ctx context.Context, op, name string) error {
	if t.marked.Load() || op == "put" && name == target.Marker {
		return nil
	}
	_, err := t.api.StatObject(ctx, t.c.Bucket, t.key(target.Marker), minio.StatObjectOptions{})
	if c := classify(err); c == target.ErrNotExist || c == target.ErrGone {
		ok, there := t.api.BucketExists(ctx, t.c.Bucket)
		if there == nil && !ok {
			return t.g.Error(op, name, target.ErrGone, fmt.Errorf("there is no bucket %s", t.c.Bucket))
		}
		return t.g.Error(op, name, target.ErrNoMarker, errors.New(target.Marker+" is missing"))
	}
	if err == nil {
		t.marked.Store(true)
	}
	return err
}
