package framelog

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"vaad/driver"
)

const (
	magic   = "vaadflog"
	version = 1

	preludeLen = 20 // magic, version, reserved, length, checksum
	recordLen  = 8  // length, checksum

	maxHeader = 1 << 20
	maxRecord = 16 << 20
	maxLines  = 4096
	maxItems  = 1 << 16 // events or commands of one frame

	kindTick = 1
	kindEnd  = 2
	kindNote = 3

	hasTx    = 1 // tick: a tx section follows the rx section
	flagLate = 1 // section: Frame.Late
)

// How the samples of one line are stored in one frame.
const (
	silent   = iota // nothing stored: the law's +0, or 0
	constant        // one value, 160 times
	codes           // 160 bytes in the line's law
	linear          // 160 samples of 16 bits
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the JSON at the beginning of a log.
type header struct {
	Start    time.Time   `json:"start"`
	Info     driver.Info `json:"info"`
	Events   []string    `json:"events"`   // name of each kind by its number in this file
	Commands []string    `json:"commands"` // likewise
}

func newHeader(info driver.Info, start time.Time) header {
	h := header{Start: start.UTC(), Info: info, Events: []string{""}, Commands: []string{""}}
	for k := driver.EventKind(1); known(k); k++ {
		h.Events = append(h.Events, k.String())
	}
	for _, k := range driver.Commands() {
		h.Commands = append(h.Commands, k.String())
	}
	return h
}

// known reports whether k is a kind that has a name, hence can be read back.
func known(k driver.EventKind) bool {
	var back driver.EventKind
	return back.UnmarshalText([]byte(k.String())) == nil && back == k
}

// encode returns prelude and JSON.
func (h header) encode() ([]byte, error) {
	if n := len(h.Info.Lines); n > maxLines {
		return nil, fmt.Errorf("framelog: a board of %d lines: at most %d can be logged", n, maxLines)
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("framelog: header: %w", err)
	}
	if err := json.Unmarshal(text, new(header)); err != nil {
		return nil, fmt.Errorf("framelog: this board's Info cannot be read back: %w", err)
	}
	if len(text) > maxHeader {
		return nil, fmt.Errorf("framelog: header of %d bytes: at most %d", len(text), maxHeader)
	}
	b := make([]byte, preludeLen, preludeLen+len(text))
	copy(b, magic)
	binary.LittleEndian.PutUint16(b[8:], version)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(text)))
	b = append(b, text...)
	binary.LittleEndian.PutUint32(b[16:], headerSum(b))
	return b, nil
}

// headerSum covers everything of prelude and JSON but the checksum itself.
func headerSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:16], castagnoli), castagnoli, b[preludeLen:])
}

// recordSum covers length and payload of a record that begins at b.
func recordSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:4], castagnoli), castagnoli, b[recordLen:])
}

// law is how line i is stored in that direction: what is sent is always linear.
func law(info *driver.Info, i int, tx bool) driver.Law {
	if l := info.Lines[i].Law; !tx && (l == driver.ALaw || l == driver.MuLaw) {
		return l
	}
	return driver.Linear
}

var errFrame = errors.New("framelog: the frame was not made by driver.NewFrame for this board's Info")

// fits reports whether a frame has room for the lines of that board.
func fits(f *driver.Frame, info *driver.Info) bool {
	n := len(info.Lines) * driver.Block
	return len(f.PCM) == n && len(f.Code) == n
}
