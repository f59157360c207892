package crypt

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
)

// nonce is that of a chunk: its number, and whether it is the last one.
func nonce(b *[12]byte, n int64, last bool) []byte {
	binary.BigEndian.PutUint64(b[3:], uint64(n))
	b[11] = 0
	if last {
		b[11] = 1
	}
	return b[:]
}

// Encrypt writes the content of a file, h.Plain bytes from src, encrypted. h.Key
// is filled in. read reports that src failed, and not w.
func Encrypt(w io.Writer, src io.ReaderAt, h Header, key Key) (read bool, err error) {
	if h.Plain < 0 || h.Plain > maxPlain || len(h.Side) > sideLen {
		return false, fmt.Errorf("side %q of %d bytes: %w", h.Side, h.Plain, ErrFormat)
	}
	h.Key = key.ID()
	head, aead := h.encode(), h.aead(key)
	if _, err := w.Write(head[:]); err != nil {
		return false, err
	}
	buf := make([]byte, min(ChunkSize, h.Plain), min(ChunkSize, h.Plain)+TagSize)
	var iv [12]byte
	total := chunks(h.Plain)
	for n := range total {
		at := n * ChunkSize
		b := buf[:min(ChunkSize, h.Plain-at)]
		if k, err := src.ReadAt(b, at); k < len(b) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return true, err
		}
		if _, err := w.Write(aead.Seal(b[:0], nonce(&iv, n, n == total-1), b, head[:])); err != nil {
			return false, err
		}
	}
	return false, nil
}

// NewSalt gives a header its salt.
func NewSalt(h *Header) error {
	_, err := io.ReadFull(rand.Reader, h.Salt[:])
	return err
}
