package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
)

// A journal line is one JSON object whose last member is the CRC-32C, in eight
// hex digits, of every byte before the comma in front of it.
const (
	journalVersion = 1
	crcHead        = `,"crc":"`
	crcLen         = len(crcHead) + 8 + len(`"}`)
	maxLine        = 16 << 20 // longer ones are damage
)

var errLine = errors.New("the line is damaged: its checksum does not fit")

// appendLine encodes l with its checksum and a newline.
func appendLine(b []byte, l *JournalLine) []byte {
	at := len(b)
	b = appendJSON(b, l)
	b = b[:len(b)-2] // "}\n"
	sum := crc32.Checksum(b[at:], castagnoli)
	b = append(b, crcHead...)
	const hex = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, hex[sum>>shift&15])
	}
	return append(b, '"', '}', '\n')
}

// checkLine verifies a line's checksum; b has no newline.
func checkLine(b []byte) error {
	n := len(b) - crcLen
	if n < 1 || string(b[n:n+len(crcHead)]) != crcHead || string(b[len(b)-2:]) != `"}` {
		return errLine
	}
	sum, err := strconv.ParseUint(string(b[n+len(crcHead):len(b)-2]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(b[:n], castagnoli) {
		return errLine
	}
	return nil
}

// parseLine decodes a line; b has no newline.
func parseLine(b []byte, l *JournalLine) error {
	if err := checkLine(b); err != nil {
		return err
	}
	*l = JournalLine{}
	if !decodeCanonical(b, l) {
		*l = JournalLine{}
		if err := json.Unmarshal(b, l); err != nil {
			return err
		}
	}
	if l.V > journalVersion {
		return fmt.Errorf("journal line version %d: %w", l.V, errNewer)
	}
	if l.Seq == 0 || l.Kind == "" || validID(l.ID) != nil {
		return errors.New("a journal line needs seq, kind and id")
	}
	if (l.Kind == KindSealed || l.Kind == KindAdopted) && l.Seal == nil {
		return errors.New("a " + l.Kind + " line needs its seal")
	}
	if l.Seal != nil {
		l.Seal.ID = l.ID
	}
	return nil
}
