package main

import (
	"errors"
	"io"

	"vaad/api"
)

type promptsCmd struct {
	List   promptListCmd   `cmd:"" default:"withargs"`
	Save   promptSaveCmd   `cmd:""`
	Put    promptPutCmd    `cmd:""`
	Remove promptRemoveCmd `cmd:""`
}

type promptListCmd struct {
	Language string `placeholder:"LANG"`
	Missing  bool
}

// Run lists what vaad can say or play.
func (c promptListCmd) Run(s *session) error {
	all, err := s.client.Prompts(s.ctx)
	if err != nil {
		return err
	}
	var some []api.Prompt
	for _, p := range all {
		if (c.Language == "" || p.Lang == c.Language) && (!c.Missing || p.Source == "missing" || p.Trouble != "") {
			some = append(some, p)
		}
	}
	if s.cli.JSON {
		return objects(s, some)
	}
	t := s.table("language", "name", "duration", "source", "text")
	for _, p := range some {
		length := p.Length
		text := printable(p.Text)
		if p.Trouble != "" {
			text = printable(p.Trouble)
		}
		seconds := ""
		if length > 0 {
			seconds = number(&length, 1, " s")
		}
		t.row(p.Lang, p.Name, seconds, s.code("prompt-source", p.Source), text)
	}
	return s.list(t, "cli.no-prompts")
}

// promptNamed names a prompt. A language that is not given is the site's, as in announce.
type promptNamed struct {
	Name     string `arg:""`
	Language string `placeholder:"LANG"`
}

type promptSaveCmd struct {
	promptNamed
	Out string `short:"o" required:"" type:"path" placeholder:"FILE"`
}

func (c promptSaveCmd) Run(s *session) error {
	return s.save(c.Out, false, func(w io.Writer) error {
		_, err := s.client.PromptAudio(s.ctx, c.Language, c.Name, w)
		return err
	})
}

// maxPrompt is the largest recording that the daemon takes.
const maxPrompt = 16 << 20

type promptPutCmd struct {
	promptNamed
	File string `arg:"" placeholder:"FILE"`
}

func (c promptPutCmd) Run(s *session) error {
	in, err := s.open(c.File)
	if err != nil {
		return err
	}
	recording, err := io.ReadAll(io.LimitReader(in, maxPrompt+1))
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	return s.client.PutPrompt(s.ctx, c.Language, c.Name, recording)
}

type promptRemoveCmd struct{ promptNamed }

func (c promptRemoveCmd) Run(s *session) error {
	return s.client.RemovePrompt(s.ctx, c.Language, c.Name)
}
