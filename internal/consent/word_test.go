package consent

import (
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func TestWordFor(t *testing.T) {
	bob := Sender{UID: 1001, Names: []string{"bob", "bob@corp.example"}, InGroup: func(name string) bool { return name == "ops" }}
	only := func(names ...string) Word { return Word{Say: Yes, Only: names} }
	for _, c := range []struct {
		word Word
		want Answer
	}{
		{Word{}, Unsaid},
		{Word{Say: Yes}, Yes},
		{Word{Say: No}, No},
		{only("bob"), Yes},
		{only("carol", "bob@corp.example"), Yes},
		{only("uid:1001"), Yes},
		{only("%ops"), Yes},
		{only("carol"), No},
		{only("ops"), No}, // the user of that name
		{only("%bob"), No},
		{only("uid:1002"), No},
		{only("1001"), No}, // an account of that name, if there is one

		// An end, and what comes after it.
		{Word{Say: No, Until: noon.Add(time.Second)}, No},
		{Word{Say: No, Until: noon}, Unsaid},
		{Word{Say: No, Until: noon, After: &Word{Say: Yes}}, Yes},
		{Word{Say: Yes, Until: noon, After: &Word{Say: Yes, Only: []string{"carol"}}}, No},
		{Word{Say: Unsaid, Until: noon.Add(1), After: &Word{Say: No}}, Unsaid},
	} {
		if got := c.word.For(bob, noon); got != c.want {
			t.Errorf("%+v for bob at noon: %d, want %d", c.word, got, c.want)
		}
	}
	if got := only("%ops").For(Sender{UID: 1}, noon); got != No {
		t.Errorf("a sender in no group: %d", got)
	}
}

func TestCheck(t *testing.T) {
	many := make([]string, MostNames+1)
	for i := range many {
		many[i] = "bob"
	}
	for _, good := range []Word{
		{},
		{Say: Yes, Only: []string{"bob", "%ops", "uid:70123", "%domain users", `CORP\bob`, "bob@corp.example", "jürgen", "%5000"}},
		{Say: Yes, Only: many[1:]},
		{Say: No, Until: noon, After: &Word{Say: Yes, Only: []string{"bob"}}},
	} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for want, bad := range map[string]Word{
		"4 is no answer":       {Say: 4},
		"3 is no answer":       {Say: Unclear},
		"only a yes":           {Say: No, Only: []string{"bob"}},
		"65 names":             {Say: Yes, Only: many},
		"nothing comes after":  {Say: No, After: &Word{Say: Yes}},
		"has an end, too":      {Say: No, Until: noon, After: &Word{Say: Yes, Until: noon}},
		`"%" is no user`:       {Say: Yes, Only: []string{"%"}},
		`"" is no user`:        {Say: Yes, Only: []string{""}},
		`"a,b" is no user`:     {Say: Yes, Only: []string{"a,b"}},
		`"a:b" is no user`:     {Say: Yes, Only: []string{"a:b"}},
		`"uid:-1" is no user`:  {Say: Yes, Only: []string{"uid:-1"}},
		`"%%ops" is no user`:   {Say: Yes, Only: []string{"%%ops"}},
		`"a\nb" is no user`:    {Say: Yes, Only: []string{"a\nb"}},
		`"a\u200bb" is no use`: {Say: Yes, Only: []string{"a\u200bb"}},
		`"\xff" is no user`:    {Say: Yes, Only: []string{"\xff"}},
		`"xxx`:                 {Say: Yes, Only: []string{strings.Repeat("x", mostName+1)}},
		`"" is no user, uid`:   {Say: No, Until: noon, After: &Word{Say: Yes, Only: []string{""}}},
	} {
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", bad, err, want)
		}
	}
}
