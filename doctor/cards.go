package doctor

// A pciCard is a telephony card by its PCI identity. Zero stands for any
// subsystem.
type pciCard struct {
	vendor, device       uint16
	subvendor, subdevice uint16
	module               string // that runs it; in brackets where DAHDI has none
	name                 string
}

// pciCards lists the cards of DAHDI's drivers from their tables of PCI
// identities, and cards whose drivers come from elsewhere. The first that fits
// counts, so narrower rows stand first.
func pciCards() []pciCard {
	return []pciCard{
		// wct4xxp
		{0x10ee, 0x0314, 0, 0, "wct4xxp", "TE410P/TE405P (1st generation)"},
		{0xd161, 0x1820, 0, 0, "wct4xxp", "TE820"},
		{0xd161, 0x1420, 0, 0, "wct4xxp", "TE420 (5th generation)"},
		{0xd161, 0x1410, 0, 0, "wct4xxp", "TE410P (5th generation)"},
		{0xd161, 0x1405, 0, 0, "wct4xxp", "TE405P (5th generation)"},
		{0xd161, 0x0420, 0, 0, "wct4xxp", "TE420"},
		{0xd161, 0x0410, 0, 0, "wct4xxp", "TE410P"},
		{0xd161, 0x0405, 0, 0, "wct4xxp", "TE405P"},
		{0xd161, 0x1220, 0, 0, "wct4xxp", "TE220 (5th generation)"},
		{0xd161, 0x1210, 0, 0, "wct4xxp", "TE210P (5th generation)"},
		{0xd161, 0x1205, 0, 0, "wct4xxp", "TE205P (5th generation)"},
		{0xd161, 0x0220, 0, 0, "wct4xxp", "TE220"},
		{0xd161, 0x0210, 0, 0, "wct4xxp", "TE210P"},
		{0xd161, 0x0205, 0, 0, "wct4xxp", "TE205P"},
		// wcte12xp, wcte13xp, wcte43x, wcte11xp, wct1xxp
		{0xd161, 0x0120, 0, 0, "wcte12xp", "TE120P"},
		{0xd161, 0x8000, 0, 0, "wcte12xp", "TE121"},
		{0xd161, 0x8001, 0, 0, "wcte12xp", "TE122"},
		{0xd161, 0x800a, 0, 0, "wcte13xp", "TE131/TE133"},
		{0xd161, 0x800b, 0, 0, "wcte13xp", "TE132/TE134"},
		{0xd161, 0x800e, 0, 0, "wcte43x", "TE435/TE235"},
		{0xd161, 0x8013, 0, 0, "wcte43x", "TE436/TE236"},
		{0xe159, 0x0001, 0x71fe, 0, "wcte11xp", "TE110P"},
		{0xe159, 0x0001, 0x79fe, 0, "wcte11xp", "TE110P"},
		{0xe159, 0x0001, 0x795e, 0, "wcte11xp", "TE110P"},
		{0xe159, 0x0001, 0x79de, 0, "wcte11xp", "TE110P"},
		{0xe159, 0x0001, 0x797e, 0, "wcte11xp", "TE110P"},
		{0xe159, 0x0001, 0x6159, 0, "wct1xxp", "T100P/E100P"},
		// wctdm24xxp, wcaxx
		{0xd161, 0x2400, 0, 0, "wctdm24xxp", "TDM2400P"},
		{0xd161, 0x0800, 0, 0, "wctdm24xxp", "TDM800P"},
		{0xd161, 0x8002, 0, 0, "wctdm24xxp", "AEX800"},
		{0xd161, 0x8003, 0, 0, "wctdm24xxp", "AEX2400"},
		{0xd161, 0x8005, 0, 0, "wctdm24xxp", "TDM410P"},
		{0xd161, 0x8006, 0, 0, "wctdm24xxp", "AEX410"},
		{0xd161, 0x8007, 0, 0, "wctdm24xxp", "HA8"},
		{0xd161, 0x8008, 0, 0, "wctdm24xxp", "HB8"},
		{0xd161, 0x800c, 0, 0, "wcaxx", "A8A"},
		{0xd161, 0x800d, 0, 0, "wcaxx", "A8B"},
		{0xd161, 0x800f, 0, 0, "wcaxx", "A4A"},
		{0xd161, 0x8010, 0, 0, "wcaxx", "A4B"},
		// wctdm, by the subsystem that the TigerJet chip shows
		{0xe159, 0x0001, 0xa159, 0, "wctdm", "S400P"},
		{0xe159, 0x0001, 0xe159, 0, "wctdm", "S400P"},
		{0xe159, 0x0001, 0xb100, 0, "wctdm", "TDM400P (E/F)"},
		{0xe159, 0x0001, 0xb1d9, 0, "wctdm", "TDM400P (I)"},
		{0xe159, 0x0001, 0xb118, 0, "wctdm", "TDM400P (I)"},
		{0xe159, 0x0001, 0xb119, 0, "wctdm", "TDM400P (I)"},
		{0xe159, 0x0001, 0xa9fd, 0, "wctdm", "TDM400P (H)"},
		{0xe159, 0x0001, 0xa8fd, 0, "wctdm", "TDM400P (H)"},
		{0xe159, 0x0001, 0xa800, 0, "wctdm", "TDM400P (H)"},
		{0xe159, 0x0001, 0xa801, 0, "wctdm", "TDM400P (H)"},
		{0xe159, 0x0001, 0xa908, 0, "wctdm", "TDM400P (H)"},
		{0xe159, 0x0001, 0xa901, 0, "wctdm", "TDM400P (H)"},
		// opvxa1200
		{0xe159, 0x0001, 0x9100, 0, "opvxa1200", "OpenVox A1200P/A800P"},
		{0xe159, 0x0001, 0x9519, 0, "opvxa1200", "OpenVox A1200P/A800P"},
		{0xe159, 0x0001, 0x95d9, 0, "opvxa1200", "OpenVox A1200P/A800P"},
		{0xe159, 0x0001, 0x9500, 0, "opvxa1200", "OpenVox A800P"},
		{0xe159, 0x0001, 0x9532, 0, "opvxa1200", "OpenVox A1200P/A800P"},
		{0xe159, 0x0001, 0x8519, 0, "opvxa1200", "OpenVox A1200P/A800P"},
		{0xe159, 0x0001, 0x9559, 0, "opvxa1200", "OpenVox A1200P/A800P"},
		{0xe159, 0x0001, 0x9599, 0, "opvxa1200", "OpenVox A1200P/A800P"},
		// wcfxo, pciradio
		{0xe159, 0x0001, 0x8084, 0, "wcfxo", "X101P clone"},
		{0xe159, 0x0001, 0x8085, 0, "wcfxo", "X101P"},
		{0xe159, 0x0001, 0x8086, 0, "wcfxo", "X101P clone"},
		{0xe159, 0x0001, 0x8087, 0, "wcfxo", "X101P clone"},
		{0x1057, 0x5608, 0, 0, "wcfxo", "X100P"},
		{0xe159, 0x0001, 0xe16b, 0, "pciradio", "PCI radio"},
		// wcb4xxp
		{0xd161, 0xb410, 0, 0, "wcb4xxp", "B410P"},
		{0xd161, 0x8014, 0, 0, "wcb4xxp", "B433"},
		{0xd161, 0x8015, 0, 0, "wcb4xxp", "B434"},
		{0xd161, 0x8016, 0, 0, "wcb4xxp", "B233"},
		{0xd161, 0x8017, 0, 0, "wcb4xxp", "B234"},
		{0x1397, 0x08b4, 0x1397, 0xe884, "wcb4xxp", "OpenVox B200P"},
		{0x1397, 0x08b4, 0x1397, 0xe888, "wcb4xxp", "OpenVox B400P"},
		{0x1397, 0x16b8, 0x1397, 0xe998, "wcb4xxp", "OpenVox B800P"},
		{0x1397, 0x08b4, 0x1397, 0xb520, "wcb4xxp", "Junghanns quadBRI"},
		{0x1397, 0x08b4, 0x1397, 0xb550, "wcb4xxp", "Junghanns quadBRI"},
		{0x1397, 0x08b4, 0x1397, 0xb752, "wcb4xxp", "Junghanns quadBRI (PCIe)"},
		{0x1397, 0x08b4, 0x1397, 0xb556, "wcb4xxp", "Junghanns duoBRI"},
		{0x1397, 0x16b8, 0x1397, 0xb552, "wcb4xxp", "Junghanns octoBRI"},
		{0x1397, 0x16b8, 0x1397, 0xb55b, "wcb4xxp", "Junghanns octoBRI"},
		{0x1397, 0x08b4, 0x1397, 0xb566, "wcb4xxp", "beroNet BN2S0"},
		{0x1397, 0x08b4, 0x1397, 0xb761, "wcb4xxp", "beroNet BN2S0"},
		{0x1397, 0x08b4, 0x1397, 0xb560, "wcb4xxp", "beroNet BN4S0"},
		{0x1397, 0x08b4, 0x1397, 0xb762, "wcb4xxp", "beroNet BN4S0 (PCIe)"},
		{0x1397, 0x16b8, 0x1397, 0xb562, "wcb4xxp", "beroNet BN8S0"},
		{0x1397, 0x16b8, 0x1397, 0xb56b, "wcb4xxp", "beroNet BN8S0"},
		{0x1397, 0x08b4, 0x1397, 0xb540, "wcb4xxp", "Swyx SX2 quadBRI"},
		{0x1397, 0x08b4, 0x1397, 0x08b4, "wcb4xxp", "HFC-4S evaluation card"},
		{0x1397, 0x2bd0, 0, 0, "zaphfc", "HFC-S BRI card"},
		// tor2, wctc4xxp
		{0x10b5, 0xd00d, 0, 0, "tor2", "Tormenta 2 (T400P/E400P)"},
		{0x10b5, 0x4000, 0, 0, "tor2", "Tormenta 2 clone"},
		{0xd161, 0x3400, 0, 0, "wctc4xxp", "TC400P (transcoder, no lines)"},
		{0xd161, 0x8004, 0, 0, "wctc4xxp", "TCE400P (transcoder, no lines)"},
		// not DAHDI's
		{0x1923, 0, 0, 0, "(wanpipe)", "Sangoma"},
		{0x0b0b, 0, 0, 0, "(rhino)", "Rhino"},
		{0xe159, 0x0001, 0x2151, 0, "(ystdm8xx)", "Yeastar YSTDM8xx"},
		{0x10ee, 0x1004, 0, 0, "(ap400)", "Aligera AP40x"},
		{0x1397, 0x30b1, 0, 0, "(cwain)", "HFC-E1 card"},
		{0x1397, 0xf001, 0, 0, "(ztgsm)", "HFC-GSM card"},
	}
}

// telephonyVendors make little else: a card of theirs that is in no table is
// worth a note.
func telephonyVendors() []uint16 { return []uint16{0xd161, 0xe159, 0x1397} }

// driverNames are modules whose driver has another name in sysfs.
func driverNames(module string) string {
	switch module {
	case "wct1xxp":
		return "t1xxp"
	case "tor2":
		return "tormenta2"
	}
	return module
}

// findPCI returns the row that fits, if any.
func findPCI(vendor, device, subvendor, subdevice uint16) (pciCard, bool) {
	for _, p := range pciCards() {
		if p.vendor == vendor && (p.device == 0 || p.device == device) &&
			(p.subvendor == 0 || p.subvendor == subvendor) && (p.subdevice == 0 || p.subdevice == subdevice) {
			return p, true
		}
	}
	return pciCard{}, false
}
