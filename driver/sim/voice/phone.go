package voice

// phone is a sound: a place of the tract, and what excites it.
type phone struct {
	f       [4]float64 // formants of an average man, Hz
	voiced  float64    // strength of the glottis, 0…1
	noise   float64    // strength of noise, 0…1
	hiss    float64    // centre of noise made at the teeth, Hz; 0: at the glottis
	seconds float64    // usual length of a consonant
}

// neutral is the tract at rest.
var neutral = [4]float64{500, 1500, 2500, 3500}

// vowels have the formants of G. Peterson and H. Barney, "Control methods used
// in a study of the vowels", J. Acoust. Soc. Am. 24 (1952), men; the fourth is
// assumed.
var vowels = []phone{
	{f: [4]float64{270, 2290, 3010, 3600}, voiced: 1},   // heed
	{f: [4]float64{390, 1990, 2550, 3600}, voiced: 1},   // hid
	{f: [4]float64{530, 1840, 2480, 3500}, voiced: 1},   // head
	{f: [4]float64{660, 1720, 2410, 3500}, voiced: 1},   // had
	{f: [4]float64{730, 1090, 2440, 3500}, voiced: 1},   // hod
	{f: [4]float64{570, 840, 2410, 3400}, voiced: 1},    // hawed
	{f: [4]float64{440, 1020, 2240, 3400}, voiced: 1},   // hood
	{f: [4]float64{300, 870, 2240, 3400}, voiced: 1},    // who'd
	{f: [4]float64{640, 1190, 2390, 3500}, voiced: 1},   // hud
	{f: [4]float64{490, 1350, 1690, 3300}, voiced: 0.9}, // heard
}

// onsets are the consonants before a vowel, with their parts in time.
var onsets = [][]phone{
	nil,
	{{seconds: 0.06}, {noise: 1, hiss: 3400, seconds: 0.02}},                // t
	{{seconds: 0.06}, {noise: 0.9, hiss: 1700, seconds: 0.03}},              // k
	{{seconds: 0.06}, {noise: 0.5, seconds: 0.02}},                          // p
	{{voiced: 0.1, seconds: 0.05}, {noise: 0.4, hiss: 3200, seconds: 0.01}}, // d
	{{voiced: 0.1, seconds: 0.05}, {noise: 0.2, seconds: 0.01}},             // b
	{{noise: 0.7, hiss: 3500, seconds: 0.1}},                                // s
	{{noise: 0.8, hiss: 2500, seconds: 0.1}},                                // sh
	{{noise: 0.5, seconds: 0.06}},                                           // h
	{{f: [4]float64{280, 1100, 2100, 3300}, voiced: 0.35, seconds: 0.07}},   // m
	{{f: [4]float64{280, 1600, 2500, 3300}, voiced: 0.35, seconds: 0.06}},   // n
	{{f: [4]float64{360, 1300, 2700, 3400}, voiced: 0.6, seconds: 0.06}},    // l
	{{f: [4]float64{300, 2200, 3000, 3500}, voiced: 0.6, seconds: 0.05}},    // y
	{{f: [4]float64{290, 650, 2200, 3300}, voiced: 0.6, seconds: 0.06}},     // w
}

// codas are the consonants after a vowel.
var codas = []phone{
	{f: [4]float64{280, 1600, 2500, 3300}, voiced: 0.35, seconds: 0.07}, // n
	{f: [4]float64{280, 1900, 2300, 3300}, voiced: 0.35, seconds: 0.08}, // ng
	{seconds: 0.07}, // an unreleased stop
	{noise: 0.6, hiss: 3500, seconds: 0.09},
}
