package emulator

import (
	"slices"
	"strconv"
	"strings"
)

// settings are what commands set and ATZ sets back.
type settings struct {
	echo, verbose, quiet bool
	x                    int // how results of calls are told: 4 waits for dial tone and tells busy
	d                    int // what the host's closing the port does: 0 nothing, 2 hang up, 3 reset
	s                    [256]byte
	class                string
	format               int // index into Chip.formats
	rate                 int
	source               int // +VLS
	numbers              map[string][]int
}

// A number is a command that sets numbers within bounds.
type number struct {
	name   string
	least  []int
	most   []int
	begins []int
}

// numbers are those that every chip has unless it refuses them. Units are the
// standard's: levels 0…255 around 128, times in s, 0.1 s or 10 ms.
var numbers = []number{
	{"+VGR", []int{0}, []int{255}, []int{128}},
	{"+VGT", []int{0}, []int{255}, []int{128}},
	{"+VIT", []int{0}, []int{255}, []int{0}},
	{"+VSD", []int{0, 0}, []int{255, 255}, []int{128, 50}},
	{"+VRA", []int{0}, []int{255}, []int{50}},
	{"+VRN", []int{0}, []int{255}, []int{10}},
	{"+VDR", []int{0, 0}, []int{1, 255}, []int{0, 0}},
	{"+VCID", []int{0}, []int{2}, []int{0}},
	{"+VNH", []int{0}, []int{2}, []int{0}},
	{"+VTD", []int{1}, []int{500}, []int{10}},
	{"+IFC", []int{0, 0}, []int{2, 2}, []int{2, 2}},
	{"+ICF", []int{0, 0}, []int{6, 3}, []int{3, 3}},
	{"+GCI", []int{0}, []int{255}, []int{0}},
	{"+IPR", []int{0}, []int{921600}, []int{0}},
}

func defaults(c Chip) settings {
	s := settings{echo: true, verbose: true, x: 4, d: 2, class: "0", rate: c.formats[0].rates[0], numbers: map[string][]int{}}
	s.s[2], s.s[3], s.s[4], s.s[5], s.s[6], s.s[7], s.s[8], s.s[11] = 43, 13, 10, 8, 2, 50, 2, 95
	for _, n := range numbers {
		s.numbers[n.name] = slices.Clone(n.begins)
	}
	return s
}

// assign sets the numbers of a command: "128,50"; one that is left out stays.
func (n *number) assign(have []int, args string) bool {
	words := strings.Split(args, ",")
	if len(words) > len(have) {
		return false
	}
	fresh := slices.Clone(have)
	for i, w := range words {
		if w = strings.TrimSpace(w); w == "" {
			continue
		}
		base := 10
		if n.name == "+GCI" { // ITU-T V.250 says so
			base = 16
		}
		parsed, err := strconv.ParseInt(w, base, 32)
		v := int(parsed)
		if err != nil || v < n.least[i] || v > n.most[i] {
			return false
		}
		fresh[i] = v
	}
	copy(have, fresh)
	return true
}

func join(v []int) string {
	var w []string
	for _, x := range v {
		w = append(w, strconv.Itoa(x))
	}
	return strings.Join(w, ",")
}

// bounds is the answer to =?.
func (n *number) bounds() string {
	var w []string
	for i := range n.least {
		w = append(w, "("+strconv.Itoa(n.least[i])+"-"+strconv.Itoa(n.most[i])+")")
	}
	return strings.Join(w, ",")
}

// decibels is what a level of +VGR or +VGT means: 128 and what is near it changes
// nothing, every 8 steps beyond are 1.5 dB.
func decibels(level int) float64 { return float64((level-128)/8) * 1.5 }
