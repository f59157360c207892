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
	Root    string           `help:"Folder of the daemon; its socket is DIR/run/vaad.sock." env:"VAAD_ROOT" type:"path" placeholder:"DIR"`
	Socket  string           `help:"Socket of the daemon, where it is not below --root." type:"path" placeholder:"FILE"`
	Server  string           `help:"Address of the daemon instead of a socket, as http://127.0.0.1:8470; the link that the daemon printed will do." env:"VAAD_SERVER" placeholder:"URL"`
	Token   string           `help:"Token for --server, from the link that the daemon printed." env:"VAAD_TOKEN"`
	JSON    bool             `help:"Print one JSON object per line." name:"json"`
	Lang    string           `help:"Language: en or zh. Default: that of the environment." placeholder:"LANG"`
	Version kong.VersionFlag `help:"Print the version."`

	Status     statusCmd     `cmd:"" help:"Show the daemon at a glance."`
	Boards     boardsCmd     `cmd:"" help:"List boards, working or not."`
	Lines      linesCmd      `cmd:"" help:"List lines, or watch them live."`
	Recordings recordingsCmd `cmd:"" help:"Search recordings, newest first."`
	Calls      callsCmd      `cmd:"" help:"Search the call journal, newest first."`
	Why        whyCmd        `cmd:"" help:"Say how everything about a call is known, and why it is recorded or is not."`
	Show       showCmd       `cmd:"" help:"Show one recording and its story."`
	Play       playCmd       `cmd:"" help:"Play a recording with aplay, or write it to standard output."`
	Export     exportCmd     `cmd:"" help:"Save a recording as one WAV file."`
	Note       noteCmd       `cmd:"" help:"Write a note on a recording."`
	Mark       markCmd       `cmd:"" help:"Mark a moment of a recording."`
	Start      startCmd      `cmd:"" help:"Begin a recording by hand."`
	Stop       stopCmd       `cmd:"" help:"End a line's recording."`
	Listen     listenCmd     `cmd:"" help:"Save what is heard on a line, as it is heard."`
	Flight     flightCmd     `cmd:"" help:"Save what just happened on a line, as a frame log."`
	Get        getCmd        `cmd:"" help:"Show settings."`
	Set        setCmd        `cmd:"" help:"Change a setting, as in: set lines.3.trigger voltage."`
	Settings   settingsCmd   `cmd:"" help:"Export, import, list versions of, and roll back the settings."`
	Profile    profileCmd    `cmd:"" help:"Make, give, export and import what lines of one kind have in common."`
	Alarms     alarmsCmd     `cmd:"" help:"List alarms with what to do, or acknowledge one."`
	Audit      auditCmd      `cmd:"" help:"List who did what, newest first."`
	Reindex    reindexCmd    `cmd:"" help:"Make the index of recordings anew from the day journals, while the daemon runs."`
	Verify     verifyCmd     `cmd:"" help:"Check recordings against their journals, without the daemon."`

	Analyse     analyseCmd     `cmd:"" help:"List what is heard in audio files: keys, tones, caller IDs, voice, levels; without the daemon."`
	Transcode   transcodeCmd   `cmd:"" help:"Convert an audio file, without the daemon."`
	Replay      replayCmd      `cmd:"" help:"Play a frame log through today's detectors and say what they tell otherwise than was told; without the daemon."`
	Spectrogram spectrogramCmd `cmd:"" help:"Draw an audio file as a PNG: time, frequency, level; without the daemon."`
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
	parser, err := kong.New(&c, kong.Name("vaactl"), kong.Description("Command line of the vaad call recorder."),
		kong.Vars{"version": version}, kong.Writers(out, errs), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(n int) { panic(exit(n)) }))
	if err != nil {
		tell(errs, "vaactl:", err)
		return exitFailed
	}
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
		tell(errs, "vaactl:", err)
		var pe *kong.ParseError
		if errors.As(err, &pe) && pe.Context != nil && pe.Context.Command() != "" {
			tell(errs, "See: vaactl", pe.Context.Command(), "--help")
		} else {
			tell(errs, "See: vaactl --help")
		}
		return exitUsage
	}
	s := &session{ctx: ctx, cli: &c, lang: text.FromEnvironment(), out: out, err: errs, in: in}
	if c.Lang != "" {
		s.lang = text.Match(c.Lang)
	}
	s.client, err = api.New(api.Options{Root: c.Root, Socket: c.Socket, Server: c.Server, Token: c.Token, Lang: s.lang, Agent: "vaactl/" + version})
	if err != nil {
		tell(errs, "vaactl:", err)
		return exitUsage
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
		tell(s.err, "vaactl:", err)
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
	return p.Error()
}

// tell prints for people; when that fails there is nobody to tell it to.
func tell(w io.Writer, a ...any) { _, _ = fmt.Fprintln(w, a...) }

// errStopped ends a stream that has delivered what was asked for.
var errStopped = errors.New("done")

// usageError is a mistake on the command line that the parser cannot see.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }
