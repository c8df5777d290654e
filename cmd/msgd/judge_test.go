//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/accounts"
	"msg/internal/consent"
	"msg/internal/hang"
	"msg/internal/wire"
)

// judgeFor starts a judge for a conversation of a user's, without a monitor.
func judgeFor(t *testing.T, uid uint32) (*process, *client) {
	t.Helper()
	conn, c := accepted(t, uid)
	at := strconv.FormatInt(int64(sinceBoot(t)), 10)
	j := start(t, conn, judgeRole, at, strconv.Itoa(msgUID), strconv.Itoa(msgUID))
	_ = unix.Close(conn) // the judge alone has it, so that its end is the client's
	if hello := c.next(t); !strings.HasPrefix(hello, `{"event":"hello",`) || !strings.Contains(hello, `"privileged":true`) {
		t.Fatalf("the hello is %s", hello)
	}
	return j, c
}

// statusOf returns what /proc/PID/status says of a process, by field.
func statusOf(t *testing.T, pid int) map[string]string {
	t.Helper()
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.Join(strings.Fields(value), " ")
	}
	return fields
}

// harmless fails unless a process, each of its threads, is the account msg's, without any right.
func harmless(t *testing.T, pid int) {
	t.Helper()
	threads, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil || len(threads) == 0 {
		t.Fatal(threads, err)
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			t.Fatal(err)
		}
		says := statusOf(t, id)
		for field, want := range map[string]string{
			"Uid": "977 977 977 977", "Gid": "977 977 977 977", "Groups": "",
			"CapPrm": strings.Repeat("0", 16), "CapEff": strings.Repeat("0", 16), "CapInh": strings.Repeat("0", 16), "CapAmb": strings.Repeat("0", 16),
		} {
			if says[field] != want {
				t.Errorf("thread %d of %d: %s is %q, not %q", id, pid, field, says[field], want)
			}
		}
	}
}

// ownDescriptors fails if a judge or a monitor has anything open but its own.
func ownDescriptors(t *testing.T, pid int) {
	t.Helper()
	var sockets int
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		t.Fatal(err)
	}
	isJudge := strings.TrimSpace(string(name)) == hang.Judge
	for _, open := range descriptors(t, pid) {
		number, name, _ := strings.Cut(open, " ")
		switch {
		case slices.Contains([]string{"0", "1"}, number) && name == "/dev/null", number == "2":
		case slices.Contains([]string{"3", "4"}, number) && strings.HasPrefix(name, "socket:"):
			sockets++
		case number == "5" && isJudge && strings.HasPrefix(name, "pipe:"): // the listener waits for its end
		case strings.HasPrefix(name, "anon_inode:[event"), strings.HasPrefix(name, "/sys/fs/cgroup/"): // Go's runtime has them
		default:
			t.Errorf("process %d has %s", pid, open)
		}
	}
	if sockets != 2 {
		t.Errorf("process %d has %q", pid, descriptors(t, pid))
	}
}

// TestJudgeRights: before it reads a byte, it is the account msg, and has nothing that it could
// lose.
func TestJudgeRights(t *testing.T) {
	asRoot(t)
	j, _ := judgeFor(t, aliceUID)
	pid := j.cmd.Process.Pid
	harmless(t, pid)
	ownDescriptors(t, pid)
	dir := "/proc/" + strconv.Itoa(pid)
	if environ, err := os.ReadFile(dir + "/environ"); err != nil || len(environ) > 0 {
		t.Errorf("its environment is %q, %v", environ, err)
	}
	var st unix.Stat_t
	if err := unix.Stat(dir+"/mem", &st); err != nil || st.Uid != 0 {
		t.Errorf("uid %d may trace it, %v", st.Uid, err) // /proc/PID is root's of what is not dumpable
	}
	if name, err := os.ReadFile(dir + "/comm"); err != nil || string(name) != "msgd-judge\n" {
		t.Errorf("it is called %q, %v", name, err)
	}
	if where, err := os.Readlink(dir + "/exe"); err != nil || where != installed {
		t.Errorf("it is %q, %v", where, err)
	}
	limits, err := os.ReadFile(dir + "/limits")
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(strings.Fields(string(limits)), " ")
	for name, most := range map[string]uint64{"Max cpu time": mostCPU, "Max data size": mostMemory, "Max core file size": 0} {
		if want := fmt.Sprintf("%s %d %[2]d ", name, most); !strings.Contains(said, want) {
			t.Errorf("it is not %q: %s", want, limits)
		}
	}
}

// TestJudgeArguments: no arguments leave it with rights.
func TestJudgeArguments(t *testing.T) {
	asRoot(t)
	for _, args := range [][]string{
		{},
		{"1"},
		{"1", "977"},
		{"1", "0", "0"},
		{"1", "0", "977"},
		{"1", "977", "0"},
		{"1", "977", "x"},
		{"1", "-1", "977"},
		{"1", "4294967296", "977"},
		{"1", "4294967295", "977"},
		{"x", "977", "977"},
		{"1", "977", "977", "x"},
	} {
		conn, c := accepted(t, aliceUID)
		j := start(t, conn, append([]string{judgeRole}, args...)...)
		if said := j.awaitEnd(t); !strings.HasPrefix(said, "msgd: ") || strings.Contains(said, "goroutine") || j.cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%q: status %d, %q", args, j.cmd.ProcessState.ExitCode(), said)
		}
		_ = unix.Close(conn)
		select {
		case line := <-c.line:
			t.Errorf("%q: it says %q", args, line)
		default:
		}
	}
}

// TestJudgeOfUser: a user who starts a judge or a monitor gets nothing by it.
func TestJudgeOfUser(t *testing.T) {
	asRoot(t)
	for _, args := range [][]string{{judgeRole, "1", "977", "977"}, {judgeRole, "1", "41001", "41001"}} {
		cmd := exec.Command(installed, args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: aliceUID, Gid: aliceUID}}
		if out, err := cmd.CombinedOutput(); err == nil || strings.Contains(string(out), "hello") {
			t.Errorf("%q: %v, %s", args, err, out)
		}
	}
}

// TestJudgeClientGoes: it ends with its client, whatever that has left behind.
func TestJudgeClientGoes(t *testing.T) {
	asRoot(t)
	for name, said := range map[string]string{
		"nothing": "", "half a request": `{"protocol":1,"targ`, "no request": "\n", "bytes": "\x00\xff\x1b[2J", "two": "{}\n{}\n",
	} {
		j, c := judgeFor(t, aliceUID)
		c.say(t, said)
		_ = c.stdin.Close()
		c.end(t)
		if said := j.awaitEnd(t); said != "" {
			t.Errorf("%s: it says %q", name, said)
		}
	}
}

// TestJudgeSilence: a client that says nothing is told so, before the time of a whole request.
func TestJudgeSilence(t *testing.T) {
	asRoot(t)
	began := time.Now()
	j, c := judgeFor(t, aliceUID)
	if said := c.next(t); !strings.Contains(said, "no request within "+(wire.RequestTime/2).String()) {
		t.Errorf("it says %q", said)
	}
	j.awaitEnd(t)
	if took := time.Since(began); took < wire.RequestTime/2 {
		t.Errorf("it took %v", took)
	}
}

// TestJudgeAlone: without a monitor it tells that nothing can be opened, and writes nothing.
func TestJudgeAlone(t *testing.T) {
	asRoot(t)
	term := terminalOf(t, bobUID, 0o620)
	term.Lead(t, "sleep", "1000")
	j, c := judgeFor(t, aliceUID)
	if err := unix.Shutdown(j.between, unix.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	c.say(t, `{"protocol":3,"targets":["bob"],"text":"aGVsbG8="}`+"\n")
	if said := c.next(t); !strings.Contains(said, `"event":"failed"`) || !strings.Contains(said, "no-helper") {
		t.Errorf("it says %s", said)
	}
	if said := c.next(t); !strings.Contains(said, `"event":"end"`) {
		t.Errorf("it ends with %s", said)
	}
	j.awaitEnd(t)
	if seen := term.Seen(); seen != "" {
		t.Errorf("the terminal has %q", seen)
	}
}

// instead has a script in a program's place.
func instead(t *testing.T, program, script string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(path, program, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(program, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// TestJudgeGetent: getent has none of the judge's descriptors, rights or environment.
func TestJudgeGetent(t *testing.T) {
	asRoot(t)
	looked := filepath.Join(os.Getenv("TMPDIR"), "looked")
	_ = os.Remove(looked)
	t.Cleanup(func() { _ = os.Remove(looked) })
	instead(t, "/usr/bin/getent", "#!/bin/sh\ncd /\ncat /proc/$$/environ >"+looked+".env\necho $$ >"+looked+".new\nmv "+looked+".new "+looked+"\nsleep 3\nexit 2\n")
	_, c := judgeFor(t, aliceUID)
	c.say(t, `{"protocol":3,"targets":["carol-of-ldap"],"text":"aGVsbG8="}`+"\n")
	var pid int
	eventually(t, "getent is asked", func() bool {
		data, err := os.ReadFile(looked)
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(data)))
		return err == nil
	})
	harmless(t, pid)
	for _, open := range descriptors(t, pid) {
		number, name, _ := strings.Cut(open, " ")
		n, err := strconv.Atoi(number)
		if err != nil || strings.HasPrefix(name, "socket:") || n > 2 && !strings.HasSuffix(name, "/script") && name != "/usr/bin/getent" {
			t.Errorf("getent has %s", open)
		}
	}
	if environ, err := os.ReadFile(looked + ".env"); err != nil || strings.Count(string(environ), "\x00") > 1 { // sh adds PWD
		t.Errorf("its environment is %q, %v", environ, err)
	}
	if said := c.next(t); !strings.Contains(said, "unknown") {
		t.Errorf("it says %s", said)
	}
}

// TestJudgeConsent: what is said about all terminals is said by whoever connected, and by nobody
// whose process has become another user's.
func TestJudgeConsent(t *testing.T) {
	asRoot(t)
	t.Cleanup(func() { _ = os.RemoveAll(consent.Dir) })
	const no = `{"protocol":3,"consent":{"say":{"say":"no"}}}` + "\n"
	said := func(uid uint32) consent.Answer {
		word, err := consent.Store{Dir: consent.Dir}.Get(uid)
		if err != nil {
			t.Fatal(err)
		}
		return word.Say
	}
	j, c := judgeFor(t, aliceUID)
	c.say(t, no)
	var kept wire.Said
	if err := json.Unmarshal([]byte(c.next(t)), &kept); err != nil || kept.Word.Say != consent.No {
		t.Errorf("%+v, %v", kept, err)
	}
	j.awaitEnd(t)
	if said(aliceUID) != consent.No || said(bobUID) != consent.Unsaid {
		t.Errorf("alice has said %v, bob %v", said(aliceUID), said(bobUID))
	}

	// A program of bob's connects, set-uid, for alice: neither of the two says anything.
	listening, path := newDoor(t)
	c = connectBy(t, setuidTo(t, bobUID), aliceUID, path)
	fd, _, err := unix.Accept4(listening, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	start(t, fd, judgeRole, strconv.FormatInt(int64(sinceBoot(t)), 10), strconv.Itoa(msgUID), strconv.Itoa(msgUID))
	_ = unix.Close(fd)
	c.next(t) // the hello
	c.say(t, no)
	if answer := c.next(t); !strings.Contains(answer, errChanged.Error()) || said(bobUID) != consent.Unsaid {
		t.Errorf("bob has said %v: %s", said(bobUID), answer)
	}
}

// TestJudgeConsentOfRoot: root of a container is uid 0, and says nothing for root.
func TestJudgeConsentOfRoot(t *testing.T) {
	asRoot(t)
	t.Cleanup(func() { _ = os.RemoveAll(consent.Dir) })
	for _, c := range []struct {
		who
		want bool
	}{{who{uid: 0, root: true}, true}, {who{uid: 0}, false}, {who{uid: aliceUID}, true}} {
		_ = os.RemoveAll(consent.Dir)
		_, err := c.consent(&accounts.Directory{}, nil)(t.Context(), wire.Consent{Say: &consent.Word{Say: consent.Yes}})
		word, readErr := consent.Store{Dir: consent.Dir}.Get(c.uid)
		if (err == nil) != c.want || (word.Say == consent.Yes) != c.want || readErr != nil {
			t.Errorf("%+v: %v; kept is %+v, %v", c.who, err, word, readErr)
		}
	}
}
