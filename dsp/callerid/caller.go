package callerid

// Why a number or a name is absent.
const (
	OutOfArea = 'O' // not available to the network
	Private   = 'P' // withheld
)

// Caller returns the caller's number, or why there is none. Both are empty when
// the message says nothing about it.
func (m *Message) Caller() (number string, absent byte) {
	if f, ok := m.Field(Number); ok {
		if len(f.Raw) == 1 && (f.Raw[0] == OutOfArea || f.Raw[0] == Private) {
			return "", f.Raw[0]
		}
		return f.Text(), 0
	}
	f, ok := m.Field(NumberAbsent)
	if !ok || len(f.Raw) == 0 {
		return "", 0
	}
	if m.Coding != DTMF {
		return "", f.Raw[0]
	}
	switch string(f.Raw) {
	case "1", "10": // D1: private; B10: restricted
		return "", Private
	}
	return "", OutOfArea
}

// CallerName returns the caller's name as text, and the charset it was taken
// for.
func (m *Message) CallerName() (string, Charset) {
	f, ok := m.Field(Name)
	if !ok {
		return "", ""
	}
	return DecodeText(f.Raw)
}

// Date returns what the network says the time is. Networks send no year.
func (m *Message) Date() (month, day, hour, minute int, ok bool) {
	f, ok := m.Field(DateTime)
	if !ok || len(f.Raw) != dateLen || !digits(f.Raw) {
		return 0, 0, 0, 0, false
	}
	two := func(i int) int { return int(f.Raw[i]-'0')*10 + int(f.Raw[i+1]-'0') }
	month, day, hour, minute = two(0), two(2), two(4), two(6)
	ok = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60
	return month, day, hour, minute, ok
}
