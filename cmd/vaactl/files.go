package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"vaad/recorder/archive"
)

// refusal is why something cannot be used, with what to do, from the catalogue.
func (s *session) refusal(key string, args ...string) error {
	return errors.New(s.t("cli."+key, args...) + "\n" + s.t("cli."+key+".remedy", args...))
}

// open opens a file to read, or standard input, which is "-". A folder is none.
func (s *session) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(s.in), nil
	}
	if archive.Encrypted(name) {
		return s.loose(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && fi.IsDir() {
		err = &fs.PathError{Op: "read", Path: name, Err: syscall.EISDIR}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// notWritten names the file that was wanted, not the temporary one.
func notWritten(name string, err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		err = pe.Err
	case errors.As(err, &le):
		err = le.Err
	}
	return &fs.PathError{Op: "write", Path: name, Err: err}
}

// explain is an error in the user's language; with one of a file comes what to do.
func (s *session) explain(err error) string {
	if many, ok := err.(interface{ Unwrap() []error }); ok { // joined, not wrapped: each is told by itself
		var each, told []string
		for _, e := range many.Unwrap() {
			each, told = append(each, e.Error()), append(told, s.explain(e))
		}
		if strings.Join(each, "\n") == err.Error() {
			return strings.Join(told, "\n")
		}
	}
	name := ""
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		name = pe.Path
	case errors.As(err, &le):
		name = le.New
	default:
		return err.Error()
	}
	for _, known := range []struct {
		err error
		key string
	}{
		{fs.ErrNotExist, "file-missing"}, {fs.ErrPermission, "file-permission"},
		{syscall.ENOSPC, "file-no-space"}, {syscall.EDQUOT, "file-no-space"}, {syscall.EROFS, "file-read-only"}, {syscall.EIO, "file-disk"},
		{syscall.EISDIR, "file-folder"}, {syscall.ENOTDIR, "file-path"}, {syscall.ENAMETOOLONG, "file-name"},
	} {
		if errors.Is(err, known.err) {
			if pe != nil && pe.Op == "write" && known.key == "file-missing" { // its folder is what is not there
				name = filepath.Dir(name)
			}
			return s.refusal(known.key, "file", printable(name), "folder", printable(filepath.Dir(name))).Error()
		}
	}
	return fmt.Sprintf("%s\n%s", err, s.t("cli.file-other.remedy"))
}
