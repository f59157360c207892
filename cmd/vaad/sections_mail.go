package main

import (
	"errors"
	"fmt"
	"net/mail"
	"path/filepath"
	"strings"

	"vaad/messaging/post"
	"vaad/settings"
)

// mailDoc is the server that takes mail of this box.
type mailDoc struct {
	Server       string `json:"server"`        // name or address; "" = none
	Port         int    `json:"port"`          // 0 = 587, with tls 465, with none 25
	Security     string `json:"security"`      // starttls, tls or none
	User         string `json:"user"`          // "" = it asks for none
	PasswordFile string `json:"password_file"` // file that the password stands in; never the password itself
	From         string `json:"from"`          // address that mail comes from
}

// mailSections is the part of the settings that is about sending mail.
type mailSections struct {
	mail settings.Section[mailDoc]
}

func newMailSections() mailSections {
	return mailSections{settings.NewSection("mail", mailDoc{Security: post.StartTLS}, mailDoc.validate)}
}

func (m mailDoc) validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if strings.ContainsAny(m.Server, " /@:") && strings.Count(m.Server, ":") < 2 {
		bad("server", "%q: give its name or address only; the port has a key of its own", m.Server)
	}
	if m.Port < 0 || m.Port > 65535 {
		bad("port", "%d is not within 0 to 65535", m.Port)
	}
	switch m.Security {
	case post.StartTLS, post.TLS, post.Plain:
	default:
		bad("security", "%q is not known; use starttls, tls or none", m.Security)
	}
	if m.User != "" && m.PasswordFile == "" {
		errs = append(errs, &settings.Coded{Key: "password_file", Text: fmt.Sprintf("missing; %q needs a password", m.User), Code: "required"})
	}
	if m.User != "" && m.Security == post.Plain {
		errs = append(errs, &settings.Coded{Key: "security", Text: fmt.Sprintf("none: the password of %q would be sent in the clear", m.User), Code: "in-clear"})
	}
	if m.PasswordFile != "" && !filepath.IsAbs(m.PasswordFile) {
		bad("password_file", "%q: give the whole path of a file, from /", m.PasswordFile)
	}
	if _, err := mail.ParseAddress(m.From); err != nil && (m.From != "" || m.Server != "") {
		bad("from", "%q is no address", m.From)
	}
	return errors.Join(errs...)
}

func (m mailDoc) server() post.Server {
	return post.Server{Host: m.Server, Port: m.Port, Security: m.Security, User: m.User, Password: m.PasswordFile, From: m.From}
}
