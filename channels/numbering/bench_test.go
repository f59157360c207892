package numbering

import (
	"fmt"
	"testing"
)

func BenchmarkMatchOfThousandPatterns(b *testing.B) {
	all := make([]string, MaxPatterns)
	for i := range all {
		all[i] = fmt.Sprintf("1%03dxxxx", i)
	}
	p := plan(b, all...)
	for b.Loop() {
		p.Match("1999123#")
	}
}
