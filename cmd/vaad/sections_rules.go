package main

import (
	"fmt"

	"vaad/recorder/rules"
	"vaad/settings"
)

// rulesSections are the parts of the settings that say which calls are recorded.
type rulesSections struct {
	rules     settings.Section[rules.Doc]
	calendars settings.Section[map[string]rules.Calendar]
	numbers   settings.Section[map[string]rules.List]
}

func newRulesSections() rulesSections {
	none := []string{}
	return rulesSections{
		rules: settings.NewSection("rules", rules.Doc{Internal: none, List: []rules.Rule{}}, rules.Doc.Validate),
		calendars: settings.NewMap("calendars", func(string) rules.Calendar {
			return rules.Calendar{Mon: none, Tue: none, Wed: none, Thu: none, Fri: none, Sat: none, Sun: none, Holidays: none, Holiday: none, Days: []rules.Day{}}
		}, func(key string, c rules.Calendar) error { return named(key, c.Validate()) }),
		numbers: settings.NewMap("number_lists", func(string) rules.List { return rules.List{Numbers: none} },
			func(key string, l rules.List) error { return named(key, l.Validate()) }),
	}
}

// named is what is wrong with an element, its name first.
func named(key string, err error) error {
	if bad := rules.BadName(key); bad != nil {
		return fmt.Errorf(": %w", bad)
	}
	return err
}

// rulesIn makes the rules of one state of the settings.
func (s sections) rulesIn(v settings.View) (*rules.Set, error) {
	groups := s.groups.In(v)
	known := func(g string) bool { _, ok := groups[g]; return ok }
	return rules.New(s.rules.In(v), s.calendars.In(v), s.numbers.In(v), known, s.site.In(v).location())
}
