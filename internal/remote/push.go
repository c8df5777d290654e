package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"msg/internal/message"
	"msg/internal/wire/call"
)

// Push sends msgd along to hosts that have no msg, for a login as root. It runs from a
// directory that nobody else may look into, and is removed before it runs.
type Push struct {
	own    string // msgd of this host, or ""
	others string // where those of other architectures are

	mu       sync.Mutex
	programs map[string][]byte // by architecture
}

// NewPush finds what "make install" has put below prefix: sbin/msgd, libexec/msgd-ARCH.
func NewPush(prefix string) (*Push, error) {
	p := &Push{own: filepath.Join(prefix, "sbin/msgd"), others: filepath.Join(prefix, "libexec"), programs: map[string][]byte{}}
	if _, err := os.Stat(p.own); err != nil {
		return nil, &message.Refusal{
			Problem: "--push: there is no " + p.own + " here to send along",
			Hint:    "\"msg doctor\" says what is missing",
		}
	}
	return p, nil
}

// pushScript runs msg if it is there. Else it says what call.Wanted is, reads a program (its
// size in bytes on a line, then its bytes) and runs it. It is sh(1) without single quotes and
// line feeds, so that every login shell hands it to sh as it is. It has no "!", which csh(1)
// takes for history. It opens the program, removes its directory, and runs the program by its
// descriptor: nothing is left, however it ends. It skips a directory where no program may run
// (noexec).
const pushScript = `command -v msg >/dev/null 2>&1 && exec msg helper; ` +
	`printf "{\"event\":\"push\",\"machine\":\"%s\",\"uid\":%s}\n" "$(uname -m)" "$(id -u)"; ` +
	`read -r n || exit 1; umask 077; ` +
	`for d in /run /dev/shm /var/tmp /tmp; do ` +
	`t=$(mktemp -d "$d/msg-XXXXXXXXXX" 2>/dev/null) || continue; ` +
	`trap "rm -rf $t" EXIT; trap "exit 1" HUP INT TERM; ` +
	`printf "#\041/bin/sh\n" >"$t/msgd"; chmod 700 "$t/msgd"; ` +
	`if "$t/msgd" 2>/dev/null; then ` +
	`head -c "$n" >"$t/msgd"; test "$(wc -c <"$t/msgd")" -eq "$n" || exit 1; ` +
	`exec 9<"$t/msgd"; rm -rf "$t"; trap - EXIT; exec /proc/self/fd/9 pushed; fi; ` +
	`rm -rf "$t"; done; echo "no directory that programs can be run in" >&2; exit 1`

func pushCommand() string { return "sh -c '" + pushScript + "'" }

// wanted returns the program that a host wants.
func (p *Push) wanted(want call.Wanted) ([]byte, error) {
	if want.UID == nil || *want.UID != 0 {
		return nil, &message.Failure{
			Reason: message.NoHelper, Detail: "msg is not installed there, and --push needs a login as root",
			Hint: "write root@HOST, or have msg installed there",
		}
	}
	return p.program(want.Machine)
}

// architecture returns Go's name for a machine that uname(1) names, or "".
func architecture(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	case "armv6l", "armv7l", "armv8l":
		return "arm"
	case "i386", "i486", "i586", "i686":
		return "386"
	case "riscv64", "ppc64le", "s390x", "loong64":
		return machine
	}
	return ""
}

// program returns msgd for a machine.
func (p *Push) program(machine string) ([]byte, error) {
	arch := architecture(machine)
	if arch == "" {
		return nil, message.Fail(message.NoHelper, "no msgd is made for its machine, %.40q", machine)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if program := p.programs[arch]; program != nil {
		return program, nil
	}
	program, err := p.read(arch)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &message.Failure{
			Reason: message.NoHelper,
			Detail: fmt.Sprintf("no msgd for its machine, %s, is at %s to send along", machine, p.path(arch)),
			Hint:   fmt.Sprintf("in msg's source, \"make install-push ARCH=%s\" installs it", arch),
		}
	}
	if err != nil {
		return nil, message.Fail(message.NoHelper, "%v", err)
	}
	p.programs[arch] = program
	return program, nil
}

func (p *Push) path(arch string) string { return filepath.Join(p.others, "msgd-"+arch) }

// read reads msgd for an architecture; for this machine's, this host's own does, too.
func (p *Push) read(arch string) ([]byte, error) {
	program, err := os.ReadFile(p.path(arch))
	if errors.Is(err, fs.ErrNotExist) && arch == runtime.GOARCH && runtime.GOOS == "linux" {
		return os.ReadFile(p.own)
	}
	return program, err
}
