package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// A Key is a recording's own, 256 random bits.
type Key [32]byte

// String keeps a key out of logs.
func (Key) String() string { return "(key)" }

// GoString does too.
func (Key) GoString() string { return "(key)" }

// A KeyID tells keys apart and tells nothing about them.
type KeyID [16]byte

// String is the ID in hexadecimal digits.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

const (
	keyIDInfo = "vaad key id 1"
	fileInfo  = "vaad file 1"
)

// ID names the key.
func (k Key) ID() KeyID { return KeyID(derive(k[:], nil, keyIDInfo, len(KeyID{}))) }

// derive is HKDF-SHA256 (RFC 5869). The lengths here are none that it refuses.
func derive(secret, salt []byte, info string, n int) []byte {
	b, err := hkdf.Key(sha256.New, secret, salt, info, n)
	if err != nil {
		panic(fmt.Sprintf("crypt: HKDF of %d bytes: %v", n, err))
	}
	return b
}

// aead is the cipher of one file.
func (h *Header) aead(k Key) cipher.AEAD {
	b := h.encode()
	return newGCM(derive(k[:], h.Salt[:], fileInfo+string(b[16:48]), 32))
}

func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err == nil {
		var a cipher.AEAD
		if a, err = cipher.NewGCM(block); err == nil {
			return a
		}
	}
	panic(fmt.Sprintf("crypt: AES-256-GCM: %v", err)) // of a key of 32 bytes there is nothing to refuse
}
