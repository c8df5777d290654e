package completion

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"msg/internal/accounts"
	"msg/internal/addressbook"
	"msg/internal/answers"
	"msg/internal/config"
	"msg/internal/remote/sshhosts"
	"msg/internal/sessions"
)

// namesIn are the names on a machine where nobody is logged in, and no message waits.
func namesIn(home string) Names {
	return Names{
		Picture: func(context.Context) (sessions.Picture, error) { return sessions.Picture{}, nil },
		Book: func() (*addressbook.Book, error) {
			return addressbook.Load(config.Path, filepath.Join(home, ".config", "msg", "msg.toml"))
		},
		Groups:  accounts.GroupNames,
		Hosts:   func() []string { return sshhosts.Names(os.DirFS("/"), home) },
		Waiting: func(context.Context) ([]answers.Message, error) { return nil, nil },
	}
}

// offered is what a shell is told on a machine with these hosts and domains, where nobody
// is logged in.
func offered(t *testing.T, home, shell, line string) string {
	t.Helper()
	return answered(t, shell, line, namesIn(home))
}

func answered(t *testing.T, shell, line string, names Names) string {
	t.Helper()
	var out strings.Builder
	if err := program(t).Answer(t.Context(), &out, shell, line, names); err != nil {
		t.Errorf("%q: %v", line, err)
	}
	return out.String()
}

func homeWith(t *testing.T, files map[string]string) string {
	t.Helper()
	home := t.TempDir()
	for name, content := range files {
		name = filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

// afterTab is what each shell is offered.
var afterTab = []struct{ line, bash, zsh, fish string }{
	{"msg bob@qw", "eb1 eb2", "qweb1 qweb2", "bob@qweb1 bob@qweb2"},
	{"msg bob@root@qd", "b.lab", "qdb.lab", "bob@root@qdb.lab"},
	{"msg bob@@qla", "b", "@qlab", "bob@@qlab"},
	{"msg al,bob@qd", "b.lab", "qdb.lab", "al,bob@qdb.lab"},
	{"msg bob@x[1,2]!qd", "b.lab", "qdb.lab", "bob@x[1,2]!qdb.lab"},
	{"msg --server=qd", "b.lab", "qdb.lab", "--server=qdb.lab"},
	{"msg -sqd", "b.lab", "qdb.lab", "-sqdb.lab"},
	{"msg -s 'x[1,2],qd", "b.lab", "qdb.lab", "x[1,2],qdb.lab"},
	{"msg -s qweb1,qw", "eb2", "qweb2", "qweb1,qweb2"},
	{"msg -s @q", "all lab", "@qall @qlab", "@qall @qlab"},
	{"msg hosts x @ql", "ab", "@qlab", "@qlab"},
	{"msg -d ql", "ab", "qlab", "qlab"},
	{"msg -d @ql", "", "", ""},
	{"msg %roo", "t", "%root", "%root"},
	{"msg x,group:roo", "t", "root", "x,group:root"},
	{"msg countdown -x %roo", "t", "%root", "%root"},
	{"msg dry", "", "", ""},
	{"msg --dry", "-run", "--dry-run", "--dry-run"},
	{"msg rep", "ly", "reply", "reply"},
	{"msg x,rep", "", "", ""},
	{"msg mesg y", " es", "y yes", "y yes"},
	{"msg completion ba", "sh", "bash", "bash"},
	{"msg -t ", "", "", ""},
	{"msg countdown ", "'*'", "*", "*"},
	{"msg countdown '", "*", "*", "*"},
	{"msg countdown *", "", "", ""},
	{"msg countdown x,", "", "", ""},
	{"msg countdown x\\", "", "", ""},
}

// TestOffers holds what each shell is offered, and that no domain's command runs for it.
func TestOffers(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	home := homeWith(t, map[string]string{
		".ssh/config":          "Host qweb1 qweb2\nHost qdb.lab",
		".config/msg/msg.toml": "[domains]\nqlab = \"q[1-2]\"\nqall.command = \"touch " + ran + "\"",
	})
	for _, c := range afterTab {
		for shell, want := range map[string]string{"bash": c.bash, "zsh": c.zsh, "fish": c.fish} {
			_, list, _ := strings.Cut(offered(t, home, shell, c.line), "\n")
			var got []string
			for line := range strings.Lines(list) {
				word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
				got = append(got, word)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, %q: %q, want %q", shell, c.line, got, want)
			}
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a domain's command has run")
	}
}

// somebody are the names on a machine where people are logged in, and messages wait.
func somebody(t *testing.T) Names {
	t.Helper()
	at := func(name, user string) sessions.Terminal {
		return sessions.Terminal{Name: name, User: user, Sources: []sessions.Source{"proc", "utmp"}}
	}
	empty := at("tty1", "root")
	empty.Sources = nil
	names := namesIn(t.TempDir())
	names.Picture = func(context.Context) (sessions.Picture, error) {
		return sessions.Picture{Terminals: []sessions.Terminal{
			at("pts/1", "qalice"), at("pts/2", "qbob"), at("pts/3", "qalice"), at("pts/4", "q;id"), at("pts/5", "qa,qb"), empty,
		}}, nil
	}
	names.Waiting = func(context.Context) ([]answers.Message, error) {
		return []answers.Message{{Code: "k7m"}, {Code: "b2c"}}, errors.New("some did not say")
	}
	return names
}

// TestOffersPeople holds that people, their terminals and codes are offered.
func TestOffersPeople(t *testing.T) {
	for line, want := range map[string]string{
		"msg q":        "from q\nqalice\tpts/1 pts/3\nqbob\tpts/2\n",
		"msg user:q":   "from q\nuser:qalice\tpts/1 pts/3\nuser:qbob\tpts/2\n",
		"msg qbob,q":   "from q\nqbob,qalice\tpts/1 pts/3\n",
		"msg pts/2":    "from pts/2\npts/2\tqbob\n",
		"msg tty:p":    "from p\ntty:pts/1\tqalice\ntty:pts/2\tqbob\ntty:pts/3\tqalice\ntty:pts/4\tq;id\n", // what it is, is only shown
		"msg /dev/p":   "from /dev/p\n/dev/pts/1\tqalice\n/dev/pts/2\tqbob\n/dev/pts/3\tqalice\n/dev/pts/4\tq;id\n",
		"msg p":        "",
		"msg reply ":   "from \nb2c\nk7m\n",
		"msg ok k":     "from k\nk7m\n",
		"msg ok k7m k": "",
	} {
		if got := answered(t, "fish", line, somebody(t)); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// TestOffersWithoutNames holds that names that can't be read are missing, and nothing else is.
func TestOffersWithoutNames(t *testing.T) {
	names := somebody(t)
	names.Picture = func(ctx context.Context) (sessions.Picture, error) {
		picture, _ := somebody(t).Picture(ctx)
		return picture, errors.New("no /dev")
	}
	names.Book = func() (*addressbook.Book, error) { return nil, errors.New("no file") }
	names.Hosts = func() []string { return []string{"qweb1"} }
	for line, want := range map[string]string{
		"msg q": "", "msg -d q": "", "msg name q": "", "msg x@q": "from q\nx@qweb1\n", "msg -s q": "from q\nqweb1\n",
	} {
		if got := answered(t, "fish", line, names); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// TestOffersFiles holds that the shell completes a file's name itself.
func TestOffersFiles(t *testing.T) {
	for _, line := range []string{"msg -f ", "msg --file=x", "msg countdown -nfx", "msg bob <x", "msg bob -f 'x"} {
		if got := offered(t, "", "zsh", line); !strings.HasPrefix(got, "files ") {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// FuzzOffers holds that no line and no file leads to an offer of a name that does something in a
// shell.
func FuzzOffers(f *testing.F) {
	f.Add("msg bob@", "Host a;b $(id) 'x' `id`\nHost good")
	f.Add("msg -s 'x[1,", "Host *\nInclude config")
	f.Add("msg --server=a@", "\x1b[31m\nHost é")
	f.Add("msg -x\xff,% \"<", "")
	f.Fuzz(func(t *testing.T, line, config string) {
		got := offered(t, homeWith(t, map[string]string{".ssh/config": config}), "bash", line)
		_, names, _ := strings.Cut(got, "\n")
		for rest := range strings.Lines(names) {
			rest = strings.TrimSuffix(rest, "\n")
			if rest == "'*'" || rest == "*" && strings.ContainsAny(line, `'"`) {
				continue
			}
			if strings.ContainsFunc(rest, func(r rune) bool {
				return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-+:/@%", r)
			}) {
				t.Errorf("%q: %q", line, rest)
			}
		}
	})
}
