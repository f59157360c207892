package emulated

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Modular is the family whose modules have images of their own.
const Modular = 0x1160

// modules are the types of module that samples of a modular Astribank have.
const modules = 4

// Sample returns an Astribank with images as large as real ones: runs with gaps,
// records of several sizes, one alone, and an FPGA's beyond 64 KiB. WriteSamples
// writes the files that make it run.
func Sample(family uint16) *Astribank {
	a := New(family, 0x0101, slices.Concat(run(0, 3, 1), run(0x0100, 170, 16), run(0x0c00, 40, 32), run(0x1900, 1, 7), run(0x1a00, 64, 16)), run(0xc000, 200, 128))
	if family == Modular {
		a.Modules = map[byte][]byte{}
		for card := byte(1); card <= modules; card++ {
			for _, w := range words(card) {
				a.Modules[card] = append(a.Modules[card], w.Data...)
			}
		}
	}
	return a
}

// WriteSamples writes the images of families, and their manifest, into a folder.
func WriteSamples(dir string, families ...uint16) error {
	m := "version = 1\n"
	write := func(file, kind string, product uint16, text, more string) error {
		m += Entry(file, kind, product, text) + more
		return os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644)
	}
	for _, f := range families {
		a := Sample(f)
		if err := write(fmt.Sprintf("usb%04x.hex", f), "fx2", f, HEX(1, a.USB), ""); err != nil {
			return err
		}
		if err := write(fmt.Sprintf("fpga%04x.hex", f), "fpga", f+1, HEX(1, a.FPGA), ""); err != nil {
			return err
		}
		for card := byte(1); int(card) <= len(a.Modules); card++ {
			if err := write(fmt.Sprintf("pic%d.hex", card), "pic", f+1, HEX(3, words(card)), fmt.Sprintf("card = %d\n", card)); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "manifest.toml"), []byte(m), 0o644)
}

// Entry returns what a manifest says of an image for a product, with this text.
func Entry(file, kind string, product uint16, text string) string {
	return fmt.Sprintf("[[image]]\nfile = %q\nversion = \"984101\"\nsha256 = \"%x\"\nlicence = \"none\"\nkind = %q\ndevices = [\"e4e4:%04x\"]\n", file, sha256.Sum256([]byte(text)), kind, product)
}

// HEX writes pieces as Intel HEX, with the revision where Debian's tools look for
// it. Addresses count units of so many bytes.
func HEX(unit int, pieces []Piece) string {
	var s strings.Builder
	s.WriteString("# $Id: made_by_hand.hex 984101 2026-01-01 00:00:00Z nobody $\n")
	record := func(kind byte, addr uint16, data []byte) {
		raw := append([]byte{byte(len(data)), byte(addr >> 8), byte(addr), kind}, data...)
		var sum byte
		for _, b := range raw {
			sum -= b
		}
		fmt.Fprintf(&s, ":%X%02X\n", raw, sum)
	}
	high := uint32(1 << 16)
	for _, p := range pieces {
		if h := p.Addr >> 16; unit == 1 && h != high && pieces[len(pieces)-1].Addr > 0xffff {
			high = h
			record(4, 0, []byte{byte(h >> 8), byte(h)})
		}
		record(0, uint16(p.Addr), p.Data)
	}
	record(1, 0, nil)
	return s.String()
}

// run returns n pieces that follow each other.
func run(from uint32, n, size int) []Piece {
	var all []Piece
	for i := range n {
		p := Piece{Addr: from + uint32(i*size)}
		for j := range size {
			p.Data = append(p.Data, byte((i*size+j)*37>>2)^byte(i*11))
		}
		all = append(all, p)
	}
	return all
}

// words are the program of a type of module, each of 3 bytes.
func words(card byte) []Piece {
	all := run(0, 40, 3)
	for i := range all {
		all[i].Addr = uint32(i)
		all[i].Data[0] = card
	}
	return all
}
