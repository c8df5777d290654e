package sessions

import (
	"strings"
	"testing"
)

func TestTmuxOptions(t *testing.T) {
	for command, want := range map[string]struct {
		control bool
		socket  string
	}{
		"tmux -C": {true, ""}, "tmux -CC attach": {true, ""}, "tmux -2uC new": {true, ""},
		"tmux -L C -S /tmp/C -f -C attach": {false, "/tmp/C"}, "tmux -LC": {false, "C"}, "tmux -L x -C": {true, "x"},
		"tmux new -C -L x": {}, "tmux": {}, "": {}, "tmux - -C": {}, "tmux -L": {}, "tmux -vLfoo -CC": {true, "foo"},
		"tmux -L work new -s x": {false, "work"},
	} {
		if control, socket := tmuxOptions(strings.Fields(command)); control != want.control || socket != want.socket {
			t.Errorf("%q: %v, %q", command, control, socket)
		}
	}
}

// FuzzTmuxOptions holds that a command line is read as it was put together: of each letter's
// option, its value in the same word or in the next; and that nothing of tmux's command counts.
func FuzzTmuxOptions(f *testing.F) {
	f.Add("2uC", "x", false, "-C")
	f.Add("LSfC", "-C", true, "new")
	f.Add("vL", "", true, "-Lx")
	f.Add("T\xffc", "a\nb", false, "")
	f.Fuzz(func(t *testing.T, letters, value string, apart bool, command string) {
		argv, control, socket := []string{"tmux"}, false, ""
		word := "-"
		for _, c := range []byte(letters) {
			if c == '-' && word == "-" {
				continue // no letter of an option
			}
			word += string([]byte{c})
			switch c {
			case 'C':
				control = true
			case 'L', 'S':
				socket = value
			}
			if !strings.ContainsRune("cfLST", rune(c)) {
				continue
			}
			if apart || value == "" {
				argv = append(argv, word, value)
			} else {
				argv = append(argv, word+value)
			}
			word = "-"
		}
		if word != "-" {
			argv = append(argv, word)
		}
		argv = append(argv, "attach", command)
		if gotControl, got := tmuxOptions(argv); gotControl != control || got != socket {
			t.Errorf("%q: %v, %q; want %v, %q", argv, gotControl, got, control, socket)
		}
	})
}

// TestClientsAndServers: they may have the same name; the client is the one with a
// terminal.
func TestClientsAndServers(t *testing.T) {
	for _, m := range multiplexers {
		client, server := process{name: m.client, device: 5}, process{name: m.server}
		if name, ok := clientOf(client); !ok || name != m.server || isServer(client) {
			t.Errorf("%+v is no client of %s", client, m.server)
		}
		if _, isClient := clientOf(server); isClient || !isServer(server) {
			t.Errorf("%+v is no server", server)
		}
	}
}
