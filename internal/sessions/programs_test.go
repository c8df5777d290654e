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
