package api

import (
	"fmt"
	"net/http"
	"strings"
)

// ProblemType is the media type of errors (RFC 9457).
const ProblemType = "application/problem+json"

// A Problem is every error that the API answers with: RFC 9457 with a stable
// code, the line it is about, and what to do.
type Problem struct {
	Type   string `json:"type" doc:"urn:vaad:problem: and the code"`
	Title  string `json:"title" doc:"What kind of problem this is, in the caller's language"`
	Status int    `json:"status" doc:"HTTP status"`
	Detail string `json:"detail,omitempty" doc:"What happened here: the operation, where, and the cause (English)"`
	Code   string `json:"code" doc:"Stable name of this kind of problem"`
	Line   int    `json:"line,omitempty" doc:"Permanent number of the line it is about"`
	Remedy string `json:"remedy,omitempty" doc:"What to do, in the caller's language"`

	Errors []ProblemError `json:"errors,omitempty" nullable:"false" doc:"Each single fault, where there are several"`
}

// A ProblemError is one fault of several: of one parameter, one key of the
// settings.
type ProblemError struct {
	Location string `json:"location,omitempty" doc:"Where: body.text, query.limit, lines.3.trigger"`
	Message  string `json:"message" doc:"What is wrong there, in the caller's language; in English where there are no words for it"`
	Code     string `json:"code,omitempty" doc:"Of a setting: stable name of what is wrong, as range"`
	Value    any    `json:"value,omitempty" doc:"What was given"`
}

// Error says what failed and, on the next lines, each fault and what to do.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Summary())
	for _, e := range p.Errors {
		b.WriteString("\n  ")
		if e.Location != "" {
			b.WriteString(e.Location + ": ")
		}
		b.WriteString(e.Message)
	}
	if p.Remedy != "" {
		b.WriteString("\n" + p.Remedy)
	}
	return b.String()
}

// Summary is the problem in one line, without its remedy.
func (p *Problem) Summary() string {
	s := p.Title
	if s == "" {
		s = http.StatusText(p.Status)
	}
	if p.Line > 0 && !strings.Contains(p.Detail, fmt.Sprintf("line %d", p.Line)) {
		s += fmt.Sprintf(" (line %d)", p.Line)
	}
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	return s
}

// GetStatus is the HTTP status that the problem is answered with.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names the media type of problems for an answer that would
// otherwise be plain JSON.
func (p *Problem) ContentType(ct string) string {
	if ct == "application/json" {
		return ProblemType
	}
	return ct
}
