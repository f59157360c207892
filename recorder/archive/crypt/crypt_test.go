package crypt_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"pgregory.net/rapid"

	"vaad/recorder/archive/crypt"
)

// content is what testdata/vectors.py encrypts.
func content(n int) []byte {
	var out []byte
	block := sha256.Sum256([]byte("content"))
	for len(out) < n {
		out = append(out, block[:]...)
		block = sha256.Sum256(block[:])
	}
	return out[:n]
}

func encrypt(t testing.TB, h crypt.Header, k crypt.Key, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	h.Plain = int64(len(plain))
	if read, err := crypt.Encrypt(&out, bytes.NewReader(plain), h, k); err != nil || read {
		t.Fatal(read, err)
	}
	return out.Bytes()
}

func open(b []byte, k crypt.Key) (*crypt.Reader, error) {
	h, err := crypt.ReadHeader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	return crypt.Open(bytes.NewReader(b), h, k)
}

func decrypt(b []byte, k crypt.Key) ([]byte, error) {
	r, err := open(b, k)
	if err != nil {
		return nil, err
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
}

// TestFilesAreWhatTheFormatPageSays compares with another implementation, written
// from the page: testdata/vectors.py.
func TestFilesAreWhatTheFormatPageSays(t *testing.T) {
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Key, ID, Side, Salt, Header, First, SHA256 string
		Size, Bytes                                int
	}
	if err := json.Unmarshal(b, &vectors); err != nil || len(vectors) < 5 {
		t.Fatal(err)
	}
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, v := range vectors {
		k := crypt.Key(unhex(v.Key))
		got := encrypt(t, crypt.Header{ID: [16]byte(unhex(v.ID)), Side: v.Side, Salt: [16]byte(unhex(v.Salt))}, k, content(v.Size))
		sum := sha256.Sum256(got)
		if len(got) != v.Bytes || int64(len(got)) != crypt.Size(int64(v.Size)) || hex.EncodeToString(got[:96]) != v.Header ||
			hex.EncodeToString(got[96:min(128, len(got))]) != v.First || hex.EncodeToString(sum[:]) != v.SHA256 {
			t.Errorf("side %q, %d bytes: %x", v.Side, v.Size, got[:128])
		}
		if back, err := decrypt(got, k); err != nil || !bytes.Equal(back, content(v.Size)) {
			t.Errorf("side %q, %d bytes: %v", v.Side, v.Size, err)
		}
	}
}

var (
	key  = crypt.Key{1, 2, 3}
	head = crypt.Header{ID: [16]byte{9}, Side: "mixed", Salt: [16]byte{5}}
)

// TestNoByteCanBeChanged flips one bit of each of many bytes.
func TestNoByteCanBeChanged(t *testing.T) {
	plain := content(crypt.ChunkSize + 50)
	good := encrypt(t, head, key, plain)
	for at := 0; at < len(good); at++ {
		if at > 200 && at < len(good)-200 && at%997 != 0 {
			continue
		}
		b := bytes.Clone(good)
		b[at] ^= 1 << (at % 8)
		if got, err := decrypt(b, key); err == nil {
			t.Fatalf("byte %d: %d bytes decrypt", at, len(got))
		}
	}
}

// TestChunksCannotBeMovedLeftOutOrExchanged tries each.
func TestChunksCannotBeMovedLeftOutOrExchanged(t *testing.T) {
	const stored = crypt.ChunkSize + crypt.TagSize
	good := encrypt(t, head, key, content(3*crypt.ChunkSize))
	chunk := func(b []byte, n int) []byte { return b[crypt.HeaderSize+n*stored:][:stored] }
	other := head
	other.Side = "local"
	salted := head
	salted.Salt[3]++
	join := func(h []byte, cs ...[]byte) []byte { return append(bytes.Clone(h), bytes.Join(cs, nil)...) }
	hd := good[:crypt.HeaderSize]
	short := encrypt(t, head, key, content(2*crypt.ChunkSize)) // an honest header of a shorter file
	for name, b := range map[string][]byte{
		"order":                join(hd, chunk(good, 1), chunk(good, 0), chunk(good, 2)),
		"twice":                join(hd, chunk(good, 0), chunk(good, 0), chunk(good, 2)),
		"cut":                  good[:len(good)-stored],
		"cut by a byte":        good[:len(good)-1],
		"longer":               append(bytes.Clone(good), 0),
		"cut with its header":  join(short[:crypt.HeaderSize], chunk(good, 0), chunk(good, 1)),
		"of another side":      join(hd, chunk(good, 0), chunk(encrypt(t, other, key, content(3*crypt.ChunkSize)), 1), chunk(good, 2)),
		"of another try":       join(hd, chunk(good, 0), chunk(encrypt(t, salted, key, content(3*crypt.ChunkSize)), 1), chunk(good, 2)),
		"of another recording": join(hd, chunk(encrypt(t, crypt.Header{ID: [16]byte{8}, Side: "mixed", Salt: head.Salt}, key, content(3*crypt.ChunkSize)), 0), chunk(good, 1), chunk(good, 2)),
	} {
		if _, err := decrypt(b, key); err == nil {
			t.Errorf("%s: it decrypts", name)
		}
	}
	if _, err := decrypt(good, crypt.Key{4}); !errors.Is(err, crypt.ErrChanged) {
		t.Error(err)
	}
}

// TestAnyPieceIsReadByItself reads pieces in any order, and behind the end.
func TestAnyPieceIsReadByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := content(rapid.IntRange(0, 3*crypt.ChunkSize).Draw(t, "size"))
		h := head
		h.Plain = int64(len(plain))
		var out bytes.Buffer
		if _, err := crypt.Encrypt(&out, bytes.NewReader(plain), h, key); err != nil {
			t.Fatal(err)
		}
		r, err := open(out.Bytes(), key)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			at, n := rapid.IntRange(0, len(plain)+10).Draw(t, "at"), rapid.IntRange(0, 2*crypt.ChunkSize).Draw(t, "n")
			b := make([]byte, n)
			k, err := r.ReadAt(b, int64(at))
			want := plain[min(at, len(plain)):min(at+n, len(plain))]
			if !bytes.Equal(b[:k], want) || (err != nil) != (k < n) || err != nil && err != io.EOF {
				t.Fatalf("%d at %d of %d: %d %v", n, at, len(plain), k, err)
			}
		}
	})
}

func TestKeysAreNotPrinted(t *testing.T) {
	k := crypt.Key{0xAB, 0xCD}
	for _, s := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %s", k, k, k, k), fmt.Sprintf("%v", struct{ K crypt.Key }{k})} {
		if bytes.Contains([]byte(s), []byte("171")) || bytes.Contains([]byte(s), []byte("ab")) {
			t.Error(s)
		}
	}
}

// FuzzHeader feeds anything for a file: it never panics, and what is taken is
// written the same way again.
func FuzzHeader(f *testing.F) {
	var out bytes.Buffer
	h := head
	h.Plain = 3
	if _, err := crypt.Encrypt(&out, bytes.NewReader([]byte("abc")), h, key); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add(out.Bytes()[:crypt.HeaderSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := crypt.ReadHeader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if crypt.Size(h.Plain) != int64(len(b)) {
			t.Fatalf("%d bytes for %d", len(b), h.Plain)
		}
		if r, err := crypt.Open(bytes.NewReader(b), h, key); err == nil {
			got := make([]byte, 10)
			if n, err := r.ReadAt(got, 0); n > 0 && !bytes.Equal(b, out.Bytes()) {
				t.Fatalf("read %x, %v", got[:n], err)
			}
		}
	})
}

// BenchmarkEncrypt is what sealing a side costs beside reading and hashing it.
func BenchmarkEncrypt(b *testing.B) {
	plain := bytes.NewReader(make([]byte, 4<<20))
	h := head
	h.Plain = plain.Size()
	b.SetBytes(h.Plain)
	for b.Loop() {
		if _, err := crypt.Encrypt(io.Discard, plain, h, key); err != nil {
			b.Fatal(err)
		}
	}
}
