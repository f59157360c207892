package driver

// Taps returns the pairs of receive-only spans that hear one trunk, as indexes
// into Spans, the span that hears the network's side first. Spans that name no
// pair belong together two by two in their order.
func (in Info) Taps() (pairs [][2]int) {
	first := -1
	for i, s := range in.Spans {
		switch {
		case !s.Tap:
		case s.Pair != 0:
			if j := in.spanByNumber(s.Pair); !s.User && j >= 0 && j != i && in.Spans[j].Tap {
				pairs = append(pairs, [2]int{i, j})
			}
		case first < 0:
			first = i
		default:
			pairs = append(pairs, [2]int{first, i})
			first = -1
		}
	}
	return pairs
}

func (in Info) spanByNumber(number int) int {
	for i, s := range in.Spans {
		if s.Number == number {
			return i
		}
	}
	return -1
}
