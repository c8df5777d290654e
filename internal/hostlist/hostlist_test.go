package hostlist

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// groups are what the tests' lists name.
func groups(name string) ([]string, error) {
	hosts, ok := map[string][]string{
		"lab": {"d12", "d13", "plain"}, "./hosts.txt": {"root@web1"}, "bad": {"web1", "web[1-2]"}, "none": {},
	}[name]
	if !ok {
		return nil, fmt.Errorf("no group %q", name)
	}
	return hosts, nil
}

func TestExpand(t *testing.T) {
	for list, want := range map[string]string{
		"web1":                                 "web1",
		"web1,db1":                             "web1 db1",
		"web[1-3]":                             "web1 web2 web3",
		"web[3,1,2]":                           "web3 web1 web2",
		"web[08-11]":                           "web08 web09 web10 web11",
		"web[008-011/3]":                       "web008 web011",
		"web[1,01,001]":                        "web1 web01 web001",
		"web[0-0]":                             "web0",
		"web[1-2/3]":                           "web1",
		"web[1-9/02]":                          "web1 web3 web5 web7 web9",
		"[1-2]x":                               "1x 2x",
		"a[1-2]5":                              "a15 a25",
		"rack[1-2]n[01-02].lab":                "rack1n01.lab rack1n02.lab rack2n01.lab rack2n02.lab",
		"10.0.0.[9-10]":                        "10.0.0.9 10.0.0.10",
		"fe80::[1-2]":                          "fe80::1 fe80::2",
		"root@web[1-2],bob@db1":                "root@web1 root@web2 bob@db1",
		"web[1-2],web[2-3],web1":               "web1 web2 web3",
		"web[1-5]!web3":                        "web1 web2 web4 web5",
		"web[1-5]![1-5]":                       "web1 web2 web3 web4 web5",
		"web[1-5]&web[7,4,2]":                  "web2 web4",
		"web[1-3]^web[2-4]":                    "web1 web4",
		"a^b[1,1]":                             "a b1",
		"a!b&a":                                "a",
		"a,b!a,a":                              "b a",
		"a^b,c&b":                              "b",
		"a b!a":                                "a b", // as nodeset does with two arguments
		"a, b\n\tc":                            "a b c",
		"a ! b":                                "a",
		" a ":                                  "a",
		"web[1-2] web[2-3]\r\n":                "web1 web2 web3",
		"@lab":                                 "d12 d13 plain",
		"@lab!plain,@./hosts.txt":              "d12 d13 root@web1",
		"web1,@none":                           "web1",
		"web[999999999999998-999999999999999]": "web999999999999998 web999999999999999",
	} {
		got, err := Expand(list, groups)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("Expand(%q) = %q, %v; want %q", list, got, err, want)
		}
	}
}

func TestExpandRefuses(t *testing.T) {
	for list, want := range map[string]string{
		"":                                   "empty list",
		" \n":                                "empty list",
		"a,,b":                               `no host before "," in "a,,"`,
		",a":                                 `no host before "," in ","`,
		"a!&b":                               `no host before "&"`,
		"a, ,b":                              `no host before ","`,
		"a,":                                 `no host behind "," in "a,"`,
		"a b ^ ":                             `no host behind "^"`,
		"a!a":                                `no host is left in "a!a"`,
		"a&b":                                "no host is left",
		"@none":                              "no host is left",
		"web[01-100]":                        `the ends of "01-100" are padded to different lengths in "web[01-100]"`,
		"web[1-010]":                         "different lengths",
		"web[00-0]":                          "different lengths",
		"web[5-1]":                           `"5-1" runs backwards`,
		"web[1-5/0]":                         `"1-5/0" has a step of 0`,
		"web[1-5/00]":                        "step of 0",
		"web[1/2]":                           `"1/2" is no range`,
		"web[1-5/]":                          "no range",
		"web[]":                              "empty bracket",
		"web[1,,2]":                          `"" is no range`,
		"web[1,]":                            "no range",
		"web[,]":                             "no range",
		"web[1-]":                            "no range",
		"web[-1]":                            "no range",
		"web[1-2-3]":                         "no range",
		"web[a-b]":                           "no range",
		"web[+1]":                            "no range",
		"web[1-5!2]":                         "no range",
		"web[1, 2]":                          `unbalanced bracket in "web[1,"`,
		"web[1000000000000000]":              "no range",
		"web[1-2":                            "unbalanced bracket",
		"web1]":                              "unbalanced bracket",
		"web]1[":                             "unbalanced bracket",
		"web[[1]]":                           "bracket within a bracket",
		"web[1-2][3-4]":                      "two brackets without a text",
		"web[1-2]0[3-4]":                     "two brackets without a text",
		"web1;reboot":                        `"web1;reboot" is no host name`,
		"web$x":                              "no host name",
		"wéb":                                "no host name",
		"web\u00a01":                         "no host name",
		"web\x00":                            "no host name",
		"-oProxyCommand=x":                   "no host name",
		"-[1-2]":                             "no host name",
		"root@":                              "no host name",
		"root@-web":                          "no host name",
		"a@b@c":                              "no host name",
		"-l@web":                             "no user's name",
		"ro[1-2]@web":                        "no user's name",
		"ro:ot@web":                          "no user's name",
		"@":                                  "no name of a group",
		"@lab[1-2]":                          "no name of a group",
		"@l\x01":                             "no name of a group",
		"@nope":                              `no group "nope"`,
		"@bad":                               `"web[1-2]" of the group "@bad" is no host`,
		"a[1-100001]":                        `more than 100000 hosts in "a[1-100001]"`,
		"a[0-999999999999999]":               "more than 100000",
		"a[1-999999]b[1-999999]c[1-999999]":  "more than 100000",
		"a[1-60000],b[1-60000]":              "more than 100000",
		"a[1-60000] b[1-60000]":              "more than 100000",
		"a,[1-9]" + strings.Repeat("x", 253): "is longer than 253 bytes",
		strings.Repeat("a[1-99999]!a[1-99999] ", 20): "more than 100000",
	} {
		got, err := Expand(list, groups)
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("Expand(%.60q) = %d hosts, %v; want an error with %q", list, len(got), err, want)
		}
	}
	if _, err := Expand("@lab", nil); err == nil || !strings.Contains(err.Error(), `no group of hosts "@lab"`) {
		t.Errorf("without groups: %v", err)
	}
	mine := errors.New("mine")
	if _, err := Expand("@lab", func(string) ([]string, error) { return nil, mine }); err != mine {
		t.Errorf("got %v, want the callback's error", err)
	}
}

func TestExpandAtTheBound(t *testing.T) {
	for _, list := range []string{"a[1-100000]", "a[1-100000],a[1-100000]", "a[1-100000] a[5-9]!a6"} {
		if got, err := Expand(list, nil); err != nil || len(got) != MaxHosts {
			t.Errorf("%s: %d hosts, %v", list, len(got), err)
		}
	}
}

// isWhole reports that a host is one, and means itself when it is written again.
func isWhole(host string) bool {
	again, err := Expand(host, nil)
	return err == nil && len(again) == 1 && again[0] == host && len(host) <= 2*maxHost+1
}

// FuzzExpand holds that what is accepted comes to hosts, each once, and to no more
// than there may be, and that they mean the same when folded.
func FuzzExpand(f *testing.F) {
	for _, seed := range []string{
		"rack[1-2]n[01-04,9].lab", "a,b!a&c^d e", "root@web[1-9/2],@lab", "a[1-99999]b[1-99999]", "w[1", "w]1[", "a,,b", "@./hosts.txt", "-a",
		"w[08-11,1,01]", "a[1-100000]!a[1-99999]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		hosts, err := Expand(list, groups)
		if err != nil {
			return
		}
		if len(hosts) == 0 || len(hosts) > MaxHosts {
			t.Fatalf("Expand(%q) has %d hosts", list, len(hosts))
		}
		for _, host := range hosts[:min(len(hosts), 1000)] {
			if !isWhole(host) {
				t.Fatalf("Expand(%q) has %q", list, host)
			}
		}
		sameWhenFolded(t, hosts)
	})
}

// FuzzFold holds that folding loses and adds no host.
func FuzzFold(f *testing.F) {
	for _, seed := range []string{"web1 web2 web10", "w9 w09 w10 w010", "a1b1 a1b2 a2b1 a2b2 a3b1", "root2@h1 root2@h2", "x1234567890123456 x1", "\x00 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, words string) {
		hosts := strings.Fields(words)
		Fold(hosts) // of anything, without a panic
		hosts = slices.DeleteFunc(hosts, func(host string) bool { return !isWhole(host) })
		if len(hosts) > 0 {
			sameWhenFolded(t, hosts)
		}
	})
}

func sameWhenFolded(t *testing.T, hosts []string) {
	t.Helper()
	folded := Fold(hosts)
	again, err := Expand(folded, nil)
	if err != nil {
		t.Fatalf("%q folds to %q: %v", hosts, folded, err)
	}
	want := slices.Compact(slices.Sorted(slices.Values(hosts)))
	if slices.Sort(again); !slices.Equal(again, want) {
		t.Fatalf("%q folds to %q, which is %q", hosts, folded, again)
	}
	if twice := Fold(again); twice != folded {
		t.Fatalf("%q folds to %q, and again to %q", hosts, folded, twice)
	}
}
