package callerid

import (
	"errors"
	"math/bits"
	"strconv"

	"vaad/dsp/fsk"
)

// CallSetupNTT is the type of the messages of NTT's number display service, in
// Japan. Their parameters have types of their own.
const CallSetupNTT = 0x40

// NTT's parameters.
const (
	NTTNumber      = 0x02
	NTTAbsent      = 0x04 // why: C public telephone, O not available, P withheld, S conflict of services
	NTTDialled     = 0x09
	nttNumberPlan  = 0x21
	nttDialledPlan = 0x22
)

// What frames a message: DLE SOH header DLE STX type length parameters DLE ETX
// and a checksum of 16 bits. All but the checksum has even parity in bit 7. A
// DLE within is sent twice.
const (
	soh, stx, etx, dle = 0x01, 0x02, 0x03, 0x10
	nttHeader          = 0x07
)

// nttStage is how far a message has come.
type nttStage byte

const (
	nttIdle nttStage = iota
	nttSOH           // is expected
	nttHead
	nttDLE
	nttSTX
	nttType
	nttLength
	nttData
	nttEscaped // after DLE in the data
	nttCheck
	nttCheck2
)

// ntt makes messages of characters received as V.23.
type ntt struct {
	m       Message
	stage   nttStage
	then    nttStage // what stood before nttEscaped
	want    int
	crc     uint16
	check   byte
	quality float32
	chars   int
	damaged int
}

// take takes one event of the receiver and reports whether n.m is complete.
func (n *ntt) take(e fsk.Event) bool {
	if e.Kind != fsk.Character {
		n.stop()
		return false
	}
	if n.stage != nttIdle && e.Idle > maxPause {
		n.stop()
	}
	n.quality += e.Quality
	n.chars++
	v := e.Value
	switch n.stage {
	case nttCheck:
		n.check, n.stage = v, nttCheck2
		return false
	case nttCheck2:
		n.stage = nttIdle
		if uint16(n.check)|uint16(v)<<8 != n.crc || n.m.length != n.want || !plausibleNTT(n.m.Data()) {
			n.damaged++
			return false
		}
		n.m.Quality = n.quality / float32(n.chars)
		return true
	}
	even := bits.OnesCount8(v)%2 == 0
	v &= 0x7F
	if n.stage == nttIdle {
		if e.Idle >= minMark && even && v == dle {
			n.m.At, n.m.Coding, n.m.length = e.At, NTT, 0
			n.stage, n.crc, n.quality, n.chars = nttSOH, 0, e.Quality, 1
		}
		return false
	}
	if n.stage > nttSOH {
		n.crc = nttCRC(n.crc, e.Value)
	}
	if !even || !n.next(v) {
		n.stop()
	}
	return false
}

// next goes on with a character without its parity, and says whether it fits.
func (n *ntt) next(v byte) bool {
	expect := func(want byte) bool {
		n.stage++
		return v == want
	}
	if n.stage >= nttType && n.stage < nttEscaped && v == dle {
		n.then, n.stage = n.stage, nttEscaped
		return true
	}
	switch n.stage {
	case nttSOH:
		return expect(soh)
	case nttHead:
		return expect(nttHeader)
	case nttDLE:
		return expect(dle)
	case nttSTX:
		return expect(stx)
	case nttEscaped:
		if v == etx {
			n.stage = nttCheck
			return n.then == nttData
		}
		n.stage = n.then
		return v == dle && n.body(v)
	}
	return n.body(v)
}

// body takes what stands between STX and ETX.
func (n *ntt) body(v byte) bool {
	switch n.stage {
	case nttType:
		n.m.Type = v
		n.stage = nttLength
		return v == CallSetupNTT
	case nttLength:
		n.want = int(v)
		n.stage = nttData
		return true
	}
	if n.m.length == n.want {
		return false
	}
	n.m.data[n.m.length] = v
	n.m.length++
	return true
}

// stop gives up the message that is being received.
func (n *ntt) stop() {
	if n.stage >= nttData {
		n.damaged++
	}
	n.stage = nttIdle
}

// nttCRC goes on with ITU-T V.41's checksum, the lowest bit first, by a character
// as it is sent.
func nttCRC(crc uint16, v byte) uint16 {
	crc ^= uint16(v)
	for range 8 {
		crc = crc>>1 ^ 0x8408*(crc&1)
	}
	return crc
}

// plausibleNTT reports whether data is made of parameters, one of them known.
func plausibleNTT(d []byte) bool {
	known := false
	for len(d) >= 2 && int(d[1]) <= len(d)-2 {
		known = known || parameterNTT(d[0]) != ""
		d = d[2+int(d[1]):]
	}
	return known && len(d) == 0
}

// parameterNTT returns the code of a type of parameter.
func parameterNTT(t byte) string {
	switch t {
	case NTTNumber:
		return "number"
	case NTTAbsent:
		return "number-absent"
	case NTTDialled:
		return "dialled"
	case nttNumberPlan:
		return "number-plan"
	case nttDialledPlan:
		return "dialled-plan"
	}
	return ""
}

// BuildNTT makes a message of NTT's of its parameters, as its characters are
// sent: with parity, frame and checksum.
func BuildNTT(fields ...Field) ([]byte, error) {
	var body []byte
	for i, f := range fields {
		for _, v := range append([]byte{f.Type, byte(len(f.Raw))}, f.Raw...) {
			if v > 0x7F || len(f.Raw) > 0x7F {
				return nil, errors.New("caller id: parameter " + strconv.Itoa(i) + " has a value above 127: NTT's messages have seven bits and parity")
			}
			body = append(body, v)
		}
	}
	if len(body) > 0x7F {
		return nil, errors.New("caller id: the parameters have " + strconv.Itoa(len(body)) + " bytes with their types: at most 127 can be sent")
	}
	out := []byte{dle, soh, nttHeader, dle, stx}
	for _, v := range append([]byte{CallSetupNTT, byte(len(body))}, body...) {
		if v == dle {
			out = append(out, dle)
		}
		out = append(out, v)
	}
	out = append(out, dle, etx)
	var crc uint16
	for i, v := range out {
		out[i] |= byte(bits.OnesCount8(v)%2) << 7
		if i >= 2 {
			crc = nttCRC(crc, out[i])
		}
	}
	return append(out, byte(crc), byte(crc>>8)), nil
}
