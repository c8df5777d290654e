package sessions

import "strings"

// Missed reports whether somebody may be on one of the terminals that may holds for, although
// nothing shows it: people, or only root at a console. Blind says why that can't be seen.
func (p Picture) Missed(may func(*Terminal) bool) (people, root bool) {
	for i := range p.Terminals {
		t := &p.Terminals[i]
		switch {
		case t.InUse() && !t.Anonymous, !t.InUse() && !t.Unled, !may(t):
		case t.Roots() && !t.isPseudo():
			root = true
		default:
			people = true
		}
	}
	return people, root
}

// RegisterTells takes in that a register of logins has told who is at a console: nobody is at the
// others of root's. Without a register, root may have logged in at each of them.
func (p *Picture) RegisterTells() {
	for i := range p.Terminals {
		if t := &p.Terminals[i]; t.Roots() && !t.isPseudo() && len(t.Sources) == 1 {
			t.Unled = false
		}
	}
}

func (t *Terminal) isPseudo() bool { return strings.HasPrefix(t.Name, "pts/") }

// IsNumbered reports whether it is a session's id as logind gives them: 5, c2.
func IsNumbered(id string) bool {
	number := strings.TrimPrefix(id, "c")
	return number != "" && strings.Trim(number, digits) == ""
}

// NoOwners says that a user namespace hides whose the host's terminals and files are.
const NoOwners = "this process is in a user namespace, which hides who owns terminals"

// The words for what else hides people.
const (
	noProcesses = "this process is in a process namespace of its own, which hides who is on terminals"
	noProc      = "/proc hides other people's processes"
)

// anonymous is the owner of what belongs to somebody without a number in a user namespace.
const anonymous = "?"
