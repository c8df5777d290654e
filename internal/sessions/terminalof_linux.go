package sessions

import (
	"os"
	"strconv"

	"msg/internal/device"
)

// TerminalOf returns the name of the pseudo-terminal or console that a process of that user
// is on, such as pts/3; "" for none, and where /proc does not tell. The terminal has to be
// the user's: its number could be one in a /dev/pts that they have mounted themselves.
func (s System) TerminalOf(pid int, uid uint32) string {
	if pid <= 0 {
		return ""
	}
	data, err := os.ReadFile(s.Proc + "/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	p, err := parseStat(data)
	if err != nil {
		return ""
	}
	name := device.Name(p.device)
	if name == "" {
		return ""
	}
	if t, ok := s.device(name); !ok || t.Device != p.device || t.Owner != uid {
		return ""
	}
	return name
}
