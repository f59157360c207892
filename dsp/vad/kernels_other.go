//go:build !amd64 || purego

package vad

func restAVX2(p *[lines]float32, total float32) float32 { return rest(p, total) }

func levelsAVX2(t *[5][lanes]float32, level, before, power *[lanes]float32) {
	levels((*tracks)(t), level, before, power)
}

func scoreAVX2(s *[scores]float32, hidden *[units]float32, unit *[seen + 1][units]float32, w *[units + 1][scores]float32, now *[lanes]float32) {
	score(s, hidden, unit, w, now)
}

func oddsAVX2(judge *[told + 1][judges]float32, final *[judges + 1]float32, x *[told]float32) float32 {
	return odds(judge, final, x)
}
