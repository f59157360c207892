package main

import (
	"errors"
	"testing"
	"testing/synctest"

	"vaad/firmware/wire"
)

func TestAStartByUdevIsForOneAppearance(t *testing.T) {
	b := &bus{}
	b.set(bank("1-1"), bank("1-2"))
	for came, want := range map[string]string{
		"1-1:1":       wire.DeviceDenied, // of a bus whose devices cannot be opened
		"1-1:7":       "",                // it is another by now
		"3-1:1":       "",
		"1-1":         wire.BadRequest,
		"1-1:one":     wire.BadRequest,
		"":            wire.DeviceDenied,
		"1-1:1:extra": wire.BadRequest,
	} {
		var e *wire.Error
		var err error
		synctest.Test(t, func(t *testing.T) { _, err = (&loadCmd{Came: came}).load(t.Context(), loader(t, b)) })
		if errors.As(err, &e); want == "" && err != nil || want != "" && (e == nil || e.Code != want) {
			t.Errorf("%q: %v, want %q", came, err, want)
		}
	}
}
