package callerid

import (
	"errors"
	"strconv"

	"vaad/dsp/fsk"
)

// Build makes a message of its parameters: type, length, parameters, checksum.
// Of CallSetupSingle the parameters are the date and the number, whose types
// are not sent.
func Build(messageType byte, fields ...Field) ([]byte, error) {
	data := []byte{messageType, 0}
	for i, f := range fields {
		if len(f.Raw) > maxData {
			return nil, errors.New("caller id: parameter " + strconv.Itoa(i) + " has " + strconv.Itoa(len(f.Raw)) + " bytes: at most 255 can be sent")
		}
		if messageType != CallSetupSingle && messageType != WaitingSingle {
			data = append(data, f.Type, byte(len(f.Raw)))
		}
		data = append(data, f.Raw...)
	}
	n := len(data) - 2
	if n > maxData {
		return nil, errors.New("caller id: the parameters have " + strconv.Itoa(n) + " bytes with their types: at most 255 can be sent")
	}
	data[1] = byte(n)
	return append(data, Checksum(data)), nil
}

// Checksum is what makes the sum of a message 0 modulo 256.
func Checksum(message []byte) byte {
	var sum byte
	for _, b := range message {
		sum += b
	}
	return -sum
}

// Timing is what surrounds a message, in bits of 1/1200 s.
type Timing struct {
	Seizure int // 0101…
	Mark    int // 1111…
	After   int // 1111… after the checksum
}

// OnHook and OffHook are the usual timings: Bellcore GR-30 and EN 300 659-1
// before or between rings; EN 300 659-2 during a call, and NTT.
func OnHook() Timing  { return Timing{Seizure: 300, Mark: 180, After: 10} }
func OffHook() Timing { return Timing{Mark: 80, After: 10} } // OffHook: see OnHook

// NewSource returns a source that sends a message as Bell, V23 or NTT, each tone
// at that level in dBm0. For DTMF use tone.DTMF.
func NewSource(c Coding, message []byte, t Timing, dBm0 float64) *fsk.Source {
	spec := fsk.Bell202()
	if c != Bell {
		spec = fsk.V23()
	}
	s := fsk.NewSource(spec, dBm0, dBm0)
	s.Alternate(t.Seizure)
	s.Bits(1, t.Mark)
	s.Characters(message)
	s.Bits(1, t.After)
	return s
}
