package console

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"vaad/access"
	"vaad/api"
	"vaad/calls/prompt"
)

// Prompts finds, replaces and removes prompts: [prompt.Store], which WAV gives
// heads to.
type Prompts interface {
	List() []prompt.Entry
	WAV(lang, name string) ([]byte, error)
	Put(lang, name string, recording []byte) error
	Remove(lang, name string) error
}

// maxPrompt is the largest recording that is taken, some minutes of any format.
const maxPrompt = 16 << 20

func (s *Server) prompts(_ context.Context, _ *empty) (*body[api.Page[api.Prompt]], error) {
	if s.cfg.Prompts == nil {
		return nil, fail("not-available", "")
	}
	out := &body[api.Page[api.Prompt]]{api.Page[api.Prompt]{Items: []api.Prompt{}}}
	for _, e := range s.cfg.Prompts.List() {
		p := api.Prompt{Name: e.Name, Lang: e.Lang, Text: e.Text, Source: string(e.Source), Length: round(e.Length.Seconds(), 2), Trouble: e.Trouble}
		if e.Source == prompt.Missing {
			p.Source = "missing"
		}
		out.Body.Items = append(out.Body.Items, p)
	}
	return out, nil
}

// PromptInput names a prompt.
type PromptInput struct {
	Lang string `query:"lang" maxLength:"16" doc:"Language of the prompt; absent: the site's"`
	Name string `query:"name" required:"true" minLength:"1" maxLength:"64" doc:"Its name, as queue/please-wait"`
}

// lang is the language that is meant: as in playing, the site's where none is said.
func (s *Server) lang(in *PromptInput) string { return cmp.Or(in.Lang, s.cfg.Site().Language) }

func (s *Server) promptAudio(_ context.Context, in *PromptInput) (stream, error) {
	if s.cfg.Prompts == nil {
		return nil, fail("not-available", "")
	}
	file, err := s.cfg.Prompts.WAV(s.lang(in), in.Name)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "audio/wav")
		w.Header().Set("Content-Length", strconv.Itoa(len(file)))
		_, _ = w.Write(file) // the receiver may be gone
	}, nil
}

// PromptPutInput is a recording of a prompt.
type PromptPutInput struct {
	PromptInput
	RawBody []byte `contentType:"audio/wav"`
}

func (s *Server) promptPut(ctx context.Context, in *PromptPutInput) (*done, error) {
	recording := append([]byte{}, in.RawBody...) // the framework takes its buffer back
	return s.onPrompt(ctx, &in.PromptInput, "put", func() error { return s.cfg.Prompts.Put(s.lang(&in.PromptInput), in.Name, recording) })
}

func (s *Server) promptRemove(ctx context.Context, in *PromptInput) (*done, error) {
	return s.onPrompt(ctx, in, "remove", func() error { return s.cfg.Prompts.Remove(s.lang(in), in.Name) })
}

// onPrompt changes a prompt: all lines hear it.
func (s *Server) onPrompt(ctx context.Context, in *PromptInput, act string, do func() error) (*done, error) {
	if s.cfg.Prompts == nil {
		return nil, fail("not-available", "")
	}
	object := "prompts/" + s.lang(in) + "/" + in.Name
	if !who(ctx).scope.Everywhere(access.SettingsWrite) {
		s.denied(ctx, access.SettingsWrite, object, 0)
		return nil, fail("forbidden", "prompts are heard on every line, also on those outside your groups")
	}
	e := access.Entry{Verb: access.SettingsWrite, Object: object, Detail: map[string]string{"act": act}}
	if err := s.act(ctx, e, func(*access.Entry) error { return do() }); err != nil {
		return nil, err
	}
	return &done{}, nil
}
