package crypt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Sizes of the format in bytes.
const (
	Version    = 1
	HeaderSize = 96
	ChunkSize  = 64 << 10
	TagSize    = 16 // behind each chunk

	magic   = "vaadenc\n"
	sideLen = 16
)

var (
	// ErrFormat: it is no encrypted file, or not as long as it says.
	ErrFormat = errors.New("this is no complete encrypted file")
	// ErrNewer: a later version has written it.
	ErrNewer = errors.New("it was encrypted by a newer version of vaad")
	// ErrOther: the file is an encrypted one, but of another recording or side.
	ErrOther = errors.New("it is the file of another recording or side")
	// ErrChanged: a chunk is not what was encrypted with this key.
	ErrChanged = errors.New("it does not decrypt: it was changed after it was encrypted, or the key is another one")
)

// A Header stands before the chunks, in the clear, and is part of what each of
// them proves.
type Header struct {
	ID    [16]byte // of the recording: the 128 bits of its ULID
	Side  string   // "" for the story
	Key   KeyID
	Salt  [16]byte // random, new whenever a file is encrypted: the same key never meets two contents
	Plain int64    // length of the content in bytes
}

// Size is the length of an encrypted file with so much content.
func Size(plain int64) int64 { return HeaderSize + plain + chunks(plain)*TagSize }

// chunks is how many there are; nothing is one, which is empty.
func chunks(plain int64) int64 { return max(1, (plain+ChunkSize-1)/ChunkSize) }

// maxPlain keeps Size from overflowing.
const maxPlain = math.MaxInt64 / 4

func (h *Header) encode() [HeaderSize]byte {
	var b [HeaderSize]byte
	copy(b[:8], magic)
	binary.LittleEndian.PutUint16(b[8:], Version)
	binary.LittleEndian.PutUint16(b[10:], HeaderSize)
	binary.LittleEndian.PutUint32(b[12:], ChunkSize)
	copy(b[16:32], h.ID[:])
	copy(b[32:48], h.Side)
	copy(b[48:64], h.Key[:])
	copy(b[64:80], h.Salt[:])
	binary.LittleEndian.PutUint64(b[80:], uint64(h.Plain))
	return b
}

// ParseHeader reads the first HeaderSize bytes of an encrypted file. Nothing in
// it is proven before a chunk was read.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize || string(b[:8]) != magic {
		return Header{}, ErrFormat
	}
	if v := binary.LittleEndian.Uint16(b[8:]); v != Version {
		if v > Version {
			return Header{}, fmt.Errorf("version %d: %w", v, ErrNewer)
		}
		return Header{}, ErrFormat
	}
	h := Header{ID: [16]byte(b[16:32]), Side: string(bytes.TrimRight(b[32:48], "\x00")), Key: KeyID(b[48:64]),
		Salt: [16]byte(b[64:80]), Plain: int64(binary.LittleEndian.Uint64(b[80:]))}
	if h.Plain < 0 || h.Plain > maxPlain {
		return Header{}, ErrFormat
	}
	if again := h.encode(); !bytes.Equal(again[:], b[:HeaderSize]) { // lengths, reserved bytes, what fills the side up
		return Header{}, ErrFormat
	}
	return h, nil
}
