package sessions

// What the names of programs tell, as the kernel has them: of 15 bytes at most. A name is a
// process's own choice (PR_SET_NAME(2const)): it leads nowhere but to terminals of the same
// owner (docs/decisions, 6 and 11).

// prompts wait on a terminal for somebody to log in.
var prompts = []string{"agetty", "getty", "mgetty", "mingetty", "fgetty", "login"}

// doors bring people in from elsewhere: people look there at what doors start, not on the
// terminal or in the service that a door runs in.
var doors = []string{
	"sshd", "sshd-session", "dropbear", "mosh-server", "login", "telnetd", "in.telnetd", "in.rlogind",
	"ttyd", "gotty", "shellinaboxd", "rsession", "jupyterhub", "jupyterhub-sing", "ssm-session-wor",
	"tailscaled", "teleport", "etserver", "incus-agent", "lxd-agent",
}

// makers set the mode of the terminal that they hand to somebody.
var makers = append([]string{loginProgram}, groupWritable...)

// loginProgram sets the mode that its configuration has (TTYPERM in login.defs(5)).
const loginProgram = "login"

// groupWritable makes its terminals group-writable, whatever mode the kernel gives them: sshd if
// there is a group tty (pty_setowner in OpenSSH's sshpty.c, which dropbear has, too), screen by
// its defmode, xterm unless its resource messages is false, which is a no of its user's.
var groupWritable = []string{"sshd", "sshd-session", "dropbear", "screen", "xterm"}

// unseen stands for a maker that /proc hides. No process has that name: it is too long.
const unseen = "hidden from the caller"

// relays show on their terminal what is on one that they have opened, as it comes.
var relays = []string{"script", "scriptlive", "sudo", "su", "doas", "expect", "unbuffer"}

// remotes show on their terminal what comes from another host, or what /proc does not show to
// be theirs.
var remotes = []string{
	"ssh", "dbclient", "telnet", "docker", "podman", "kubectl", "lxc", "incus", "virsh",
	"run0", "systemd-run", "machinectl",
}

// emulators show the terminals that they open in windows.
var emulators = []string{
	"xterm", "uxterm", "rxvt", "urxvt", "kitty", "foot", "alacritty", "wezterm-gui", "ghostty", "konsole",
	"gnome-terminal", "gnome-terminal-", "kgx", "ptyxis", "xfce4-terminal", "lxterminal", "mate-terminal",
	"terminator", "tilix", "qterminal", "mlterm", "st", "emacs-gtk", "emacs-lucid", "gvim",
}

// A multiplexer has two kinds of processes. A client shows on its terminal what the server has
// in panes. A server has no terminal; the panes' session leaders are its children.
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

// clientOf returns the name of the multiplexer's server if p is a client.
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

// tmuxOptions reads tmux's command line (tmux(1)): whether a client shows nothing and talks a
// protocol with a program (control mode), and the name or path of the socket, "" for the usual
// one.
func tmuxOptions(argv []string) (control bool, socket string) {
	for i := 1; i < len(argv); i++ {
		arg := argv[i]
		if len(arg) < 2 || arg[0] != '-' {
			break // a command, with flags of its own
		}
		for j := 1; j < len(arg); j++ {
			switch flag := arg[j]; flag {
			case 'C':
				control = true
			case 'c', 'f', 'L', 'S', 'T': // the rest, or the next argument, is a value
				value := arg[j+1:]
				if value == "" && i+1 < len(argv) {
					i++
					value = argv[i]
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
