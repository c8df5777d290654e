package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"msg/internal/message"
)

func TestJudgeHelper(t *testing.T) {
	const path = "/usr/local/libexec/msg-helper"
	const heal = "chown root:tty " + path + " && chmod 2755 " + path
	const anew = "rm " + path + ", and install it anew" // others may have written it
	for _, c := range []struct {
		f                 file
		status, found, do string
	}{
		{file{mode: 0o2755, gid: 5}, OK, "root:tty 2755", ""},
		{file{mode: 0o2711, gid: 5}, OK, "root:tty 2711", ""},
		{file{mode: 0o755, gid: 5}, Problem, "0755: not set-gid", heal},
		{file{mode: 0o6755, gid: 5}, Problem, ": set-uid", heal},
		{file{mode: 0o2755, gid: 0}, Problem, ": not of group tty", heal},
		{file{mode: 0o2755, uid: 54321, gid: 5}, Problem, "54321:tty 2755: not root's", anew},
		{file{mode: 0o2775, gid: 5}, Problem, "others than root may change it", anew},
		{file{mode: 0o2757, gid: 5}, Problem, "others than root may change it", anew},
		{file{mode: 0o2750, gid: 5}, Problem, "not everyone may run it", heal},
	} {
		c.f.path, c.f.regular = path, true
		judged(t, judgeHelper(c.f, nil, ttyGroup), c.status, c.found, c.do)
	}
	judged(t, judgeHelper(file{path: path, mode: 0o2755, gid: 5}, nil, ttyGroup), Problem, "not a file", anew)
	judged(t, judgeHelper(file{}, []string{"/a", "/b"}, ttyGroup), Problem, "not in /a or /b", "make install")
	judged(t, judgeHelper(file{path: path, err: fs.ErrPermission}, nil, ttyGroup), Problem, "permission denied", "make install")
}

func TestJudgeFolders(t *testing.T) {
	root := file{path: "/", mode: 0o755}
	for _, c := range []struct {
		f                 file
		status, found, do string
	}{
		{file{mode: 0o755}, OK, "only root", ""},
		{file{mode: 0o775}, OK, "only root", ""}, // of group root
		{file{err: fs.ErrPermission}, OK, "only root", ""},
		{file{mode: 0o1777}, OK, "only root", ""},
		{file{mode: 0o777}, Problem, "everyone may write to /usr/x y", "chmod go-w '/usr/x y'"},
		{file{mode: 0o755, uid: 54321}, Problem, "/usr/x y belongs to 54321", "chown root '/usr/x y'"},
		{file{mode: 0o2775, gid: 54321}, Note, "the group 54321 may write to /usr/x y", "chmod g-w '/usr/x y'"},
	} {
		c.f.path = "/usr/x y"
		judged(t, judgeFolders([]file{c.f, root}), c.status, c.found, c.do)
	}
	both := judgeFolders([]file{{path: "/usr/a", mode: 0o777}, {path: "/usr/b", mode: 0o775, gid: 54321}})
	judged(t, both, Problem, "/usr/a; the group", "chmod go-w /usr/a && chmod g-w /usr/b")
	home := judgeFolders([]file{{path: "/home/alice/src/libexec", mode: 0o755, uid: 54321}, {path: "/home/alice", mode: 0o755, uid: 54321}})
	judged(t, home, Problem, "/home/alice belongs to", "install it where only root may write")
}

func TestJudgeRights(t *testing.T) {
	const status = "Name:\tmsg\nCapAmb:\t0000000000000000\nNoNewPrivs:\t%d\nSeccomp:\t0\n"
	judged(t, judgeRights(fmt.Sprintf(status, 0), false), OK, "", "")
	judged(t, judgeRights(fmt.Sprintf(status, 1), false), Problem, "no_new_privs", "NoNewPrivileges=no")
	judged(t, judgeRights(fmt.Sprintf(status, 1), true), Note, "no_new_privs", "NoNewPrivileges=no")
	judged(t, judgeRights("", false), OK, "", "")
}

// version is msg's.
const version = "0.1.0"

func TestJudgeAnswer(t *testing.T) {
	hello := Hello{Version: version, Privileged: true}
	without := Hello{Version: version}
	old := Hello{Version: "0.0.1", Privileged: true}
	judged(t, judgeAnswer(version, hello, nil, false), OK, version, "")
	judged(t, judgeAnswer(version, old, nil, false), Problem, "the helper 0.0.1", "make install")
	judged(t, judgeAnswer(version, without, nil, true), Note, "without rights", "")
	judged(t, judgeAnswer(version, without, nil, false), Problem, "does not give it its group", "security module")
	judged(t, judgeAnswer(version, Hello{}, &message.Failure{Reason: message.NoHelper, Detail: "it does not start: exit status 1"}, false),
		Problem, "does not work: it does not start: exit status 1", "make install")
	judged(t, judgeAnswer(version, Hello{}, errors.New("x"), true), Note, "for the reason above", "")
	judged(t, judgeAnswer(version, Hello{}, &message.Failure{Reason: message.Version, Detail: "version 9 speaks"}, true), Problem, "version 9", "make install")
}
