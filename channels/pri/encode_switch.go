package pri

// A dialect is what a kind of switch wants otherwise than Q.931 leaves it.
type dialect struct {
	name      string
	private   bool // QSIG: both sides behave as users (Q.931 annex D), plans are unknown
	american  bool // T1, µ-law, national numbers by their length, exclusive channels
	overlap   bool // knows overlap sending
	complete  bool // knows Sending complete
	display   bool // the network's names come in Display
	kind      bool // with an octet before the name (DMS-100)
	facility  bool // names are a Facility
	origin    bool // SETUP says that the caller is no ISDN telephone
	exclusive bool // channels are exclusive from both sides
	hold      bool // knows HOLD and RETRIEVE
	service   bool // asks for channels by SERVICE
}

// dialects are the switches by name. What each wants is that of ETS 300 102-1 (and
// China's YDN 034), ECMA-143, Telcordia SR-4287 (NI2), Nortel NIS-A211-1 (DMS-100), AT&T 235-900-342
// (5ESS) and AT&T TR 41459 (4ESS), as far as other equipment depends on it.
var dialects = [...]dialect{
	{name: "euroisdn", overlap: true, complete: true, display: true, hold: true},
	{name: "qsig", private: true, overlap: true, complete: true, facility: true, exclusive: true, hold: true},
	{name: "ni2", american: true, facility: true, origin: true, exclusive: true, service: true},
	{name: "dms100", american: true, display: true, kind: true, exclusive: true, service: true},
	{name: "5ess", american: true, display: true, exclusive: true, service: true},
	{name: "4ess", american: true, exclusive: true, service: true},
}

// Switches are the names that [StackConfig.Switch] can have.
func Switches() (names []string) {
	for _, d := range dialects {
		names = append(names, d.name)
	}
	return names
}

// dialectOf finds a switch by name; the first is the default.
func dialectOf(name string) *dialect {
	for i := range dialects {
		if dialects[i].name == name {
			return &dialects[i]
		}
	}
	return &dialects[0]
}

// usualType is the type of a number that says nothing of itself.
func (d *dialect) usualType(s string) NumberType {
	switch {
	case d.american && len(s) == 10:
		return TypeNational
	case d.american && len(s) == 7:
		return TypeSubscriber
	}
	return TypeUnknown
}
