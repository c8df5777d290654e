package main

import (
	"slices"
	"strings"
	"testing"
)

// FuzzParseMounts holds that a mount is found at its place with its own options, whatever that
// is called, and whatever other lines there are.
func FuzzParseMounts(f *testing.F) {
	f.Add("/dev/pts", "rw,nosuid", "gid=5,mode=620", "22 1 0:20 / /proc rw - proc proc rw\n")
	f.Add("/a b\\\n\t - x", "gid=1", "", "x - y\n - \n1 2 3 4 /dev/pts 6 - devpts d gid=0\n")
	f.Fuzz(func(t *testing.T, point, options, super, before string) {
		escape := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`) // mangle() in fs/proc_namespace.c
		word := func(s string) string { return "x" + strings.Join(strings.Fields(s), "") }
		point, options, super = "/"+strings.Join(strings.FieldsFunc(point, isOddBlank), ""), word(options), word(super)
		all := parseMounts(before + "\n35 22 0:24 / " + escape.Replace(point) + " " + options + " shared:3 - devpts devpts " + super + "\n")
		got, ok := mountAt(all, point)
		if !ok || got.kind != "devpts" || !slices.Equal(got.options, strings.Split(options+","+super, ",")) || len(all) > strings.Count(before, "\n")+2 {
			t.Errorf("%q is %+v, among %+v", point, got, all)
		}
		if on := mountOf(all, point+"/3"); on.point != point {
			t.Errorf("%q is on %+v", point+"/3", on)
		}
	})
}

// isOddBlank are the blanks that the kernel does not escape, and no path of a mount has.
func isOddBlank(r rune) bool { return strings.ContainsRune("\v\f\r\u0085\u00a0", r) || r > 0x1000 }
