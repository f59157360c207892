package voicemodem

import "strings"

const (
	leftOut     = "(removed)"
	digitsShown = 2 // the last ones, as in the support bundle and in the log of the console
	digitsLong  = 7 // what has fewer, in a line that is about nobody, is no telephone number
)

// discreet is a line of a modem as it may stand in a log: of a number the last two digits, of
// a name, and of a message as it was sent, nothing. That it was withheld is no secret.
func discreet(text string) string {
	key, value, ok := strings.Cut(text, "=")
	name := strings.ToUpper(strings.TrimSpace(key))
	switch {
	case !ok:
	case name == "NAME", name == "CALLER NAME", name == "MESG":
		if said, _ := absence(strings.TrimSpace(value)); said != nil {
			return key + "= " + leftOut
		}
	case strings.Contains(name, "NMBR"), strings.Contains(name, "NUMBER"), strings.HasPrefix(name, "DDN"):
		return masked(key, digitsLong) + "=" + masked(value, 0)
	}
	return masked(text, digitsLong)
}

func discreetly(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = discreet(l)
	}
	return out
}

// masked hides the digits, but the last two, of each number that has so many or more. Up to two blanks,
// hyphens or brackets stand within a number.
func masked(text string, least int) string {
	out := []byte(text)
	for i := 0; i < len(out); {
		if !isDigit(out[i]) {
			i++
			continue
		}
		end, digits := i, 0
		for j := i; j < len(out) && j <= end+3 && (isDigit(out[j]) || strings.IndexByte(" -()", out[j]) >= 0); j++ {
			if isDigit(out[j]) {
				digits++
				end = j
			}
		}
		for j, left := end, digitsShown; digits >= least && j >= i; j-- {
			if isDigit(out[j]) {
				if left--; left < 0 {
					out[j] = 'x'
				}
			}
		}
		i = end + 1
	}
	return string(out)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
