package wire

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrTooLong is the end of a conversation in which a line was longer than MaxLine.
var ErrTooLong = errors.New("a line is longer than 256 KiB")

// A Reader reads messages, one a line. Not for several goroutines at once.
type Reader struct{ lines *bufio.Reader }

// NewReader reads messages from r and buffers at most MaxLine bytes.
func NewReader(r io.Reader) *Reader { return &Reader{bufio.NewReaderSize(r, MaxLine)} }

// A LineError is a line that is no message; the next one may be.
type LineError struct{ Err error }

func (e *LineError) Error() string { return "not a message: " + e.Err.Error() }
func (e *LineError) Unwrap() error { return e.Err }

// Read reads the next message into v. It answers io.EOF at the end, ErrTooLong,
// an error of the connection, or *LineError, after which reading goes on.
func (r *Reader) Read(v any) error {
	line, err := r.lines.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return ErrTooLong
	case err == io.EOF && len(line) > 0:
		return io.ErrUnexpectedEOF // cut off: whoever wrote it is gone
	case err != nil:
		return err
	}
	if err := json.Unmarshal(line, v); err != nil {
		return &LineError{err}
	}
	return nil
}

// Write writes v as one line, with one call of w.Write. A message that would be
// longer than MaxLine is not written.
func Write(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("a message: %w", err)
	}
	if len(line) >= MaxLine {
		return ErrTooLong
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
