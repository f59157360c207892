package s3

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/minio/minio-go/v7"

	"vaad/recorder/backup/target"
)

// codes says what the store's error codes mean for a backup. Those of statuses
// stand in statuses.
var codes = map[string]error{
	"NoSuchKey":                      target.ErrNotExist,
	"NoSuchVersion":                  target.ErrNotExist,
	"NoSuchBucket":                   target.ErrGone,
	"AccessDenied":                   target.ErrAuth,
	"AllAccessDisabled":              target.ErrAuth,
	"AccountProblem":                 target.ErrAuth,
	"ExpiredToken":                   target.ErrAuth,
	"InvalidAccessKeyId":             target.ErrAuth,
	"InvalidTokenId":                 target.ErrAuth,
	"NotSignedUp":                    target.ErrAuth,
	"RequestTimeTooSkewed":           target.ErrAuth,
	"SignatureDoesNotMatch":          target.ErrAuth,
	"XMinioAdminBucketQuotaExceeded": target.ErrFull,
	"XMinioStorageFull":              target.ErrFull,
	"QuotaExceeded":                  target.ErrFull,
	"InsufficientStorage":            target.ErrFull,
	"EntityTooLarge":                 target.ErrFull,
	"ObjectLocked":                   target.ErrRefused,
	"InvalidObjectState":             target.ErrRefused, // in a class that must be restored before it can be read
	"MethodNotAllowed":               target.ErrRefused,
	"BadDigest":                      target.ErrCorrupt,
	"InvalidDigest":                  target.ErrCorrupt,
	"XAmzContentSHA256Mismatch":      target.ErrCorrupt,
	"XMinioReadQuorum":               target.ErrUnreachable,
	"XMinioWriteQuorum":              target.ErrUnreachable,
	"XMinioServerNotInitialized":     target.ErrUnreachable,
	"XMinioStorageReadOnly":          target.ErrReadOnly,
	"XMinioObjectExistsAsDirectory":  target.ErrOther,
	"XMinioParentIsObject":           target.ErrOther,
	"NoSuchUpload":                   target.ErrUnreachable, // somebody gave it up meanwhile: a new one can be begun
	"IncompleteBody":                 target.ErrUnreachable,
	"InternalError":                  target.ErrUnreachable,
	"OperationAborted":               target.ErrUnreachable,
	"RequestTimeout":                 target.ErrUnreachable,
	"ServiceUnavailable":             target.ErrUnreachable,
	"SlowDown":                       target.ErrUnreachable,
	"SlowDownRead":                   target.ErrUnreachable,
	"SlowDownWrite":                  target.ErrUnreachable,
	"Throttling":                     target.ErrUnreachable,
	"ThrottlingException":            target.ErrUnreachable,
	"TooManyRequests":                target.ErrUnreachable,
}

// statuses are for answers without a code that is known.
var statuses = map[int]error{
	http.StatusUnauthorized:        target.ErrAuth,
	http.StatusForbidden:           target.ErrAuth,
	http.StatusNotFound:            target.ErrNotExist,
	http.StatusMethodNotAllowed:    target.ErrRefused,
	http.StatusRequestTimeout:      target.ErrUnreachable,
	http.StatusTooManyRequests:     target.ErrUnreachable,
	http.StatusInsufficientStorage: target.ErrFull,
}

// locked are words by which stores say that an object lock forbids it, under codes
// that also mean other things.
var locked = []string{"object lock", "worm protected", "object is locked", "legal hold", "retention"}

// classify is the class of an error of the store or of the way to it.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if r, ok := errors.AsType[minio.ErrorResponse](err); ok {
		text := strings.ToLower(r.Message)
		for _, words := range locked {
			if strings.Contains(text, words) {
				return target.ErrRefused
			}
		}
		if c, ok := codes[r.Code]; ok {
			return c
		}
		if c, ok := statuses[r.StatusCode]; ok {
			return c
		}
		if r.StatusCode >= 500 {
			return target.ErrUnreachable
		}
		return nil
	}
	if distrusted(err) {
		return target.ErrAuth
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return target.ErrUnreachable
	}
	for _, broken := range []error{io.ErrUnexpectedEOF, io.EOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, broken) {
			return target.ErrUnreachable
		}
	}
	return nil
}

// distrusted says whether the server's certificate is the reason.
func distrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.HostnameError](err)
	return ok
}
