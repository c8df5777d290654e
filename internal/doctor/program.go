package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// judgeProgram checks who may change msgd, which runs as root. programs are where it may be, and
// above is each of their directories.
func judgeProgram(programs, above []file, answers bool) Finding {
	var found, names []string
	for _, p := range programs {
		path := quoted(p.path)
		names = append(names, p.path)
		switch {
		case errors.Is(p.err, fs.ErrNotExist):
			continue
		case p.err != nil:
			return Finding{"program", Problem, p.err.Error(), installAll}
		case !p.regular || p.mode&0o100 == 0:
			return Finding{"program", Problem, p.path + " cannot be run", installAll}
		case p.uid != 0 || p.mode&0o022 != 0:
			return Finding{"program", Problem, "others than root may change " + p.path + ", which runs as root", "chown root:root " + path + " && chmod 755 " + path}
		case p.mode&(setUID|setGID) != 0:
			return Finding{"program", Problem, fmt.Sprintf("%s has mode %04o: it needs no special bit", p.path, p.mode&permission), "chmod 755 " + path}
		}
		found = append(found, p.path)
	}
	switch {
	case len(found) == 0 && answers:
		return Finding{"program", Note, "msgd answers, but is not " + strings.Join(names, " or "), ""}
	case len(found) == 0:
		return Finding{"program", Problem, "no " + strings.Join(names, ", and no ") + alone, installAll}
	}
	for _, dir := range above {
		if path := quoted(dir.path); dir.err == nil && (dir.uid != 0 || dir.mode&0o002 != 0 && dir.mode&sticky == 0) {
			return Finding{"program", Problem, "others than root may change " + dir.path + ", and so replace msgd", "chown root " + path + " && chmod o-w " + path}
		}
	}
	return Finding{"program", OK, strings.Join(found, ", ") + ", root's", ""}
}

// judgeLeftovers finds msg-helper, which versions before msgd had. It had rights of its own, and
// nothing uses it any more.
func judgeLeftovers(helpers []file) (all []Finding) {
	for _, h := range helpers {
		remedy := "rm " + quoted(h.path)
		switch {
		case h.err != nil:
		case h.mode&(setUID|setGID) != 0:
			all = append(all, Finding{"leftover", Problem, fmt.Sprintf("%s, mode %04o, is of an older version: it has rights, and nothing needs it", h.path, h.mode&permission), remedy})
		default:
			all = append(all, Finding{"leftover", Note, h.path + " is of an older version, and nothing needs it", remedy})
		}
	}
	return all
}
