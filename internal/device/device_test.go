package device_test

import (
	"testing"

	"msg/internal/device"
)

// TestDevices has numbers as stat(2) has them.
func TestDevices(t *testing.T) {
	number := func(major, minor uint64) uint64 { return major<<8 | minor&0xff | minor&^0xff<<12 }
	for what, c := range map[string]struct {
		device                    uint64
		pseudo, console, terminal bool
		name                      string
	}{
		"none":                      {0, false, false, false, ""},
		"/dev/null":                 {number(1, 3), false, false, false, ""},
		"the first pseudo-terminal": {number(136, 0), true, false, true, "pts/0"},
		"one of many":               {number(136, 1<<20-1), true, false, true, "pts/1048575"},
		"the last major":            {number(143, 7), true, false, true, "pts/7"},
		"below":                     {number(135, 0), false, false, false, ""},
		"above":                     {number(144, 0), false, false, false, ""},
		"the first console":         {number(4, 1), false, true, true, "tty1"},
		"the last console":          {number(4, 63), false, true, true, "tty63"},
		"ttyS0":                     {number(4, 64), false, false, true, ""},
		"/dev/console":              {number(5, 1), false, false, true, ""},
		"ttyACM0":                   {number(166, 0), false, false, true, ""},
		"ttyUSB0":                   {number(188, 0), false, false, true, ""},
		"ttyAMA0":                   {number(204, 64), false, false, true, ""},
		"hvc0":                      {number(229, 0), false, false, true, ""},
		"a major of 13 bits":        {1<<44 | 136<<8, false, false, false, ""},
	} {
		d := c.device
		if device.IsPseudo(d) != c.pseudo || device.IsConsole(d) != c.console || device.IsTerminal(d) != c.terminal || device.Name(d) != c.name {
			t.Errorf("%s (%#x): %v, %v, %v, %q", what, d, device.IsPseudo(d), device.IsConsole(d), device.IsTerminal(d), device.Name(d))
		}
	}
}
