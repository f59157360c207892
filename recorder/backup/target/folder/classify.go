package folder

import (
	"errors"
	"syscall"

	"vaad/recorder/backup/target"
)

// codes says what the kernel's errors mean for a backup.
var codes = []struct {
	code  syscall.Errno
	class error
}{
	{syscall.ENOSPC, target.ErrFull},
	{syscall.EDQUOT, target.ErrFull},
	{syscall.EFBIG, target.ErrFull}, // FAT holds no file above 4 GiB
	{syscall.EROFS, target.ErrReadOnly},
	{syscall.EACCES, target.ErrAuth},
	{syscall.EPERM, target.ErrRefused}, // an immutable file, or a mount that was mounted so
	{syscall.EKEYEXPIRED, target.ErrAuth},
	{syscall.EKEYREJECTED, target.ErrAuth},
	{syscall.ENODEV, target.ErrGone},
	{syscall.ENXIO, target.ErrGone},
	{syscall.ENOMEDIUM, target.ErrGone},
	{syscall.ESTALE, target.ErrGone},
	{syscall.ESHUTDOWN, target.ErrGone},
	{syscall.ENOTCONN, target.ErrUnreachable},
	{syscall.EHOSTDOWN, target.ErrUnreachable},
	{syscall.EHOSTUNREACH, target.ErrUnreachable},
	{syscall.ENETUNREACH, target.ErrUnreachable},
	{syscall.ECONNREFUSED, target.ErrUnreachable},
	{syscall.ECONNRESET, target.ErrUnreachable},
	{syscall.ECONNABORTED, target.ErrUnreachable},
	{syscall.ETIMEDOUT, target.ErrUnreachable},
	{syscall.EIO, target.ErrCorrupt},
	{syscall.EUCLEAN, target.ErrCorrupt},
	{syscall.EBADMSG, target.ErrCorrupt},
}

// Classify is the class of an error of the kernel, or nil.
func Classify(err error) error {
	for _, c := range codes {
		if errors.Is(err, c.code) {
			return c.class
		}
	}
	return nil
}
