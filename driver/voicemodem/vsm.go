package voicemodem

import (
	"slices"
	"strconv"
	"strings"

	"vaad/driver"
	"vaad/dsp/g711"
)

// coding is how a modem's audio is coded, of what we can use.
type coding uint8

const (
	codingNone coding = iota
	codingALaw
	codingMuLaw
	codingLinear16 // signed, low byte first
	codingUnsigned8
	codingSigned8
	nCoding
)

// codingNames are the values of the key format, the best first.
var codingNames = [nCoding]string{"", "alaw", "ulaw", "linear16", "unsigned8", "signed8"}

func (c coding) String() string { return codingNames[c] }

func (c coding) law() driver.Law {
	switch c {
	case codingALaw:
		return driver.ALaw
	case codingMuLaw:
		return driver.MuLaw
	}
	return driver.Linear
}

// A format is one of those that AT+VSM=? lists, at 8000 samples a second.
type format struct {
	id     int
	name   string
	coding coding
}

const (
	maxFormats = 64
	maxRates   = 64
)

// parseFormats reads the answer to AT+VSM=?, of all dialects:
//
//	0,"SIGNED PCM",8,0,8000,0,0                V.253: bits, timing, rates, silence
//	128,"8-BIT LINEAR",(7200,8000,11025)       older: rates only
//
// What cannot be used is left out: other rates, compression that is not G.711.
func parseFormats(lines []string) (out []format) {
	for _, l := range lines {
		l = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l), "+VSM:"))
		f := fields(l)
		if len(f) < 3 || len(out) >= maxFormats {
			continue
		}
		id, err := strconv.Atoi(f[0])
		if err != nil || id < 0 || id > 255 {
			continue
		}
		name, bits, rates := strings.ToUpper(f[1]), 0, f[2]
		if len(f) >= 5 { // else the rates stand behind the name
			bits, _ = strconv.Atoi(f[2])
			rates = f[4]
		}
		if !hasRate(rates, driver.Rate) {
			continue
		}
		if c := codingOf(name, bits); c != codingNone {
			out = append(out, format{id, f[1], c})
		}
	}
	return out
}

// fields takes a line apart at its commas, but those within quotes and parentheses.
func fields(line string) (out []string) {
	from, depth, quoted := 0, 0, false
	add := func(to int) {
		out = append(out, strings.Trim(strings.TrimSpace(line[from:to]), `"`))
		from = to + 1
	}
	for i := 0; i < len(line) && len(out) < 16; i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth = max(depth-1, 0)
		case c == ',' && depth == 0:
			add(i)
		}
	}
	add(len(line))
	return out
}

// hasRate reads "8000", "(7200,8000)" and "(7200-11025)".
func hasRate(list string, rate int) bool {
	for i, part := range strings.Split(strings.Trim(list, "() "), ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.Atoi(strings.TrimSpace(from))
		z, errZ := strconv.Atoi(strings.TrimSpace(to))
		if i < maxRates && errA == nil && errZ == nil && a <= rate && rate <= z {
			return true
		}
	}
	return false
}

// codingOf tells what a name means; bits is 0 where they are not said.
func codingOf(name string, bits int) coding {
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
	}
	if bits == 0 {
		if bits = 8; has("16") {
			bits = 16
		}
	}
	switch {
	case has("ADPCM", "CELP", "GSM", "G.72", "G72", "CVSD", "RPCM"):
		return codingNone
	case bits == 8 && has("ALAW", "A-LAW", "A LAW", "711A", "711 A"):
		return codingALaw
	case bits == 8 && has("ULAW", "U-LAW", "U LAW", "MULAW", "MU-LAW", "711U", "711 U"):
		return codingMuLaw
	case !has("PCM", "LINEAR"):
		return codingNone
	case bits == 16 && !has("UNSIGNED"):
		return codingLinear16
	case bits == 8 && has("SIGNED") && !has("UNSIGNED"):
		return codingSigned8
	case bits == 8: // "8-BIT LINEAR" has its zero at 128
		return codingUnsigned8
	}
	return codingNone
}

// choose picks the best format, or the one that is wanted by name or number.
func choose(all []format, want string) (format, bool) {
	if id, err := strconv.Atoi(want); err == nil {
		for _, f := range all {
			if f.id == id {
				return f, true
			}
		}
		return format{}, false
	}
	best := format{}
	for _, f := range all {
		if (want == "" || f.coding.String() == want) && (best.coding == codingNone || f.coding < best.coding) {
			best = f
		}
	}
	return best, best.coding != codingNone
}

// expand appends the samples of audio to dst. Half a sample is kept in rest,
// as its byte or -1, for the next call.
func (c coding) expand(dst []int16, audio []byte, rest *int) []int16 {
	switch c {
	case codingALaw, codingMuLaw:
		for _, b := range audio {
			dst = append(dst, int16(b))
		}
	case codingUnsigned8:
		for _, b := range audio {
			dst = append(dst, int16(int(b)-128)<<8)
		}
	case codingSigned8:
		for _, b := range audio {
			dst = append(dst, int16(int8(b))<<8)
		}
	case codingLinear16:
		for _, b := range audio {
			if *rest < 0 {
				*rest = int(b)
				continue
			}
			dst = append(dst, int16(uint16(*rest)|uint16(b)<<8))
			*rest = -1
		}
	}
	return dst
}

// compress appends samples, linear ones, as the modem takes them.
func (c coding) compress(dst []byte, pcm []int16) []byte {
	for _, s := range pcm {
		switch c {
		case codingALaw:
			dst = append(dst, g711.EncodeSample(s, g711.ALaw))
		case codingMuLaw:
			dst = append(dst, g711.EncodeSample(s, g711.MuLaw))
		case codingUnsigned8:
			dst = append(dst, byte(min(int(s)+128, 32767)>>8+128))
		case codingSigned8:
			dst = append(dst, byte(min(int(s)+128, 32767)>>8))
		case codingLinear16:
			dst = append(dst, byte(s), byte(uint16(s)>>8))
		}
	}
	return dst
}

// silence is what an idle line is in the ring.
func (c coding) silence() int16 {
	if l := c.law(); l != driver.Linear {
		return int16(l.Silence())
	}
	return 0
}
