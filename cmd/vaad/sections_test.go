package main

import (
	"strings"
	"testing"

	"vaad/dsp/tone"
)

func TestUnknownCountryIsRefusedWithThoseThatAreKnown(t *testing.T) {
	for _, code := range tone.Countries() {
		if err := (siteDoc{Language: "en", Country: code}).validate(); err != nil {
			t.Errorf("%s: %v", code, err)
		}
	}
	for _, code := range []string{"", "c", "cn", "UK", "XX", "China"} {
		err := siteDoc{Language: "en", Country: code}.validate()
		if err == nil || !strings.Contains(err.Error(), "AE AG ") || !strings.Contains(err.Error(), " CN ") {
			t.Errorf("site.country %q: %v", code, err)
		}
		err = profileDoc{Country: code}.validate("pbx")
		if (err != nil) != (code != "") {
			t.Errorf("profiles.pbx.country %q: %v", code, err)
		}
	}
}
