//go:build linux

package shells_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/internal/tty/ttytest"
)

// shell is a way to have a shell complete msg.
type shell struct {
	name    string // of the test
	argv    []string
	files   map[string]string // below the home directory; their $CODE is msg's
	next    string            // the keys for the next candidate in turn
	literal []string          // runs a command line, its msg printing its arguments
}

// Each shell writes its line into a file when Ctrl-G is typed: that is what is there, and no
// screen has to be understood for it.
const (
	bashSetUp = `PS1='ready$ '
bind 'set bell-style none'; bind 'set page-completions off'; bind '"\C-o": menu-complete'
bind -x '"\C-g": printf "%s\n" "$READLINE_LINE" > line.new; mv -f line.new line'
`
	zshSetUp = `PS1='ready$ '
told() { print -r -- "$BUFFER" > line.new; command mv -f line.new line }
zle -N told; bindkey '^G' told
`
	fishSetUp = `function fish_prompt; echo 'ready$ '; end
set -g fish_greeting
bind \cg 'commandline > line.new; command mv -f line.new line'
`
)

var (
	bash = shell{
		argv: []string{"bash", "--rcfile", ".bashrc", "-i"}, next: "\x0f",
		literal: []string{"bash", "--norc", "-c", `msg() { printf '<%s>' "$@"; }; eval "$LINE"`},
	}
	zsh = shell{
		argv: []string{"zsh", "-d", "-i"}, next: "\t",
		literal: []string{"zsh", "-f", "-c", `msg() { printf '<%s>' "$@"; }; eval "$LINE"`},
	}
	fish = shell{
		argv: []string{"fish", "-i"}, next: "\t",
		literal: []string{"fish", "--no-config", "-c", `function msg; printf '<%s>' $argv; end; eval $LINE`},
	}
)

func (s shell) with(name string, files map[string]string) shell {
	s.name, s.files = name, files
	return s
}

// shells are each shell, with the code as people have it in their own files and as packages
// have it in the shells' directories, loaded when it is wanted.
func shells() []shell {
	const config = ".config/fish/config.fish"
	return []shell{
		bash.with("bash", map[string]string{".bashrc": bashSetUp + "source <(msg completion bash)"}),
		bash.with("bash, package", map[string]string{
			// What the package bash-completion does.
			".bashrc":         bashSetUp + "load() { source completions/${1##*/} && return 124; }; complete -D -F load",
			"completions/msg": "$CODE",
		}),
		bash.with("bash, other word breaks", map[string]string{
			".bashrc": bashSetUp + "COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=@]}; set -u; source <(msg completion bash)",
		}),
		zsh.with("zsh", map[string]string{".zshrc": zshSetUp + "source <(msg completion zsh)"}),
		zsh.with("zsh, package", map[string]string{
			".zshrc":           zshSetUp + "fpath=(~/completions $fpath); autoload -Uz compinit; compinit -i",
			"completions/_msg": "$CODE",
		}),
		fish.with("fish", map[string]string{config: fishSetUp + "msg completion fish | source"}),
		fish.with("fish, package", map[string]string{
			config: fishSetUp, "share/fish/vendor_completions.d/msg.fish": "$CODE",
		}),
	}
}

// person is somebody at a shell, in a home directory of their own.
type person struct {
	t        *testing.T
	terminal *ttytest.Terminal
	home     string
}

// sitDown starts the shell on a terminal, with further files in the home directory.
func (s shell) sitDown(t *testing.T, files map[string]string) person {
	t.Helper()
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(bin + "/msg"); err != nil {
		t.Fatalf("%v (make build)", err)
	}
	if _, err := exec.LookPath(s.argv[0]); err != nil {
		t.Fatalf("%v (make prepare)", err)
	}
	code, err := exec.Command(bin+"/msg", "completion", s.argv[0]).Output()
	if err != nil {
		t.Fatal(err)
	}
	p := person{t: t, home: t.TempDir()}
	for name, value := range map[string]string{
		"HOME": p.home, "ZDOTDIR": p.home, "PATH": bin + ":" + os.Getenv("PATH"), "TERM": "xterm", "LC_ALL": "C.UTF-8",
		"INPUTRC": "/dev/null", "XDG_CONFIG_HOME": p.home + "/.config", "XDG_DATA_HOME": p.home + "/.local/share",
		"XDG_DATA_DIRS": p.home + "/share:/usr/share", "XDG_RUNTIME_DIR": p.home, "HISTFILE": "",
	} {
		t.Setenv(name, value)
	}
	// Where it is missing, fish makes it from all manual pages.
	p.write(".local/share/fish/generated_completions/none", "")
	for name, content := range s.files {
		p.write(name, strings.ReplaceAll(content, "$CODE", string(code)))
	}
	for name, content := range files {
		p.write(name, content)
	}
	t.Chdir(p.home)
	p.terminal = ttytest.Open(t)
	p.terminal.Lead(t, s.argv...)
	p.terminal.Await(t, "ready$ ")
	return p
}

func (p person) write(name, content string) {
	p.t.Helper()
	name = filepath.Join(p.home, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// patience is how long a shell may take.
const patience = 20 * time.Second

// line is the shell's line after these keys, which is empty again then.
func (p person) line(keys string) string {
	p.t.Helper()
	const told, empty = "\x07", "\x15"
	if _, err := p.terminal.Master.WriteString(keys + told); err != nil {
		p.t.Fatal(err)
	}
	file := filepath.Join(p.home, "line")
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if content, err := os.ReadFile(file); err == nil {
			if err := os.Remove(file); err != nil {
				p.t.Fatal(err)
			}
			if _, err := p.terminal.Master.WriteString(empty); err != nil {
				p.t.Fatal(err)
			}
			return strings.TrimSuffix(string(content), "\n")
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%q: no line; the terminal shows %q", keys, p.terminal.Seen())
		}
	}
}

// awaitText waits until all words are on the screen, whatever their colors.
func (p person) awaitText(words ...string) {
	p.t.Helper()
	escapes := regexp.MustCompile("\x1b(\\[[0-9;?]*[a-zA-Z]|\\(B)")
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		text := escapes.ReplaceAllString(p.terminal.Seen(), "")
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) }) {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the terminal shows %q and never %q", text, words)
		}
	}
}
