package alarm

// maxShared bounds what is known of those that share an alarm, of one code.
const maxShared = 10_000

// shared are the conditions that hold beyond maxSubjects of one code, by code and subject:
// the alarm that they share is over with the last of them. Manager.mu is held.
type shared map[string]map[string]bool

// add notes that a condition has no alarm of its own.
func (s shared) add(code, subject string) {
	if s[code] == nil {
		s[code] = map[string]bool{}
	}
	if len(s[code]) < maxShared {
		s[code][subject] = true
	}
}

// remove notes that a condition is over, or has an alarm of its own now. It says whether it
// was the last.
func (s shared) remove(code, subject string) (last bool) {
	if !s[code][subject] {
		return false
	}
	delete(s[code], subject)
	if len(s[code]) > 0 {
		return false
	}
	delete(s, code)
	return true
}
