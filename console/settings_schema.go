package console

import (
	"context"
	"strconv"
	"strings"

	"vaad/api"
	"vaad/api/text"
	"vaad/settings"
)

// schema describes all settings in the caller's language.
func (s *Server) schema(ctx context.Context, _ *empty) (*body[api.SettingsSchema], error) {
	d, lang := s.cfg.Settings, languageOf(ctx)
	out := api.SettingsSchema{Version: d.Version(), Fixed: []string{}}
	fixed, by := d.Fixed()
	out.Fixed = append(out.Fixed, fixed...)
	if len(fixed) > 0 {
		out.FixedBy = by
	}
	for _, n := range d.Schema() {
		k := keyOf(lang, &n)
		markFixed(&k, fixed)
		out.Sections = append(out.Sections, k)
	}
	return &body[api.SettingsSchema]{out}, nil
}

// SettingWords is the key of the catalogue that has words for a key of the settings:
// places in maps and lists are left out of its pattern.
func SettingWords(pattern string) string {
	return "setting." + strings.ReplaceAll(pattern, ".*", "")
}

func keyOf(lang string, n *settings.Node) api.SettingKey {
	words, h := SettingWords(n.Path), &n.Hint
	k := api.SettingKey{Path: n.Path, Kind: n.Kind, Default: n.Default, Form: h.Form, Unit: h.Unit, Refs: h.Refs, Optional: h.Optional, Restart: h.Restart}
	if !strings.HasSuffix(n.Path, ".*") { // an element has the words of what it is in
		k.Title = keyTitle(lang, n.Path)
		k.Help, _ = text.Lookup(lang, words+".help")
	}
	if h.Min != h.Max {
		low, high := h.Min, h.Max
		k.Min, k.Max = &low, &high
	}
	group := h.Words
	if group == "" {
		group = words + ".value"
	}
	for _, v := range h.Choices {
		k.Choices = append(k.Choices, api.SettingChoice{Value: v, Text: text.Code(lang, group, v)})
	}
	for _, v := range h.Also {
		n := strconv.FormatInt(v, 10)
		k.Choices = append(k.Choices, api.SettingChoice{Value: n, Text: text.Code(lang, group, n)})
	}
	if h.Optional {
		none, ok := text.Lookup(lang, words+".none")
		if !ok {
			none = text.Text(lang, "setting.none", nil)
		}
		k.None = none
	}
	for _, w := range h.When {
		k.When = append(k.When, api.SettingWhen{Key: w.Key, Is: w.Is})
	}
	for i := range n.Fields {
		k.Fields = append(k.Fields, keyOf(lang, &n.Fields[i]))
	}
	if n.Item != nil {
		item := keyOf(lang, n.Item)
		k.Item = &item
	}
	return k
}

// keyTitle is the name of a key; one without words is called by the key.
func keyTitle(lang, pattern string) string {
	if s, ok := text.Lookup(lang, SettingWords(pattern)); ok {
		return s
	}
	return pattern[strings.LastIndexByte(pattern, '.')+1:]
}

func markFixed(k *api.SettingKey, fixed []string) {
	for _, f := range fixed {
		if f == k.Path || strings.HasPrefix(k.Path, f+".") {
			k.Fixed = true
		}
	}
	for i := range k.Fields {
		markFixed(&k.Fields[i], fixed)
	}
}

// faultSaid is what is wrong with a setting, in a language where there are words for it.
func faultSaid(lang string, f settings.Fault) api.ProblemError {
	out := api.ProblemError{Location: f.Path, Code: f.Code, Message: f.Text}
	if lang == text.English || f.Code == "" {
		return out
	}
	args := text.Args{}
	for k, v := range f.Args {
		if k == "section" {
			v = keyTitle(lang, v)
		}
		args[k] = v
	}
	if words, ok := text.Lookup(lang, "setting-fault."+f.Code); ok && words != "" {
		out.Message = strings.TrimSpace(text.Text(lang, "setting-fault."+f.Code, args))
	}
	return out
}
