package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"vaad/api"
	"vaad/api/text"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "unknown"

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
	exitUnreachable
)

// cli is every command. Flags of the whole program stand first.
type cli struct {
	Root   string `env:"VAAD_ROOT" type:"path" placeholder:"DIR"`
	Socket string `type:"path" placeholder:"FILE"`
	remoteFlags
	JSON bool   `name:"json"`
	Lang string `placeholder:"LANG"`

	KeysFrom  string `name:"keys" type:"path" placeholder:"DIR"`
	MasterKey string `name:"master-key" type:"path" placeholder:"FILE"`

	Version kong.VersionFlag

	Status     statusCmd     `cmd:""`
	Boards     boardsCmd     `cmd:""`
	Lines      linesCmd      `cmd:""`
	Recordings recordingsCmd `cmd:""`
	Calls      callsCmd      `cmd:""`
	Why        whyCmd        `cmd:""`
	Show       showCmd       `cmd:""`
	Play       playCmd       `cmd:""`
	Export     exportCmd     `cmd:""`
	Exports    exportsCmd    `cmd:""`
	Searches   searchesCmd   `cmd:""`
	Share      shareCmd      `cmd:""`
	Note       noteCmd       `cmd:""`
	Mark       markCmd       `cmd:""`
	Start      startCmd      `cmd:""`
	Stop       stopCmd       `cmd:""`
	Pause      pauseCmd      `cmd:""`
	Resume     resumeCmd     `cmd:""`
	Listen     listenCmd     `cmd:""`
	Flight     flightCmd     `cmd:""`
	Pcap       pcapCmd       `cmd:""`
	Ladder     ladderCmd     `cmd:""`
	Redecode   redecodeCmd   `cmd:""`
	Call       callCmd       `cmd:""`
	Legs       legsCmd       `cmd:""`
	Answer     answerCmd     `cmd:""`
	Hangup     hangupCmd     `cmd:""`
	Hold       holdCmd       `cmd:""`
	Unhold     unholdCmd     `cmd:""`
	Bridge     bridgeCmd     `cmd:""`
	Unbridge   unbridgeCmd   `cmd:""`
	Conference conferenceCmd `cmd:""`
	Transfer   transferCmd   `cmd:""`
	ListenIn   listenInCmd   `cmd:""`
	Whisper    whisperCmd    `cmd:""`
	Barge      bargeCmd      `cmd:""`
	Role       roleCmd       `cmd:""`
	Announce   announceCmd   `cmd:""`
	Keys       keysCmd       `cmd:""`
	Prompts    promptsCmd    `cmd:""`
	Get        getCmd        `cmd:""`
	Set        setCmd        `cmd:""`
	Settings   settingsCmd   `cmd:""`
	Profile    profileCmd    `cmd:""`
	Rules      rulesCmd      `cmd:""`
	Learn      learnCmd      `cmd:""`
	TestLine   testLineCmd   `cmd:""`
	Alarms     alarmsCmd     `cmd:""`
	Audit      auditCmd      `cmd:""`
	Network    networkCmd    `cmd:""`
	Setup      setupCmd      `cmd:""`
	Remotes    remoteCmd     `cmd:"" name:"remote"`
	Logs       logsCmd       `cmd:""`
	System     systemCmd     `cmd:""`
	Users      usersCmd      `cmd:""`
	Passwd     passwdCmd     `cmd:""`
	LoginLink  loginLinkCmd  `cmd:"" name:"login-link"`
	Sessions   sessionsCmd   `cmd:""`
	Tokens     tokensCmd     `cmd:""`
	Reindex    reindexCmd    `cmd:""`
	Verify     verifyCmd     `cmd:""`
	Evidence   evidenceCmd   `cmd:""`
	Encryption encryptionCmd `cmd:""`
	Jobs       jobsCmd       `cmd:""`
	Backup     backupCmd     `cmd:""`
	Restore    restoreCmd    `cmd:""`
	Assurance  assuranceCmd  `cmd:""`

	Protect   protectCmd   `cmd:""`
	Unprotect unprotectCmd `cmd:""`
	LegalHold legalHoldCmd `cmd:""`
	Release   releaseCmd   `cmd:""`
	Class     classCmd     `cmd:""`
	Trash     trashCmd     `cmd:""`
	Undelete  undeleteCmd  `cmd:""`
	Erase     eraseCmd     `cmd:""`
	Undo      undoCmd      `cmd:""`
	Storage   storageCmd   `cmd:""`
	Retention retentionCmd `cmd:""`
	Tidy      tidyCmd      `cmd:""`
	Approvals approvalsCmd `cmd:""`
	Erasures  erasuresCmd  `cmd:""`

	Analyse     analyseCmd     `cmd:""`
	Transcode   transcodeCmd   `cmd:""`
	Replay      replayCmd      `cmd:""`
	Firmware    firmwareCmd    `cmd:""`
	Doctor      doctorCmd      `cmd:""`
	Spectrogram spectrogramCmd `cmd:""`
}

// A session is what every command runs with.
type session struct {
	ctx    context.Context
	client *api.Client
	cli    *cli
	lang   string
	out    io.Writer
	err    io.Writer
	in     io.Reader
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// exit is how a command line that only asks for help ends.
type exit int

// run is the whole program, for main and for tests.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) (code int) {
	var c cli
	lang := languageIn(args)
	parser, err := kong.New(&c, kong.Name("vaactl"), kong.Vars{"version": version}, kong.Writers(out, errs), kong.Help(help(lang)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(n int) { panic(exit(n)) }))
	if err != nil {
		tell(errs, "vaactl:", err)
		return exitFailed
	}
	describe(parser.Model, lang)
	defer func() {
		if v := recover(); v != nil {
			n, ok := v.(exit)
			if !ok {
				panic(v)
			}
			code = int(n)
		}
	}()
	k, err := parser.Parse(args)
	if err != nil {
		tell(errs, "vaactl:", mistake(lang, err.Error()))
		command := "vaactl"
		var pe *kong.ParseError
		if errors.As(err, &pe) && pe.Context != nil && pe.Context.Command() != "" {
			command, _, _ = strings.Cut(command+" "+pe.Context.Command(), " <")
		}
		tell(errs, text.Text(lang, "usage.see", text.Args{"command": command}))
		return exitUsage
	}
	s := &session{ctx: ctx, cli: &c, lang: lang, out: out, err: errs, in: in}
	if !strings.HasPrefix(k.Command(), "remote ") { // which mends what cannot be connected to
		if err := s.connect(); err != nil {
			return s.report(err)
		}
	}
	return s.report(k.Run(s))
}

// report prints an error with its remedy and turns it into an exit code.
func (s *session) report(err error) int {
	var connect *api.ConnectError
	var problem *api.Problem
	var usage usageError
	switch {
	case err == nil || errors.Is(err, errStopped):
		return exitOK
	case errors.Is(err, syscall.EPIPE): // the reader of our output has seen enough
		return exitOK
	case s.ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitOK // stopped by the user
	case errors.As(err, &usage):
		tell(s.err, "vaactl:", err)
		return exitUsage
	case errors.As(err, &connect):
		tell(s.err, "vaactl:", s.t("cli.unreachable", "where", connect.Where, "reason", connect.Err.Error()))
		tell(s.err, s.t("cli.unreachable-"+connect.Code))
		return exitUnreachable
	case errors.As(err, &problem):
		tell(s.err, "vaactl:", s.problem(*problem))
		return exitFailed
	default:
		tell(s.err, "vaactl:", s.explain(err))
		return exitFailed
	}
}

// problem is what the daemon answered, with its line in the user's language.
func (s *session) problem(p api.Problem) string {
	line := strconv.Itoa(p.Line)
	if p.Line > 0 && !strings.Contains(p.Detail, "line "+line) {
		p.Title = s.t("cli.at-line", "text", p.Title, "line", line)
	}
	p.Line = 0
	for i, e := range p.Errors {
		if param, ok := strings.CutPrefix(e.Location, "query."); ok { // our flags are called like the parameters
			p.Errors[i].Location = "--" + strings.ReplaceAll(param, "_", "-")
		}
	}
	return p.Error()
}

// tell prints for people; when that fails there is nobody to tell it to.
func tell(w io.Writer, a ...any) { _, _ = fmt.Fprintln(w, a...) }

// errStopped ends a stream that has delivered what was asked for.
var errStopped = errors.New("done")

// usageError is a mistake on the command line that the parser cannot see.
type usageError struct{ error }

func (s *session) usage(key string, args ...string) error {
	return usageError{errors.New(s.t("usage."+key, args...))}
}
