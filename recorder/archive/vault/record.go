package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"vaad/recorder/archive"
	"vaad/recorder/archive/crypt"
)

const (
	recordSize  = 128
	fileMagic   = "vaad keys "
	fileVersion = 1

	kindKey    = 1
	kindErased = 2

	wrapInfo = "vaad wrap 1"
)

var errDamaged = errors.New("the record is damaged: its checksum does not fit")

// A record is one key of one recording, wrapped, or what is left of it.
type record struct {
	kind    byte
	id      [16]byte
	key     crypt.KeyID
	master  masterID
	salt    [16]byte
	wrapped [48]byte
	time    int64 // made, or erased: seconds since 1970
}

func (r *record) encode() [recordSize]byte {
	var b [recordSize]byte
	b[0] = r.kind
	copy(b[8:], r.id[:])
	copy(b[24:], r.key[:])
	copy(b[40:], r.master[:])
	copy(b[48:], r.salt[:])
	copy(b[64:], r.wrapped[:])
	binary.LittleEndian.PutUint64(b[112:], uint64(r.time))
	sum(&b)
	return b
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(b *[recordSize]byte) {
	binary.LittleEndian.PutUint32(b[124:], crc32.Checksum(b[:124], castagnoli))
}

// parse reads a record. Of a damaged one only id can be meant.
func parse(b []byte) (r record, err error) {
	r = record{kind: b[0], id: [16]byte(b[8:24]), key: crypt.KeyID(b[24:40]), master: masterID(b[40:48]), salt: [16]byte(b[48:64]),
		wrapped: [48]byte(b[64:112]), time: int64(binary.LittleEndian.Uint64(b[112:120]))}
	if binary.LittleEndian.Uint32(b[124:]) != crc32.Checksum(b[:124], castagnoli) {
		return r, errDamaged
	}
	if r.kind != kindKey && r.kind != kindErased {
		return r, fmt.Errorf("record of kind %d: %w", r.kind, crypt.ErrNewer)
	}
	return r, nil
}

// head is the first record of a file.
func head(day archive.Day) [recordSize]byte {
	var b [recordSize]byte
	copy(b[:], fmt.Sprintf("%s%d\n", fileMagic, fileVersion))
	copy(b[16:], day)
	sum(&b)
	return b
}

// checkHead refuses files of newer versions. A damaged head says nothing: each
// record stands for itself.
func checkHead(b []byte) error {
	if binary.LittleEndian.Uint32(b[124:]) != crc32.Checksum(b[:124], castagnoli) {
		return nil
	}
	if want := fmt.Sprintf("%s%d\n", fileMagic, fileVersion); string(b[:len(want)]) != want {
		return crypt.ErrNewer
	}
	return nil
}

// wrapper is the cipher that wraps one key: its own, as the salt is.
func (r *record) wrapper(m *master) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, m.key[:], r.salt[:], wrapInfo, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// about is what the wrapping proves beside the key.
func (r *record) about() []byte { b := r.encode(); return b[8:64] }

// wrap puts a key into the record, by a master key.
func (r *record) wrap(m *master, k crypt.Key, random io.Reader) error {
	r.kind, r.key, r.master = kindKey, k.ID(), m.id
	if _, err := io.ReadFull(random, r.salt[:]); err != nil {
		return err
	}
	a, err := r.wrapper(m)
	if err != nil {
		return err
	}
	a.Seal(r.wrapped[:0], make([]byte, a.NonceSize()), k[:], r.about())
	return nil
}

// unwrap takes the key out.
func (r *record) unwrap(m *master) (k crypt.Key, err error) {
	a, err := r.wrapper(m)
	if err != nil {
		return k, err
	}
	b, err := a.Open(nil, make([]byte, a.NonceSize()), r.wrapped[:], r.about())
	if err != nil {
		return k, errors.New("the master key does not open it")
	}
	copy(k[:], b)
	if k.ID() != r.key {
		return crypt.Key{}, errors.New("it holds another key than it says")
	}
	return k, nil
}
