package changelog

import (
	"testing"
	"testing/fstest"
)

func TestNewestVersionComesFirst(t *testing.T) {
	got := read(fstest.MapFS{"v1.9.0/b.md": {Data: []byte("b\n")}, "v1.10.0/a.md": {}, "unreleased/c.md": {}, "README.md": {}})
	if len(got) != 3 || got[0].Version != "unreleased" || got[1].Version != "v1.10.0" || got[2] != (Change{"v1.9.0", "b", "b"}) {
		t.Errorf("%+v", got)
	}
	if len(Changes()) == 0 {
		t.Error("nothing is new")
	}
}
