package sessions

import (
	"slices"
	"time"
)

// processes is what is known of the processes at one moment, asked one at a time: most tell
// less than it costs to read them.
type processes interface {
	leaders(device uint64) []process             // on terminals with that number, of any /dev/pts
	process(pid int) (process, bool)             // false if it is gone, or hidden
	members(leader process, group int) []process // of a process group, on the leader's terminal
	identity(pid int) (identity, bool)
	arguments(of map[uint32][]int) map[int][]string // command lines of each user's processes, by pid; none of one that hangs
	cgroup(pid int) []byte                          // /proc/PID/cgroup
	ran(pid int) time.Duration                      // when it last ran, by CLOCK_MONOTONIC; 0 if unknown
}

// identity is who runs a process, and where (proc_pid_status(5)).
type identity struct {
	real, effective uint32
	ours            bool // it is in this process's pid namespace
}

// survey finds out who is at each terminal, and how the terminals stand to each other.
type survey struct {
	processes
	byDevice map[uint64]*Terminal
	leading  map[string]int    // the pid of the leader that is vouched for, by terminal
	front    map[*Terminal]int // the pid of the process in front
	clients  []attached
	servers  map[int]*server // by pid
}

// attached is a terminal that a multiplexer's client has.
type attached struct {
	terminal *Terminal
	pid      int
	server   string // the server's name
	uid      uint32
	socket   string // as it is named on tmux's command line
}

type server struct {
	process
	uid    uint32
	socket string
	panes  []*Terminal
}

// unknownSocket is that of a tmux whose command line can't be read. It is no other's.
const unknownSocket = "\x00"

// plant adds to each terminal who leads it, what runs in front, and which other terminal shows it.
func plant(terminals []Terminal, from processes, booted time.Time) {
	s := survey{
		processes: from, byDevice: make(map[uint64]*Terminal, len(terminals)),
		leading: map[string]int{}, front: map[*Terminal]int{}, servers: map[int]*server{},
	}
	leaders := make([]process, len(terminals))
	for i := range terminals {
		t := &terminals[i]
		s.byDevice[t.Device] = t
		leader, vouched := s.leader(t)
		if leaders[i] = leader; vouched {
			s.leading[t.Name] = leader.pid
		}
	}
	for i, leader := range leaders {
		if leader.pid != 0 {
			t := &terminals[i]
			t.Since = booted.Add(time.Duration(leader.start) * clockTick)
			s.describe(t, leader)
		}
	}
	for _, of := range s.servers {
		s.timePanes(of)
	}
	s.readArguments()
	for _, c := range s.clients {
		c.terminal.Shows = s.serverOf(c)
	}
}

// clockTick is the unit of times in /proc/PID/stat (USER_HZ), on all architectures that Go has.
const clockTick = time.Second / 100

// leader returns the session leader on a device of this /dev, pid 0 if there is none, and
// whether it is vouched for.
//
// The leader may be one of another /dev/pts, with the same device number. Its process namespace
// tells that of a container's (docs/decisions, 4). But anyone may have a /dev/pts in a namespace
// for files alone. So the uid vouches for a leader: it is the terminal's owner's, or, if no other
// leader could be meant, root's (docs/decisions, 11). Any other leader is believed to be there,
// and nothing else.
func (s *survey) leader(t *Terminal) (found process, vouched bool) {
	best, rivals := -1, 0
	for _, p := range s.leaders(t.Device) {
		who, ok := s.identity(p.pid)
		if !ok || !who.ours {
			continue
		}
		rank := 0
		switch {
		case who.real == t.Owner:
			rank = 2
		case who.effective == 0:
			rank = 1 // sudo, login; but anyone may have su lead a terminal
		}
		switch {
		case rank > best:
			found, best, rivals = p, rank, 0
		case rank == best:
			rivals++
		}
	}
	return found, best == 2 || best == 1 && rivals == 0
}

func (s *survey) describe(t *Terminal, leader process) {
	t.AddSource(Proc)
	front := s.inFront(leader)
	if len(front) > 0 {
		t.What, s.front[t] = front[0].name, front[0].pid
		t.Remote = slices.Contains(remotes, t.What)
	}
	if s.leading[t.Name] == 0 {
		return
	}
	cgroup := s.cgroup(leader.pid)
	t.Session = sessionOf(cgroup)
	t.Prompt = leader.isPrompt() && t.Owner == 0
	t.maker = s.makerOf(t, leader)
	for _, p := range front {
		if name, isClient := clientOf(p); isClient {
			s.attach(t, p, name)
			break
		}
	}
	if isDoor := s.climb(t, leader); !isDoor && t.Outer == "" {
		t.Service = serviceOf(cgroup)
	}
}

// makerOf returns the name of the program that made the terminal ready for its leader, and set
// its mode: the leader itself, or the process that started it. It is "" for any other program,
// and unseen if /proc hides it.
// What is further up made another terminal, or none: a shell in an editor that was started by
// "ssh HOST" has sshd above it, and the editor's terminal.
func (s *survey) makerOf(t *Terminal, leader process) string {
	if slices.Contains(makers, leader.name) {
		return leader.name
	}
	if leader.parent == 0 { // it is in another process namespace
		return ""
	}
	above, ok := s.process(leader.parent)
	switch {
	case !ok:
		return unseen
	case !slices.Contains(makers, above.name):
		return ""
	}
	if who, ok := s.identity(above.pid); !ok || who.real != 0 && who.real != t.Owner {
		return ""
	}
	return above.name
}

// inFront returns the processes in the foreground of a leader's terminal, its
// group's leader first.
func (s *survey) inFront(leader process) []process {
	if leader.inFront() {
		return []process{leader}
	}
	front := s.members(leader, leader.foreground)
	for i, p := range front {
		if p.pid == p.group {
			front[0], front[i] = front[i], front[0]
		}
	}
	return front
}

func (s *survey) attach(t *Terminal, client process, server string) {
	who, ok := s.identity(client.pid)
	if !ok {
		return
	}
	s.clients = append(s.clients, attached{terminal: t, pid: client.pid, server: server, uid: who.real})
}

// readArguments finds out what the command lines of tmux's clients and servers say.
func (s *survey) readArguments() {
	of := map[uint32][]int{}
	for _, c := range s.clients {
		if c.server == tmuxServer {
			of[c.uid] = append(of[c.uid], c.pid)
		}
	}
	for _, one := range s.servers {
		if one.name == tmuxServer {
			of[one.uid] = append(of[one.uid], one.pid)
		}
	}
	if len(of) == 0 {
		return
	}
	arguments := s.arguments(of)
	options := func(pid int) (control bool, socket string) {
		argv, ok := arguments[pid]
		if !ok {
			return false, unknownSocket
		}
		return tmuxOptions(argv)
	}
	for i := range s.clients {
		if c := &s.clients[i]; c.server == tmuxServer {
			c.terminal.Control, c.socket = options(c.pid)
		}
	}
	for _, one := range s.servers {
		if one.name == tmuxServer {
			_, one.socket = options(one.pid)
		}
	}
}

// mostAncestors bounds the way up to process 1.
const mostAncestors = 64

// climb looks above a session leader for what shows its terminal: a multiplexer's server, or a
// program that has another terminal. It reports whether the terminal belongs to somebody who
// came in by a door.
func (s *survey) climb(t *Terminal, leader process) (isDoor bool) {
	below := leader
	for range mostAncestors {
		p, ok := s.process(below.parent)
		switch {
		case !ok || p.pid <= 1:
			return slices.Contains(doors, leader.name)
		case isServer(p):
			s.addPane(t, p)
			return false
		case slices.Contains(doors, p.name):
			return true
		case p.device != 0 && p.device != t.Device:
			if outer := s.byDevice[p.device]; outer != nil && s.shows(outer, p) {
				t.Outer, t.Shown = outer.Name, p.inFront()
			}
			return false
		}
		below = p
	}
	return false
}

// shows reports whether a program shows what it opens on the terminal that it is on itself. In
// the background of that terminal, it shows it elsewhere (a window), unless it is a relay; so
// may a program on a virtual console, a desktop. If it is stopped, it shows it nowhere, and
// somebody looks at the outer terminal.
func (s *survey) shows(outer *Terminal, p process) bool {
	switch {
	case p.session == 0 || s.leading[outer.Name] != p.session: // it is another of that number
		return false
	case slices.Contains(relays, p.name):
		return true
	case slices.Contains(emulators, p.name), isConsole(outer.Name):
		return false
	}
	return p.inFront() || p.stopped()
}

func (s *survey) addPane(t *Terminal, p process) {
	of := s.servers[p.pid]
	if of == nil {
		who, ok := s.identity(p.pid)
		if !ok || who.real != t.Owner {
			return
		}
		of = &server{process: p, uid: who.real}
		s.servers[p.pid] = of
	}
	t.Pane = p.pid
	of.panes = append(of.panes, t)
}

// timePanes adds to the panes used last when what is in front of each last ran, if the kernel
// does not tell which was the last one: a program runs for each key.
func (s *survey) timePanes(of *server) {
	newest := of.used()
	for _, t := range of.panes {
		if len(of.panes) > 1 && atOnce(t.LastInput, newest) {
			t.Ran = s.ran(s.front[t])
		}
	}
}

// atOnce reports whether the kernel does not tell which of two times of terminals was later. It
// changes such a time only if more than the lowest three bits change, so that nobody can time
// another's keys (tty_update_time in drivers/tty/tty_io.c).
func atOnce(a, b time.Time) bool { return a.Unix()>>3 == b.Unix()>>3 }

// usedAfter reports whether a pane was used later than another.
func (t *Terminal) usedAfter(other *Terminal) bool {
	if atOnce(t.LastInput, other.LastInput) && t.Ran != other.Ran && t.Ran != 0 && other.Ran != 0 {
		return t.Ran > other.Ran
	}
	return t.LastInput.After(other.LastInput)
}

// serverOf returns the pid of the server that a client is attached to, or 0. Of several, it is
// the one that was used at the time nearest to the client's (docs/decisions, 10).
func (s *survey) serverOf(c attached) int {
	var best int
	var nearest time.Duration
	for _, one := range s.servers {
		if one.name != c.server || one.uid != c.uid || one.socket != c.socket || c.socket == unknownSocket || one.pid == c.terminal.Pane {
			continue
		}
		apart := one.used().Sub(c.terminal.LastInput).Abs()
		if best == 0 || apart < nearest || apart == nearest && one.pid < best {
			best, nearest = one.pid, apart
		}
	}
	return best
}

// used is when the pane used last was.
func (of *server) used() (last time.Time) {
	for _, t := range of.panes {
		if t.LastInput.After(last) {
			last = t.LastInput
		}
	}
	return last
}
