package analog

// usualFormats says how the exchanges of countries usually tell who calls. It
// only decides which of two messages is taken while the line has not shown what
// it uses: every format is listened for everywhere.
//
// China: YDN 069 (FSK between the first two bursts; keys before the first one on
// older exchanges). North America and those that follow it: Bellcore GR-30.
// Europe: EN 300 659-1, before ringing after a reversal in Britain, between
// bursts elsewhere; keys as in its annex C. The rest is what equipment for these
// countries is commonly set to.
func usualFormats(country string) []Format {
	switch country {
	case "CN", "":
		return []Format{BellAfter, KeysBefore}
	case "TW":
		return []Format{BellAfter, KeysBefore}
	case "US", "CA", "MX", "HK", "MO", "SG", "MY", "TH", "PH", "AU", "NZ", "KR":
		return []Format{BellAfter}
	case "GB":
		return []Format{V23Before}
	case "DE", "FR", "IT", "ES", "PT", "AT", "CH", "NO", "IE", "PL", "CZ", "HU", "TR", "ZA":
		return []Format{V23After}
	case "BE", "BR", "DK", "FI", "IS", "IN", "NL", "SA", "SE", "UY", "KW":
		return []Format{KeysBefore}
	}
	return nil
}
