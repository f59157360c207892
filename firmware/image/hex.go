package image

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
)

// A Record is one data record of an Intel HEX file.
type Record struct {
	Addr uint32 // of its first byte, with what extended address records add
	Data []byte
	Line int // in the file, from 1
}

// ParseHEX reads an Intel HEX file: data (type 00), end (01) and extended
// addresses (02, 04), in the order of the file. Lines that are empty or begin
// with # are passed over. unit is how many bytes an address counts (1, but 3 in
// images of PIC controllers). Records that overlap, a wrong checksum, any other
// type and an end that is missing or not the end are refused, with the line.
func ParseHEX(data []byte, unit int) ([]Record, error) {
	var records []Record
	var base uint32
	number, ended := 0, false
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimRight(line, " \t\r\n")
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if ended {
			return nil, fmt.Errorf("line %d: something follows the end record", number)
		}
		kind, addr, payload, err := record(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		want := map[byte]int{1: 0, 2: 2, 4: 2}
		if n, ok := want[kind]; ok && len(payload) != n {
			return nil, fmt.Errorf("line %d: a record of type %02x with %d bytes of data; it has %d", number, kind, len(payload), n)
		}
		switch kind {
		case 0:
			if len(payload) == 0 {
				return nil, fmt.Errorf("line %d: a data record without data", number)
			}
			if int(addr)*unit+len(payload) > 0x10000*unit {
				return nil, fmt.Errorf("line %d: a data record goes beyond the end of its 64 KiB", number)
			}
			records = append(records, Record{base + uint32(addr), payload, number})
		case 1:
			ended = true
		case 2:
			base = (uint32(payload[0])<<8 | uint32(payload[1])) << 4
		case 4:
			base = (uint32(payload[0])<<8 | uint32(payload[1])) << 16
		default:
			return nil, fmt.Errorf("line %d: record type %02x is not for firmware that is loaded so", number, kind)
		}
	}
	if !ended {
		return nil, fmt.Errorf("line %d: the end record is missing: the file is cut off", number)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("line %d: it has no data", number)
	}
	return records, overlap(records, uint64(unit))
}

// record takes one line apart and checks its sum.
func record(line []byte) (kind byte, addr uint16, payload []byte, err error) {
	if line[0] != ':' {
		return 0, 0, nil, fmt.Errorf("a record begins with a colon, not %q", line[0])
	}
	raw := make([]byte, hex.DecodedLen(len(line)-1))
	if _, err := hex.Decode(raw, line[1:]); err != nil {
		return 0, 0, nil, fmt.Errorf("no hexadecimal digits: %w", err)
	}
	if len(raw) < 5 || len(raw) != int(raw[0])+5 {
		return 0, 0, nil, fmt.Errorf("its length says otherwise")
	}
	var sum byte
	for _, b := range raw {
		sum += b
	}
	if sum != 0 {
		return 0, 0, nil, fmt.Errorf("the checksum is wrong")
	}
	return raw[3], uint16(raw[1])<<8 | uint16(raw[2]), raw[4 : len(raw)-1], nil
}

// overlap says whether two records claim the same byte.
func overlap(records []Record, unit uint64) error {
	sorted := slices.Clone(records)
	slices.SortFunc(sorted, func(a, b Record) int { return cmp.Compare(a.Addr, b.Addr) })
	for i := 1; i < len(sorted); i++ {
		a, b := sorted[i-1], sorted[i]
		if uint64(a.Addr)*unit+uint64(len(a.Data)) > uint64(b.Addr)*unit {
			return fmt.Errorf("line %d: it overlaps line %d", max(a.Line, b.Line), min(a.Line, b.Line))
		}
	}
	return nil
}
