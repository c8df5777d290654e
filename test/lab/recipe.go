//go:build linux

package lab

import (
	"crypto/sha256"
	_ "embed" // for the recipe's scripts
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed recipe/customise.sh
var customise string

//go:embed recipe/plain-init.sh
var plainInit string

// A recipe is a root file system to build: all that it depends on is hashed
// into its name, so that a cached one is always the one that was meant.
type recipe struct {
	name  string // for people
	suite string
}

var (
	debian12  = recipe{"Debian 12", "bookworm"}
	debian13  = recipe{"Debian 13", "trixie"}
	debianSid = recipe{"Debian sid", "sid"}
)

// recipePackages are what the hosts have over debootstrap's minbase: a system
// that boots and takes logins, and the programs that people sit in when a
// message arrives.
var recipePackages = []string{
	"systemd", "systemd-sysv", "dbus", "libpam-systemd", "iproute2", "procps",
	"openssh-server", "openssh-client", "sudo", "cron", "at",
	"bsdutils", "bsdextrautils", "tmux", "screen", "expect", "less", "vim-tiny",
}

func recipes() []recipe { return []recipe{debian12, debian13, debianSid} }

// dir is where the root file system is, once it is built.
func (r recipe) dir() string {
	sum := sha256.Sum256([]byte(strings.Join(append(r.debootstrap(""), customise), "\x00")))
	return filepath.Join(cacheDir(), fmt.Sprintf("root-%s-%x", r.suite, sum[:6]))
}

// debootstrap is the command line that builds in target. The mirror is
// debootstrap's own default unless the environment names one.
func (r recipe) debootstrap(target string) []string {
	argv := []string{
		"debootstrap", "--variant=minbase", "--include=" + strings.Join(recipePackages, ","),
		r.suite, target,
	}
	if mirror := os.Getenv("MSG_LAB_MIRROR"); mirror != "" && target != "" {
		argv = append(argv, mirror)
	}
	return argv
}

func cacheDir() string {
	if dir := os.Getenv("MSG_LAB_CACHE"); dir != "" {
		return dir
	}
	return "/var/cache/msg-lab"
}
