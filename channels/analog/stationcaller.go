package analog

import "vaad/dsp/callerid"

// tells is how a telephone is told who calls.
type tells struct {
	coding   callerid.Coding // 0: not at all
	gbk      bool            // names in GBK
	before   bool            // before the first burst
	reversal bool            // the polarity is reversed meanwhile
	alert    bool            // an alerting tone goes first
	first    string          // of keys: code before the number
	last     string          // … behind it
	withheld string          // keys that say that the number is private; "": nothing is sent
	absent   string          // … that the network does not have it
}

// Keys as EN 300 659-1 annex C has them, and those of China (YDN 069), Taiwan
// and Kuwait, which know no reason for a number that is absent.
var (
	annexC = tells{coding: callerid.DTMF, before: true, first: "A", last: "C", withheld: "B10C", absent: "B00C"}
	asD    = tells{coding: callerid.DTMF, before: true, first: "D", last: "C"}
)

// tellsOf says how a country's telephones expect to be told who calls, in the
// coding that the operator wants or the usual one.
//
// FSK comes after the first burst, but in Great Britain before it, after a
// reversal and an alerting tone (BT SIN 227, SIN 242). Keys come before it; where a
// reversal announces them is field knowledge: Finland, India, the Netherlands, Sweden.
// Countries of which nothing is known have Bell 202 after the first burst, which
// does no harm to telephones that do not understand it.
func tellsOf(country, sends string) tells {
	bell := tells{coding: callerid.Bell, gbk: country == "CN"}
	v23 := tells{coding: callerid.V23}
	if country == "GB" {
		v23.before, v23.reversal, v23.alert = true, true, true
	}
	keys := annexC
	switch country {
	case "CN", "TW", "KW":
		keys = asD
	case "FI", "IN", "NL", "SE":
		keys.reversal = true
	}
	switch sends {
	case "none":
		return tells{}
	case "bell202":
		return bell
	case "v23":
		return v23
	case "dtmf":
		return keys
	}
	usual := usualFormats(country)
	switch {
	case len(usual) == 0:
		return bell
	case usual[0] == V23Before, usual[0] == V23After:
		return v23
	case usual[0] == KeysBefore:
		return keys
	}
	return bell
}

// Lengths that telephones show.
const (
	callerDigits = 20 // EN 300 659-3 clause 5.4.2
	bellName     = 15 // Bellcore GR-1188-CORE
	v23Name      = 50 // EN 300 659-3 clause 5.4.5
)

// message makes what is sent of an order: an FSK message, or keys, or neither.
func (t *tells) message(o *RingOrder) (fsk []byte, keys string) {
	number := dialable(o.Caller, t.coding == callerid.DTMF)
	switch {
	case t.coding == 0:
		return nil, ""
	case t.coding == callerid.DTMF && o.Private:
		return nil, t.withheld
	case t.coding == callerid.DTMF && len(number) == 0:
		return nil, t.absent
	case t.coding == callerid.DTMF:
		return nil, t.first + string(number) + t.last
	}
	var fields []callerid.Field
	add := func(kind byte, raw ...byte) { fields = append(fields, callerid.Field{Type: kind, Raw: raw}) }
	if validTime(o.Time) {
		add(callerid.DateTime, []byte(o.Time)...)
	}
	switch {
	case o.Private:
		add(callerid.NumberAbsent, callerid.Private)
	case len(number) == 0:
		add(callerid.NumberAbsent, callerid.OutOfArea)
	default:
		add(callerid.Number, number...)
	}
	switch name := t.name(o.Name); {
	case o.Private:
		add(callerid.NameAbsent, callerid.Private)
	case len(name) > 0:
		add(callerid.Name, name...)
	}
	fsk, _ = callerid.Build(callerid.CallSetup, fields...) // its parts are bounded: it cannot fail
	return fsk, ""
}

// dialable is what telephones can show of a number and dial back. Keys around it
// allow digits alone.
func dialable(number string, digits bool) []byte {
	var out []byte
	for i := 0; i < len(number) && len(out) < callerDigits; i++ {
		if c := number[i]; c >= '0' && c <= '9' || !digits && (c == '*' || c == '#') {
			out = append(out, c)
		}
	}
	return out
}

// name is a name as telephones show it, cut between characters: GBK in China,
// ISO 8859-1 where the coding is Europe's, UTF-8 elsewhere.
func (t *tells) name(text string) (out []byte) {
	longest := bellName
	if t.coding == callerid.V23 {
		longest = v23Name
	}
	for _, r := range text {
		var one []byte
		switch {
		case r < ' ' || r >= 0x7F && r < 0xA0 || r == 0xFFFD:
			one = []byte{' '}
		case r < 0x7F:
			one = []byte{byte(r)}
		case t.gbk:
			one = callerid.EncodeGBK(string(r))
		case t.coding == callerid.V23 && r <= 0xFF:
			one = []byte{byte(r)}
		case t.coding == callerid.V23:
			one = []byte{'?'}
		default:
			one = []byte(string(r))
		}
		if len(out)+len(one) > longest {
			break
		}
		out = append(out, one...)
	}
	return out
}

// validTime reports whether s is a date and time as MMDDhhmm.
func validTime(s string) bool {
	if len(s) != 8 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	return two(0) >= 1 && two(0) <= 12 && two(2) >= 1 && two(2) <= 31 && two(4) <= 23 && two(6) <= 59
}
