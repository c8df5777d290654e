//go:build unix

package sshhosts

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// files are what a test has on its machine, by path.
func files(of map[string]string) fs.FS {
	root := fstest.MapFS{}
	for name, content := range of {
		root[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return root
}

func TestNames(t *testing.T) {
	root := files(map[string]string{
		"home/bob/.ssh/config": `
# Host comment
Host web1 web2 web* !web3 "db 1" "db1"
	HostName 10.0.0.1
	Port 2222
host=equals
HOST = spaced # and no comment
 Host	tab
Hostname notahost
Match host matched exec "touch /tmp/ran"
Include conf.d/* missing ~/more /srv/abs
Host last`,
		"home/bob/.ssh/conf.d/a":      "Host from-a",
		"home/bob/.ssh/conf.d/b":      "Include conf.d/c\nHost from-b",
		"home/bob/more":               "Host from-home",
		"srv/abs":                     "Host from-abs\r\n",
		"home/bob/.ssh/known_hosts":   "known1,known2,10.0.0.7,2001:db8::1 ssh-ed25519 AAAA\n|1|aGFzaA==|aGFzaA== ssh-rsa AAAA\n[port1]:2222 ssh-rsa AAAA\n@revoked revoked ssh-rsa AAAA\n@cert-authority *.lab ssh-rsa AAAA\n# no\n*.net ssh-rsa A\n",
		"etc/ssh/ssh_config":          "Include ssh_config.d/*.conf\nHost *\n",
		"etc/ssh/ssh_config.d/x.conf": "Host system",
		"etc/ssh/ssh_known_hosts":     "known-here ssh-rsa AAAA",
	})
	want := "10.0.0.7 2001:db8::1 db1 equals from-a from-abs from-b from-home known-here known1 known2 last spaced system tab web1 web2"
	if got := strings.Join(Names(root, "/home/bob"), " "); got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
	if got := strings.Join(Names(root, ""), " "); got != "known-here system" {
		t.Errorf("without a home: %s", got)
	}
}

// TestHostile holds that no name does anything in a shell or at a terminal.
func TestHostile(t *testing.T) {
	root := files(map[string]string{
		"h/.ssh/config":      "Host a;b $(id) `id` \x1b[31m web[1-9] @lab root@web1 -oProxyCommand=x ~ a|b a&b {a,b} é " + strings.Repeat("x", 300),
		"h/.ssh/known_hosts": "$(id);,a'b,a\"b,-x,x\x00y,\x9b1m,\u202eevil,good ssh-rsa AAAA\nx\\y ssh-rsa A\n",
	})
	if got := strings.Join(Names(root, "/h"), " "); got != "good" {
		t.Errorf("%q", got)
	}
}

func TestBounds(t *testing.T) {
	many := map[string]string{"h/.ssh/config": "Include config d/*"}
	for i := range 2 * mostFiles {
		many[fmt.Sprintf("h/.ssh/d/%04d", i)] = fmt.Sprintf("Include d/*\nHost web%d", i)
	}
	if got := Names(files(many), "/h"); len(got) > mostFiles {
		t.Errorf("%d names of files that include each other", len(got))
	}
	deep := files(map[string]string{"h/.ssh/config": "Include */*/c */*/*/c", "h/.ssh/a/b/c": "Host two", "h/.ssh/a/b/d/c": "Host three"})
	if got := strings.Join(Names(deep, "/h"), " "); got != "two" {
		t.Errorf("of patterns for many directories: %q", got)
	}
	long := files(map[string]string{"h/.ssh/known_hosts": strings.Repeat("x\n", mostBytes/2) + "late ssh-rsa AAAA\n"})
	if got := strings.Join(Names(long, "/h"), " "); got != "x" {
		t.Errorf("of a file that is too long: %q", got)
	}
}

// TestNoFile holds that nobody waits for what never comes: who opened a pipe would.
func TestNoFile(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, ".ssh")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "config"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "known_hosts"), []byte("web1 ssh-rsa AAAA\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	names := make(chan []string, 1)
	go func() { names <- Names(os.DirFS("/"), home) }()
	select {
	case got := <-names:
		if !strings.Contains(strings.Join(got, " "), "web1") {
			t.Errorf("%q", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a pipe is waited for")
	}
}

// FuzzNames holds that whatever files hold, what comes of them is host names.
func FuzzNames(f *testing.F) {
	f.Add("Host a b\nInclude c", "a,b ssh-rsa AAAA")
	f.Add("Include \"x", "@ \n,")
	f.Add("Include [\nHost=\"a\"b", "|1|")
	f.Add("Include ../../..\n=\n\"", "[a]:1")
	f.Fuzz(func(t *testing.T, config, known string) {
		root := files(map[string]string{"h/.ssh/config": config, "h/.ssh/c": config, "etc/ssh/ssh_known_hosts": known})
		for _, name := range Names(root, "/h") {
			if strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.:-") != "" || name[0] == '-' {
				t.Errorf("%q", name)
			}
		}
	})
}
