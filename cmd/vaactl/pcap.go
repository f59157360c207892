package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

type pcapCmd struct {
	Span    spanArg `arg:""`
	Out     string  `short:"o" required:"" type:"path" placeholder:"FILE"`
	Seconds int
}

// spanArg is a span of a board, as card1/2.
type spanArg struct {
	board string
	span  int
}

// UnmarshalText reads BOARD/NUMBER.
func (a *spanArg) UnmarshalText(b []byte) error {
	board, number, ok := strings.Cut(string(b), "/")
	n, err := strconv.Atoi(number)
	if !ok || board == "" || err != nil || n < 1 {
		return fmt.Errorf("%q: want BOARD/NUMBER, as card1/2; vaactl boards lists them", b)
	}
	a.board, a.span = board, n
	return nil
}

// Run captures until it is interrupted; what came until then is kept.
func (c pcapCmd) Run(s *session) error {
	return s.save(c.Out, true, func(w io.Writer) error {
		_, err := s.client.Pcap(s.ctx, c.Span.board, c.Span.span, c.Seconds, w)
		return err
	})
}
