package hostlist

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	for hosts, want := range map[string]string{
		"":                                  "",
		"web1":                              "web1",
		"web1 web1":                         "web1",
		"db db":                             "db",
		"web2 web1 web3 db1":                "db1,web[1-3]",
		"web01 web02 web10":                 "web[01-02,10]",
		"node10 node2 node1":                "node[1-2,10]",
		"b2 a10 a9 c":                       "a[9-10],b2,c",
		"w08 w09 w10 w11":                   "w[08-11]",
		"w9 w10 w09":                        "w[9,09-10]",
		"w1 w01 w02 w2":                     "w[1-2,01-02]",
		"w99 w100":                          "w[99-100]",
		"w099 w100 w99":                     "w[99,099-100]",
		"r1n1 r1n2 r2n1 r2n2":               "r[1-2]n[1-2]",
		"r1n1 r1n2 r2n1 r2n2 r3n1":          "r[1-2]n[1-2],r3n1",
		"r1n2 r2n2 r1n1":                    "r1n[1-2],r2n2",
		"10.0.0.1 10.0.0.2 10.0.1.1":        "10.0.0.[1-2],10.0.1.1",
		"fe80::1 fe80::2":                   "fe80::[1-2]",
		"r2@w1 r2@w2 r3@w1":                 "r2@w[1-2],r3@w1",
		"x1234567890123456 x1 x2":           "x[1-2],x1234567890123456",
		"w999999999999998 w999999999999999": "w[999999999999998-999999999999999]",
		"n2.lab n1.lab n10.lab":             "n[1-2,10].lab",
		"n10 n2b n2a":                       "n2a,n2b,n10",
	} {
		if got := Fold(strings.Fields(hosts)); got != want {
			t.Errorf("Fold(%q) = %q, want %q", hosts, got, want)
		}
	}
}

// TestFoldInOrder holds that the order of the hosts changes nothing.
func TestFoldInOrder(t *testing.T) {
	hosts := manyHosts(500)
	want := Fold(hosts)
	for range 20 {
		rand.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
		if got := Fold(hosts); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

// manyHosts are racks of 40, one in seven missing.
func manyHosts(n int) []string {
	var hosts []string
	for i := 0; len(hosts) < n; i++ {
		if i%7 != 3 {
			hosts = append(hosts, fmt.Sprintf("rack%dn%02d.lab.example.org", i/40+1, i%40+1))
		}
	}
	return hosts
}

func BenchmarkFold(b *testing.B) {
	hosts := manyHosts(10_000)
	for b.Loop() {
		Fold(hosts)
	}
}

func BenchmarkExpand(b *testing.B) {
	list := strings.Join(manyHosts(10_000), ",")
	for b.Loop() {
		if _, err := Expand(list, nil); err != nil {
			b.Fatal(err)
		}
	}
}
