package pri

// Names of private networks come in a Facility element, as the operation
// callingName (ISO/IEC 13868, ECMA-164) in ROSE (ITU-T X.880) of BER (X.690).

const (
	opCallingName = 0

	berInteger     = 0x02
	berOctets      = 0x04
	berSequence    = 0x30
	roseInvoke     = 0xA1
	nfe            = 0xAA // network facility extension (ECMA-165)
	interpretation = 0x8B // interpretation APDU
	protocolsLow   = 0x91 // protocol profiles: remote operations …
	protocolsHigh  = 0x9F // … and networking extensions
	nameSimple     = 0x80 // presentation allowed: the name
	nameExtended   = 0xA1 // presentation allowed: the name, and its character set
)

// ber takes one element with a definite length off b.
func ber(b []byte) (tag byte, value, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	tag, n, b := b[0], int(b[1]), b[2:]
	if n == 0x81 && len(b) > 0 { // longer ones do not fit into an element of Q.931
		n, b = int(b[0]), b[1:]
	} else if n > 0x7F {
		return 0, nil, nil, false
	}
	if n > len(b) {
		return 0, nil, nil, false
	}
	return tag, b[:n], b[n:], true
}

// callingName reads the contents of a Facility element; "": it tells no name, or
// one that is not to be shown.
func callingName(b []byte) string {
	if len(b) < 2 || b[0] < protocolsLow || b[0] > protocolsHigh {
		return ""
	}
	for b = b[1:]; ; {
		tag, v, rest, ok := ber(b)
		switch {
		case !ok:
			return ""
		case tag == roseInvoke:
			if name := invokedName(v); name != "" {
				return name
			}
		case tag != nfe && tag != interpretation:
			return ""
		}
		b = rest
	}
}

// invokedName reads an invocation: its number, perhaps a linked one, the operation, the argument.
func invokedName(b []byte) string {
	tag, _, b, ok := ber(b)
	if !ok || tag != berInteger {
		return ""
	}
	tag, v, b, ok := ber(b)
	if ok && tag == 0x80 {
		tag, v, b, ok = ber(b)
	}
	if !ok || tag != berInteger || len(v) != 1 || v[0] != opCallingName {
		return ""
	}
	tag, v, _, ok = ber(b)
	if ok && tag == berSequence {
		tag, v, _, ok = ber(v)
	}
	if ok && tag == nameExtended {
		if tag, v, _, ok = ber(v); tag == berOctets {
			tag = nameSimple
		}
	}
	if !ok || tag != nameSimple {
		return ""
	}
	return text(v)
}
