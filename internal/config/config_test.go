//go:build unix

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

func TestParse(t *testing.T) {
	got, err := Parse("[policy]\nbroadcast = ['%ops', 'alice']\n[rate]\nburst = 0\n[journal]\ntext = true\n")
	want := Default()
	want.Policy.Broadcast, want.Policy.System = []string{"%ops", "alice"}, nil // a list of one's own replaces all of the default
	want.Rate.Burst = 0
	want.Journal.Text = true
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if got, err := Parse("[policy]\nsend = []"); err != nil || len(got.Policy.Send) != 0 {
		t.Errorf("an empty list is %v, %v", got.Policy.Send, err)
	}
	for _, same := range []string{
		"policy.broadcast = ['%ops', 'alice'] # a comment\nrate.burst = 0x0\njournal.text = true",
		"policy = { broadcast = [\"%ops\", \"\\u0061lice\"] }\nrate = { burst = 0 }\n[ journal ]\n\"text\" = true",
		"[policy]\nbroadcast = ['%ops', 'alice']\n[rate]\nburst = 0\n[journal]\ntext = true\n" +
			"[domains]\nlab = 'd[12-13]'\nall.command = 'x'\nwrong = 1.5\nworse = [1]\n[domains.more]\nhosts = 99999999999999999999\n[aliases]\nteam = 7",
		"\r\n[policy]\r\nbroadcast = [\r\n '%ops', # one\r\n 'alice',\r\n]\r\n[rate]\r\nburst = +0\r\n[journal]\r\ntext=true",
	} {
		if got, err := Parse(same); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %+v, %v; want %+v", same, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"[policy]\nbrodcast = []":                   `line 2: unknown key "policy.brodcast"`,
		"[polcy]\nsend = []":                        `line 2: unknown key "polcy.send"`,
		"send = ['*']":                              `line 1: unknown key "send"`,
		"[policy.send]\nx = 1":                      `line 2: unknown key "policy.send.x"`,
		"domains = 'lab'":                           `line 1: unknown key "domains"`,
		"[[domains]]\nlab = 'd12'":                  `line 1: unknown key "domains"`,
		"[domain]\nlab = 'd12'":                     `line 2: unknown key "domain.lab"`,
		"[domains]\nlab = 'd12'\nlab = 'd13'":       `line 3: domains.lab is there twice`,
		"[[policy]]\nsend = []":                     `line 1: unknown key "policy"`,
		"[policy]\n\nsend = 'bob'":                  "line 3: policy.send must be a list of strings",
		"[policy]\nsend = ['bob', 1]":               "line 2: policy.send must be a list of strings",
		"[policy]\nsend = [['bob']]":                "line 2: policy.send must be a list of strings",
		"[policy]\nsend = ['']":                     "no user, %group, unit:NAME.service or *",
		"[policy]\nsend = ['%']":                    "no user, %group, unit:NAME.service or *",
		"[policy]\nsend = ['alice,bob']":            "no user, %group, unit:NAME.service or *",
		"[rate]\nper_minute = 0":                    "per_minute must be 1 to",
		"[rate]\nper_minute = 100000000":            "per_minute must be 1 to",
		"[rate]\nper_minute = '20'":                 "rate.per_minute must be a number",
		"[rate]\nper_minute = 99999999999999999999": "line 2: rate.per_minute: 99999999999999999999 is too large",
		"[rate]\nburst = -1":                        "burst must be 0 to",
		"[rate]\nburst = 1.5":                       "line 2: rate.burst: a float is nothing",
		"[rate]\nburst = 1979-05-27":                "a localdate is nothing",
		"[messages]\nunsaid = 'yes'":                `line 2: messages.unsaid must be "on" or "off"`,
		"[messages]\nunsaid = true":                 `line 2: messages.unsaid must be "on" or "off"`,
		"[messages]\nunsaid = []":                   `line 2: messages.unsaid must be "on" or "off"`,
		"[journal]\ntext = 'yes'":                   "journal.text must be true or false",
		"[policy":                                   "line 1: ",
		"[policy]\nsend = [":                        "line 2: ",
		"[policy]\nsend = ['*'] x":                  "line 2: ",
		"[policy]\nsend=[]\nsend=['*']":             "line 3: policy.send is there twice",
		"policy.send=[]\n[policy]\nsend=['*']":      "line 3: policy.send is there twice",
		"policy={send=[]}\n[policy]\nsend=['*']":    "line 3: policy.send is there twice",
		"[policy]\n[rate]\n[policy]":                "line 3: [policy] is there twice",
		"[policy]\nsend = ['*']\nSEND=[]":           `line 3: unknown key "policy.SEND"`,
		"[policy]\n'send ' = []":                    `unknown key "policy.send "`,
	} {
		if got, err := Parse(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %+v, %v; want an error with %q", in, got, err, want)
		}
	}
}

// TestUnsaid: messages come to people who say nothing, unless the system's file has them off.
func TestUnsaid(t *testing.T) {
	for in, want := range map[string]bool{
		"":                              true,
		"[messages]\nunsaid = 'on'":     true,
		"messages = {unsaid = \"off\"}": false,
	} {
		if got, err := Parse(in); err != nil || got.Messages.Unsaid != want {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
}

// TestUnits: a policy may name services.
func TestUnits(t *testing.T) {
	for _, name := range []string{
		"unit:backup.service", "unit:backup@home.service", `unit:a\x2db:c_d-e.f.service`, "unit:" + strings.Repeat("x", 247) + ".service",
	} {
		got, err := Parse("[policy]\nsend = ['%ops', '" + name + "']\nbroadcast = ['" + name + "']")
		if err != nil || !slices.Contains(got.Policy.Send, name) || !slices.Contains(got.Policy.Broadcast, name) {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
	for _, name := range []string{
		"unit:", "unit:backup", "unit:.service", "unit:backup.timer", "unit:a b.service", "unit:a/b.service", "unit:*.service",
		"unit:@.service", "unit:backup@.service", "unit: backup.service", "unit:\u00e9.service", "unit:" + strings.Repeat("x", 248) + ".service",
	} {
		if got, err := Parse("[policy]\nsend = ['" + name + "']"); err == nil || !strings.Contains(err.Error(), "policy.send: ") || !strings.Contains(err.Error(), "is no service") {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
}

// TestExample holds that the file that is installed as an example says what
// holds without it.
func TestExample(t *testing.T) {
	data, err := os.ReadFile("../../packaging/msg.toml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(regexp.MustCompile(`(?m)^#([a-z_]+ = )`).ReplaceAllString(string(data), "$1"))
	want := Default()
	want.Policy.System = nil // a list takes their place
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the example says %+v, %v; want %+v", got, err, want)
	}
}

func TestLoad(t *testing.T) {
	owner = uint32(os.Getuid())
	defer func() { owner = 0 }()
	dir := t.TempDir()
	path := filepath.Join(dir, "msg.toml")
	if got, err := Load(path); err != nil || !reflect.DeepEqual(got, Default()) {
		t.Errorf("without a file: %+v, %v", got, err)
	}
	write := func(mode os.FileMode, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(want string) {
		t.Helper()
		if got, err := Load(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%+v, %v; want an error with %q and the path", got, err, want)
		}
	}
	write(0o644, "[rate]\nburst = 3")
	if got, err := Load(path); err != nil || got.Rate.Burst != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	write(0o664, "")
	refused("others than root may write")
	write(0o646, "")
	refused("others than root may write")
	write(0o644, strings.Repeat("#", MostBytes+1))
	refused("longer than")
	write(0o644, "[rate]\nbursts = 3")
	refused("unknown key")
	if os.Getuid() == 0 { // a file of somebody else's in a directory of root's
		if err := os.Chown(path, 65534, 0); err != nil {
			t.Fatal(err)
		}
		refused(path + ": belongs to uid 65534; it must be root's")
	}
	for change, mode := range map[string]os.FileMode{"others than root may write": 0o775, "(chmod 755)": 0o757} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		refused(change)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	owner++
	refused(dir + ": belongs to uid")
	owner--
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), path); err != nil {
		t.Fatal(err)
	}
	refused("leads to nothing")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("not a file")
}

// TestReadOfOthers holds that a file may be the further owners' as well.
func TestReadOfOthers(t *testing.T) {
	owner = uint32(os.Getuid()) + 1
	defer func() { owner = 0 }()
	path := filepath.Join(t.TempDir(), "msg.toml")
	if got, err := Read(path, owner-1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %q, %v", got, err)
	}
	if err := os.WriteFile(path, []byte("# mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path, owner-1); err != nil || got != "# mine" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Read(path, owner+1); err == nil || !strings.Contains(err.Error(), "it must be yours or root's") {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path, owner-1); err == nil || !strings.Contains(err.Error(), "others than the owner may write to it, mode 0666 (chmod 644)") {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzParse holds that what is accepted is a policy of names and a rate within its bounds, and
// means the same when it is written again.
func FuzzParse(f *testing.F) {
	f.Add("[policy]\nsend = ['*']\nbroadcast = ['%ops', 'alice']\n[journal]\ntext = true\n")
	f.Add("rate = { per_minute = 0x10, burst = 1_000_000 }\n[aliases]\nx = 1.5\n")
	f.Add("[messages]\nunsaid = 'off'\n[policy]\nsend = ['unit:a@b.service', 'unit:a']\n")
	f.Add("policy.send = [\"a\\u00e9\", '%']\nrate.burst = -1")
	f.Fuzz(func(t *testing.T, content string) {
		system, err := Parse(content)
		if err != nil {
			return
		}
		for _, name := range append(slices.Clone(system.Policy.Send), system.Policy.Broadcast...) {
			if !policyName.MatchString(name) || strings.TrimSpace(name) != name {
				t.Errorf("%q has %q in a policy", content, name)
			}
		}
		if limit := system.Rate; limit.PerMinute < 1 || limit.PerMinute > 1_000_000 || limit.Burst < 0 || limit.Burst > 1_000_000 {
			t.Errorf("%q has the rate %+v", content, limit)
		}
		again, err := toml.Marshal(map[string]any{
			"policy":   map[string]any{"send": system.Policy.Send, "broadcast": system.Policy.Broadcast},
			"rate":     map[string]any{"per_minute": system.Rate.PerMinute, "burst": system.Rate.Burst},
			"journal":  map[string]any{"text": system.Journal.Text},
			"messages": map[string]any{"unsaid": map[bool]string{true: "on", false: "off"}[system.Messages.Unsaid]},
		})
		if err != nil {
			t.Fatal(err)
		}
		system.Policy.System = nil // the list that is written takes their place
		if same, err := Parse(string(again)); err != nil || !reflect.DeepEqual(same, system) {
			t.Errorf("%q is %+v, and written again %+v, %v", content, system, same, err)
		}
	})
}

var policyName = regexp.MustCompile(`(?s)^(%?[^,:\n\x00]+|unit:[[:alnum:]:_.\\@-]+\.service)$`)

// FuzzSettings holds that a file says to us what it says to the library's own reader: a
// string, a number, true or false, a list of strings, and each under the same key.
func FuzzSettings(f *testing.F) {
	f.Add("[policy]\nsend = ['*', \"a\\tb\"]\n# x\n[a.'b c']\nd = true\n")
	f.Add("a = { b = 1, c.d = -0x7f }\r\n\"\" = '''\nx\n'''\nn = 99999999999999999999")
	f.Add("a.b = 0o17\nx = [1, 2]\ny = 1979-05-27\nz = [\n'a', # b\n'c',\n]\nw = +1_000\nv = 0b11")
	f.Add("[[a]]\nb = 1\n[a]\n")
	f.Fuzz(func(t *testing.T, content string) {
		all, err := Settings(content)
		var tree map[string]any
		if err != nil || toml.Unmarshal([]byte(content), &tree) != nil {
			return // it looks more closely at dates, and at tables that contradict each other
		}
		want := map[string]any{}
		flatten(want, "", tree)
		for _, s := range all {
			value, ok := want[s.Key]
			_, isError := s.Value.(error)
			_, isString := value.(string)
			if (!isError || isString) && (!ok || !reflect.DeepEqual(s.Value, value)) || s.Line < 1 || s.Line > strings.Count(content, "\n")+1 {
				t.Errorf("%q has %q = %#v in line %d, want %#v", content, s.Key, s.Value, s.Line, value)
			}
			delete(want, s.Key)
		}
		if len(want) > 0 {
			t.Errorf("%q lacks %v", content, want)
		}
	})
}

// flatten puts what is in tables under the names that settings have.
func flatten(to map[string]any, prefix string, tree map[string]any) {
	for name, value := range tree {
		switch value := value.(type) {
		case map[string]any:
			flatten(to, prefix+name+".", value)
		case []any:
			words := []string{}
			for _, one := range value {
				if word, ok := one.(string); ok {
					words = append(words, word)
				}
			}
			to[prefix+name] = words
		default:
			to[prefix+name] = value
		}
	}
}
