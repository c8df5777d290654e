package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"msg/internal/addressbook"
	"msg/internal/config"
)

// judgeConfig checks the system's configuration. Without a file, the defaults hold. msgd reads the
// rules in it, and msg, with the sender's rights, the aliases: so everyone has to be able to.
func judgeConfig(f, dir file, system config.System, err error) Finding {
	path, above := quoted(f.path), quoted(dir.path)
	closed := fmt.Sprintf("%s: users cannot read it, and so cannot send", f.path)
	switch {
	case dir.err == nil && (dir.uid != 0 || dir.mode&0o022 != 0):
		return Finding{"config", Problem, "others than root may change " + dir.path, "chown root " + above + " && chmod 755 " + above}
	case dir.err == nil && dir.mode&0o001 == 0:
		return Finding{"config", Problem, closed, "chmod 755 " + above}
	case errors.Is(f.err, fs.ErrNotExist) && err == nil:
		return Finding{"config", OK, "no " + f.path + ", so the defaults hold: " + rules(system), ""}
	case f.err == nil && (f.uid != 0 || f.mode&0o022 != 0):
		return Finding{"config", Problem, "others than root may change " + f.path + "; users cannot send", "chown root " + path + " && chmod 644 " + path}
	case f.err == nil && f.mode&0o004 == 0:
		return Finding{"config", Problem, closed, "chmod 644 " + path}
	case err != nil:
		return Finding{"config", Problem, err.Error() + "; users cannot send until that is mended", "see msg.conf(5), and edit " + path}
	}
	return Finding{"config", OK, f.path + ": " + rules(system), ""}
}

// rules says in one line what the configuration lets users do.
func rules(s config.System) string {
	unsaid := "off"
	if s.Messages.Unsaid {
		unsaid = "on"
	}
	return fmt.Sprintf("%s may send, %s to everyone at once; %d a minute, and %d more at once; messages are %s for users who say nothing",
		people(s.Policy.Send), people(s.Policy.Broadcast), s.Rate.PerMinute, s.Rate.Burst, unsaid)
}

func people(names []string) string {
	switch {
	case len(names) == 0:
		return "only root"
	case slices.Contains(names, "*"):
		return "everyone"
	}
	return strings.Join(names, ", ")
}

// judgeNames checks the files of names. If msg cannot read one, it sends nothing to a word
// that could be an alias. explained means that an earlier finding says why it cannot.
func judgeNames(book *addressbook.Book, err error, explained bool) Finding {
	var skipped addressbook.Skipped
	switch {
	case errors.As(err, &skipped) && !explained:
		return Finding{"names", Note, err.Error() + "; its names are left out", "have HOME be one of root's: sudo -H"}
	case err != nil && explained:
		return Finding{"names", Note, "cannot be read, for the reason above", ""}
	case err != nil:
		return Finding{"names", Problem, err.Error() + "; nothing is sent to a bare word, which could be an alias", "see msg.conf(5), and edit that file"}
	}
	words := count(len(book.Aliases()), "alias", "aliases") + ", " + count(len(book.Domains()), "domain", "domains")
	return Finding{"names", OK, words, ""}
}
