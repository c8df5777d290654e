package sessions

import (
	"testing"
	"time"
)

// host is a made-up one.
func host(terminals []Terminal, processes ...recorded) Picture {
	s := &snapshot{terminals: terminals, all: map[int]*recorded{}}
	for i := range processes {
		s.all[processes[i].pid] = &processes[i]
	}
	return s.picture()
}

func deviceOf(name, user string, uid uint32, number uint64) Terminal {
	return Terminal{Name: name, User: user, Owner: uid, Device: 136<<8 | number, LastInput: time.Unix(100, 0), Sources: []Source{Device}}
}

// runs is a process in front of a terminal, or none where the number is -1.
func runs(pid, parent, session, terminal int, uid uint32, name string) recorded {
	p := recorded{process: process{pid: pid, parent: parent, session: session, group: pid, foreground: pid, name: name, state: 'S'}, uid: uid, effective: uid}
	if terminal >= 0 {
		p.device = 136<<8 | uint64(terminal)
	}
	return p
}

const alice, bob, mallory = 1001, 1002, 1003

// TestTerminalOfAnotherNumber has mallory, who has a /dev/pts of her own, take part in
// what others look at: no message of theirs goes to her.
func TestTerminalOfAnotherNumber(t *testing.T) {
	terminals := []Terminal{deviceOf("pts/1", "bob", bob, 1), deviceOf("pts/2", "mallory", mallory, 2), deviceOf("pts/3", "mallory", mallory, 3)}
	tmux := []recorded{
		runs(300, 1, 300, -1, mallory, "tmux: server"), runs(301, 300, 301, 2, mallory, "bash"),
		// On her terminal with the number of bob's, a client.
		runs(400, 1, 400, 1, mallory, "tmux: client"),
	}
	for name, bobs := range map[string][]recorded{
		"he has a shell":      {runs(100, 50, 100, 1, bob, "bash")},
		"nobody leads it":     nil,
		"sudo leads it":       {runs(100, 50, 100, 1, 0, "sudo")},
		"he has other people": {runs(100, 50, 100, 1, alice, "bash")},
	} {
		p := host(append([]Terminal(nil), terminals...), append(bobs, tmux...)...)
		if got := places(p, "bob"); got != "pts/1" {
			t.Errorf("%s, and she has a client: his places are %q", name, got)
		}
		// A relay, which shows her other terminal, as it seems within bob's.
		within := append(bobs, runs(500, 1, 500, 1, mallory, "script"), runs(501, 500, 501, 3, mallory, "tmux: client"), tmux[0], tmux[1])
		p = host(append([]Terminal(nil), terminals...), within...)
		if got := places(p, "bob"); got != "pts/1" {
			t.Errorf("%s, and she has a relay: his places are %q", name, got)
		}
		p = host([]Terminal{deviceOf("pts/1", "root", 0, 1)}, runs(100, 50, 100, 1, 0, "bash"), runs(600, 1, 600, 1, mallory, "agetty"))
		if got := places(p, "root"); got != "pts/1" {
			t.Errorf("she looks like a login prompt: root's places are %q", got)
		}
	}
}

// TestBackground: an emulator that was started from a shell shows its terminal in a
// window of its own; a relay there shows it nowhere else.
func TestBackground(t *testing.T) {
	for name, c := range map[string]struct {
		state byte
		want  string
	}{"xterm": {'S', "pts/1 pts/2"}, "sudo": {'S', "pts/1"}, "vim": {'T', "pts/1"}} {
		emulator := runs(200, 100, 100, 1, bob, name)
		shell := runs(100, 1, 100, 1, bob, "bash")
		emulator.foreground, emulator.state = 100, c.state
		p := host([]Terminal{deviceOf("pts/1", "bob", bob, 1), deviceOf("pts/2", "bob", bob, 2)},
			shell, emulator, runs(300, 200, 300, 2, bob, "bash"))
		if got := places(p, "bob"); got != c.want {
			t.Errorf("%s in the background: the places are %q, want %q", name, got, c.want)
		}
	}
}

// TestAboveEachOther: numbers that have been given anew between two reads may make
// processes each other's parents.
func TestAboveEachOther(t *testing.T) {
	p := host([]Terminal{deviceOf("pts/1", "bob", bob, 1)},
		runs(100, 200, 100, 1, bob, "bash"), runs(200, 300, 200, -1, bob, "sh"), runs(300, 200, 300, -1, bob, "sh"))
	if got := places(p, "bob"); got != "pts/1" {
		t.Errorf("the places are %q", got)
	}
}

// TestAboveTheShell: what lets people in from elsewhere is no terminal of theirs,
// though it was started on one, or by a service.
func TestAboveTheShell(t *testing.T) {
	inService := func(p recorded) recorded {
		p.groups = []byte("0::/system.slice/it.service\n")
		return p
	}
	for name, c := range map[string]struct {
		processes []recorded
		want      string
	}{
		"sshd -d in front":     {[]recorded{runs(100, 1, 100, 1, 0, "bash"), runs(200, 100, 100, 1, 0, "sshd"), runs(300, 200, 300, 2, bob, "bash")}, "pts/1 pts/2"},
		"sshd without logind":  {[]recorded{runs(200, 1, 200, -1, 0, "sshd"), inService(runs(300, 200, 300, 2, bob, "bash"))}, "pts/2"},
		"a service's terminal": {[]recorded{runs(200, 1, 200, -1, bob, "java"), inService(runs(300, 200, 300, 2, bob, "bash"))}, ""},
		"a service's tmux":     {[]recorded{runs(200, 1, 200, -1, bob, "tmux: server"), inService(runs(300, 200, 300, 2, bob, "bash"))}, ""},
		"a service's tmux that bob looks at": {[]recorded{
			runs(100, 90, 100, 3, bob, "tmux: client"), runs(200, 1, 200, -1, bob, "tmux: server"), inService(runs(300, 200, 300, 2, bob, "bash")),
		}, "pts/2"},
	} {
		p := host([]Terminal{deviceOf("pts/1", "root", 0, 1), deviceOf("pts/2", "bob", bob, 2), deviceOf("pts/3", "bob", bob, 3)}, c.processes...)
		if got := places(p, "bob", "root"); got != c.want {
			t.Errorf("%s: the places are %q, want %q", name, got, c.want)
		}
	}
}

// TestWindows: an emulator's terminal is a place though the emulator is in front of a
// shell, and so is one that a desktop on a virtual console has opened.
func TestWindows(t *testing.T) {
	console := Terminal{Name: "tty2", User: "bob", Owner: bob, Device: 4<<8 | 2, LastInput: time.Unix(100, 0), Sources: []Source{Device}}
	for name, c := range map[string]struct{ front, want string }{
		"an emulator": {"kitty", "pts/1 pts/2"}, "an editor": {"vim", "pts/1"},
	} {
		p := host([]Terminal{deviceOf("pts/1", "bob", bob, 1), deviceOf("pts/2", "bob", bob, 2)},
			behind(runs(100, 1, 100, 1, bob, "bash"), 200), runs(200, 100, 100, 1, bob, c.front), runs(300, 200, 300, 2, bob, "bash"))
		if got := places(p, "bob"); got != c.want {
			t.Errorf("%s in front: the places are %q, want %q", name, got, c.want)
		}
	}
	for name, want := range map[string]string{"weston": "tty2 pts/2", "sudo": "tty2"} {
		desktop := runs(200, 1, 200, 2, bob, name)
		desktop.device = console.Device
		p := host([]Terminal{console, deviceOf("pts/2", "bob", bob, 2)}, desktop, runs(300, 200, 300, 2, bob, "bash"))
		if got := places(p, "bob"); got != want {
			t.Errorf("%s on a console: the places are %q, want %q", name, got, want)
		}
	}
}

// behind has another process group in front of the process's terminal.
func behind(p recorded, group int) recorded {
	p.foreground = group
	return p
}
