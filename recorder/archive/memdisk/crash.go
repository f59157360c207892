package memdisk

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Kill returns the disk as the next process finds it after kill -9: the kernel
// still has everything that was written.
func (d *Disk) Kill() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	nodes := make(map[*inode]*inode)
	twin := func(n *inode) *inode {
		if nodes[n] == nil {
			nodes[n] = &inode{data: slices.Clone(n.data), old: slices.Clone(n.old), mode: n.mode, dirty: maps.Clone(n.dirty)}
		}
		return nodes[n]
	}
	k := &Disk{files: map[string]*inode{}, dirs: maps.Clone(d.dirs), durable: map[string]*inode{},
		dirsOK: maps.Clone(d.dirsOK), dirty: map[*inode]bool{}, left: -1, Capacity: d.Capacity, used: d.used}
	for name, n := range d.files {
		k.files[name] = twin(n)
	}
	for name, n := range d.durable {
		k.durable[name] = twin(n)
	}
	for _, o := range d.ops {
		if o.node != nil {
			o.node = twin(o.node)
		}
		k.ops = append(k.ops, o)
	}
	for n := range d.dirty {
		k.dirty[twin(n)] = true
	}
	return k
}

// PowerCut returns the disk as found at the next boot. The seed decides what of
// the things not synced is there.
func (d *Disk) PowerCut(seed uint64) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	rng := rand.New(rand.NewPCG(seed, 2))
	files, dirs := maps.Clone(d.durable), maps.Clone(d.dirsOK)
	if rng.IntN(2) == 0 {
		for _, o := range d.ops[:rng.IntN(len(d.ops)+1)] {
			apply(files, dirs, o)
		}
	} else {
		odds := rng.IntN(5) // of 4
		for _, o := range d.ops {
			if rng.IntN(4) < odds {
				apply(files, dirs, o)
			}
		}
	}
	b := &Disk{files: map[string]*inode{}, dirs: dirs, left: -1, Capacity: d.Capacity}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		n := files[name]
		b.files[name] = &inode{data: n.cut(rng), mode: n.mode}
		b.used += int64(len(b.files[name].data))
	}
	b.settle()
	return b
}

// cut is what a power cut leaves of a file.
func (n *inode) cut(rng *rand.Rand) []byte {
	size := int64(len(n.old))
	if lo, hi := min(size, int64(len(n.data))), max(size, int64(len(n.data))); lo != hi {
		switch rng.IntN(3) {
		case 0:
			size = lo
		case 1:
			size = hi
		default:
			size = lo + rng.Int64N(hi-lo)
		}
	}
	out := make([]byte, size)
	copy(out, n.old)
	odds := rng.IntN(5)
	for _, s := range slices.Sorted(maps.Keys(n.dirty)) {
		from := s * sector
		if from >= min(size, int64(len(n.data))) {
			continue
		}
		now := n.data[from:min(from+sector, int64(len(n.data)))]
		switch {
		case rng.IntN(4) < odds:
			copy(out[from:], now)
		case rng.IntN(3) == 0:
			copy(out[from:], now[:rng.IntN(len(now)+1)])
		}
	}
	return out
}
