package voicemodem

import "strings"

// A chip is what is known of a family of modems beyond what they say themselves.
type chip struct {
	name   string   // for people
	match  []string // one of them is in what the modem says of itself, in capitals
	prefer string   // the format to be used where it is listed: a name or a number; empty: the best
	vsm    string   // what follows id and rate in AT+VSM=
	half   bool     // it has no full duplex that works
	answer string   // instead of AT+VLS=1 when it rings; empty: the same
	extra  []string // said at the end of setting up; a refusal does no harm
}

// chips is searched from the top; the last row fits all. No row makes vaad ask
// +VTR=?, +VRX=? or +VTX=?: several families answer ERROR although they have
// them, so what they have is found out by using it.
var chips = []chip{
	// Conexant HCF/HSF and CX930xx (AT command reference 100498, 102184): 1 is unsigned
	// PCM, full duplex by +VTR at 8000 bytes a second; two more fields follow the rate.
	// Owners report +VTR=? and the like as ERROR, and 130 as the same format again.
	{name: "Conexant CX930xx", match: []string{"CX930", "CX9300", "CONEXANT", "V90 56K RFX"}, prefer: "1", vsm: ",0,0"},
	// USRobotics 5637 and Agere/LSI (USR 5637 user guide, voice commands): 128…132 with
	// rates in parentheses; unsigned 8 bit has been used for years, G.711 is listed.
	{name: "USRobotics 5637", match: []string{"USR5637", "5637", "U.S. ROBOTICS", "USROBOTICS"}, prefer: "128"},
	{name: "Agere/LSI", match: []string{"AGERE", "LUCENT", "LSI "}, prefer: "128"},
	// Soft modems (Smart Link, USR 5660 and alike): their audio passes the host's processor;
	// 16 bit spares one conversion.
	{name: "soft modem", match: []string{"SOFTMODEM", "SOFT MODEM", "SMARTLINK", "SMART LINK", "SLMODEM"}, prefer: "linear16"},
	// Rockwell and Conexant before V.253 (IS-101): one direction at a time.
	{name: "Rockwell", match: []string{"ROCKWELL", "RC56"}, half: true},
	{name: "V.253"},
}

// chipOf finds the row of what a modem says of itself.
func chipOf(identity string) *chip {
	up := strings.ToUpper(identity)
	for i := range chips {
		c := &chips[i]
		for _, m := range c.match {
			if strings.Contains(up, m) {
				return c
			}
		}
		if len(c.match) == 0 {
			return c
		}
	}
	return &chips[len(chips)-1]
}

// countries are codes of ITU-T T.35 annex A, as +GCI takes them.
var countries = map[string]string{
	"AT": "0A", "AU": "09", "BE": "0F", "BR": "16", "CA": "20", "CH": "A6", "CN": "26", "CZ": "2E", "DE": "42", "DK": "31", "ES": "A0",
	"FI": "3C", "FR": "3D", "GB": "B4", "GR": "46", "HK": "50", "HU": "51", "IE": "57", "IL": "58", "IN": "53", "IT": "59",
	"JP": "00", "KR": "61", "LU": "69", "MX": "73", "MY": "6C", "NL": "7B", "NO": "82", "NZ": "7E", "PH": "89", "PL": "8A",
	"PT": "8B", "RU": "B8", "SE": "A5", "SG": "9C", "TH": "A9", "TR": "AE", "TW": "FE", "US": "B5", "ZA": "9F",
}
