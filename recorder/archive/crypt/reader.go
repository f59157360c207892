package crypt

import (
	"crypto/cipher"
	"fmt"
	"io"
	"sync"
)

// A Reader reads the content of an encrypted file, from any place, one chunk at a
// time. It may be used from several goroutines.
type Reader struct {
	src  io.ReaderAt
	aead cipher.AEAD
	head [HeaderSize]byte
	h    Header

	mu    sync.Mutex
	chunk int64  // whose content is in buf; -1 = none
	buf   []byte // content of that chunk
	room  []byte // where it is decrypted
}

// ReadHeader reads and checks the header of an encrypted file of that size.
func ReadHeader(src io.ReaderAt, size int64) (Header, error) {
	if size < HeaderSize+TagSize {
		return Header{}, ErrFormat
	}
	b := make([]byte, HeaderSize)
	if n, err := src.ReadAt(b, 0); n < len(b) {
		if err == nil || err == io.EOF {
			err = ErrFormat
		}
		return Header{}, err
	}
	h, err := ParseHeader(b)
	if err == nil && Size(h.Plain) != size {
		err = fmt.Errorf("%d bytes, %d were encrypted: %w", size, Size(h.Plain), ErrFormat)
	}
	return h, err
}

// Open makes a reader of a file whose header [ReadHeader] has read. The key is
// checked by its ID here, and all else with each chunk that is read.
func Open(src io.ReaderAt, h Header, key Key) (*Reader, error) {
	if key.ID() != h.Key {
		return nil, ErrChanged
	}
	return &Reader{src: src, aead: h.aead(key), head: h.encode(), h: h, chunk: -1}, nil
}

// Size is the length of the content in bytes.
func (r *Reader) Size() int64 { return r.h.Plain }

// ReadAt reads content. After an error of a chunk nothing of it was given away.
func (r *Reader) ReadAt(p []byte, at int64) (n int, err error) {
	if at < 0 {
		return 0, fmt.Errorf("read at %d: %w", at, ErrFormat)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		if at >= r.h.Plain {
			return n, io.EOF
		}
		if c := at / ChunkSize; c != r.chunk {
			if err := r.load(c); err != nil {
				return n, err
			}
		}
		k := copy(p[n:], r.buf[at%ChunkSize:])
		n, at = n+k, at+int64(k)
	}
	return n, nil
}

// load decrypts one chunk.
func (r *Reader) load(c int64) error {
	r.chunk = -1
	if r.room == nil {
		r.room = make([]byte, min(ChunkSize, r.h.Plain)+TagSize)
	}
	b := r.room[:min(ChunkSize, r.h.Plain-c*ChunkSize)+TagSize]
	if n, err := r.src.ReadAt(b, HeaderSize+c*(ChunkSize+TagSize)); n < len(b) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	var iv [12]byte
	out, err := r.aead.Open(b[:0], nonce(&iv, c, c == chunks(r.h.Plain)-1), b, r.head[:])
	if err != nil {
		return fmt.Errorf("chunk %d: %w", c, ErrChanged)
	}
	r.buf, r.chunk = out, c
	return nil
}

// Check decrypts everything once.
func (r *Reader) Check() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range chunks(r.h.Plain) {
		if err := r.load(c); err != nil {
			return err
		}
	}
	return nil
}
