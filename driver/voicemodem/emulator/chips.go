package emulator

// standardSources is +VLS=? as ITU-T V.253 prints it, of a modem with a line,
// a handset and a loudspeaker.
const standardSources = "0,\"\",B0000000,B0000000,B0000000\r\n1,\"T\",0B8418000,0FE418000,B8418000\r\n" +
	"2,\"L\",00000000,00000000,B8418000\r\n4,\"S\",00000000,00000000,B8418000"

// Chips lists what can be emulated. The rows follow what owners of such modems
// have published; none claims to be right to the last letter.
func Chips() []Chip {
	return []Chip{
		{
			Name: "cx93001", Say: "Conexant CX93001: full duplex, but says ERROR when asked about it",
			info:  [10]string{0: "56000", 1: "OK", 3: "CX93001-EIS_V0.2013-V92", 4: "INITIAL", 6: "CX93001-EIS_V0.2013-V92", 9: "CX93001-EIS_V0.2013-V92"},
			maker: "CONEXANT", model: "V90", revision: "CX93001-EIS_V0.2013-V92",
			classes: "0,1,1.0,2,8",
			formats: []format{
				{1, unsigned8, []int{8000}, `1,"UNSIGNED PCM",8,0,8000,0,0`},
				{129, ima4, []int{8000}, `129,"IMA ADPCM",4,0,8000,0,0`},
				{130, unsigned8, []int{8000}, `130,"UNSIGNED PCM",8,0,8000,0,0`},
			},
			answers: map[string]string{"-STE=7": "", "-STE=0": "", "+VLS=?": standardSources},
			refused: []string{"+VTR=?", "+VRX=?", "+VTX=?", "+VDR=?"},
			sources: []int{0, 1, 2, 4, 5, 6, 7},
			duplex:  true, endReceive: "!\x1b", endDuplex: "^\x03\x1b", connected: "VCON", voiceEnd: "OK",
			keys: keyFramed, ringAtEnd: true, callerEqual: " = ", dtmfCaller: true, loop: true, inUse: "LINE IN USE",
			flow: true, txRoom: 2048, rxRoom: 4096,
		},
		{
			Name: "usr5637", Say: "USR5637 (Agere): several rates, receiving ends by <DLE><ESC>",
			info:  [10]string{0: "5601", 3: "U.S. Robotics 56K FAX USB V1.2.23", 7: "Configuration Profile...\r\nProduct type  US/Canada USB", 9: "U.S. Robotics 56K FAX USB"},
			maker: "U.S. Robotics", model: "USR5637", revision: "V1.2.23",
			classes: "0,1,1.0,8",
			formats: []format{
				{128, unsigned8, []int{8000, 7200, 11025}, `128,"8-BIT LINEAR",(7200,8000,11025)`},
				{129, linear16, []int{8000, 7200, 11025}, `129,"16-BIT LINEAR",(7200,8000,11025)`},
				{130, alaw, []int{8000}, `130,"8-BIT ALAW",(8000)`},
				{131, ulaw, []int{8000}, `131,"8-BIT ULAW",(8000)`},
				{132, ima4, []int{8000, 7200, 11025}, `132,"IMA ADPCM",(7200,8000,11025)`},
			},
			answers: map[string]string{"+VTR=?": "", "+VTX=?": "", "+VRX=?": "", "+VLS=?": "(0-7)"},
			sources: []int{0, 1, 2, 3, 4, 5, 6, 7},
			duplex:  true, endReceive: "\x1b", endDuplex: "^", connected: "VCON", voiceEnd: "OK",
			keys: keyOnce, callerEqual: " = ", polarity: true, loop: true, inUse: "NO DIALTONE", reorder: true,
			flow: true, txRoom: 4096, rxRoom: 8192,
		},
		{
			Name: "softmodem", Say: "a soft modem: RING late, OK instead of VCON, its own voice comes back, no flow control",
			info:  [10]string{0: "56000", 3: "SoftK56 Data Fax Voice Modem", 9: "SoftK56 Data Fax Voice Modem"},
			maker: "Generic", model: "SoftK56", revision: "2.2.71",
			classes: "0,1,8",
			formats: []format{
				{128, unsigned8, []int{8000}, `128,"8-BIT LINEAR",(7200,8000,11025)`},
				{129, ima4, []int{8000}, `129,"ADPCM",(7200,8000,11025)`},
				{130, unsigned8, []int{8000}, `130,"UNSIGNED PCM",(8000)`},
				{131, ulaw, []int{8000}, `131,"ULAW",(8000)`},
				{132, alaw, []int{8000}, `132,"ALAW",(8000)`},
				{133, linear16, []int{8000}, `133,"LINEAR 16",(8000)`},
			},
			answers: map[string]string{"+VLS=?": "(0,1,4)"},
			refused: []string{"+VTR=?", "+VRA", "+VRN", "+GMM", "+VDR"},
			sources: []int{0, 1, 4},
			duplex:  true, endReceive: "!\x1b", endDuplex: "^", connected: "OK", voiceEnd: "OK",
			keys: keyOnce, ringAtEnd: true, callerEqual: "=", echo: 24,
			txRoom: 16384, rxRoom: 16384,
		},
		{
			Name: "v253", Say: "as ITU-T V.253 says, to the letter",
			info:  [10]string{0: "0", 3: "V.253 reference", 9: "V.253 reference"},
			maker: "ITU-T", model: "V.253", revision: "02/98",
			classes: "0,1,8",
			formats: []format{
				{0, signed8, []int{8000, 7200, 11025}, `0,"SIGNED PCM",8,0,(7200,8000,11025),(0,128,255),(0)`},
				{1, unsigned8, []int{8000, 7200, 11025}, `1,"UNSIGNED PCM",8,0,(7200,8000,11025),(0,128,255),(0)`},
				{4, ulaw, []int{8000}, `4,"G.711U",8,0,(8000),(0,128,255),(0)`},
				{5, alaw, []int{8000}, `5,"G.711A",8,0,(8000),(0,128,255),(0)`},
			},
			answers: map[string]string{"+VTR=?": "", "+VTX=?": "", "+VRX=?": "", "+VLS=?": standardSources},
			sources: []int{0, 1, 2, 3, 4, 5, 6, 7},
			duplex:  true, endReceive: "!", endDuplex: "^", connected: "VCON", voiceEnd: "OK",
			keys: keyHeld, substitute: true, callerEqual: " = ", dtmfCaller: true, polarity: true, loop: true, inUse: "NO DIALTONE",
			reorder: true, flow: true, txRoom: 1024, rxRoom: 4096,
		},
		{
			Name: "halfduplex", Say: "an old external modem: plays or records, never both",
			info:  [10]string{0: "33600", 3: "V1.011-V34_P21", 9: "RCV336DPFSP Rev 05BA"},
			maker: "ROCKWELL", model: "RCV336DPF", revision: "V1.011-V34_P21",
			classes: "0,1,8",
			formats: []format{
				{1, unsigned8, []int{8000}, `1,"UNSIGNED PCM",8,0,8000,0,0`},
				{5, alaw, []int{8000}, `5,"G.711A",8,0,8000,0,0`},
			},
			answers: map[string]string{"+VTX=?": "", "+VRX=?": "", "+VLS=?": "(0,1,2,4,6)"},
			refused: []string{"+VTR", "+VTR=?", "+VRID", "+VDR"},
			sources: []int{0, 1, 2, 4, 6},
			// Its loop is not watched: only a busy tone tells that the other has gone.
			endReceive: "!", connected: "VCON", voiceEnd: "VCON",
			keys: keyOnce, callerEqual: " = ", flow: true, txRoom: 1024, rxRoom: 1024,
		},
	}
}
