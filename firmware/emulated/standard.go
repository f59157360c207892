package emulated

// control answers the standard requests of USB 2.0, section 9.4, and asks the gadget
// about others. SET_ADDRESS the kernel answers itself.
func (s *Socket) control(p Setup, out []byte) ([]byte, Fate) {
	if p.Type&0x60 != 0 {
		return s.gadget.Control(s, p, out)
	}
	device, config, words := s.gadget.Descriptors()
	switch p.Request {
	case 0: // GET_STATUS
		return []byte{0, 0}, Works
	case 1, 3, 9, 11: // features, configuration, interface
		return nil, Works
	case 8: // GET_CONFIGURATION
		return []byte{1}, Works
	case 10: // GET_INTERFACE
		return []byte{0}, Works
	case 6:
		switch index := int(p.Value & 0xff); {
		case p.Value>>8 == 1:
			return device, Works
		case p.Value>>8 == 2 && index == 0:
			return config, Works
		case p.Value>>8 == 3 && index == 0 && len(words) > 0:
			return []byte{4, 3, 9, 4}, Works
		case p.Value>>8 == 3 && index > 0 && index <= len(words):
			return stringDescriptor(words[index-1]), Works
		}
	}
	return nil, Stalls
}
