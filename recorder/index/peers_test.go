package index

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vaad/recorder/archive"
)

var beside = flag.String("beside", "", "with -full: the folder where recordings and the peers' databases are kept between runs")

var alone = flag.Bool("alone", false, "with -full and -beside: without the peers")

// A peer is a database that finds the same recordings by SQL, with the indexes
// that its manual recommends. Programs of their own, so that they judge our
// answers as well as our speed.
type peer struct {
	name  string
	like  string // case-folding LIKE
	trgm  func(column, pattern string) string
	plan  string // what explains a query
	in    io.WriteCloser
	out   *bufio.Reader
	stop  func()
	bytes func() int64
}

// columns of the peers' table, in the order of its file.
const peerColumns = `id text primary key, start bigint, samples bigint, line integer, line_name text, board text, direction text, caller text, called text,
 caller_name text, trig text, codec text, sides text, state text, outcome text, answered_by text, ended_by text, call text, conversation text, protected integer,
 held integer, simulated integer, recovered integer, gaps integer, marked integer, actors text, words text`

// peerIndexes serve the questions of kinds; %s is what makes prefixes of text searchable.
const peerIndexes = `
create index rec_start on rec(start, id);
create index rec_line on rec(line, start, id);
create index rec_caller on rec(caller %[1]s, start, id);
create index rec_called on rec(called %[1]s, start, id);
create index rec_call on rec(call);
create index rec_conversation on rec(conversation);
create index rec_board on rec(board, start, id);
create index rec_outcome on rec(outcome, start, id);
create index rec_ended on rec(ended_by, start, id);
create index rec_trigger on rec(trig, start, id);
create index rec_codec on rec(codec, start, id);
create index rec_samples on rec(samples, start, id);
create index rec_trash on rec(start, id) where state = 'trash';
create index rec_protected on rec(start, id) where protected = 1;
create index rec_held on rec(start, id) where held = 1;
create index rec_gaps on rec(start, id) where gaps > 0;
create index rec_recovered on rec(start, id) where recovered = 1;
create index rec_simulated on rec(start, id) where simulated = 1;
create index rec_marked on rec(start, id) where marked = 1;
`

// ask puts a query and returns its lines.
func (p *peer) ask(t testing.TB, sql string) []string {
	t.Helper()
	end := "select '==end==';\n"
	if _, err := io.WriteString(p.in, sql+";\n"+end); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	var lines []string
	for {
		l, err := p.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %v after %q, asked %s", p.name, err, lines, sql)
		}
		if l = strings.TrimRight(l, "\n"); l == "==end==" {
			return lines
		}
		lines = append(lines, l)
	}
}

func (p *peer) talk(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReaderSize(out, 1<<20)
	before := p.stop
	p.stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
		if before != nil {
			before()
		}
	}
}

// sqlite opens dir/sqlite.db, and fills it from the file of rows if it is new.
func sqlite(t testing.TB, dir, tsv string) *peer {
	db := filepath.Join(dir, "sqlite.db")
	_, err := os.Stat(db + ".complete")
	fresh := err != nil
	if fresh {
		_ = os.Remove(db)
	}
	p := &peer{name: "SQLite", like: "like", plan: "explain query plan ",
		trgm: func(c, pattern string) string {
			return "rowid in (select rowid from fts where " + c + " like '" + pattern + "')"
		},
		bytes: func() int64 { fi, _ := os.Stat(db); return fi.Size() }}
	p.talk(t, exec.Command("sqlite3", "-batch", db))
	p.ask(t, "pragma mmap_size=2000000000; pragma cache_size=-500000; pragma temp_store=2; pragma journal_mode=wal; pragma synchronous=normal")
	if fresh {
		p.ask(t, "create table rec("+peerColumns+")")
		if _, err := fmt.Fprintf(p.in, ".mode ascii\n.separator \"\\t\" \"\\n\"\n.import %s rec\n.mode list\n", tsv); err != nil {
			t.Fatal(err)
		}
		p.ask(t, fmt.Sprintf(peerIndexes, "")+"create virtual table fts using fts5(caller, called, line_name, caller_name, actors, words, content='rec', tokenize='trigram', detail='none');"+
			"insert into fts(fts) values('rebuild'); analyze; pragma wal_checkpoint(truncate)")
		if err := os.WriteFile(db+".complete", nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// postgres starts a server on dir/pg, and fills it if it is new.
func postgres(t testing.TB, dir, tsv string) *peer {
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(bins) == 0 {
		t.Skip("PostgreSQL is not installed")
	}
	bin, data, sock := bins[len(bins)-1], filepath.Join(dir, "pg"), filepath.Join(dir, "s")
	run := func(args ...string) *exec.Cmd {
		if os.Getuid() == 0 { // a server that root started refuses
			args = append([]string{"runuser", "-u", "postgres", "--"}, args...)
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		return cmd
	}
	must := func(cmd *exec.Cmd) {
		t.Helper()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
	}
	_, err := os.Stat(filepath.Join(dir, "pg.complete"))
	fresh := err != nil
	if fresh {
		must(exec.Command("rm", "-rf", data, sock))
		for _, d := range []string{data, sock} {
			if err := os.Mkdir(d, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if os.Getuid() == 0 {
			must(exec.Command("chown", "postgres", data, sock))
		}
		must(run(filepath.Join(bin, "initdb"), "-D", data, "-E", "UTF8", "--locale=C", "-A", "trust"))
	}
	opts := "-k " + sock + " -c listen_addresses='' -c shared_buffers=1GB -c work_mem=64MB -c maintenance_work_mem=1GB -c random_page_cost=1.1 -c max_wal_size=8GB -c effective_cache_size=8GB"
	must(run(filepath.Join(bin, "pg_ctl"), "-D", data, "-w", "-l", filepath.Join(sock, "log"), "-o", opts, "start"))
	p := &peer{name: "PostgreSQL", like: "ilike", plan: "explain ", trgm: func(c, pattern string) string { return c + " ilike '" + pattern + "'" }}
	p.stop = func() { must(run(filepath.Join(bin, "pg_ctl"), "-D", data, "-m", "fast", "-w", "stop")) }
	psql := run(filepath.Join(bin, "psql"), "-X", "-q", "-A", "-t", "-h", sock, "-U", userOf(), "-d", "postgres", "-v", "ON_ERROR_STOP=1")
	p.talk(t, psql)
	if fresh {
		p.ask(t, "create extension pg_trgm; create table rec("+peerColumns+")")
		if _, err := fmt.Fprintf(p.in, "\\copy rec from '%s'\n", tsv); err != nil {
			t.Fatal(err)
		}
		p.ask(t, fmt.Sprintf(peerIndexes, "text_pattern_ops")+
			"create index rec_letters on rec using gin (caller gin_trgm_ops, called gin_trgm_ops, line_name gin_trgm_ops, caller_name gin_trgm_ops, actors gin_trgm_ops, words gin_trgm_ops); vacuum analyze rec")
		if err := os.WriteFile(filepath.Join(dir, "pg.complete"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.bytes = func() int64 {
		var n int64
		_, _ = fmt.Sscan(p.ask(t, "select pg_total_relation_size('rec')")[0], &n)
		return n
	}
	return p
}

func userOf() string {
	if os.Getuid() == 0 {
		return "postgres"
	}
	return os.Getenv("USER")
}

// writeTSV writes the rows of a site as the peers read them.
func (s *site) writeTSV(path string) (rows int) {
	f, err := os.Create(path)
	if err != nil {
		s.t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	day, order, known := archive.Day(""), []string(nil), map[string]*Row{}
	flush := func() {
		for _, id := range order {
			r := known[id]
			if _, err := w.WriteString(tsvOf(r)); err != nil {
				s.t.Fatal(err)
			}
		}
		rows += len(order)
		order, known = order[:0], map[string]*Row{}
	}
	err = s.journals().Lines(context.Background(), nil, func(l *archive.JournalLine) error {
		if l.Day != day {
			flush()
			day = l.Day
		}
		if l.Seal != nil {
			known[l.ID] = sealed(l)
			order = append(order, l.ID)
		} else if r := known[l.ID]; r != nil {
			known[l.ID] = r.with(l)
		}
		return nil
	}, nil)
	flush()
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Chmod(path, 0o644) // the server of PostgreSQL is another user
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return rows
}

func tsvOf(r *Row) string {
	bit := func(b bool) string {
		if b {
			return "1"
		}
		return "0"
	}
	var words []string
	for _, n := range r.Notes {
		words = append(words, n.Text)
	}
	for _, m := range r.Marks {
		words = append(words, m.Text)
	}
	all := strings.ToLower(strings.Join(append(words, r.LineName, r.CallerName, r.Caller, r.Called), " "))
	return strings.Join([]string{r.ID, fmt.Sprint(nanos(r.Start)), fmt.Sprint(r.Samples), fmt.Sprint(r.Line), r.LineName, r.Board, r.Direction, r.Caller, r.Called,
		r.CallerName, r.Trigger, r.Codec, strings.Join(r.Sides, ","), r.State, r.Outcome, r.AnsweredBy, r.EndedBy, r.Call, r.Conversation, bit(r.Protected), bit(r.Held),
		bit(r.Simulated), bit(r.Recovered), fmt.Sprint(r.Gaps), bit(len(r.Marks) > 0), strings.Join(r.Actors, " "), all}, "\t") + "\n"
}
