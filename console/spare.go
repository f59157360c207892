package console

// short is the code of the alarm why nothing is taken on now that can wait, "" if everything may
// be: exports and listeners are refused before the box runs out of memory or descriptors.
func (s *Server) short() string {
	if s.cfg.Spare == nil {
		return ""
	}
	return s.cfg.Spare()
}
