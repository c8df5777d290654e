package sessions

import "slices"

// What the names of programs tell. A name is a process's own choice
// (PR_SET_NAME(2const)): it is believed of who has the terminal, and leads nowhere but
// to terminals of the same owner.

// programs are known by the names that the kernel has of them, of 15 bytes at most.
type programs []string

func (all programs) have(name string) bool { return slices.Contains(all, name) }

// prompts wait on a terminal for somebody to log in.
var prompts = programs{"agetty", "getty", "mgetty", "mingetty", "fgetty", "login"}

// doors bring people in from elsewhere: what they start is looked at there, not on
// the terminal or in the service that they run in themselves.
var doors = programs{
	"sshd", "sshd-session", "dropbear", "mosh-server", "login", "telnetd", "in.telnetd", "in.rlogind",
	"ttyd", "gotty", "shellinaboxd", "rsession", "jupyterhub", "jupyterhub-sing", "ssm-session-wor",
	"tailscaled", "teleport", "etserver", "incus-agent", "lxd-agent",
}

// relays show on their terminal what is on one that they have opened, as it comes.
var relays = programs{"script", "scriptlive", "sudo", "su", "doas", "expect", "unbuffer"}

// remotes show on their terminal what comes from another host, or from where /proc does
// not show that it is theirs.
var remotes = programs{
	"ssh", "dbclient", "telnet", "docker", "podman", "kubectl", "lxc", "incus", "virsh",
	"run0", "systemd-run", "machinectl",
}

// emulators show the terminals that they open in windows.
var emulators = programs{
	"xterm", "uxterm", "rxvt", "urxvt", "kitty", "foot", "alacritty", "wezterm-gui", "ghostty", "konsole",
	"gnome-terminal", "gnome-terminal-", "kgx", "ptyxis", "xfce4-terminal", "lxterminal", "mate-terminal",
	"terminator", "tilix", "qterminal", "mlterm", "st", "emacs-gtk", "emacs-lucid", "gvim",
}

// A multiplexer is a program of two kinds of processes: a client, which shows on
// its terminal what the server has in one or more panes, and a server without a
// terminal, whose children the panes' session leaders are.
type multiplexer struct{ client, server string }

var multiplexers = []multiplexer{
	{tmuxClient, tmuxServer},
	{"screen", "screen"},
	{"zellij", "zellij"},
	{"dtach", "dtach"},
}

// The names that tmux gives itself.
const (
	tmuxClient = "tmux: client"
	tmuxServer = "tmux: server"
)

// clientOf returns the multiplexer's server's name where p is a client.
func clientOf(p process) (server string, ok bool) {
	for _, m := range multiplexers {
		if p.name == m.client && p.device != 0 {
			return m.server, true
		}
	}
	return "", false
}

func isServer(p process) bool {
	for _, m := range multiplexers {
		if p.name == m.server && p.device == 0 {
			return true
		}
	}
	return false
}

// tmuxOptions reads tmux's command line (tmux(1)): whether a client talks a protocol
// with a program (control mode) in place of showing anything, and the name or path of
// the socket, "" for the usual one.
func tmuxOptions(argv []string) (control bool, socket string) {
	for i := 1; i < len(argv); i++ {
		arg := argv[i]
		if len(arg) < 2 || arg[0] != '-' {
			break // a command, with flags of its own
		}
		for j := 1; j < len(arg); j++ {
			flag := arg[j]
			switch flag {
			case 'C':
				control = true
			case 'c', 'f', 'L', 'S', 'T': // the rest, or the next argument, is a value
				value := arg[j+1:]
				if i++; value == "" && i < len(argv) {
					value = argv[i]
				} else {
					i--
				}
				if flag == 'L' || flag == 'S' {
					socket = value
				}
				j = len(arg)
			}
		}
	}
	return control, socket
}
