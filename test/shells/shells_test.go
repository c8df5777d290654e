//go:build linux

// Package shells_test has a person at a real bash, zsh and fish complete msg's command
// line by Tab, and looks at the line that comes of it.
package shells_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"msg/internal/tty/ttytest"
)

// hosts and domains of who sits there, and what others could have put among them.
func files() map[string]string {
	return map[string]string{
		".ssh/config": "Host qweb1 qweb2 q*\nInclude more\n",
		".ssh/more":   "Host qdb.lab\n",
		".ssh/known_hosts": "qknown,10.99.0.7 ssh-ed25519 AAAA\n|1|aGFzaA==|aGFzaA== ssh-ed25519 AAAA\n" +
			"qx$(touch$IFS~/ran),qx;touch$IFS~/ran,qx`touch$IFS~/ran`,qx\x1b]0;x\x07,qx&x,qx'x ssh-ed25519 AAAA\n",
		".config/msg/msg.toml": "[aliases]\nqteam = [\"bob\", \"%ops\"]\n[domains]\nqlab = \"qweb[1-2]\"\nqrun.command = \"touch ~/ran\"\n",
		"notes.txt":            "", "with blank": "", "dir/file": "",
		// Names of files that would do something.
		"za${x:-$(touch ran)}": "", "zb$[$(touch ran)]": "", "zc`touch ran`": "", "zd;touch ran": "",
	}
}

// TestLines holds what a line is after Tab.
func TestLines(t *testing.T) {
	me := ttytest.Me(t)
	begun := me[:len(me)-1]
	cases := []struct{ typed, want string }{
		{"msg " + begun, "msg " + me + " "},
		{"msg x," + begun, "msg x," + me + " "},
		{"msg user:" + begun, "msg user:" + me + " "},
		{"msg -x " + begun, "msg -x " + me + " "},
		{"msg --except=" + begun, "msg --except=" + me + " "},
		{"msg sessions " + begun, "msg sessions " + me + " "},
		{"msg countdown " + begun, "msg countdown " + me + " "},
		{"msg %roo", "msg %root "},
		{"msg group:roo", "msg group:root "},
		{"msg qt", "msg qteam "},
		{"msg x,qt", "msg x,qteam "},
		{"msg -x qt", "msg -x qteam "},
		{"msg name qt", "msg name qteam "},
		{"msg x@qd", "msg x@qdb.lab "},
		{"msg x@qw", "msg x@qweb"},
		{"msg x@root@qk", "msg x@root@qknown "},
		{"msg x@@ql", "msg x@@qlab "},
		{"msg 'x@qd", "msg 'x@qdb.lab' "},
		{`msg "x@qd`, `msg "x@qdb.lab" `},
		{"msg -s qd", "msg -s qdb.lab "},
		{"msg -sqd", "msg -sqdb.lab "},
		{"msg --server=qd", "msg --server=qdb.lab "},
		{"msg --server=qweb1,qw", "msg --server=qweb1,qweb2 "},
		{"msg -s 'x[1,2],qd", "msg -s 'x[1,2],qdb.lab' "},
		{"msg -s @ql", "msg -s @qlab "},
		{"msg -s 10.9", "msg -s 10.99.0.7 "},
		{"msg -d ql", "msg -d qlab "},
		{"msg hosts @ql", "msg hosts @qlab "},
		{"msg hosts qd", "msg hosts qdb.lab "},
		{"msg -s x@qx", "msg -s x@qx"}, // names that would do something
		{"msg sess", "msg sessions "},
		{"msg --dry", "msg --dry-run "},
		{"msg mesg ye", "msg mesg yes "},
		{"msg x -f not", "msg x -f notes.txt "},
		{"msg x --file=not", "msg x --file=notes.txt "},
		{`msg x -f wi`, `msg x -f with\ blank `},
		{"msg x -nfnot", "msg x -nfnotes.txt "},
		{"msg x <not", "msg x <notes.txt "},
		{"msg x no", "msg x no"}, // a text is no file
		{"msg -t ", "msg -t "},
		{"msg " + me, "msg " + me + " "}, // words that are whole
		{"msg x," + me, "msg x," + me + " "},
		{"msg x@qdb.lab", "msg x@qdb.lab "},
		{"msg -s qdb.lab", "msg -s qdb.lab "},
		{"msg --server=qdb.lab", "msg --server=qdb.lab "},
		{"msg --server", "msg --server "},
		{"msg mesg yes", "msg mesg yes "},
		{"msg x -f notes.txt", "msg x -f notes.txt "},
		{"msg x -fnotes.txt", "msg x -fnotes.txt "},
		{"msg x -fdi", "msg x -fdir/"},
		{"msg x -f di", "msg x -f dir/"},
		{"LANG=C msg x@qd", "LANG=C msg x@qdb.lab "},
		{"true; msg x@qd", "true; msg x@qdb.lab "},
	}
	for _, s := range shells() {
		t.Run(s.name, func(t *testing.T) {
			p := s.sitDown(t, files())
			terminal := strings.TrimSuffix(p.terminal.Name, p.terminal.Name[len(p.terminal.Name)-1:])
			if got := p.line("msg " + terminal + "\t"); !strings.HasPrefix(got, "msg pts/") {
				t.Errorf("%q, of a terminal", got)
			}
			for _, c := range cases {
				if got := p.line(c.typed + "\t"); got != c.want {
					t.Errorf("%q becomes %q, want %q", c.typed, got, c.want)
				}
			}
			joined := `msg x -nfwith\ blank `
			if s.argv[0] == "bash" {
				joined = "msg x -nfwi" // bash would expand what is in such a name
			}
			if got := p.line("msg x -nfwi\t"); got != joined {
				t.Errorf("a name with a blank becomes %q, want %q", got, joined)
			}
			for _, flag := range []string{"-f ", "-f", "-nf", "--file=", "--file ", "<"} {
				for _, name := range []string{"z", "za", "zb", "zc", "zd"} {
					p.line("msg x " + flag + name + "\t\t")
				}
			}
			if _, err := os.Stat("ran"); err == nil {
				t.Error("a domain's command has run, or the name of a host or a file")
			}
		})
	}
}

// TestEveryone holds that the target of everyone is never taken for files.
func TestEveryone(t *testing.T) {
	for _, s := range shells() {
		t.Run(s.name, func(t *testing.T) {
			p := s.sitDown(t, files())
			for _, typed := range []string{"msg countdown ", "msg countdown '"} {
				line := ""
				for n := 1; n < 10 && !strings.Contains(line, "*"); n++ {
					line = p.line(typed + strings.Repeat(s.next, n))
				}
				if strings.Count(line, "'") == 1 { // one would be typed
					line = strings.TrimRight(line, " ") + "'"
				}
				t.Setenv("LINE", line)
				out, err := exec.Command(s.literal[0], s.literal[1:]...).CombinedOutput()
				if err != nil || string(out) != "<countdown><*>" {
					t.Errorf("%q gives msg %q, %v", line, out, err)
				}
			}
		})
	}
}

// TestList holds that what a line could become is shown.
func TestList(t *testing.T) {
	for _, s := range shells() {
		t.Run(s.name, func(t *testing.T) {
			p := s.sitDown(t, files())
			if _, err := p.terminal.Master.WriteString("msg -s qw\t\t\t"); err != nil {
				t.Fatal(err)
			}
			p.awaitText("qweb1", "qweb2")
		})
	}
}

// TestSilent holds that nothing is said into the line where something is wrong.
func TestSilent(t *testing.T) {
	for _, s := range shells() {
		t.Run(s.name, func(t *testing.T) {
			broken := files()
			broken[".config/msg/msg.toml"] = "[domains\n\"wrong"
			p := s.sitDown(t, broken)
			for _, c := range [][2]string{
				{"/no/such/msg x@q", "/no/such/msg x@q"},
				{"msg -d q", "msg -d q"},
				{"msg x@qd", "msg x@qdb.lab "},
				{"msg --no-such q", "msg --no-such q"},
				{"msg x,,%%", "msg x,,%%"},
			} {
				if got := p.line(c[0] + "\t"); got != c[1] {
					t.Errorf("%q becomes %q, want %q", c[0], got, c[1])
				}
			}
			for _, words := range []string{"msg:", "msg.toml", "hint", "rror", "not found", "o such file"} {
				if seen := p.terminal.Seen(); strings.Contains(seen, words) {
					t.Errorf("%q is shown: %q", words, seen)
				}
			}
		})
	}
}

// BenchmarkKnownHosts is how long Tab takes with ten thousand known hosts.
func BenchmarkKnownHosts(b *testing.B) {
	home := b.TempDir()
	var known strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&known, "host%05d,10.1.%d.%d ssh-ed25519 %s\n", i, i/256, i%256, strings.Repeat("A", 68))
	}
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".ssh", "known_hosts"), []byte(known.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	b.Setenv("HOME", home)
	for b.Loop() {
		out, err := exec.Command("../../bin/msg", "completion", "bash", "--line=msg bob@host").Output()
		if err != nil || strings.Count(string(out), "\n") < 10_000 {
			b.Fatalf("%d bytes, %v", len(out), err)
		}
	}
}
