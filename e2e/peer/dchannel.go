package main

import (
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// dchannel sends frames on the D-channel of a span, 20 ms apart: LAPD without FCS,
// in hexadecimal. Its socket is held until the program ends.
func (l *lines) dchannel(id, span, words string) {
	n, err := strconv.Atoi(span)
	if err == nil {
		err = l.frames(n, strings.Fields(words))
	}
	if err != nil {
		l.answer(id, "error: "+err.Error())
		return
	}
	l.answer(id, "done")
}

func (l *lines) frames(span int, all []string) error {
	c := l.spans[span]
	if c == nil {
		var err error
		if c, err = net.Dial("unixpacket", filepath.Join(l.dir, fmt.Sprintf("span-%02d.dch.sock", span))); err != nil {
			return err
		}
		l.spans[span] = c
	}
	for _, f := range all {
		b, err := hex.DecodeString(f)
		if err != nil {
			return err
		}
		if _, err := c.Write(b); err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}
