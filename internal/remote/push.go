package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"msg/internal/message"
)

// Push sends the helper along to hosts that have no msg, for a login as root. It is
// run from a directory that nobody else may look into, and is removed before it runs.
type Push struct {
	dir string // where the helpers of other architectures are, beside our own

	mu       sync.Mutex
	programs map[string][]byte // by file name
}

// NewPush takes the helpers from where this program's own is.
func NewPush() (*Push, error) {
	own := Find()
	if own == "" {
		return nil, &message.Refusal{
			Problem: "--push: there is no msg-helper here to send along",
			Hint:    "\"msg doctor\" says what is missing",
		}
	}
	return &Push{dir: filepath.Dir(own), programs: map[string][]byte{}}, nil
}

// eventPush is what pushScript says where there is no msg: its host wants a helper.
const eventPush = "push"

// wanted is that event.
type wanted struct {
	Event   string `json:"event"`
	Machine string `json:"machine"` // as uname(1) has it
	UID     *int   `json:"uid"`
}

// pushScript runs msg if it is there, and else what it is sent: the size in bytes on a line,
// and a program. It is sh(1) without single quotes and line feeds, so that every login shell
// hands it to sh as it is; nor has it a "!", which csh(1) takes for history. The program is
// open when its directory is removed, and is run by its descriptor: nothing is left,
// however it ends. A directory in which nothing may be run (noexec) is passed over.
const pushScript = `command -v msg >/dev/null 2>&1 && exec msg helper; ` +
	`printf "{\"event\":\"push\",\"machine\":\"%s\",\"uid\":%s}\n" "$(uname -m)" "$(id -u)"; ` +
	`read -r n || exit 1; umask 077; ` +
	`for d in /run /dev/shm /var/tmp /tmp; do ` +
	`t=$(mktemp -d "$d/msg-XXXXXXXXXX" 2>/dev/null) || continue; ` +
	`trap "rm -rf $t" EXIT; trap "exit 1" HUP INT TERM; ` +
	`printf "#\041/bin/sh\n" >"$t/msg-helper"; chmod 700 "$t/msg-helper"; ` +
	`if "$t/msg-helper" 2>/dev/null; then ` +
	`head -c "$n" >"$t/msg-helper"; test "$(wc -c <"$t/msg-helper")" -eq "$n" || exit 1; ` +
	`exec 9<"$t/msg-helper"; rm -rf "$t"; trap - EXIT; exec /proc/self/fd/9; fi; ` +
	`rm -rf "$t"; done; echo "no directory that programs can be run in" >&2; exit 1`

func pushCommand() string { return "sh -c '" + pushScript + "'" }

// push sends a host the helper that it wants.
func (t *talk) push(ctx context.Context, want wanted) error {
	if want.UID == nil || *want.UID != 0 {
		return &message.Failure{Reason: message.NoHelper, Detail: "msg is not installed there, and --push needs a login as root", Hint: "write root@HOST, or have msg installed there"}
	}
	program, err := t.pushed.program(want.Machine)
	if err != nil {
		return err
	}
	if err := t.put(ctx, fmt.Appendf(nil, "%d\n", len(program)), pushTime); err != nil {
		return err
	}
	if err := t.put(ctx, program, pushTime); !errors.Is(err, errNotTaken) {
		return err
	}
	return errNoStart // it may say why
}

// architecture is Go's name for a machine that uname(1) names.
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

// program is the helper for a machine.
func (p *Push) program(machine string) ([]byte, error) {
	arch := architecture(machine)
	if arch == "" {
		return nil, message.Fail(message.NoHelper, "no helper is made for its machine, %.40q", machine)
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
			Detail: fmt.Sprintf("no helper for its machine, %s, is at %s to send along", machine, p.path(arch)),
			Hint:   fmt.Sprintf("in msg's source, \"make install-push ARCH=%s\" installs it", arch),
		}
	}
	if err != nil {
		return nil, message.Fail(message.NoHelper, "%v", err)
	}
	p.programs[arch] = program
	return program, nil
}

func (p *Push) path(arch string) string { return filepath.Join(p.dir, "msg-helper-"+arch) }

// read reads the helper for an architecture: our own, if it is ours.
func (p *Push) read(arch string) ([]byte, error) {
	program, err := os.ReadFile(p.path(arch))
	if errors.Is(err, fs.ErrNotExist) && arch == runtime.GOARCH && runtime.GOOS == "linux" {
		return os.ReadFile(filepath.Join(p.dir, "msg-helper"))
	}
	return program, err
}
