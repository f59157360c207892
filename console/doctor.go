package console

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/api/text"
)

// A DoctorFinding is one thing that the doctor found, in codes.
type DoctorFinding struct {
	Code, Severity string
	Args           map[string]string
}

// A DoctorView is what the doctor is told of the daemon, in the language of the caller.
type DoctorView struct {
	Boards []api.Board
	Lines  []api.Line
	Alarms []api.Alarm
}

// doctorPatience is how long the doctor may look.
const doctorPatience = 25 * time.Second

// diagnose lets the doctor look at the machine, as far as the daemon's user sees it.
func (s *Server) diagnose(ctx context.Context, in *Spoken) (*body[api.Diagnosis], error) {
	if s.cfg.Doctor == nil {
		return nil, fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Maintain, "doctor"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, doctorPatience)
	defer cancel()
	lang := text.Match(in.Lang)
	known := DoctorView{Boards: s.allBoards(lang), Lines: s.allLines(lang)}
	for _, a := range s.cfg.Alarms.Active() {
		known.Alarms = append(known.Alarms, alarmOf(a, lang))
	}
	found, err := s.cfg.Doctor(ctx, known)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fail("timeout", err.Error())
		}
		return nil, fail("doctor-failed", err.Error())
	}
	out := api.Diagnosis{Time: s.cfg.Now().UTC(), Worst: "ok", Items: []api.DoctorFinding{}}
	for i, f := range found {
		if i == 0 {
			out.Worst = f.Severity
		}
		d := api.DoctorFinding{Code: f.Code, Severity: f.Severity, Args: f.Args, Text: doctorWords(lang, &f, ""),
			Means: doctorWords(lang, &f, ".means"), Remedy: doctorWords(lang, &f, ".remedy")}
		d.Commands = commands(d.Remedy)
		out.Items = append(out.Items, d)
	}
	return &body[api.Diagnosis]{out}, nil
}

func doctorWords(lang string, f *DoctorFinding, part string) string {
	if _, ok := text.Lookup(lang, "doctor."+f.Code+part); !ok {
		return ""
	}
	return strings.TrimSpace(text.Text(lang, "doctor."+f.Code+part, f.Args))
}

// aCommand is a command in a remedy: a program that remedies name, and what follows
// it up to the end of the clause.
var aCommand = regexp.MustCompile(`(?:sudo |echo 1 > )?\b(?:modprobe|dkms|apt install|dahdi_cfg|vaad dahdi|vaactl|mokutil|systemctl|timedatectl|udevadm|systemd-sysusers|/usr/share/dahdi/xpp_fxloader|/sys/bus/dahdi_devices)[^,;:，。；：（）()]*`)

// prose ends a command where the sentence goes on without a mark.
var prose = regexp.MustCompile(`\s+(?:and|then|when|with|shows|writes|does|lists|makes|for|or|if|in|a|looks)\s.*$|\s*[\p{Han}].*$|[.]?(?:\s+[A-Z].*)?$`)

// placeholder is what is to be filled in: such a command cannot be copied as it is.
var placeholder = regexp.MustCompile(`\b[A-Z]{3,}\b|\{`)

// clauses tells commands apart that follow one another.
var clauses = strings.NewReplacer(" and ", "; ", " then ", "; ", "，然后", "; ", "，并", "; ")

// commands are those in a remedy that can be copied and run as they are.
func commands(remedy string) (all []string) {
	for _, c := range aCommand.FindAllString(clauses.Replace(remedy), 8) {
		c = strings.TrimSpace(prose.ReplaceAllString(strings.TrimSpace(c), ""))
		c = strings.TrimRight(c, ". ")
		if placeholder.MatchString(c) || !strings.Contains(c, " ") && c != "systemd-sysusers" || strings.HasPrefix(c, "/sys") || slices.Contains(all, c) {
			continue
		}
		all = append(all, c)
	}
	return all
}
