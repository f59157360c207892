package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// The layout of a bbolt file, version 2 (go.etcd.io/bbolt, internal/common: page.go,
// meta.go, inbucket.go). Numbers are in the byte order of the machine.
const (
	pageHead  = 16 // id u64, flags u16, count u16, overflow u32
	leafElem  = 16 // flags u32, pos u32 (from the element), ksize u32, vsize u32
	limbElem  = 16 // pos u32 (from the element), ksize u32, child u64
	metaLen   = 64 // magic u32, version u32, page size u32, flags u32, root {page u64, sequence u64}, freelist u64, pages u64, txid u64, sum u64
	inBucket  = 16 // root u64, sequence u64; root 0: one leaf page follows
	isLimb    = 0x01
	isLeaf    = 0x02
	isMeta    = 0x04
	isFree    = 0x10
	isBucket  = 0x01 // flag of a leaf element
	magic     = 0xED0CDAED
	version   = 2
	noPage    = 1<<64 - 1
	maxPages  = 1 << 36
	maxDepth  = 64 // a tree of 2^36 pages with two children a page is less deep
	bigCount  = 0xFFFF
	minPageSz = 1024
	maxPageSz = 16 << 20
)

// A row is a value that passed its checksum. Its slices are valid during the call.
type row struct {
	bucket     string
	key, value []byte
	sequence   uint64 // of the bucket
}

// checker walks a file by reading, never by mapping, so that no damage can do
// more than end the walk: bounds are checked, and no page is visited twice.
type checker struct {
	r    io.ReaderAt
	deep bool // values too
	each func(row)
	lax  bool // go on after damage, for rescue
	bad  error
	buf  []byte // of the leaf page at hand
	name uint32 // nameSum of the bucket at hand

	page     int64 // bytes
	pages    uint64
	number   uint64 // of the newest transaction
	free     map[uint64]bool
	seen     map[uint64]bool
	root     uint64
	freelist uint64
}

// check reads a whole file and says what is wrong with it. Not deep, values are left out.
// Each row is passed to each, when given.
func check(r io.ReaderAt, size int64, deep bool, each func(row)) error {
	c := &checker{r: r, deep: deep, each: each}
	return c.run(size)
}

func (c *checker) run(size int64) error {
	if err := c.readMeta(size); err != nil {
		return err
	}
	if need := int64(c.pages) * c.page; size < need {
		if err := c.fault(damaged("the file has %d bytes, its pages need %d", size, need)); err != nil {
			return err
		}
	}
	c.seen = map[uint64]bool{0: true, 1: true}
	if err := c.readFree(); err != nil && c.fault(err) != nil {
		return err
	}
	if err := c.tree(c.root, "", 0, 0, nil, nil); err != nil {
		return err
	}
	return c.bad
}

// unborn reports whether a file is what was left of one that was being made: bbolt
// writes four pages at once, and the first commit has number 2.
func unborn(r io.ReaderAt, size int64) bool {
	c := &checker{r: r}
	return c.readMeta(size) == nil && c.number < 2 && size < 4*c.page
}

// fault keeps the first damage; it returns it unless the walk goes on.
func (c *checker) fault(err error) error {
	if c.bad == nil {
		c.bad = err
	}
	if c.lax {
		return nil
	}
	return err
}

func u16(b []byte) uint16 { return binary.NativeEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }
func u64(b []byte) uint64 { return binary.NativeEndian.Uint64(b) }

func (c *checker) read(off int64, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := c.r.ReadAt(b, off); err != nil {
		return nil, damaged("cannot read %d bytes at %d: %v", n, off, err)
	}
	return b, nil
}

// whole reads a page. Only one leaf of a bucket is at hand at a time, so these share a buffer.
func (c *checker) whole(off int64, n int, share bool) ([]byte, error) {
	if !share {
		return c.read(off, n)
	}
	if cap(c.buf) < n {
		c.buf = make([]byte, n)
	}
	b := c.buf[:n]
	if _, err := c.r.ReadAt(b, off); err != nil {
		return nil, damaged("cannot read %d bytes at %d: %v", n, off, err)
	}
	return b, nil
}

// readMeta takes the newer of the two valid meta pages, as bbolt does.
func (c *checker) readMeta(size int64) error {
	var newest uint64
	found := false
	take := func(off int64) {
		if off+pageHead+metaLen > size {
			return
		}
		b, err := c.read(off, pageHead+metaLen)
		if err != nil {
			return
		}
		m := b[pageHead:]
		h := fnv.New64a()
		_, _ = h.Write(m[:metaLen-8])
		page := int64(u32(m[8:]))
		if u16(b[8:])&isMeta == 0 || u32(m) != magic || u32(m[4:]) != version || u64(m[56:]) != h.Sum64() ||
			page < minPageSz || page > maxPageSz || page&(page-1) != 0 {
			return
		}
		if id := u64(m[48:]); !found || id > newest {
			found, newest = true, id
			c.page, c.root, c.freelist, c.pages, c.number = page, u64(m[16:]), u64(m[32:]), u64(m[40:]), id
		}
	}
	take(0)
	if found {
		take(c.page)
	} else {
		for p := int64(minPageSz); p <= maxPageSz && !found; p *= 2 {
			take(p)
			if found && c.page != p {
				found = false
			}
		}
	}
	switch {
	case !found:
		return damaged("no valid head page")
	case c.pages < 3 || c.pages > maxPages:
		return damaged("%d pages", c.pages)
	case c.freelist == noPage:
		return damaged("no list of free pages")
	}
	return nil
}

// head reads a page's head and claims the page with its overflow.
func (c *checker) head(id uint64) (flags, count uint16, bytes int64, err error) {
	if id < 2 || id >= c.pages {
		return 0, 0, 0, damaged("page %d of %d", id, c.pages)
	}
	b, err := c.read(int64(id)*c.page, pageHead)
	if err != nil {
		return 0, 0, 0, err
	}
	over := uint64(u32(b[12:]))
	if u64(b) != id || id+over >= c.pages {
		return 0, 0, 0, damaged("page %d has number %d and %d more pages of %d", id, u64(b), over, c.pages)
	}
	for i := id; i <= id+over; i++ {
		if c.seen[i] || c.free[i] {
			return 0, 0, 0, damaged("page %d is used twice or free", i)
		}
		c.seen[i] = true
	}
	return u16(b[8:]), u16(b[10:]), int64(over+1) * c.page, nil
}

func (c *checker) readFree() error {
	flags, count16, bytes, err := c.head(c.freelist)
	if err != nil {
		return err
	}
	if flags&isFree == 0 {
		return damaged("page %d is no list of free pages", c.freelist)
	}
	off, count := int64(c.freelist)*c.page+pageHead, uint64(count16)
	if count16 == bigCount {
		b, err := c.read(off, 8)
		if err != nil {
			return err
		}
		count, off, bytes = u64(b), off+8, bytes-8
	}
	if count > uint64(bytes-pageHead)/8 {
		return damaged("%d free pages do not fit their list", count)
	}
	b, err := c.read(off, int(count)*8)
	if err != nil {
		return err
	}
	c.free = make(map[uint64]bool, count)
	for ; len(b) > 0; b = b[8:] {
		id := u64(b)
		if id < 2 || id >= c.pages || c.free[id] || c.seen[id] {
			return damaged("free page %d", id)
		}
		c.free[id] = true
	}
	return nil
}

// tree walks the pages under id. An empty bucket is the root tree, which holds
// the buckets. Keys must lie in [min, max).
func (c *checker) tree(id uint64, bucket string, seq uint64, depth int, min, max []byte) error {
	flags, count, size, err := c.head(id)
	if err == nil && depth > maxDepth {
		err = damaged("page %d lies %d deep", id, depth)
	}
	if err == nil && flags&(isLimb|isLeaf) == 0 {
		err = damaged("page %d is neither branch nor leaf (flags %x)", id, flags)
	}
	var b []byte
	if err == nil {
		if n := int64(pageHead + int(count)*leafElem); !c.deep && bucket != "" && flags&isLeaf != 0 && n < size {
			return c.shallow(id, count, size)
		}
		b, err = c.whole(int64(id)*c.page, int(size), bucket != "" && flags&isLimb == 0)
	}
	if err != nil {
		return c.fault(err)
	}
	if flags&isLimb == 0 {
		return c.leaf(id, b, bucket, seq, min, max)
	}
	if count == 0 {
		return c.fault(damaged("branch page %d is empty", id))
	}
	for i := range int(count) {
		k, child, err := limbAt(b, i)
		next := max
		if err == nil && i+1 < int(count) {
			next, _, err = limbAt(b, i+1)
		}
		if err == nil && (i > 0 || len(k) > 0) && (bytes.Compare(k, min) < 0 || max != nil && bytes.Compare(k, max) >= 0 ||
			i+1 < int(count) && bytes.Compare(k, next) >= 0) {
			err = fmt.Errorf("key %d out of order", i)
		}
		if err != nil {
			if err := c.fault(damaged("branch page %d: %v", id, err)); err != nil {
				return err
			}
			continue
		}
		low := k
		if i == 0 {
			low = min
		}
		if err := c.tree(child, bucket, seq, depth+1, low, next); err != nil {
			return err
		}
	}
	return nil
}

// limbAt is key and child of element i of a branch page.
func limbAt(b []byte, i int) (key []byte, child uint64, err error) {
	at := pageHead + i*limbElem
	if at+limbElem > len(b) {
		return nil, 0, fmt.Errorf("element %d lies outside", i)
	}
	from := uint64(at) + uint64(u32(b[at:]))
	to := from + uint64(u32(b[at+4:]))
	if to > uint64(len(b)) {
		return nil, 0, fmt.Errorf("key %d lies outside", i)
	}
	return b[from:to], u64(b[at+8:]), nil
}

// leafAt is flags, key and value of element i of a leaf page.
func leafAt(b []byte, i int) (flags uint32, key, value []byte, err error) {
	at := pageHead + i*leafElem
	if at+leafElem > len(b) {
		return 0, nil, nil, fmt.Errorf("element %d lies outside", i)
	}
	from := uint64(at) + uint64(u32(b[at+4:]))
	mid := from + uint64(u32(b[at+8:]))
	to := mid + uint64(u32(b[at+12:]))
	if to > uint64(len(b)) {
		return 0, nil, nil, fmt.Errorf("value %d lies outside", i)
	}
	return u32(b[at:]), b[from:mid], b[mid:to], nil
}

func (c *checker) leaf(id uint64, b []byte, bucket string, seq uint64, min, max []byte) error {
	var last []byte
	for i := range int(u16(b[10:])) {
		flags, k, v, err := leafAt(b, i)
		if err == nil && (len(k) == 0 || i > 0 && bytes.Compare(k, last) <= 0 ||
			bytes.Compare(k, min) < 0 || max != nil && bytes.Compare(k, max) >= 0) {
			err = fmt.Errorf("key %d out of order", i)
		}
		switch {
		case err != nil:
			err = damaged("leaf page %d: %v", id, err)
		case bucket == "":
			err = c.bucket(string(k), flags, v)
		case flags&isBucket != 0:
			err = damaged("bucket %s: key %q is a bucket", bucket, k)
		default:
			err = c.value(bucket, seq, k, v)
		}
		if err != nil {
			if err := c.fault(err); err != nil {
				return err
			}
		}
		if k != nil {
			last = k
		}
	}
	return nil
}

func (c *checker) value(bucket string, seq uint64, k, stored []byte) error {
	if !c.deep {
		return nil
	}
	v, err := unseal(bucket, c.name, k, stored)
	if err == nil && c.each != nil {
		c.each(row{bucket, k, v, seq})
	}
	return err
}

// bucket walks one bucket, given its entry in the root tree.
func (c *checker) bucket(name string, flags uint32, v []byte) error {
	if flags&isBucket == 0 || len(v) < inBucket {
		return damaged("%q in the root is no bucket", name)
	}
	root, seq := u64(v), u64(v[8:])
	c.name = nameSum(name)
	if root != 0 {
		return c.tree(root, name, seq, 1, nil, nil)
	}
	b := v[inBucket:]
	if len(b) < pageHead || u16(b[8:])&isLeaf == 0 {
		return damaged("bucket %s: its page is no leaf", name)
	}
	return c.leaf(0, b, name, seq, nil, nil)
}

// shallow checks the bounds of a leaf page's elements without reading keys and values.
func (c *checker) shallow(id uint64, count uint16, size int64) error {
	b, err := c.read(int64(id)*c.page, pageHead+int(count)*leafElem)
	if err != nil {
		return c.fault(err)
	}
	for i := range int(count) {
		at := pageHead + i*leafElem
		end := uint64(at) + uint64(u32(b[at+4:])) + uint64(u32(b[at+8:])) + uint64(u32(b[at+12:]))
		if end > uint64(size) || u32(b[at:])&isBucket != 0 {
			return c.fault(damaged("leaf page %d: value %d lies outside", id, i))
		}
	}
	return nil
}
