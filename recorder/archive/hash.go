package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"io"
)

const readBlock = 256 << 10

// readFull reads exactly len(b) bytes.
func readFull(f io.ReaderAt, b []byte, at int64) error {
	n, err := f.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// readAll reads a whole file, up to limit bytes.
func readAll(f content, limit int64) ([]byte, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(size, limit))
	return b, readFull(f, b, 0)
}

// A span is samples' bytes [from, to) of one side.
type span struct{ from, to int64 }

// hashFile reads a file once and returns its SHA-256 and the spans of audio that
// do not match their chunk. head is where the audio begins.
func hashFile(f io.ReaderAt, size, head int64, chunks []chunk) (sum string, bad []span, err error) {
	h := sha256.New()
	buf := make([]byte, min(readBlock, max(size, 1)))
	var crc uint32
	next := 0 // chunk that is being checked
	skip := func(pos int64) {
		for next < len(chunks) && (chunks[next].n == 0 || chunks[next].total-int64(chunks[next].n) < pos) {
			next++
		}
	}
	skip(0)
	for at := int64(0); at < size; {
		b := buf[:min(int64(len(buf)), size-at)]
		if err := readFull(f, b, at); err != nil {
			return "", nil, err
		}
		h.Write(b)
		pos := at - head // audio position of b[0]
		at += int64(len(b))
		for next < len(chunks) {
			c := chunks[next]
			from, to := c.total-int64(c.n), c.total
			if from >= pos+int64(len(b)) {
				break
			}
			lo, hi := max(from, pos), min(to, pos+int64(len(b)))
			crc = crc32.Update(crc, castagnoli, b[lo-pos:hi-pos])
			if hi < to {
				break
			}
			if crc != c.crc {
				bad = addSpan(bad, from, to)
			}
			crc = 0
			next++
			skip(to)
		}
	}
	if next < len(chunks) { // chunks behind the end
		bad = addSpan(bad, chunks[next].total-int64(chunks[next].n), chunks[len(chunks)-1].total)
	}
	return hex.EncodeToString(h.Sum(nil)), bad, nil
}

func addSpan(s []span, from, to int64) []span {
	if n := len(s); n > 0 && s[n-1].to == from {
		s[n-1].to = to
		return s
	}
	return append(s, span{from, to})
}

// uncovered lists the spans of the first bytes that no chunk speaks of, as a
// checkpoint in the middle is damaged.
func uncovered(chunks []chunk, bytes int64) []span {
	var s []span
	at := int64(0)
	for _, c := range chunks {
		if from := c.total - int64(c.n); from > at {
			s = append(s, span{at, from})
		}
		at = max(at, c.total)
	}
	if at < bytes {
		s = append(s, span{at, bytes})
	}
	return s
}
